package headers

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/spf"
)

// Bounds on what is asked before it is needed.
const (
	aheadKeys  = 16
	aheadHops  = 4
	aheadHosts = 4 // of an MX or PTR answer
	aheadTerms = 10
	aheadDepth = 3 // of includes
	aheadWalk  = 4 // names of a walk for the record of a signer's organisation
)

// askAhead asks what the stages will ask whatever they find: the keys of the
// signatures, the policy of the author, the SPF record of the sender, the MX of
// the recipients, the names of the newest clients; and what the answers lead to,
// as soon as they come. A message then waits for some four answers, one after the
// other, however many it asks for.
func (f *Facts) askAhead() {
	a := ahead{ask: f.Options.Ahead}
	if a.ask == nil {
		return
	}
	for n, k := 0, len(f.Hops)-1; k >= 0 && n < aheadHops; k-- {
		if ip := f.Hops[k].IP; Public(ip) {
			if n == 0 {
				a.client = ip
			}
			a.ask(dns.Reverse(ip), dns.TypePTR, a.hosts(addressType(ip)))
			n++
		}
	}
	keys := 0
	for _, name := range []string{"DKIM-Signature", "ARC-Seal", "ARC-Message-Signature"} {
		for _, i := range f.Msg.All(name) {
			if keys == aheadKeys {
				break
			}
			keys++
			key, domain := keyName(f.Msg.Value(i))
			if key == "" {
				continue
			}
			a.ask(key, dns.TypeTXT, nil)
			if name == "DKIM-Signature" {
				a.organisation(mailname.Host(domain), f.FromDomain)
			}
		}
	}
	if f.FromDomain != "" {
		a.ask("_dmarc."+f.FromDomain, dns.TypeTXT, nil)
		a.ask(f.FromDomain, dns.TypeTXT, a.record(f.FromDomain, aheadDepth))
	}
	if d := mailname.DomainOf(f.Msg.Get("Return-Path")); d != "" {
		d = mailname.Host(strings.Trim(d, "<> "))
		a.ask(d, dns.TypeTXT, a.record(d, aheadDepth))
	}
	for n, r := range f.Recipients {
		if d := mailname.DomainOf(r); d != "" && n < 2 {
			a.ask(d, dns.TypeMX, a.hosts(dns.TypeA, dns.TypeAAAA))
			if len(f.Hops) > 1 { // whether an older line's client is in it
				a.ask(d, dns.TypeTXT, nil)
			}
		}
	}
}

// ahead asks questions, and those that their answers lead to.
type ahead struct {
	ask    func(name string, t dns.Type, then func(dns.Answer))
	client netip.Addr // the newest client with a public address
}

// hosts asks for addresses of the hosts that an MX or PTR answer names.
func (a ahead) hosts(types ...dns.Type) func(dns.Answer) {
	return func(ans dns.Answer) {
		for i, name := range ans.Hosts() {
			if i == aheadHosts || name == "" {
				break
			}
			for _, t := range types {
				a.ask(name, t, nil)
			}
		}
	}
}

// record asks for what an SPF record names.
func (a ahead) record(domain string, depth int) func(dns.Answer) {
	return func(ans dns.Answer) {
		for _, text := range ans.Texts() {
			if !spf.IsRecord(text) {
				continue
			}
			rec, _ := spf.Parse(text)
			n := 0
			for i := range rec.Terms {
				t := &rec.Terms[i]
				if t.Bad || strings.Contains(t.Spec, "%") || n == aheadTerms {
					continue
				}
				name := cmp.Or(t.Spec, domain)
				switch t.Kind {
				case "include", "redirect":
					if depth > 1 && t.Spec != "" {
						a.ask(name, dns.TypeTXT, a.record(name, depth-1))
						n++
					}
				case "a":
					a.ask(name, addressType(a.client), nil)
					n++
				case "mx":
					a.ask(name, dns.TypeMX, a.hosts(addressType(a.client)))
					n++
				}
			}
			return
		}
	}
}

// organisation asks for the records on the way from a signer's domain up, which
// tell whether it is of the author's organisation (RFC 9989 §4.10).
func (a ahead) organisation(signer, author string) {
	if signer == author || author == "" || lastLabel(signer) != lastLabel(author) {
		return
	}
	for n := 0; signer != "" && n < aheadWalk; n++ {
		a.ask("_dmarc."+signer, dns.TypeTXT, nil)
		signer = mailname.Parent(signer)
	}
}

func lastLabel(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

func addressType(ip netip.Addr) dns.Type {
	if ip.Is6() {
		return dns.TypeAAAA
	}
	return dns.TypeA
}

// keyName is where the key of a signature stands, and its d=; "" where it has
// none.
func keyName(value string) (name, domain string) {
	if len(value) > 16<<10 {
		return "", ""
	}
	tags, _ := dkim.ParseTags(value)
	d, _ := dkim.TagValue(tags, "d")
	s, _ := dkim.TagValue(tags, "s")
	if d == "" || s == "" || strings.ContainsAny(d+s, " \t\r\n()") {
		return "", ""
	}
	return s + "._domainkey." + d, d
}
