package render

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/mailtrace/mailtrace/report"
)

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

// weakDomain has a bit of everything: what is good, weak, wrong, absent and not
// answered.
func weakDomain() *report.Domain {
	spf, location, dmarc, at := "v=spf1 include:_spf.example.net a:gone.example.com ?all", "example.com", "v=DMARC1; p=none; rua=mailto:d@reports.example", "_dmarc.example.com"
	sts, stsAt := "v=STSv1; id=1", "_mta-sts.example.com"
	d := &report.Domain{
		Schema: 1, Tool: report.Tool{Name: "mailtrace", Version: "test"}, Domain: "example.com", Exists: yes(),
		MX: report.DomainMX{
			DomainCheck: report.DomainCheck{State: report.StatePresent, Valid: yes(), Location: &location},
			Hosts: []report.MXHost{
				{Preference: 10, Hostname: "mail.example.com", State: report.StatePresent, Addresses: []report.MXAddress{
					{Address: "192.0.2.10", Scope: "documentation", Names: []string{"mail.example.com"}, State: report.StatePresent, Confirmed: yes()},
					{Address: "10.1.2.3", Scope: "private", State: report.StateAbsent}}},
				{Preference: 20, Hostname: "backup.example.net", State: report.StateUnknown},
				{Preference: 30, Hostname: "old.example.net", State: report.StateAbsent, CNAME: []string{"new.example.net"}},
			},
		},
		SPF: report.DomainSPF{
			DomainCheck: report.DomainCheck{State: report.StatePresent, Record: &spf, Location: &location, Valid: yes()},
			DNSLookups:  12, MaxDNSLookups: 10, VoidDNSLookups: 1, RecordBytes: len(spf), Parsed: &report.SPFParsed{},
			Authorized: &report.Authorized{IPv4: report.AddressSet{Count: "4096", Ranges: []string{"198.51.100.0/24"}, More: 3}, IPv6: report.AddressSet{Count: "0"}},
			Tree: &report.SPFBranch{Kind: "record", Term: spf, Domain: "example.com", DNSLookups: 12, Children: []*report.SPFBranch{
				{Kind: "include", Term: "include:_spf.example.net", DNSLookups: 11, Question: "_spf.example.net TXT", Answer: "v=spf1 -all",
					Children: []*report.SPFBranch{{Kind: "record", Children: []*report.SPFBranch{nil, {Kind: "mx", Term: "mx", DNSLookups: 1}, {Kind: "ip4", Term: "ip4:198.51.100.0/24"}}}}},
				{Kind: "a", Term: "a:gone.example.com", DNSLookups: 1, Voids: 1, Note: "a void lookup"},
				{Kind: "all", Term: "?all"},
			}},
		},
		DKIM: report.DomainDKIM{
			DomainCheck: report.DomainCheck{State: report.StatePresent, Valid: yes()}, Tried: 90,
			Keys: []report.DKIMKey{
				{Selector: "s1", Basis: "given", State: report.StatePresent, Type: "rsa", Bits: 2048, Valid: yes(), Location: "s1._domainkey.example.com", Record: "v=DKIM1; p=MIIB"},
				{Selector: "s2", Basis: "given", State: report.StateAbsent, CNAME: []string{"gone.provider.example"}},
				{Selector: "s3", Basis: "given", State: report.StateUnknown},
				{Selector: "google", Basis: "common", Provider: "Google Workspace", State: report.StatePresent, Type: "rsa", Bits: 1024, Valid: yes(), Problems: []string{"the key has 1024 bits"}},
			},
		},
		DMARC: report.DomainDMARC{
			DomainCheck: report.DomainCheck{State: report.StatePresent, Record: &dmarc, Location: &at, Valid: yes()},
			Tags:        map[string]report.DMARCTag{"p": {Value: "none", Explicit: true}, "rua": {Value: "mailto:a@x.example,mailto:b@x.example", Explicit: true}},
			Discovery: []report.DMARCDiscovery{
				{Method: "rfc9989", RecordDomain: "example.com", OrgDomain: "example.com", Policy: "none", PolicyTag: "p"},
				{Method: "rfc7489", RecordDomain: "example.com", OrgDomain: "example.com", Policy: "none", PolicyTag: "p"},
			},
			External: []report.ReportDestination{{Domain: "reports.example", Location: "example.com._report._dmarc.reports.example", Authorized: no()}},
			Spoofs: []report.SpoofEffect{
				{From: "domain", Method: "rfc9989", Policy: "none", Text: "forged mail is delivered as if there were no policy"},
				{From: "existing subdomain", Method: "rfc9989", Policy: "reject", Text: "the owner asks to refuse such mail"},
				{From: "domain", Method: "rfc7489", Policy: "none", Text: "the same"},
				{From: "existing subdomain", Method: "rfc7489", Policy: "none", Text: "forged mail is delivered"},
			},
		},
		MTASTS: report.MTASTS{
			DomainCheck: report.DomainCheck{State: report.StatePresent, Record: &sts, Location: &stsAt, Valid: yes()}, ID: "1",
			Policy: &report.MTASTSPolicy{URL: "https://mta-sts.example.com/.well-known/mta-sts.txt", State: report.StatePresent, Valid: yes(), Mode: "testing",
				MX: []string{"*.example.com"}, MaxAge: 86400, Unmatch: []string{"backup.example.net"}, Text: "version: STSv1\r\nmode: testing\r\n"},
		},
		TLSRPT: report.TLSRPT{DomainCheck: report.DomainCheck{State: report.StateAbsent}},
		DANE: report.DANE{DomainCheck: report.DomainCheck{State: report.StatePresent, Valid: yes()}, Hosts: []report.DANEHost{
			{Hostname: "mail.example.com", Location: "_25._tcp.mail.example.com", State: report.StatePresent, Secure: no(), Records: []report.TLSA{{Usage: 3, Selector: 1, Matching: 1, Data: "0123", Problem: "a SHA-256 digest has 64 digits"}}},
			{Hostname: "backup.example.net", State: report.StateUnknown},
		}},
		BIMI:   report.BIMI{DomainCheck: report.DomainCheck{State: report.StateAbsent}, Selector: "default"},
		DNSSEC: report.DNSSEC{DomainCheck: report.DomainCheck{State: report.StatePresent}, Status: "bogus", Basis: "validated", Reason: "example.com: the signature ended", Names: []report.DNSSECName{{Name: "example.com", What: "domain", Status: "bogus", Reason: "the signature ended"}}},
		Bulk: []report.BulkRule{
			{Rule: "SPF is set up", Receivers: []string{"Gmail", "Yahoo"}, Scope: "bulk", State: "pass", Why: "the SPF record lets hosts send", Source: "Google, Email sender guidelines", Since: "2024-02-01"},
			{Rule: "DMARC is published", Receivers: []string{"Outlook.com"}, Scope: "bulk", State: "fail", Why: "there is none", Source: "Microsoft", Since: "2025-05-05"},
			{Rule: "Mail is sent over TLS", Receivers: []string{"Gmail"}, Scope: "all", State: "unknown", Why: "only messages show it", Source: "Google", Since: "2024-02-01"},
		},
		Gaps:      []report.Gap{{What: "backup.example.net A", Why: "timeout"}},
		DNS:       []report.DNSAnswer{{Name: "example.com", Type: "TXT", Status: "noerror", Values: []string{spf}, TTL: 300}, {Name: "x._domainkey.example.com", Type: "TXT", Status: "nxdomain"}},
		Suggested: "; in place of: x\nexample.com. IN TXT \"v=spf1 ip4:198.51.100.0/24 -all\"\n_smtp._tls.example.com. IN TXT \"v=TLSRPTv1; rua=mailto:tls-reports@example.com\"\n",
	}
	add := func(check, code, severity, message, advice string) {
		d.Problems = append(d.Problems, report.DomainProblem{Check: check, Code: code, Severity: severity, Message: message, Advice: advice})
		d.Findings = append(d.Findings, report.Finding{Code: code, Severity: severity, Message: message, Advice: advice, Confidence: report.Proved,
			Evidence: []report.Evidence{{Kind: report.EvidenceDNS, DNS: "example.com TXT", Text: spf, Ref: "RFC 7208 §4.6.4"}}})
	}
	add("spf", "spf-permerror-lookup-limit", report.High, "the record needs 12 lookups, the limit is 10", "remove includes that are not needed")
	add("dnssec", "dnssec-bogus", report.High, "example.com does not validate", "repair the signatures")
	add("dkim", "dkim-key-weak", report.Medium, "the key at google has 1024 bits", "make a key of 2048 bits")
	add("dmarc", "dmarc-policy-not-enforced", report.Low, "the policy asks for nothing", "go on to p=quarantine")
	return d
}

// hostileDomain has hostile text in every place that comes from the DNS.
func hostileDomain() *report.Domain {
	text, err := json.Marshal(weakDomain())
	if err != nil {
		panic(err)
	}
	const bad = "\x1b[2J\x1b]0;x\x07\u202e\u200b\r\n=cmd()\nAuthenticated: yes"
	escaped, _ := json.Marshal(bad)
	// All strings get it, but those that the program itself writes and goes by.
	for _, word := range []string{"example.com", "gone.", "mail.", "v=spf1", "v=DMARC1", "MIIB", "1024 bits", "documentation", "STSv1", "0123"} {
		text = bytes.ReplaceAll(text, []byte(word), append(append([]byte(word), escaped[1:len(escaped)-1]...), ' '))
	}
	var d report.Domain
	if err := json.Unmarshal(text, &d); err != nil {
		panic(err)
	}
	return &d
}

func domainTextOf(t *testing.T, d *report.Domain, o DomainOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Domain(&b, d, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDomain(t *testing.T) {
	test := func(name string, d *report.Domain, o DomainOptions) {
		t.Helper()
		golden(t, name+".golden", domainTextOf(t, d, o))
	}
	test("domain", weakDomain(), DomainOptions{})
	test("domain-full", weakDomain(), DomainOptions{Options: Options{Detail: Full}, Suggest: true})
	test("domain-line", weakDomain(), DomainOptions{Options: Options{Detail: Verdict}})
	test("domain-color", weakDomain(), DomainOptions{Options: Options{Color: true}, Bulk: true})
	test("domain-60", weakDomain(), DomainOptions{Options: Options{Width: 60}})
	test("domain-empty", &report.Domain{}, DomainOptions{Options: Options{Detail: Full}, Suggest: true})
	test("domain-hostile", hostileDomain(), DomainOptions{Options: Options{Detail: Full}, Suggest: true})
}

// safe fails where text holds what a terminal could obey, but for SGR where
// there is colour.
func safe(t *testing.T, out string, color bool) {
	t.Helper()
	if color {
		for _, sgr := range []string{"0", "1", "2", "31", "32", "33"} {
			out = strings.ReplaceAll(out, "\x1b["+sgr+"m", "")
		}
	}
	for i, r := range out {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			t.Fatalf("%U at byte %d of\n%s", r, i, out)
		}
	}
	for _, l := range strings.Split(out, "\n") {
		if strings.HasPrefix(l, "Authenticated: yes") {
			t.Fatalf("text from the DNS became a line of the report")
		}
	}
}

func TestDomainHostile(t *testing.T) {
	for _, detail := range []Detail{Normal, Verdict, Full} {
		for _, w := range []int{1, 40, 77, 100, 400} {
			for _, color := range []bool{false, true} {
				o := DomainOptions{Options: Options{Width: w, Detail: detail, Color: color}, Bulk: true, Suggest: true}
				safe(t, string(domainTextOf(t, hostileDomain(), o)), color)
			}
		}
	}
	for _, f := range Formats(report.DocDomain) {
		var b bytes.Buffer
		w := f.Domains(&b, DomainOptions{})
		if err := w.Domain(hostileDomain()); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		safe(t, b.String(), false)
	}
}

// Lines keep to the width, but those that are to be copied or searched.
func TestDomainWidth(t *testing.T) {
	for name, d := range map[string]*report.Domain{"weak": weakDomain(), "hostile": hostileDomain()} {
		for _, w := range []int{60, 72, 80, 100, 140} {
			for _, detail := range []Detail{Normal, Full} {
				out := string(domainTextOf(t, d, DomainOptions{Options: Options{Width: w, Detail: detail}, Bulk: true}))
				for _, l := range strings.Split(out, "\n") {
					if got := width(l); got > w {
						t.Errorf("%s at %d: %d columns: %s", name, w, got, l)
					}
				}
			}
		}
	}
}

func TestDomainCSV(t *testing.T) {
	var b bytes.Buffer
	w := newDomainCSV(&b)
	for _, d := range []*report.Domain{weakDomain(), hostileDomain(), {}} {
		if err := w.Domain(d); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	test := func(row int, column, want string) {
		t.Helper()
		for i, name := range rows[0] {
			if name == column {
				if rows[row][i] != want {
					t.Errorf("row %d, %s = %q, want %q", row, column, rows[row][i], want)
				}
				return
			}
		}
		t.Errorf("no column %s", column)
	}
	test(1, "domain", "example.com")
	test(1, "base_domain", "example.com")
	test(1, "dnssec", "False")
	test(1, "spf_valid", "True")
	test(1, "dmarc_p", "none")
	test(1, "dmarc_rua", "mailto:a@x.example|mailto:b@x.example")
	test(1, "dmarc_record_location", "example.com")
	test(1, "mx", "10, mail.example.com|20, backup.example.net|30, old.example.net")
	test(1, "mta_sts_mode", "testing")
	test(1, "smtp_tls_reporting_valid", "False")
	test(1, "tls", "")
	test(1, "dkim_selectors", "s1|google")
	test(1, "spf_dns_lookups", "12")
	test(1, "gaps", "1")
	test(3, "spf_valid", "") // not known is not False
	for _, row := range rows[1:] {
		for i, c := range row {
			if c != "" && strings.ContainsRune("=+-@", rune(c[0])) {
				t.Errorf("%s: a spreadsheet takes %q for a formula", rows[0][i], c)
			}
		}
	}
	if cell("=1+1") != "'=1+1" || cell("a=b") != "a=b" {
		t.Errorf("cell: %q, %q", cell("=1+1"), cell("a=b"))
	}
}

// A saved report may hold anything. It shows in every format, in one piece and
// without what a terminal would obey.
func FuzzDomain(f *testing.F) {
	for _, d := range []*report.Domain{weakDomain(), hostileDomain(), {}} {
		text, err := json.Marshal(d)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, 80)
	}
	f.Add([]byte(`{"spf":{"record":"v=spf1","tree":{"children":[null,{"children":[null]}]}},"mx":{"hosts":[{"addresses":[{}],"cname":[""]}]},"mta_sts":{"policy":{}},"dane":{"state":"present","hosts":[{}]}}`), 0)
	f.Fuzz(func(t *testing.T, text []byte, width int) {
		var d report.Domain
		if json.Unmarshal(text, &d) != nil {
			return
		}
		for _, detail := range []Detail{Normal, Verdict, Full} {
			safe(t, string(domainTextOf(t, &d, DomainOptions{Options: Options{Width: width, Detail: detail}, Bulk: true, Suggest: true})), false)
		}
		for _, format := range Formats(report.DocDomain) {
			var b bytes.Buffer
			w := format.Domains(&b, DomainOptions{})
			if err := w.Domain(&d); err != nil {
				t.Fatalf("%s: %v", format.Name, err)
			}
			if err := w.Close(); err != nil {
				t.Fatalf("%s: %v", format.Name, err)
			}
		}
	})
}

func BenchmarkDomain(b *testing.B) {
	d := weakDomain()
	b.ReportAllocs()
	for b.Loop() {
		var out bytes.Buffer
		if err := Domain(&out, d, DomainOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
