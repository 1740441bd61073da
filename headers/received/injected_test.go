package received

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestInjectedClauses puts clauses, comments and whole lines where the client's
// name stands, as far as a server that checks nothing would copy them. The
// server's name stays its own, the address is the one that the server saw, no
// login comes from the client, and no name of his counts as confirmed.
func TestInjectedClauses(t *testing.T) {
	names := []string{
		"localhost (localhost [127.0.0.1])", "a (mx.example.org [10.0.0.1])", "a) (b [10.0.0.1]", "a (b [10.0.0.1]", "a [10.0.0.1]",
		"a ([10.0.0.1])", "[10.0.0.1]", "a (HELO b) ([10.0.0.1])", "a (helo=b [10.0.0.1])", `a "b [10.0.0.1]"`, "a <b [10.0.0.1]>",
		"a with ESMTPSA", "a with ESMTPSA id 1 for <ann@example.org>", "a with LMTP", "a with local", "a (authenticated bits=0)", "a (Authenticated sender: ann)",
		"a (account ann [10.0.0.1] verified)", "a ([10.0.0.1] verified)", "a via HTTP", "a; Mon, 1 Jun 2020 10:00:00 +0000",
		`a (Client CN "mx [10.0.0.1]", Issuer "x")`, "a (using TLSv1.3 with cipher X (256/256 bits))", "a (10.0.0.1)", "a (mx.example.org [10.0.0.1]) by",
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, path := range files {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, member := range archive.Files {
			field, _, _ := strings.Cut(string(member.Data), "\n\n")
			value := strings.TrimSpace(strings.TrimPrefix(field, "Received:"))
			want := Parse(value)
			if want.Helo == "" || !want.IP.IsValid() || want.By == "" || want.Confidence < 1 || want.Ambiguous || want.Local || want.OwnHost ||
				!strings.HasPrefix(value, "from "+want.Helo+" ") || strings.Contains(want.Helo, want.IP.String()) {
				continue
			}
			if d, _ := choose(split(value)); d.order == nameFirst || d.order == either && want.RDNS == want.Helo {
				continue // the first word is the server's
			}
			for _, helo := range names {
				tried++
				hostile := "from " + helo + value[len("from ")+len(want.Helo):]
				got := Parse(hostile)
				c := got.Client()
				switch {
				case got.By != want.By:
					t.Errorf("HELO %q: by %q, want %q\n\t%s: %s", helo, got.By, want.By, got.Dialect, hostile)
				case got.IP != want.IP:
					t.Errorf("HELO %q: address %v, want %v\n\t%s: %s", helo, got.IP, want.IP, got.Dialect, hostile)
				case got.Auth && !want.Auth && !got.Ambiguous:
					t.Errorf("HELO %q: a login %q\n\t%s: %s", helo, got.AuthUser, got.Dialect, hostile)
				case c.Class == ClassConfirmed && c.Name != want.Client().Name:
					t.Errorf("HELO %q: %q is confirmed\n\t%s: %s", helo, c.Name, got.Dialect, hostile)
				case got.Local || got.Fetched && !want.Fetched || got.OwnHost:
					t.Errorf("HELO %q: local %v, fetched %v, own host %v\n\t%s: %s", helo, got.Local, got.Fetched, got.OwnHost, got.Dialect, hostile)
				}
			}
		}
	}
	t.Logf("%d fields", tried)
}

// TestInjectedHelo puts what a hostile client may say as its name in the place
// of each HELO of testdata. Whatever it says, the server's name and the client's
// address stay those that the server wrote.
func TestInjectedHelo(t *testing.T) {
	names := []string{
		"by", "with", "id", "for", "from", "via", "tls", "envelope-from", "uid", "mail",
		"(", ")", "((", "))", "()", "\"", "\"x", "<", "<x", ">", "<x@y>", "[", "]", "\\", "\\\"", ":", ",", "@", "=",
		"[192.0.2.250]", "192.0.2.250", "[IPv6:2001:db8::250]", "unknown", "unverified", "helo=x", "port=25", "x@[192.0.2.250]",
		"Mon,", "2026-06-01", "TLS1.3", "mx.google.com", "Postfix", "(Postfix)", "\xff\xfe",
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, path := range files {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, member := range archive.Files {
			field, _, _ := strings.Cut(string(member.Data), "\n\n")
			value := strings.TrimSpace(strings.TrimPrefix(field, "Received:"))
			want := Parse(value)
			if d, _ := choose(split(value)); d.order != heloFirst || strings.HasPrefix(want.Helo, "[") {
				continue // the first word is a name that the server looked up, or the address
			}
			if want.Helo == "" || !want.IP.IsValid() || want.Confidence < 1 || !strings.HasPrefix(value, "from "+want.Helo+" ") {
				continue
			}
			for _, helo := range names {
				tried++
				hostile := "from " + helo + value[len("from ")+len(want.Helo):]
				got := Parse(hostile)
				if got.By != want.By || got.IP != want.IP || got.RDNS != want.RDNS && want.RDNSKind != RDNSNone || got.ID != want.ID || !got.Time.Equal(want.Time) {
					t.Errorf("HELO %q: %s: by %q, ip %v, rdns %q, id %q, want %q, %v, %q, %q\n\t%s",
						helo, got.Dialect, got.By, got.IP, got.RDNS, got.ID, want.By, want.IP, want.RDNS, want.ID, hostile)
				}
			}
		}
	}
	t.Logf("%d fields", tried)
}
