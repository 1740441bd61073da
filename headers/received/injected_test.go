package received

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

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
