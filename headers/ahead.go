package headers

import (
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// Bounds on what is asked before it is needed.
const (
	aheadKeys = 16
	aheadHops = 4
)

// askAhead asks what the stages will ask whatever they find: the keys of the
// signatures, the policy of the author, the SPF record of the sender, the MX of
// the recipients, the names of the newest clients.
func (f *Facts) askAhead() {
	ask := f.Options.Ahead
	if ask == nil {
		return
	}
	keys := 0
	for _, name := range []string{"DKIM-Signature", "ARC-Seal", "ARC-Message-Signature"} {
		for _, i := range f.Msg.All(name) {
			if keys == aheadKeys {
				break
			}
			keys++
			if key := keyName(f.Msg.Value(i)); key != "" {
				ask(key, dns.TypeTXT)
			}
		}
	}
	if f.FromDomain != "" {
		ask("_dmarc."+f.FromDomain, dns.TypeTXT)
		ask(f.FromDomain, dns.TypeTXT)
	}
	if d := mailname.DomainOf(f.Msg.Get("Return-Path")); d != "" {
		ask(mailname.Host(strings.Trim(d, "<> ")), dns.TypeTXT)
	}
	for n, r := range f.Recipients {
		if d := mailname.DomainOf(r); d != "" && n < 2 {
			ask(d, dns.TypeMX)
		}
	}
	for n, k := 0, len(f.Hops)-1; k >= 0 && n < aheadHops; k-- {
		if ip := f.Hops[k].IP; Public(ip) {
			ask(dns.Reverse(ip), dns.TypePTR)
			n++
		}
	}
}

// keyName is where the key of a signature stands, "" where it has none.
func keyName(value string) string {
	if len(value) > 16<<10 {
		return ""
	}
	tags, _ := dkim.ParseTags(value)
	var d, s string
	for i := range tags {
		switch tags[i].Name {
		case "d":
			d = tags[i].Value
		case "s":
			s = tags[i].Value
		}
	}
	if d == "" || s == "" || strings.ContainsAny(d+s, " \t\r\n()") {
		return ""
	}
	return s + "._domainkey." + d
}
