package domain

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/report"
)

const soundKey = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAo3k+WxEIadBx7oSu2ldYXvqHlWbwlH0uJoc/AMFKdjHVFB4YzvrhBqYIA7Yy1G8pnapPXZ9s2Husx6+couq3dz5WW1BZh3Z6Wvi2KI5Wc97f1DALWJguF7kWFvqGa0YT5o2jAsLPBvMiqyB8fd0BMNTDDdnPjYysAhUgTlCb45h15iYKkyb+0pvdlDXpDgjqFLm5fSGgAgpC/9ji/ox5Q8AJQt9zOCsXLyECkfGxOSEqfBaOdOhFvRKpUj3PHpgNZml/UGgYXUwdr24agWT6WBDVnDSU1iqKjcCqFnZkVOpdTwHGXKQStAW7S35SC+2Y/vft4SMHXvJkkkJgF0xctQIDAQAB"

// setup is how a provider has its customers set up their domains. %d is the
// domain, %u the domain with hyphens.
type setup struct {
	mx, include, all string
	dkim             []string // "selector TARGET", or the selector of a key of its own
	pending          string   // a selector whose key may not be there yet
	extra            []string
}

// setups are those of the ten largest providers of mailboxes, as their pages of
// November 2026 have them. Addresses and the lengths of their records are made up.
var setups = map[string]setup{
	"Google Workspace": {"1 smtp.google.com.|1 aspmx.l.google.com.,5 alt1.aspmx.l.google.com.,5 alt2.aspmx.l.google.com.,10 alt3.aspmx.l.google.com.", "_spf.google.com", "~all", []string{"google"}, "", []string{"google-site-verification=x1"}},
	"Microsoft 365":    {"0 %u.mail.protection.outlook.com.|0 %u.a-v1.mx.microsoft.", "spf.protection.outlook.com", "-all", []string{"selector1 selector1-%u._domainkey.tenant.onmicrosoft.com."}, "selector2 selector2-%u._domainkey.tenant.onmicrosoft.com.", []string{"MS=ms12345678"}},
	"iCloud":           {"10 mx01.mail.icloud.com.,10 mx02.mail.icloud.com.", "icloud.com", "~all", []string{"sig1 sig1.dkim.%d.at.icloudmailadmin.com."}, "", []string{"apple-domain=AbCd"}},
	"Fastmail":         {"10 in1-smtp.messagingengine.com.,20 in2-smtp.messagingengine.com.", "spf.messagingengine.com", "?all|~all|-all", []string{"fm1 fm1.%d.dkim.fmhosted.com.", "fm2 fm2.%d.dkim.fmhosted.com.", "fm3 fm3.%d.dkim.fmhosted.com."}, "", nil},
	"Proton":           {"10 mail.protonmail.ch.,20 mailsec.protonmail.ch.", "_spf.protonmail.ch", "~all", []string{"protonmail protonmail.domainkey.dabc.domains.proton.ch."}, "protonmail3 protonmail3.domainkey.dabc.domains.proton.ch.", []string{"protonmail-verification=x"}},
	"Zoho":             {"10 mx.zoho.com.,20 mx2.zoho.com.,50 mx3.zoho.com.", "zohomail.com", "~all", []string{"zmail"}, "", []string{"zoho-verification=zb1"}},
	"mailbox.org":      {"10 mxext1.mailbox.org.,10 mxext2.mailbox.org.,20 mxext3.mailbox.org.", "mailbox.org", "~all", []string{"MBO0001 MBO0001._domainkey.mailbox.org.", "MBO0002 MBO0002._domainkey.mailbox.org."}, "", nil},
	"Yandex 360":       {"10 mx.yandex.net.", "_spf.yandex.net", "~all", []string{"mail"}, "", []string{"yandex-verification: 12ab"}},
	"GoDaddy":          {"0 smtp.secureserver.net.,10 mailstore1.secureserver.net.", "secureserver.net", "-all", []string{"default"}, "", nil},
	"Cloudflare":       {"13 route1.mx.cloudflare.net.,24 route2.mx.cloudflare.net.,86 route3.mx.cloudflare.net.", "_spf.mx.cloudflare.net", "~all", []string{"cf2024-1"}, "", nil},
}

// soundDomain writes the zone of a domain that is set up as its provider says.
func soundDomain(r *rand.Rand, s setup, d string) (zone, policy string) {
	var b strings.Builder
	one := func(list ...string) string { return list[r.IntN(len(list))] }
	fill := func(t string) string {
		return strings.NewReplacer("%d", d, "%u", strings.ReplaceAll(d, ".", "-")).Replace(t)
	}
	chance := func(n int) bool { return r.IntN(100) < n }
	fmt.Fprintf(&b, "%s. NS ns1.dns.example.\n%s. A 203.0.113.80\n", d, d)
	var hosts []string
	for i, line := range strings.Split(one(strings.Split(s.mx, "|")...), ",") {
		host := fill(strings.Fields(line)[1])
		hosts = append(hosts, strings.TrimSuffix(host, "."))
		fmt.Fprintf(&b, "%s. MX %s\n%s A 192.0.2.%d\n%d.2.0.192.in-addr.arpa. PTR in%d.pool.example.\nin%d.pool.example. A 192.0.2.%d\n", d, fill(line), host, 20+i, 20+i, i, i, 20+i)
		if chance(40) { // the provider's TLSA, whatever the domain is
			fmt.Fprintf(&b, "_25._tcp.%s TLSA 3 1 1 %s\n", host, strings.Repeat("ab", 32))
		}
	}
	long := ""
	if chance(30) {
		for i := range 30 {
			long += fmt.Sprintf(" ip4:198.51.%d.0/24", i)
		}
	}
	record := "v=spf1 ip4:198.51.100.0/24" + long + " " + one("~all", "-all", "?all")
	data := txtData(record)
	fmt.Fprintf(&b, "%s. TXT %s\n", s.include, data)
	second := ""
	if chance(40) {
		second = " include:sendgrid.net"
		b.WriteString("sendgrid.net. TXT \"v=spf1 ip4:167.89.0.0/17 ~all\"\n")
		fmt.Fprintf(&b, "s1._domainkey.%s. CNAME s1.domainkey.u1.wl.sendgrid.net.\ns1.domainkey.u1.wl.sendgrid.net. TXT %s\n", d, txtData("k=rsa; t=s; p="+soundKey))
		fmt.Fprintf(&b, "s2._domainkey.%s. CNAME s2.domainkey.u1.wl.sendgrid.net.\n", d)
	}
	all := one("~all", "-all")
	fmt.Fprintf(&b, "%s. TXT \"v=spf1 include:%s%s %s\"\n", d, s.include, second, all)
	for _, text := range s.extra {
		fmt.Fprintf(&b, "%s. TXT %q\n", d, text)
	}
	for _, k := range s.dkim {
		selector, target, alias := strings.Cut(fill(k), " ")
		name := selector + "._domainkey." + d + "."
		if alias {
			fmt.Fprintf(&b, "%s CNAME %s\n", name, target)
			name = target
		}
		fmt.Fprintf(&b, "%s TXT %s\n", name, txtData(one("v=DKIM1; k=rsa; p=", "v=DKIM1;k=rsa;p=", "k=rsa; p=")+soundKey))
	}
	if s.pending != "" && chance(50) {
		selector, target, _ := strings.Cut(fill(s.pending), " ")
		fmt.Fprintf(&b, "%s._domainkey.%s. CNAME %s\n", selector, d, target)
	}
	fmt.Fprintf(&b, "_dmarc.%s. TXT \"v=DMARC1; p=%s; %srua=mailto:dmarc@%s%s\"\n", d, one("quarantine", "reject"), one("", "sp=reject; ", "adkim=r; ", "aspf=s; "), d, one("", ";", ",mailto:agg@reports.example"))
	fmt.Fprintf(&b, "%s._report._dmarc.reports.example. TXT \"v=DMARC1\"\nreports.example. MX 5 in0.pool.example.\n", d)
	if chance(50) {
		fmt.Fprintf(&b, "_smtp._tls.%s. TXT \"v=TLSRPTv1; rua=mailto:tls@%s\"\n", d, d)
		if chance(60) {
			fmt.Fprintf(&b, "_mta-sts.%s. TXT \"v=STSv1; id=20261101\"\nmta-sts.%s. %s\n", d, d, one("A 203.0.113.81", "CNAME sts.hosting.example.\nsts.hosting.example. A 203.0.113.82"))
			policy = "version: STSv1\nmode: enforce\nmax_age: 1209600\n"
			for _, h := range hosts {
				policy += "mx: " + h + "\n"
			}
		}
	}
	switch r.IntN(4) { // what else stands in zones
	case 0:
		fmt.Fprintf(&b, "*.%s. CNAME sites.example.\nsites.example. A 203.0.113.90\n", d)
	case 1:
		fmt.Fprintf(&b, "*.%s. A 203.0.113.91\n", d)
	case 2:
		fmt.Fprintf(&b, "%s. MX 32767 ms12345678.msv1.invalid.\n", d)
		if policy != "" {
			policy += "mx: ms12345678.msv1.invalid\n"
		}
	}
	return b.String(), policy
}

// A hundred and fifty sound set-ups raise nothing above info, and nothing is
// offered to be published in their place.
func TestSoundSetups(t *testing.T) {
	r := rand.New(rand.NewPCG(2026, 11))
	n := 0
	for name, s := range setups {
		for i := range 15 {
			n++
			d := fmt.Sprintf("customer%d.example", i)
			text, policy := soundDomain(r, s, d)
			fetch := func(context.Context, string) (Fetched, error) {
				return Fetched{Status: 200, ContentType: "text/plain", Body: []byte(policy)}, nil
			}
			got := Check(context.Background(), d, Options{Resolver: zone(t, text), Fetch: fetch, Suggest: true, Shorter: true})
			for _, p := range got.Problems {
				if p.Severity != report.Info {
					t.Errorf("%s: %s %s: %s\n%s", name, p.Severity, p.Code, p.Message, text)
				}
			}
			if len(got.Changes) > 0 {
				t.Errorf("%s: %s is offered", name, got.Changes[0].Value)
			}
			if t.Failed() {
				return
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d set-ups", n)
	}
}
