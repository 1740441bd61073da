package domain

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
)

// published is a world in which what was suggested has been published: the
// records of the lines "; - " are gone, the others are there.
type published struct {
	*world
	zone, gone *zonefile.Zone
}

func (p published) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	a, err := p.world.Lookup(ctx, name, t)
	added, _ := p.zone.Lookup(ctx, name, t)
	gone, _ := p.gone.Lookup(ctx, name, t)
	if err != nil || len(added.Records)+len(gone.Records) == 0 {
		if err == nil && a.Status == dns.NXDomain {
			a.Status = added.Status
		}
		return a, err
	}
	var left []dns.Record
	for _, r := range a.Records {
		if !slices.ContainsFunc(gone.Records, func(g dns.Record) bool { return g.Text == r.Text && g.Host == r.Host }) {
			left = append(left, r)
		}
	}
	a.Records = append(left, added.Records...)
	if a.Status = dns.Success; len(a.Records) == 0 {
		a.Status = dns.NoData
	}
	return a, nil
}

// What is suggested can be read as a zone file, and published it removes the
// problem that it is for.
func TestSuggest(t *testing.T) {
	test := func(domain, gone string, holds ...string) {
		t.Helper()
		w, want := named(t, domain)
		text := w.check(want).Suggested
		z, err := zonefile.Parse("suggested", []byte(text))
		if err != nil {
			t.Errorf("%s: %v in\n%s", domain, err, text)
			return
		}
		for _, h := range holds {
			if !strings.Contains(text, h) {
				t.Errorf("%s: no %q in\n%s", domain, h, text)
			}
		}
		var lines strings.Builder
		for line := range strings.Lines(text) {
			if rest, ok := strings.CutPrefix(line, "; - "); ok {
				lines.WriteString(rest)
			}
		}
		removed, err := zonefile.Parse("gone", []byte(lines.String()))
		if err != nil {
			t.Errorf("%s: %v in\n%s", domain, err, lines.String())
			return
		}
		after := Check(context.Background(), domain, Options{Resolver: published{w, z, removed}, Parked: want.parked, Selectors: want.selectors, Fetch: w.fetch})
		before := strings.Join(want.codes, " ")
		for _, code := range strings.Fields(gone) {
			if !strings.Contains(before, code) {
				t.Errorf("%s has no %s to begin with", domain, code)
			}
			for _, p := range after.Problems {
				if p.Code == code {
					t.Errorf("%s: still %s: %s\n%s", domain, code, p.Message, text)
				}
			}
		}
	}
	test("s-ownmx.example", "spf-none spf-helo-none", `s-ownmx.example. IN TXT "v=spf1 mx ~all"`, `mx.s-ownmx.example. IN TXT "v=spf1 a ~all"`)
	test("s-none.example", "", "; SPF: who sends for s-none.example does not show")
	test("s-limit.example", "spf-permerror-lookup-limit spf-shorter-record")
	test("s-two.example", "spf-permerror-syntax")
	test("s-quoted.example", "spf-not-recognised")
	test("s-curly.example", "spf-not-recognised", `s-curly.example. IN TXT "v=spf1 include:net.good.example -all"`, "was never in force")
	test("s-bare.example", "spf-not-recognised", `s-bare.example. IN TXT "v=spf1 ip4:203.0.113.0/24 ~all"`)
	test("s-twice.example", "spf-redundant-term spf-shorter-record", `; - s-twice.example. IN TXT "v=spf1 mx ip4:203.0.113.0/28 mx -all"`)
	test("s-host.example", "spf-helo-none", "mx.s-host.example. IN TXT \"v=spf1 a ~all\"")
	test("s-parkedopen.example", "spf-parked-passes dmarc-parked-not-reject mx-parked", "MX 0 .")
	test("d-norua.example", "", ";   _dmarc.d-norua.example. IN TXT \"v=DMARC1; p=reject; rua=mailto:<YOUR-MAILBOX>\"")
	test("d-apex.example", "dmarc-record-misplaced")
	test("d-underscore.example", "dmarc-record-misplaced", `_dmarc.d-underscore.example. IN TXT "v=DMARC1; p=reject; rua=mailto:r@d-underscore.example"`, "p=none first")
	test("d-two.example", "dmarc-record-invalid", "; - _dmarc.d-two.example.")
	test("d-noversion.example", "dmarc-record-invalid", `_dmarc.d-noversion.example. IN TXT "v=DMARC1; p=reject; rua=mailto:r@d-noversion.example"`)
	test("d-external.example", "", `;   d-external.example._report._dmarc.silent.example. IN TXT "v=DMARC1"`)
	test("k-escaped.example", "dkim-key-malformed", "a backslash at byte")
	test("b-place.example", "bimi-record-misplaced")
	test("m-nothing.example", "mx-none-reachable", "MX 0 .")
}

// Where the DNS did not answer, or all is well, nothing is suggested.
func TestSuggestNothing(t *testing.T) {
	for _, domain := range []string{"m-timeout.example", "m-nxdomain.example", "m-parked.example"} {
		if text := result(t, domain).Suggested; text != "" {
			t.Errorf("%s:\n%s", domain, text)
		}
	}
	if text := result(t, "d-timeout.example").Suggested; strings.Contains(text, "DMARC1") {
		t.Error(text)
	}
	if text := result(t, "s-fail.example").Suggested; strings.Contains(text, "spf1") {
		t.Error(text)
	}
}

// Hostile text cannot leave its comment or string.
func TestSuggestIsSafe(t *testing.T) {
	z := zone(t, "x.example. MX 10 mx.x.example.\nmx.x.example. A 203.0.113.1\n"+
		"_dmarc.x.example. TXT \"v=DMARC1; p=reject; x=\\010evil.example. IN A 192.0.2.66\\034\"\n"+
		"_smtp._tls.x.example. TXT \"v=TLSRPTv1; rua=\\013\\010evil.example. IN A 192.0.2.66\"\n")
	text := Check(context.Background(), "x.example", Options{Resolver: z, Suggest: true}).Suggested
	s, err := zonefile.Parse("suggested", []byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if s.Has("evil.example") {
		t.Errorf("a record of the attacker's:\n%s", text)
	}
}
