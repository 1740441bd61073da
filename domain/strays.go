package domain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// stray is a record that stands where nobody looks.
type stray struct {
	from string // the name that it stands at
	text string // as published
}

// strays finds texts that is takes for records at names beside the right one:
// those given, and the right name with the zone's name written once more, which
// comes of a missing final dot. What a wildcard gives any name is none.
func (c *checker) strays(right string, is func(text string) bool, names ...string) []stray {
	if c.written2() {
		names = append(names, right+"."+c.domain)
	}
	var out []stray
	for _, name := range names {
		a := c.ask(name, dns.TypeTXT)
		if len(a.CNAMEs) > 0 {
			continue
		}
		for _, text := range a.Texts() {
			if len(text) > maxMend || !is(text) || len(out) == MaxRecords || c.wild(name, text) {
				continue
			}
			out = append(out, stray{name, text})
		}
	}
	return out
}

// written2 reports that there is something at or below the name that comes of
// writing the domain's name twice (RFC 8020).
func (c *checker) written2() bool {
	a := c.ask(c.domain+"."+c.domain, dns.TypeTXT)
	return !a.gap && !a.bad && a.Status != dns.NXDomain && len(a.CNAMEs) == 0
}

// wild reports that a wildcard of the domain gives a text to any name.
func (c *checker) wild(name, text string) bool {
	if name == c.domain {
		return false
	}
	_, parent, _ := strings.Cut(name, ".")
	a := c.ask(nobody+"."+parent, dns.TypeTXT)
	return a.gap || slices.Contains(a.Texts(), text)
}

// aliasOf is where a name leads that has no record of its own: a service that
// is to hold the record, and does not; "" where no alias stands there. What a
// wildcard gives any name is none.
func (c *checker) aliasOf(name string) string {
	a := c.ask(name, dns.TypeTXT)
	if a.gap || len(a.CNAMEs) == 0 {
		return ""
	}
	_, parent, _ := strings.Cut(name, ".")
	if w := c.ask(nobody+"."+parent, dns.TypeTXT); w.gap || slices.Equal(w.CNAMEs, a.CNAMEs) {
		return ""
	}
	return a.CNAMEs[len(a.CNAMEs)-1]
}

// strayRecords notes records of a form at wrong names.
func (c *checker) strayRecords(s *section, f *form, right, code, consequence string, names ...string) {
	found := c.strays(right, func(text string) bool { return f.meant(peel(text).text, false) }, names...)
	for _, x := range found {
		s.add(code, at{name: x.from, harmless: true, advice: "publish it at " + right}, "%s stands at %s; senders look at %s only%s", quoted(x.text), x.from, right, consequence)
	}
	if len(found) > 0 {
		s.stray = append(s.stray, found[0])
	}
}

// strayKeys says where a key stands whose name was written wrongly, "" where
// none does.
func (c *checker) strayKeys(selector, right string) string {
	found := c.strays(right, meantAsKey, selector+".domainkey."+c.domain, selector+"._domainkeys."+c.domain, selector+"."+c.domain)
	if len(found) == 0 {
		return ""
	}
	why := "the name is not that of a key"
	if strings.HasSuffix(found[0].from, "."+c.domain+"."+c.domain) {
		why = "the final dot is missing in the record, so the name of the zone was added once more"
	}
	return fmt.Sprintf("a key stands at %s: %s", found[0].from, why)
}

// straySPF finds SPF records at wrong names.
func (c *checker) straySPF(s *section) {
	found := c.strays(c.domain, func(text string) bool { return spf.IsRecord(text) || meansSPF(peel(text).text) }, "spf."+c.domain)
	if len(found) == 0 {
		return
	}
	x := found[0]
	s.stray = append(s.stray, x)
	s.add("spf-not-recognised", at{name: x.from, advice: "publish it at " + c.domain}, "%s stands at %s; receivers look at %s only", quote(x.text), report.DomainRef(x.from), report.DomainRef(c.domain))
}
