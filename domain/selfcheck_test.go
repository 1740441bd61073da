package domain

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

const fuzzKey = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"

// invented writes the zone of a random domain: records as people write them,
// whole, broken, doubled and lost, with hosts that answer and hosts that do not.
// wrote are the policies that stand in it, before anything was broken.
func invented(r *rand.Rand) (zone, domain string, wrote map[string]bool) {
	wrote = map[string]bool{}
	d := []string{"x.example", "mail.x.example", "x.co.example"}[r.IntN(3)]
	var b strings.Builder
	one := func(list ...string) string { return list[r.IntN(len(list))] }
	chance := func(n int) bool { return r.IntN(100) < n }
	hosts := []string{"mx." + d, "mx2." + d, "in.good.example", "smtp.google.com", "a.mail.protection.outlook.com", "gone." + d, "mx.migadu.com"}
	for i, h := range hosts {
		if h == "gone."+d || chance(8) {
			continue
		}
		fmt.Fprintf(&b, "%s. A 192.0.2.%d\n", h, 10+i)
		if chance(30) {
			fmt.Fprintf(&b, "%s. AAAA 2001:db8::%d\n", h, 10+i)
		}
		if chance(70) {
			fmt.Fprintf(&b, "%d.2.0.192.in-addr.arpa. PTR %s.\n", 10+i, h)
		}
		if chance(25) {
			fmt.Fprintf(&b, "%s. TXT %s\n", h, txtData(one("v=spf1 a -all", "v=spf1 a ~all", "v=spf1 ip4:198.51.100.1 -all", "\"v=spf1 a -all\"")))
		}
	}
	if chance(60) {
		fmt.Fprintf(&b, "%s. A 203.0.113.9\n", d)
	}
	switch r.IntN(6) {
	case 0:
	case 1:
		fmt.Fprintf(&b, "%s. MX 0 .\n", d)
	default:
		for range 1 + r.IntN(3) {
			fmt.Fprintf(&b, "%s. MX %d %s.\n", d, 10*r.IntN(4), hosts[r.IntN(len(hosts))])
		}
	}
	for i := range 6 {
		text := one("v=spf1 ip4:198.51.100.%d ~all", "v=spf1 include:inc%d.good.example -all", "v=spf1 a:h%d.good.example ?all", "v=spf1 ip4:198.51.100.%d/30 ip6:2001:db8:%d::/48 -all")
		fmt.Fprintf(&b, "inc%d.good.example. TXT %s\n", i, txtData(strings.ReplaceAll(text, "%d", fmt.Sprint(i+1))))
		if chance(80) {
			fmt.Fprintf(&b, "h%d.good.example. A 198.51.100.%d\n", i, 40+i)
		}
	}
	for _, p := range []string{"_spf.google.com", "spf.protection.outlook.com", "spf.migadu.com", "sendgrid.net"} {
		if chance(85) {
			fmt.Fprintf(&b, "%s. TXT \"v=spf1 ip4:198.51.%d.0/24 ~all\"\n", p, 101+len(p))
		}
	}
	terms := func() []string {
		var out []string
		for range r.IntN(5) + chanceInt(r, 12)*9 {
			out = append(out, one("mx", "a", "+mx", "ip4:198.51.100.7", "ip4:198.51.100.0/24", "ip6:2001:db8:7::/48", "include:inc1.good.example", "include:inc2.good.example",
				"include:inc3.good.example", "include:inc4.good.example", "include:none.example", "include:_spf.google.com", "a:h1.good.example", "a:gone."+d, "mx:"+d, "exists:%{i}.x.example", "-ip4:198.51.100.9",
				"include:inc5.good.example", "ip4:0.0.0.0/1", "ip4:128.0.0.0/1", "?include:inc1.good.example", "redirect=inc2.good.example", "include=inc1.good.example", "ip4:198.51.100.3ip4:198.51.100.4", "198.51.100.8", "include: inc3.good.example", "v=spf1"))
		}
		if chance(90) {
			all := one("-all", "~all", "?all", "-all", "~all", "all", "–all")
			if chance(10) {
				out = append([]string{all}, out...)
			} else {
				out = append(out, all)
			}
		}
		return out
	}
	texts := func(name string, n int, make func() string) {
		for range n {
			text := make()
			if text == "" {
				continue
			}
			switch r.IntN(12) {
			case 0:
				text = `"` + text + `"`
			case 1:
				text = "“" + text + "”"
			case 2:
				text = " " + text
			case 3:
				text = "\ufeff" + text
			case 4:
				i := r.IntN(len(text))
				text = text[:i] + one("", " ", "l", ";", "\u00a0", "\\", ".") + text[min(i+r.IntN(2), len(text)):]
			}
			data := txtData(text)
			if r.IntN(8) == 0 && len(text) > 8 {
				i := 1 + r.IntN(len(text)-2)
				data = txtData(text[:i]) + " " + txtData(text[i:])
			}
			fmt.Fprintf(&b, "%s. TXT %s\n", name, data)
		}
	}
	count := func() int { return []int{0, 1, 1, 1, 1, 1, 2}[r.IntN(7)] }
	texts(d, count(), func() string {
		return one("v=spf1 ", "v=spf1 ", "v=spf1 ", "v=spf1", "spf1 ", "v=spf1; ") + strings.Join(terms(), " ")
	})
	dmarc := func() string {
		text := one("v=DMARC1; ", "v=DMARC1; ", "v=DMARC1 ", "v=DMARCl; ", "v=dmarc1; ", "", "v=DMARC1;") + one("p=none", "p=reject", "p=quarantine", "p=quarentine", "p=rejct", "p:none", "reject") +
			one("", "; sp=none", "; sp=rejected", " sp=reject", "; pct=50", "; t=y") + one("", "; rua=mailto:r@"+d, "; rua=r@"+d, " rua=mailto:r@out.example", "; rua=mailto:a@"+d+"; rua=mailto:b@"+d)
		for _, w := range [...]string{"reject", "rejct", "rejected"} {
			wrote["reject"] = wrote["reject"] || strings.Contains(text, w)
		}
		wrote["quarantine"] = wrote["quarantine"] || strings.Contains(text, "quar")
		return text
	}
	texts("_dmarc."+d, count(), dmarc)
	if chance(15) {
		texts(one(d, "dmarc."+d), 1, dmarc)
	}
	key := func() string {
		return one("v=DKIM1; ", "v=DKIM1; ", "", "v=DKIM1\\; ", "v=DKIM1 ") + one("k=rsa; ", "", "h=sha1; ", "h=rsa-sha256; ", "s=email; ", "t=y; ") + "p=" + one(fuzzKey, fuzzKey, fuzzKey, fuzzKey[:100], "")
	}
	for _, s := range []string{"default", "google", "selector1", "s1"} {
		if chance(30) {
			texts(s+"._domainkey."+d, 1+chanceInt(r, 10), key)
		} else if chance(10) {
			fmt.Fprintf(&b, "%s._domainkey.%s. CNAME %s.sendgrid.net.\n", s, d, s)
		}
	}
	texts("_smtp._tls."+d, count()/2, func() string {
		return one("v=TLSRPTv1; ", "v=TLSRPT1; ", "v=TLSRPTv1 ", "") + "rua=" + one("mailto:t@"+d, "t@"+d)
	})
	texts("_mta-sts."+d, count()/2, func() string { return one("v=STSv1; ", "v=STS1; ") + "id=" + one("1", "2026-01-01") })
	texts(one("default._bimi.", "_bimi.")+d, chanceInt(r, 20), func() string { return one("v=BIMI1; ", "v=BIMI; ") + "l=https://" + d + "/l.svg" })
	if chance(10) {
		fmt.Fprintf(&b, "; SERVFAIL %s.\n", one("inc1.good.example", "in.good.example", "_dmarc."+d, "_domainkey."+d))
	}
	return b.String(), d, wrote
}

func chanceInt(r *rand.Rand, percent int) int {
	if r.IntN(100) < percent {
		return 1
	}
	return 0
}

// probes are addresses that the invented records speak of, and some of others.
var probes = []string{"192.0.2.10", "192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.14", "192.0.2.16", "203.0.113.9", "198.51.100.1", "198.51.100.3", "198.51.100.4", "198.51.100.7", "198.51.100.8",
	"198.51.100.9", "198.51.100.41", "198.51.100.200", "198.51.116.1", "198.51.127.1", "2001:db8::10", "2001:db8:7::1", "2001:db8:2::1", "8.8.8.8", "203.0.114.1", "2a00::1"}

// promise checks what is offered for a domain, by other means than those that
// offered it: each address that passes does so afterwards, none of a stranger
// does, keys that count go on to count, no policy is stricter than the strictest
// that the owner wrote, and no problem above info is new but of what he wrote.
func promise(t *testing.T, seed1, seed2 uint64) {
	t.Helper()
	text, d, wrote := invented(rand.New(rand.NewPCG(seed1, seed2)))
	z, err := zonefile.Parse("invented", []byte(text))
	if err != nil {
		return // two CNAMEs, or a CNAME beside data
	}
	ctx := context.Background()
	before := Check(ctx, d, Options{Resolver: z, Suggest: true, Shorter: true})
	if before.Suggested == "" {
		return
	}
	bad := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s, seeds %d %d: %s\nzone:\n%s\nsuggested:\n%s", d, seed1, seed2, fmt.Sprintf(format, args...), text, before.Suggested)
	}
	added, err := zonefile.Parse("suggested", []byte(before.Suggested))
	if err != nil {
		bad("the suggestion is not a zone file: %v", err)
		return
	}
	var lines strings.Builder
	for line := range strings.Lines(before.Suggested) {
		if rest, ok := strings.CutPrefix(line, "; - "); ok {
			lines.WriteString(rest)
		} else if !strings.HasPrefix(line, ";") && strings.Contains(line, "YOUR-MAILBOX") {
			bad("a placeholder can be published")
		}
	}
	gone, err := zonefile.Parse("gone", []byte(lines.String()))
	if err != nil {
		bad("the records to remove are not a zone file: %v", err)
		return
	}
	res := then{z, added, gone}
	after := Check(ctx, d, Options{Resolver: res, Suggest: false})

	// Addresses.
	meansToSend := len(before.SPF.Meant) > 0
	for _, record := range publishedTexts(&before.SPF.DomainCheck) {
		rec, _ := spf.Parse(record)
		meansToSend = meansToSend || names(rec)
	}
	for _, ip := range probes {
		for _, name := range []string{d, "mx." + d, "mx2." + d} {
			q := spf.Query{IP: netip.MustParseAddr(ip), MailFrom: "a@" + name}
			was, err1 := spf.Check(ctx, z, q, spf.Options{})
			is, err2 := spf.Check(ctx, res, q, spf.Options{})
			if err1 != nil || err2 != nil {
				continue
			}
			if was.Result == spf.Pass && is.Result != spf.Pass {
				bad("%s passes for %s, and would be %s", ip, name, is.Result)
			}
			if stranger := ip == "8.8.8.8" || ip == "203.0.114.1" || ip == "2a00::1"; stranger && was.Result != spf.Pass && is.Result == spf.Pass {
				bad("%s does not pass for %s, and would", ip, name)
			}
		}
	}
	// Keys.
	for i := range before.DKIM.Keys {
		k := &before.DKIM.Keys[i]
		if !holds(k.Valid) {
			continue
		}
		if j := slices.IndexFunc(after.DKIM.Keys, func(o report.DKIMKey) bool { return o.Selector == k.Selector }); j < 0 || !holds(after.DKIM.Keys[j].Valid) {
			bad("the key of %s does not count any more", k.Selector)
		}
	}
	// Mail hosts and null MX, -all.
	for line := range strings.Lines(before.Suggested) {
		switch {
		case strings.HasPrefix(line, ";"):
		case strings.Contains(line, "MX 0 .") && (meansToSend || len(before.DKIM.Keys) > 0):
			bad("a null MX for a domain that sends")
		case strings.HasPrefix(line, d+". IN TXT \"v=spf1 -all\"") && !strings.Contains(text, "v=spf1 -all"):
			if len(before.DKIM.Keys) > 0 || len(before.MX.Hosts) > 0 {
				bad("-all for a domain that sends")
			}
		case strings.Contains(line, "p=reject") && !wrote["reject"], strings.Contains(line, "p=quarantine") && !wrote["quarantine"]:
			bad("a policy that nobody wrote: %s", line)
		case strings.Contains(line, "+all") || strings.Contains(line, "/1 ") || strings.Contains(line, "/0"):
			bad("it opens the domain: %s", line)
		}
	}
	// Problems: what the owner wrote and could not be read may show, at most as
	// bad as what is repaired.
	was, is := counted(before), counted(after)
	repaired := map[string]bool{}
	for _, ch := range before.Changes {
		repaired[ch.Check] = repaired[ch.Check] || ch.Repairs
	}
	for k, n := range is {
		p := problemOf(after, k)
		if n <= was[k] || repaired[p.Check] && !p.Invalid && rank(p.Severity) <= worstOf(before, p.Check) {
			continue
		}
		if p.Code == "tls-rpt-missing" && repaired["mta_sts"] {
			continue
		}
		bad("a new problem: %s %s: %s", p.Severity, p.Code, p.Message)
	}
	// What was repaired is whole.
	for _, ch := range before.Changes {
		for i := range after.Problems {
			if p := &after.Problems[i]; ch.Repairs && p.Check == ch.Check && p.Name == ch.Name && p.Invalid {
				bad("%s is offered, and not valid: %s", ch.Value, p.Message)
			}
		}
	}
}

func counted(r *Result) map[string]int {
	out := map[string]int{}
	for i := range r.Problems {
		if p := &r.Problems[i]; rank(p.Severity) > 0 {
			out[p.Code+" "+p.Name]++
		}
	}
	return out
}

// then is a zone with some records added and others gone.
type then struct{ now, added, gone *zonefile.Zone }

// Lookup implements dns.Resolver.
func (w then) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	return published{world: &world{zone: w.now}, zone: w.added, gone: w.gone}.Lookup(ctx, name, t)
}

// TestPromise holds the promise for four hundred invented domains.
func TestPromise(t *testing.T) {
	n := uint64(400)
	if testing.Short() {
		n = 100
	}
	for i := range n {
		promise(t, i, 12)
		if t.Failed() {
			return
		}
	}
}

func FuzzPromise(f *testing.F) {
	for i := range uint64(8) {
		f.Add(i, i)
	}
	f.Fuzz(promise)
}
