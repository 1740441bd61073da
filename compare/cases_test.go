package compare_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/compare"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/message"
)

// readCase reads a message that went through real servers, and its DNS.
func readCase(t testing.TB, name string) (string, dns.Resolver) {
	t.Helper()
	dir := filepath.Join("..", "testdata", "cases", name)
	raw, err := os.ReadFile(filepath.Join(dir, "message.eml"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "zone.txt"))
	if err != nil {
		t.Fatal(err)
	}
	zone, err := zonefile.Parse(name, text)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw), zone
}

// undo replaces text that must be there exactly once.
func undo(t testing.TB, s, old, new string) string {
	t.Helper()
	if n := strings.Count(s, old); n != 1 {
		t.Fatalf("%q stands %d times in the message", old, n)
	}
	return strings.Replace(s, old, new, 1)
}

func compareText(t testing.TB, res dns.Resolver, a, b string) *compare.Result {
	t.Helper()
	r, err := compare.Compare(context.Background(), res, message.Parse([]byte(a)), message.Parse([]byte(b)), compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What a forwarder did is undone to get the copy that was sent; that the
// signature verifies on it proves it to be that copy.
func TestCases(t *testing.T) {
	test := func(name, old, new, want string) {
		t.Helper()
		b, zone := readCase(t, name)
		a := undo(t, b, old, new)
		r := compareText(t, zone, a, b)
		if r.Summary != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, r.Summary, want)
		}
		if len(r.Signatures) != 1 || r.Signatures[0].A.Result != dkim.Pass || r.Signatures[0].B.Result != dkim.Fail {
			t.Errorf("%s: signatures %+v", name, r.Signatures)
		}
		if len(r.Gaps) > 0 || r.Extent != compare.Content || len(r.Trace) > 0 {
			t.Errorf("%s: extent %s, gaps %v, trace %v", name, r.Extent, r.Gaps, r.Trace)
		}
	}
	test("049-fwd-subject-tag-postfix", "Subject: [EXT] ", "Subject: ",
		"B has “[EXT] ” in front of Subject; the signature of hilltop.example verifies on A only")
	test("086-fwd-footer-altermime", `
----------------------------------------------------------
This e-mail was scanned by footfwd.example. No viruses found.
`, "", "B has 3 lines more at the end; the signature of hilltop.example verifies on A only")
}

func TestSubjectTag(t *testing.T) {
	b, zone := readCase(t, "049-fwd-subject-tag-postfix")
	r := compareText(t, zone, undo(t, b, "Subject: [EXT] ", "Subject: "), b)
	if len(r.Fields) != 1 {
		t.Fatalf("%d fields differ, want 1: %+v", len(r.Fields), r.Fields)
	}
	f := r.Fields[0]
	if f.Name != "Subject" || f.Change != compare.Changed || !f.DiffersRelaxed || len(f.SignedBy) != 1 {
		t.Errorf("got %+v", f)
	}
	if *f.RelaxedAt != len("subject:") {
		t.Errorf("differs at %d of the relaxed form, want %d", *f.RelaxedAt, len("subject:"))
	}
	if at := strings.Index(b, "[EXT]"); f.B.At != at || f.A.At != at {
		t.Errorf("differs at %d and %d, want %d", f.A.At, f.B.At, at)
	}
	if f.A.Value != "Tag me" || f.B.Value != "[EXT] Tag me" || f.A.Line == 0 || f.A.Line != f.B.Line {
		t.Errorf("got %+v and %+v", f.A, f.B)
	}
	if s := r.Signatures[0]; s.Domain != "hilltop.example" || s.Selector != "home2024" || s.B.HeaderSignature != dkim.Mismatch || s.B.BodyHash != dkim.Match {
		t.Errorf("got %+v, on B %+v", s, s.B)
	}
}

// With no DNS nothing is said of signatures, once for each key.
func TestGaps(t *testing.T) {
	b, _ := readCase(t, "049-fwd-subject-tag-postfix")
	r := compareText(t, nil, b, b)
	if len(r.Gaps) != 1 || !strings.Contains(r.Gaps[0].What, "hilltop.example") {
		t.Errorf("gaps %v", r.Gaps)
	}
	if want := "A and B are the same, byte for byte; the signature of hilltop.example could not be judged"; r.Summary != want {
		t.Errorf("got %s", r.Summary)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := compare.Compare(ctx, dns.Disabled{}, message.Parse([]byte(b)), message.Parse([]byte(b)), compare.Options{}); err != context.Canceled {
		t.Errorf("error %v, want that of the context", err)
	}
}

// changing answers a question the first time only.
type changing struct {
	dns.Resolver
	asked int
}

func (c *changing) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	if c.asked++; c.asked > 1 {
		return dns.Answer{}, &dns.Error{Name: name, Type: t, Failure: dns.Timeout}
	}
	return c.Resolver.Lookup(ctx, name, t)
}

// Both copies are judged by one answer.
func TestAskedOnce(t *testing.T) {
	b, zone := readCase(t, "049-fwd-subject-tag-postfix")
	a := undo(t, b, "Subject: [EXT] ", "Subject: ")
	res := &changing{Resolver: zone}
	if r := compareText(t, res, a, a); res.asked != 1 || !strings.HasSuffix(r.Summary, "verifies on both") {
		t.Errorf("asked %d times: %s", res.asked, r.Summary)
	}
}
