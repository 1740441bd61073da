package received

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// sampleDialect names the dialect of samples that show a variant which is no
// form of its own.
var sampleDialect = map[string]string{
	"postfix-filter":       "postfix",
	"exim-norDNS":          "exim",
	"exim-old-tls":         "exim",
	"sendmail-auth":        "sendmail",
	"ironport-norDNS":      "ironport",
	"qmail-samehelo":       "qmail",
	"mdaemon-old":          "mdaemon",
	"communigate-verified": "communigate",
	"inumbo-mailcontrol":   "mailcontrol",
}

type sample struct {
	Dialect string
	Raw     string
	Expect  map[string]any
}

func readSamples(t testing.TB) []sample {
	t.Helper()
	data, err := os.ReadFile("testdata/received_samples.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var samples []sample
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		var s sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		samples = append(samples, s)
	}
	return samples
}

// TestSamples reads one line of every MTA of the collection.
func TestSamples(t *testing.T) {
	passed := 0
	samples := readSamples(t)
	for _, s := range samples {
		r := Parse(s.Raw)
		want := s.Dialect
		if w, ok := sampleDialect[want]; ok {
			want = w
		}
		ok := true
		if r.Dialect != want {
			t.Errorf("%s: dialect %q, want %q\n\t%s", s.Dialect, r.Dialect, want, s.Raw)
			ok = false
		}
		for field, want := range s.Expect {
			if got, same := sampleField(r, field, want); !same {
				t.Errorf("%s: %s = %q, want %v\n\t%s", s.Dialect, field, got, want, s.Raw)
				ok = false
			}
		}
		if r.Time.IsZero() {
			t.Errorf("%s: no time in %q", s.Dialect, r.TimeRaw)
			ok = false
		}
		if ok {
			passed++
		}
	}
	t.Logf("%d of %d", passed, len(samples))
}

// sampleField compares one expectation, in the words of the collection.
func sampleField(r Received, field string, want any) (got any, same bool) {
	eq := func(got any) (any, bool) { return got, got == want }
	fold := func(got ...string) (any, bool) {
		for _, g := range got {
			if w, ok := want.(string); ok && strings.EqualFold(g, w) {
				return g, true
			}
		}
		return strings.Join(got, "|"), false
	}
	addr := func(a interface{ String() string }, valid bool) string {
		if !valid {
			return ""
		}
		return a.String()
	}
	switch field {
	case "helo":
		return eq(r.Helo)
	case "rdns":
		if want == nil {
			return string(r.RDNSKind), r.RDNS == "" && r.RDNSKind == RDNSNone
		}
		return eq(r.RDNS)
	case "rdns_forged":
		return eq(r.RDNSKind == RDNSForged)
	case "ip":
		return eq(addr(r.IP, r.IP.IsValid()))
	case "by_ip":
		return eq(addr(r.ByIP, r.ByIP.IsValid()))
	case "by":
		return eq(r.By)
	case "proto":
		return fold(r.With, r.Proto)
	case "tls":
		if want == "yes" {
			return r.TLS, r.TLS
		}
		return fold(r.TLSVersion, r.TLSCipher)
	case "id":
		if want == nil {
			return r.ID, r.ID == ""
		}
		return eq(r.ID)
	case "rcpt":
		return eq(r.For)
	case "auth":
		if want == true {
			return r.Auth, r.Auth
		}
		return eq(r.AuthUser)
	case "local":
		return eq(r.Local)
	case "uid":
		return eq(r.UID)
	case "loopback":
		return eq(r.IP.IsLoopback())
	case "software":
		return fold(strings.TrimSpace(r.Product + " " + r.Version))
	case "own_host":
		return eq(r.OwnHost)
	case "port":
		return r.Port, float64(r.Port) == want
	case "envfrom":
		if r.EnvelopeFrom == nil {
			return nil, want == nil
		}
		return eq(*r.EnvelopeFrom)
	case "build":
		got, ok1 := parseBuild(r.Version)
		w, ok2 := parseBuild(want.(string))
		return r.Version, ok1 && ok2 && got == w
	case "via":
		return eq(r.Via)
	case "cloud":
		return r.Product, r.Product == "Exchange Online"
	case "gmail_id_kind":
		return eq(r.IDKind)
	case "internal":
		return r.ByIP, !r.IP.IsValid() && !r.ByIP.IsValid() && hasNote(r, NoteInternalCode)
	case "no_semicolon":
		return eq(hasNote(r, NoteNoSemicolon))
	case "ident":
		return eq(r.Ident)
	case "pid":
		return eq(r.ID)
	case "fetch":
		return eq(r.Fetched)
	case "helo_verified":
		return eq(r.HeloVerified)
	}
	return "unknown expectation", false
}

func hasNote(r Received, n Note) bool {
	for _, have := range r.Notes {
		if have == n {
			return true
		}
	}
	return false
}

// claimants returns the families that claim a field in each table.
func claimants(value string) (bySignature, byShape []string) {
	c := split(value)
	for _, d := range signed {
		if d.claims(c) {
			bySignature = append(bySignature, d.name)
		}
	}
	for _, d := range shaped {
		if d.claims(c) {
			byShape = append(byShape, d.name)
		}
	}
	return bySignature, byShape
}

// claimedOnce fails when two dialects want the same field.
func claimedOnce(t *testing.T, value string) {
	t.Helper()
	bySignature, byShape := claimants(value)
	if len(bySignature) > 1 {
		t.Errorf("claimed by %v\n\t%s", bySignature, value)
	}
	if len(bySignature) == 0 && len(byShape) > 1 {
		t.Errorf("claimed by the shapes %v\n\t%s", byShape, value)
	}
}

func TestSamplesClaimedOnce(t *testing.T) {
	for _, s := range readSamples(t) {
		claimedOnce(t, s.Raw)
		if a, b := claimants(s.Raw); len(a)+len(b) == 0 {
			t.Errorf("%s: claimed by nobody\n\t%s", s.Dialect, s.Raw)
		}
	}
}
