package spf

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	blitiri "blitiri.com.ar/go/spf"

	"github.com/mailtrace/mailtrace/dns"
)

// instant answers from a map without any work, so that the benchmarks measure
// the evaluators.
type instant map[question]dns.Answer

func (m instant) Lookup(_ context.Context, name string, t dns.Type) (dns.Answer, error) {
	if a, ok := m[question{strings.TrimSuffix(name, "."), t}]; ok {
		return a, nil
	}
	return dns.Answer{Name: name, Type: t, Status: dns.NXDomain}, nil
}

// typical is a record with three includes, as many companies have it. The
// client matches in the third.
func typical(b *testing.B) instant {
	z := zone{
		"corp.example TXT":      {"v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.7 include:_spf.mail.example include:spf.crm.example include:mailer.example ~all"},
		"_spf.mail.example TXT": {"v=spf1 include:_n1.mail.example include:_n2.mail.example ~all"},
		"_n1.mail.example TXT":  {"v=spf1 ip4:35.190.247.0/24 ip4:64.233.160.0/19 ip4:66.102.0.0/20 ip4:66.249.80.0/20 ip4:72.14.192.0/18 ip4:74.125.0.0/16 ip4:108.177.8.0/21 ip4:173.194.0.0/16 ip4:209.85.128.0/17 ip4:216.58.192.0/19 ip4:216.239.32.0/19 ~all"},
		"_n2.mail.example TXT":  {"v=spf1 ip6:2001:4860:4000::/36 ip6:2404:6800:4000::/36 ip6:2607:f8b0:4000::/36 ip6:2800:3f0:4000::/36 ip6:2a00:1450:4000::/36 ip6:2c0f:fb50:4000::/36 ~all"},
		"spf.crm.example TXT":   {"v=spf1 exists:%{i}._spf.mta.crm.example -all"},
		"mailer.example TXT":    {"v=spf1 ip4:203.0.113.0/26 a:out.mailer.example mx ~all"},
		"out.mailer.example A":  {"203.0.113.100"},
		"mailer.example MX":     {"10 mx1.mailer.example"},
		"mx1.mailer.example A":  {"203.0.113.200"},
	}
	m := instant{}
	for key := range z {
		name, typ, _ := strings.Cut(key, " ")
		a, err := z.Lookup(context.Background(), name, zoneTypes[typ])
		if err != nil {
			b.Fatal(err)
		}
		m[question{name, zoneTypes[typ]}] = a
	}
	return m
}

func BenchmarkCheck(b *testing.B) {
	z := typical(b)
	for _, c := range []struct{ name, ip string }{{"FirstTerm", "192.0.2.9"}, {"Deep", "203.0.113.200"}} {
		q := Query{IP: netip.MustParseAddr(c.ip), Helo: "h.example", MailFrom: "a@corp.example"}
		run := func(name string, o Options) {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if ev, err := Check(context.Background(), z, q, o); err != nil || ev.Result != Pass {
						b.Fatal(ev, err)
					}
				}
			})
		}
		run("verdict", Options{})
		run("tree", Options{Tree: true})
		run("lint", Options{Tree: true, Lint: true})
		b.Run(c.name+"/blitiri", func(b *testing.B) {
			b.ReportAllocs()
			ip := net.ParseIP(c.ip)
			for b.Loop() {
				if r, err := blitiri.CheckHostWithSender(ip, q.Helo, q.MailFrom, blitiri.WithResolver(dns.Std{Resolver: z})); r != blitiri.Pass {
					b.Fatal(r, err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	text := "v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.7 include:_spf.mail.example a:%{l1r-}.%{d2}/24//64 ip6:2001:db8::/32 mx ~all exp=e.example"
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, notes := Parse(text); notes != nil {
			b.Fatal(notes)
		}
	}
}

func BenchmarkRanges(b *testing.B) {
	z := typical(b)
	b.ReportAllocs()
	for b.Loop() {
		if a, err := Ranges(context.Background(), z, "corp.example", Options{}); err != nil || a.Count4 == 0 {
			b.Fatal(a, err)
		}
	}
}
