package domain

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

func zone(t testing.TB, text string) *zonefile.Zone {
	t.Helper()
	z, err := zonefile.Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// named returns the check of one domain of the zones.
func named(t testing.TB, domain string) (*world, *want) {
	t.Helper()
	for _, w := range worlds(t) {
		for i := range w.wants {
			if w.wants[i].domain == domain {
				return w, &w.wants[i]
			}
		}
	}
	t.Fatalf("no zone has %s", domain)
	return nil, nil
}

func result(t testing.TB, domain string) *Result {
	t.Helper()
	w, want := named(t, domain)
	return w.check(want)
}

// The severities that the table alone does not give.
func TestSeverities(t *testing.T) {
	test := func(domain, code, severity string) {
		t.Helper()
		for _, p := range result(t, domain).Problems {
			if p.Code == code && p.Severity == severity {
				return
			}
		}
		t.Errorf("%s: no %s of severity %s", domain, code, severity)
	}
	test("s-plusall.example", "spf-overbroad-pass", report.Critical)
	test("s-slash8.example", "spf-overbroad-pass", report.Medium)
	test("k-768.example", "dkim-key-weak", report.Critical)
	test("k-1024.example", "dkim-key-weak", report.Medium)
	test("k-dangling.example", "dkim-cname-dangling", report.Medium)
	test("d-pct.example", "dmarc-tag-invalid", report.Info)
}

// Where the DNS does not answer, nothing is said to be missing.
func TestNoAnswerIsNotAbsence(t *testing.T) {
	checks := func(domain string, r *Result, want map[string]string) {
		t.Helper()
		for _, s := range sections(r) {
			if state, ok := want[s.name]; ok && s.check.State != state {
				t.Errorf("%s %s: %s, want %s", domain, s.name, s.check.State, state)
			}
		}
		if len(r.Gaps) == 0 {
			t.Errorf("%s: no gap", domain)
		}
		for _, p := range r.Problems {
			if strings.Contains(p.Code, "missing") || strings.Contains(p.Code, "none") || p.Code == "domain-nonexistent" {
				t.Errorf("%s: %s: %s", domain, p.Code, p.Message)
			}
		}
	}
	all := map[string]string{}
	for _, s := range sections(&Result{}) {
		all[s.name] = report.StateUnknown
	}
	r := result(t, "m-timeout.example")
	checks("m-timeout.example", r, all)
	if r.Exists != nil || len(r.Problems) > 0 {
		t.Errorf("a domain that does not answer: exists %v, %v", r.Exists, r.Problems)
	}
	off := Check(context.Background(), "example.com", Options{})
	checks("without a resolver", off, all)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	checks("cancelled", Check(ctx, "s-sound.example", Options{Resolver: zone(t, "a.example. A 192.0.2.1")}), nil)
}

func TestNotADomain(t *testing.T) {
	r := Check(context.Background(), "no domain", Options{})
	if len(r.Gaps) != 1 || r.SPF.State != report.StateUnknown || len(r.DNS) != 0 {
		t.Errorf("%+v", r.Gaps)
	}
}

func TestSPFFacts(t *testing.T) {
	r := result(t, "s-sound.example")
	if r.SPF.DNSLookups != 2 || r.SPF.Parsed.All != "fail" || !r.SPF.Authorized.Complete {
		t.Errorf("%+v", r.SPF)
	}
	if got := r.SPF.Authorized.IPv4; got.Count != "257" || strings.Join(got.Ranges, " ") != "192.0.2.25/32 203.0.113.0/24" {
		t.Errorf("%+v", got)
	}
	if got := r.SPF.Authorized.IPv6; got.Count != "1" {
		t.Errorf("%+v", got)
	}
	// Lookups of a branch are its own.
	r = result(t, "s-limit.example")
	last := r.SPF.Parsed.Mechanisms[5]
	if r.SPF.DNSLookups != 11 || last.Term != "include:more.s-limit.example" || last.DNSLookups != 6 {
		t.Errorf("%d lookups, %+v", r.SPF.DNSLookups, last)
	}
	r = result(t, "s-void.example")
	if r.SPF.VoidDNSLookups != 3 || r.SPF.Parsed.Mechanisms[0].Voids != 1 {
		t.Errorf("%+v", r.SPF.Parsed)
	}
	// An error has its byte.
	r = result(t, "s-syntax.example")
	var places []int
	for _, p := range r.Problems {
		if p.Code == "spf-permerror-syntax" {
			places = append(places, *p.Position)
		}
	}
	if !slices.Equal(places, []int{11, 26}) {
		t.Errorf("errors at bytes %v of %q", places, *r.SPF.Record)
	}
}

// A suggested record has what it promises, held against spf.Ranges again.
func TestShorterIsProved(t *testing.T) {
	n := 0
	for _, w := range worlds(t) {
		for i := range w.wants {
			r := w.check(&w.wants[i])
			sh := r.SPF.Shorter
			if sh == nil {
				continue
			}
			n++
			if !sh.Proved || len(sh.Changes) == 0 || sh.DNSLookups > r.SPF.DNSLookups {
				t.Errorf("%s: %+v", r.Domain, sh)
			}
			wide := spf.Options{MaxLookups: spf.MaxWalked, MaxVoids: -1}
			before, err1 := spf.Ranges(context.Background(), w, r.Domain, wide)
			after, err2 := spf.Ranges(context.Background(), overlay{w, r.Domain, sh.Record}, r.Domain, spf.Options{})
			if err1 != nil || err2 != nil || !slices.Equal(before.IPv4, after.IPv4) || !slices.Equal(before.IPv6, after.IPv6) {
				t.Errorf("%s: %s lets others pass: %v, %v", r.Domain, sh.Record, after.IPv4, before.IPv4)
			}
		}
	}
	t.Logf("%d suggestions", n)
	if n < 3 {
		t.Error("too few to mean anything")
	}
	// Near misses: nothing is taken from these.
	for _, domain := range []string{"s-except.example", "s-sound.example", "s-ptr.example", "s-fail.example"} {
		if sh := result(t, domain).SPF.Shorter; sh != nil {
			t.Errorf("%s: %s", domain, sh.Record)
		}
	}
}

func TestDKIMFacts(t *testing.T) {
	r := result(t, "k-common.example")
	if len(r.DKIM.Keys) != 1 {
		t.Fatalf("%+v", r.DKIM.Keys)
	}
	k := r.DKIM.Keys[0]
	if k.Selector != "selector1" || k.Provider != "Microsoft 365" || k.Basis != common || k.Bits != 2048 || len(k.CNAME) != 1 || !holds(k.Valid) {
		t.Errorf("%+v", k)
	}
	// A selector that nobody told is not known: neither missing nor absent.
	if r := result(t, "k-unknown.example"); r.DKIM.State != report.StateUnknown || len(r.DKIM.Keys) != 0 || r.DKIM.NoKeys {
		t.Errorf("%+v", r.DKIM)
	}
	if r := result(t, "k-timeout.example"); r.DKIM.Keys[0].State != report.StateUnknown {
		t.Errorf("%+v", r.DKIM.Keys)
	}
	if r := result(t, "k-wildcard.example"); !r.DKIM.Wildcard || len(r.DKIM.Keys) != 0 {
		t.Errorf("%+v", r.DKIM)
	}
}

func TestSpoofEffects(t *testing.T) {
	test := func(domain, want string) {
		t.Helper()
		var got []string
		for _, e := range result(t, domain).DMARC.Spoofs {
			if e.Text == "" {
				t.Errorf("%s: no words for %s", domain, e.From)
			}
			p := e.Policy
			if p == "" {
				p = "-"
			}
			got = append(got, p)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s, want %s", domain, strings.Join(got, " "), want)
		}
	}
	// domain, existing, non-existent by RFC 9989; the same by RFC 7489.
	test("d-sound.example", "reject reject reject reject reject reject")
	test("sub.d-sound.example", "reject reject reject reject reject reject")
	test("d-sp.example", "reject none none reject none none")
	test("d-np.example", "reject reject none reject reject reject")
	test("d-test.example", "quarantine quarantine quarantine reject reject reject")
	test("d-none.example", "- - - - - -")
	// RFC 9989: the name with a record is its own organisation, so its policy
	// holds below it. RFC 7489 looks at d-org.example, where nothing is.
	test("mail.d-org.example", "reject reject reject reject - -")
	test("a.b.d-between.example", "reject reject reject reject reject reject")
	test("d-timeout.example", "- - - - - -")
	for _, e := range result(t, "d-timeout.example").DMARC.Spoofs {
		if !strings.Contains(e.Text, "not known") {
			t.Error(e.Text)
		}
	}
}

func TestDMARCPath(t *testing.T) {
	r := result(t, "a.b.d-between.example")
	var names []string
	for _, q := range r.DMARC.Discovery[0].Path {
		names = append(names, q.Name)
	}
	if want := "_dmarc.a.b.d-between.example _dmarc.b.d-between.example _dmarc.d-between.example _dmarc.example"; strings.Join(names, " ") != want {
		t.Error(names)
	}
	if r.DMARC.Discovery[0].RecordDomain != "d-between.example" || r.DMARC.Discovery[1].RecordDomain != "d-between.example" {
		t.Errorf("%+v", r.DMARC.Discovery)
	}
	ext := result(t, "d-external.example").DMARC.External
	if len(ext) != 2 || !holds(ext[0].Authorized) || ext[1].Authorized == nil || *ext[1].Authorized {
		t.Errorf("%+v", ext)
	}
	if ext := result(t, "d-externalslow.example").DMARC.External; len(ext) != 1 || ext[0].Authorized != nil {
		t.Errorf("%+v", ext)
	}
}

func TestDANEFacts(t *testing.T) {
	test := func(domain string, usable, secure any) {
		t.Helper()
		h := result(t, domain).DANE.Hosts[0]
		show := func(b *bool) any {
			if b == nil {
				return nil
			}
			return *b
		}
		if show(h.Usable) != usable || show(h.Secure) != secure || h.Basis != basisAD {
			t.Errorf("%s: %+v", domain, h)
		}
	}
	test("a-sound.example", true, true)
	test("a-insecure.example", false, false)
	test("a-unusable.example", false, true)
}

func TestBulkRules(t *testing.T) {
	test := func(domain, rule, state string) {
		t.Helper()
		found := 0
		for _, b := range result(t, domain).Bulk {
			if b.Rule == rule {
				found++
				if b.State != state || b.Why == "" || b.Source == "" || b.Since == "" || len(b.Receivers) == 0 {
					t.Errorf("%s: %+v, want %s", domain, b, state)
				}
			}
		}
		if found == 0 {
			t.Errorf("no rule %q", rule)
		}
	}
	test("k-sound.example", "DKIM is set up", rulePass)
	test("k-unknown.example", "DKIM is set up", ruleUnknown)
	test("s-none.example", "SPF is set up", ruleFail)
	test("s-sound.example", "SPF is set up", rulePass)
	test("s-two.example", "SPF is set up", ruleFail)
	test("s-none.example", "SPF or DKIM is set up", ruleUnknown)
	test("d-pnone.example", "DMARC is published, p=none at least", rulePass)
	test("d-none.example", "DMARC is published, p=none at least", ruleFail)
	test("d-timeout.example", "DMARC is published, p=none at least", ruleUnknown)
	test("s-none.example", "SPF and DKIM are set up", ruleFail)
	test("k-768.example", "DKIM keys have 1024 bits at least", ruleFail)
}

// The result is the same however the questions interleave.
func TestDeterministic(t *testing.T) {
	w, want := named(t, "s-limit.example")
	first, err := json.Marshal(w.check(want))
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if again, _ := json.Marshal(w.check(want)); string(again) != string(first) {
			t.Fatal("two checks of one domain differ")
		}
	}
}

// The keys that the interface of the command promises.
func TestKeys(t *testing.T) {
	text, err := json.Marshal(result(t, "s-sound.example"))
	if err != nil {
		t.Fatal(err)
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(text, &top); err != nil {
		t.Fatal(err)
	}
	for _, key := range strings.Fields("schema tool domain checked_at mx spf dkim dmarc mta_sts tls_rpt bimi dane dnssec findings gaps dns") {
		raw, ok := top[key]
		if !ok || string(raw) == "null" {
			t.Errorf("no %s", key)
		}
	}
	for _, s := range sections(&Result{}) {
		var check map[string]json.RawMessage
		if err := json.Unmarshal(top[s.name], &check); err != nil {
			t.Fatal(err)
		}
		for _, key := range strings.Fields("record valid location warnings error") {
			if _, ok := check[key]; !ok {
				t.Errorf("%s has no %s", s.name, key)
			}
		}
	}
	var spf map[string]json.RawMessage
	if err := json.Unmarshal(top["spf"], &spf); err != nil {
		t.Fatal(err)
	}
	for _, key := range strings.Fields("dns_lookups void_dns_lookups parsed authorized_addresses") {
		if _, ok := spf[key]; !ok {
			t.Errorf("spf has no %s", key)
		}
	}
}

// counting counts questions and how many are under way.
type counting struct {
	dns.Resolver
	asked chan string
}

func (c counting) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	c.asked <- name + " " + t.String()
	return c.Resolver.Lookup(ctx, name, t)
}

// Each question is asked once.
func TestAskedOnce(t *testing.T) {
	w, want := named(t, "s-limit.example")
	c := counting{w, make(chan string, 2*MaxQuestions)}
	Check(context.Background(), want.domain, Options{Resolver: c, AllSelectors: true})
	close(c.asked)
	seen := map[string]bool{}
	for q := range c.asked {
		if seen[q] {
			t.Errorf("%s is asked twice", q)
		}
		seen[q] = true
	}
	if len(seen) < 100 {
		t.Errorf("only %d questions", len(seen))
	}
}

// A hostile domain comes to an end, and the result says what was left out.
func TestHostile(t *testing.T) {
	var b strings.Builder
	for i := range 400 {
		fmt.Fprintf(&b, "h.example. MX %d mx%d.h.example.\n", i, i)
		fmt.Fprintf(&b, "mx%d.h.example. A 203.0.113.%d\n", i, i%250)
	}
	for i := range 30 { // each record includes ten others: 10^3 and more walks
		fmt.Fprintf(&b, "i%d.h.example. TXT \"v=spf1", i)
		for j := range 10 {
			fmt.Fprintf(&b, " include:i%d.h.example", (i*7+j+1)%30)
		}
		b.WriteString(" -all\"\n")
	}
	b.WriteString("h.example. TXT \"v=spf1 include:i0.h.example -all\"\n")
	for i := range 100 {
		fmt.Fprintf(&b, "_25._tcp.mx0.h.example. TLSA 3 1 1 %064d\n", i)
	}
	o := Options{Resolver: zone(t, b.String())}
	for i := range MaxSelectors + 10 {
		o.Selectors = append(o.Selectors, fmt.Sprintf("s%d", i))
	}
	r := Check(context.Background(), "h.example", o)
	if len(r.MX.Hosts) != MaxHosts || len(r.DANE.Hosts[0].Records) != MaxTLSA || len(r.DNS) > MaxQuestions {
		t.Errorf("%d hosts, %d TLSA records, %d answers", len(r.MX.Hosts), len(r.DANE.Hosts[0].Records), len(r.DNS))
	}
	gaps := fmt.Sprint(r.Gaps)
	for _, want := range []string{"more than 32 hosts", "more than 64 records", "more than 500 selectors"} {
		if !strings.Contains(gaps, want) {
			t.Errorf("no gap says %q: %s", want, gaps)
		}
	}
}

// The worst records that a shorter one is sought for: as many terms as may be,
// each with its own hosts, or with an include of many networks.
func BenchmarkShorter(b *testing.B) {
	var hosts, nets strings.Builder
	hosts.WriteString("w.example. TXT ")
	nets.WriteString("n.example. TXT ")
	for i := range MaxTrial - 1 {
		fmt.Fprintf(&hosts, " \"%sa:h%d.w.example \"", []string{"", "v=spf1 "}[b2i(i == 0)], i)
	}
	for i := range MaxTrialNodes/12 - 2 {
		fmt.Fprintf(&nets, " \"%sip4:10.%d.0.0/25 \"", []string{"", "v=spf1 "}[b2i(i == 0)], i)
	}
	hosts.WriteString(" \"-all\"\n")
	nets.WriteString(" \"-all\"\n")
	for i := range MaxTrial {
		fmt.Fprintf(&hosts, "h%d.w.example. A 203.0.113.%d\n", i, 2*i)
	}
	nets.WriteString("m.example. TXT \"v=spf1 include:n.example include:n.example include:n.example include:n.example include:n.example include:n.example include:n.example include:n.example include:n.example include:n.example include:n.example -all\"\n")
	for domain, text := range map[string]string{"w.example": hosts.String(), "m.example": nets.String()} {
		z := zone(b, text)
		b.Run(domain, func(b *testing.B) {
			for b.Loop() {
				Check(context.Background(), domain, Options{Resolver: z, Shorter: true})
			}
		})
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func BenchmarkCheck(b *testing.B) {
	for _, domain := range []string{"s-sound.example", "s-limit.example", "a-sound.example", "k-sound.example"} {
		w, want := named(b, domain)
		b.Run(domain, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if r := w.check(want); r.SPF.State != report.StatePresent {
					b.Fatal(r.SPF.State)
				}
			}
		})
	}
}
