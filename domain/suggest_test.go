package domain

import (
	"context"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
)

// published is a world in which what Suggest wrote has been published: a record
// takes the place of what it replaces.
type published struct {
	*world
	zone *zonefile.Zone
}

func (p published) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	if a, err := p.zone.Lookup(ctx, name, t); err == nil && len(a.Records) > 0 {
		return a, nil
	}
	return p.world.Lookup(ctx, name, t)
}

// What is suggested can be read as a zone file, and published it removes the
// problem that it is for.
func TestSuggest(t *testing.T) {
	test := func(domain, gone string, holds ...string) {
		t.Helper()
		w, want := named(t, domain)
		text := Suggest(w.check(want))
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
		after := Check(context.Background(), domain, Options{Resolver: published{w, z}, Parked: want.parked, Selectors: want.selectors, Fetch: w.fetch})
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
	test("s-none.example", "spf-none dmarc-record-missing transport-policy-missing", `"v=spf1 mx ~all"`)
	test("s-limit.example", "spf-permerror-lookup-limit spf-shorter-record")
	test("s-twice.example", "spf-redundant-term spf-shorter-record", "; in place of: v=spf1 mx ip4:203.0.113.0/28 mx -all")
	test("s-void.example", "spf-void-lookups spf-void-term")
	test("s-host.example", "spf-helo-none", "mx.s-host.example. IN TXT \"v=spf1 a -all\"")
	test("s-parkedopen.example", "spf-parked-passes dmarc-parked-not-reject mx-parked", "MX 0 .")
	test("d-norua.example", "dmarc-no-reports")
	test("d-apex.example", "dmarc-record-missing")
	test("d-two.example", "dmarc-record-invalid", "; in place of: v=DMARC1; p=reject")
	test("d-badp.example", "dmarc-record-invalid")
	test("d-external.example", "", `; d-external.example._report._dmarc.silent.example. IN TXT "v=DMARC1"`)
	test("t-badrua.example", "tls-rpt-record-invalid")
	test("t-norpt.example", "tls-rpt-missing")
	test("m-nothing.example", "mx-none-reachable", "MX 0 .")
}

// Where the DNS did not answer, or all is well, nothing is suggested.
func TestSuggestNothing(t *testing.T) {
	for _, domain := range []string{"m-timeout.example", "m-nxdomain.example", "m-parked.example"} {
		if text := Suggest(result(t, domain)); text != "" {
			t.Errorf("%s:\n%s", domain, text)
		}
	}
	if text := Suggest(result(t, "d-timeout.example")); strings.Contains(text, "DMARC1") {
		t.Error(text)
	}
	if text := Suggest(result(t, "s-fail.example")); strings.Contains(text, "spf1") {
		t.Error(text)
	}
}

// Hostile text cannot leave its comment or string.
func TestSuggestIsSafe(t *testing.T) {
	z := zone(t, "x.example. MX 10 mx.x.example.\nmx.x.example. A 203.0.113.1\n"+
		"_dmarc.x.example. TXT \"v=DMARC1; p=reject; x=\\010evil.example. IN A 192.0.2.66\\034\"\n"+
		"_smtp._tls.x.example. TXT \"v=TLSRPTv1; rua=\\013\\010evil.example. IN A 192.0.2.66\"\n")
	text := Suggest(Check(context.Background(), "x.example", Options{Resolver: z}))
	s, err := zonefile.Parse("suggested", []byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if s.Has("evil.example") {
		t.Errorf("a record of the attacker's:\n%s", text)
	}
}
