package mailtrace_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
)

// TestHostile gives Analyze messages made to cost time, memory or a panic. The
// report must stay small and say what was left out.
func TestHostile(t *testing.T) {
	const received = "Received: from a.example (a.example [192.0.2.1]) by b.example (Postfix) with ESMTP id 1; Mon, 1 Jun 2026 10:00:00 +0000\r\n"
	const results = "Authentication-Results: b.example; spf=pass smtp.mailfrom=a.example; dkim=fail header.d=a.example; dmarc=fail header.from=a.example\r\n"
	tests := []struct {
		name, message string
		gap           string // a gap that must be reported
	}{
		{"10,000 hops", strings.Repeat(received, 10_000) + "From: a@a.example\r\n\r\n", "path"},
		{"10,000 verdict fields", received + strings.Repeat(results, 10_000) + "From: a@a.example\r\n\r\n", ""},
		{"conflicting verdicts at every hop", strings.Repeat(results+strings.Replace(results, "pass", "fail", 1)+received, 1_000) + "From: a@a.example\r\n\r\n", "path"},
		{"one field of 1 MB", "Received: from " + strings.Repeat("(", 1<<20) + "\r\nFrom: a@a.example\r\n\r\n", ""},
		{"1 MB of addresses", "From: " + strings.Repeat("a@a.example, ", 80_000) + "\r\n\r\n", ""},
		{"1,000 signatures", strings.Repeat("DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=k; h=from; bh=AA==; b=AA==\r\n", 1_000) + "From: a@a.example\r\n\r\nbody\r\n", ""},
		{"nested multiparts", nested(200), "MIME parts"},
		{"many embedded messages", "Content-Type: multipart/mixed; boundary=b\r\nFrom: a@a.example\r\n\r\n" +
			strings.Repeat("--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@x.example\r\n\r\nx\r\n", 500) + "--b--\r\n", ""},
		{"control and bidi characters", "From: \x1b[31m\u202eevil\u202c <a@a.example>\r\nSubject: \x00\x07\x9b\r\n" + received + "\r\n", ""},
	}
	zone, err := zonefile.Parse("test", []byte("a.example. IN TXT \"v=spf1 -all\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := mailtrace.AnalyzeBytes(context.Background(), []byte(test.message), mailtrace.Options{Resolver: zone, CrossCheck: true})
			if err != nil {
				t.Fatal(err)
			}
			b, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if limit := 4<<20 + 4*len(test.message); len(b) > limit {
				t.Errorf("a report of %d bytes from a message of %d", len(b), len(test.message))
			}
			found := test.gap == ""
			for _, g := range r.Gaps {
				found = found || g.What == test.gap
			}
			if !found {
				t.Errorf("no gap %q in %v", test.gap, r.Gaps)
			}
		})
	}
}

func nested(depth int) string {
	var b strings.Builder
	b.WriteString("From: a@a.example\r\n")
	for range depth {
		b.WriteString("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n")
	}
	b.WriteString("Content-Type: message/rfc822\r\n\r\nFrom: x@x.example\r\n\r\n--b--\r\n")
	return b.String()
}

// TestCancelled: a cancelled analysis still reports, and says what it did not
// ask.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	raw, err := os.ReadFile("examples/bt.eml")
	if err != nil {
		t.Fatal(err)
	}
	res := lookup(func(ctx context.Context, name string, typ dns.Type) (dns.Answer, error) {
		return dns.Answer{}, &dns.Error{Name: name, Type: typ, Failure: dns.Cancelled, Err: ctx.Err()}
	})
	r, err := mailtrace.AnalyzeBytes(ctx, raw, mailtrace.Options{Resolver: res})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Gaps) == 0 {
		t.Error("no gap")
	}
	if r.SPF != nil {
		t.Errorf("an SPF verdict %q without an answer", r.SPF.Result)
	}
	for _, x := range r.Findings {
		if x.Confidence == "proved" && strings.HasPrefix(x.Code, "spf-") {
			t.Errorf("%s is proved without an answer", x.Code)
		}
	}
}

type lookup func(context.Context, string, dns.Type) (dns.Answer, error)

func (l lookup) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	return l(ctx, name, t)
}

// TestNotAMessage: input without a header field is an error, not a report.
func TestNotAMessage(t *testing.T) {
	for _, in := range []string{"", "\x7fELF\x02\x01\x01\x00\x00", "no header here\nnor here\n"} {
		if _, err := mailtrace.AnalyzeBytes(context.Background(), []byte(in), mailtrace.Options{}); !errors.Is(err, mailtrace.ErrNotMessage) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// FuzzAnalyze: whatever comes in, there is a report or a clear error.
func FuzzAnalyze(f *testing.F) {
	for _, name := range []string{"bt", "raynet", "clean", "receipt"} {
		raw, err := os.ReadFile("examples/" + name + ".eml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	text, err := os.ReadFile("examples/bt.zone")
	if err != nil {
		f.Fatal(err)
	}
	zone, err := zonefile.Parse("bt.zone", text)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := mailtrace.AnalyzeBytes(context.Background(), raw, mailtrace.Options{Resolver: zone})
		if err != nil {
			if !errors.Is(err, mailtrace.ErrNotMessage) {
				t.Fatal(err)
			}
			return
		}
		if r.Verdict.Status == "" || r.Verdict.Summary == "" {
			t.Errorf("no verdict: %+v", r.Verdict)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	})
}
