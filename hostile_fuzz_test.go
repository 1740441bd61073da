package mailtrace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/domain"
	"github.com/mailtrace/mailtrace/redact"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// FuzzAnalyzeZone: any message with any zone, the second opinion beside ours,
// gives a report that every format can show and that can be redacted.
func FuzzAnalyzeZone(f *testing.F) {
	for _, name := range []string{"bt", "raynet", "clean"} {
		raw, err := os.ReadFile("examples/" + name + ".eml")
		if err != nil {
			f.Fatal(err)
		}
		zone, _ := os.ReadFile("examples/" + name + ".zone")
		f.Add(raw, string(zone))
	}
	f.Add([]byte("DKIM-Signature: v=1; a=ed25519-sha256; d=a.example; s=s; h=from:from; bh=; b=AAAA\nFrom: a@a.example\n\n"), "s._domainkey.a.example. TXT \"k=ed25519; p=\"\n")
	f.Fuzz(func(t *testing.T, raw []byte, zone string) {
		z, err := zonefile.Parse("fuzz.zone", []byte(zone))
		if err != nil || len(raw) > 1<<20 {
			return
		}
		r, err := mailtrace.AnalyzeBytes(context.Background(), raw, mailtrace.Options{Resolver: z, CrossCheck: true, TimeLimit: -1, Profile: mailtrace.ProfileBulkSender})
		if err != nil {
			if !errors.Is(err, mailtrace.ErrNotMessage) {
				t.Fatal(err)
			}
			return
		}
		everyFormat(t, r)
		everyFormat(t, redact.Report(r, redact.Options{Domains: true}))
	})
}

// everyFormat shows a report in every format: no error, valid JSON, nothing
// that moves a terminal.
func everyFormat(t *testing.T, r *report.Report) {
	t.Helper()
	for _, format := range render.Formats(report.DocMessage) {
		var out bytes.Buffer
		w := format.New(&out, render.Options{Detail: render.Full})
		if err := errors.Join(w.Report(r), w.Close()); err != nil {
			t.Fatalf("%s: %v", format.Name, err)
		}
		switch format.Name {
		case "json", "jsonl", "sarif":
			if !json.Valid(out.Bytes()) {
				t.Fatalf("%s is not JSON: %s", format.Name, out.String())
			}
		}
		if i := strings.IndexFunc(out.String(), moves); i >= 0 {
			t.Fatalf("%s holds %q", format.Name, out.String()[max(0, i-20):min(out.Len(), i+20)])
		}
	}
}

// moves reports characters that move the cursor of a terminal or turn the
// order of a text round.
func moves(c rune) bool {
	switch {
	case c == '\n' || c == '\t':
		return false
	case c < ' ', c >= 0x7f && c < 0xa0:
		return true
	case c >= 0x202a && c <= 0x202e, c >= 0x2066 && c <= 0x2069, c == 0x200e, c == 0x200f, c == 0x061c:
		return true
	}
	return false
}

// FuzzCheckDomain: whatever a domain publishes, there is a report.
func FuzzCheckDomain(f *testing.F) {
	f.Add("d.example. MX 10 mx.d.example.\nmx.d.example. A 192.0.2.1\nd.example. TXT \"v=spf1 a mx include:d.example ptr exists:%{i}.d.example -all\"\n_dmarc.d.example. TXT \"v=DMARC1; p=reject; rua=mailto:a@e.example!10m\"\n")
	f.Add("d.example. TXT \"v=spf1 -all" + strings.Repeat(" a", 100) + "\"\n_mta-sts.d.example. TXT \"v=STSv1; id=1;\"\n_smtp._tls.d.example. TXT \"v=TLSRPTv1; rua=https://d.example\"\ndefault._bimi.d.example. TXT \"v=BIMI1; l=; a=\"\n")
	f.Add("d.example. CNAME e.example.\ns._domainkey.d.example. TXT \"k=ed25519; p=AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"\n_25._tcp.mx.d.example. TLSA 3 1 1 00\n")
	f.Fuzz(func(t *testing.T, zone string) {
		z, err := zonefile.Parse("fuzz.zone", []byte(zone))
		if err != nil {
			return
		}
		r, err := mailtrace.CheckDomain(context.Background(), "d.example", mailtrace.DomainOptions{Resolver: z, Selectors: []string{"s"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Problems {
			if p.Code == "" || p.Message == "" || p.Title == p.Code {
				t.Errorf("%+v", p)
			}
		}
		for _, format := range render.Formats(report.DocDomain) {
			var out bytes.Buffer
			w := format.Domains(&out, render.DomainOptions{Suggest: true, Bulk: true})
			if err := errors.Join(w.Domain(r), w.Close()); err != nil {
				t.Fatalf("%s: %v", format.Name, err)
			}
			if i := strings.IndexFunc(out.String(), moves); i >= 0 && format.Name != "csv" { // of CRLF
				t.Fatalf("%s holds %q", format.Name, out.String()[max(0, i-20):min(out.Len(), i+20)])
			}
		}
	})
}

// FuzzLongRecords: lint and the check of a domain over records of any length.
func FuzzLongRecords(f *testing.F) {
	f.Add("a ", uint16(300))
	f.Add("-all a include:d.example ", uint16(200))
	f.Add("ip4:192.0.2.0/24 ", uint16(400))
	f.Fuzz(func(t *testing.T, term string, n uint16) {
		text := "v=spf1 " + strings.Repeat(term, int(n%2000))
		res := texts{"d.example": text}
		l := spf.Lint(context.Background(), res, "d.example", spf.Options{})
		if len(l.Notes) > spf.MaxNotes || l.Left < 0 {
			t.Fatalf("%d notes, %d left out", len(l.Notes), l.Left)
		}
		r := domain.Check(context.Background(), "d.example", domain.Options{Resolver: res})
		if len(r.Problems) > 1000 {
			t.Fatalf("%d problems", len(r.Problems))
		}
	})
}

// FuzzRedactReport: a saved report, whatever it holds, can be redacted.
func FuzzRedactReport(f *testing.F) {
	f.Add([]byte(`{"schema":1,"message":{"from":[{"address":"a@b.example"}]},"hops":[{"index":1,"from":{"ip":"10.0.0.1"}}],"embedded":[{"schema":1}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var r report.Report
		if json.Unmarshal(text, &r) != nil {
			return
		}
		everyFormat(t, redact.Report(&r, redact.Options{}))
		everyFormat(t, &r)
	})
}

// texts answers TXT questions.
type texts map[string]string

func (z texts) Lookup(_ context.Context, name string, t dns.Type) (dns.Answer, error) {
	a := dns.Answer{Name: name, Type: t, Status: dns.NXDomain}
	if text, ok := z[name]; ok {
		a.Status = dns.NoData
		if t == dns.TypeTXT {
			a.Status, a.Records = dns.Success, []dns.Record{{Name: name, Type: t, Text: text}}
		}
	}
	return a, nil
}

func mustAddr(s string) netip.Addr { return netip.MustParseAddr(s) }
