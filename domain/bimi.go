package domain

import (
	"net/url"
	"strings"

	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/report"
)

// bimi checks the record of the default selector, at the domain or else at its
// organisational domain.
func (c *checker) bimi(s *section, out *report.BIMI) {
	const selector = "default"
	out.Selector = selector
	domains := []string{c.domain}
	org, err := dmarc.Evaluator{Suffixes: c.opt.Suffixes}.OrgDomain(c.ctx, c.mem, c.domain, dmarc.RFC9989)
	if err == nil && org != c.domain {
		domains = append(domains, org)
	}
	out.Misplaced = nil
	for i, d := range domains {
		name := selector + "._bimi." + d
		a := c.ask(name, dns.TypeTXT)
		records, near, others := withVersion(a.Texts(), &formBIMI)
		s.others(others)
		if i == 0 || len(records) > 0 {
			s.found(name, stateOf(&a, len(records)), records)
		}
		switch {
		case a.gap:
			return
		case len(records) == 0 && len(near) > 0:
			s.meant(&formBIMI, name, near, "bimi-record-invalid", "receivers ignore it")
			return
		case len(records) > 1:
			s.add("bimi-record-invalid", at{name: name}, "%s has %d BIMI records; they are ignored", report.DomainRef(name), len(records))
			return
		case len(records) == 1:
			c.readBIMI(s, out, name, records[0])
			return
		}
	}
	bare := false // there is nothing below bimi (RFC 8020)
	for _, name := range [...]string{"_bimi." + c.domain, "bimi." + c.domain, "default.bimi." + c.domain, c.domain} {
		if name == "default.bimi."+c.domain && bare {
			continue
		}
		a := c.ask(name, dns.TypeTXT)
		bare = name == "bimi."+c.domain && !a.gap && a.Status == dns.NXDomain && len(a.CNAMEs) == 0
		for _, text := range a.Texts() {
			if len(a.CNAMEs) > 0 || !formBIMI.meant(peel(text).text, false) || len(out.Misplaced) == MaxRecords {
				continue
			}
			out.Misplaced = append(out.Misplaced, name+": "+text)
			s.add("bimi-record-misplaced", at{name: name}, "%s stands at %s; receivers look at %s._bimi.%s", quote(text), report.DomainRef(name), selector, report.DomainRef(c.domain))
		}
	}
}

func (c *checker) readBIMI(s *section, out *report.BIMI, name, text string) {
	var problem string
	out.Logo, out.Authority, out.Declined, problem = parseBIMI(text)
	switch {
	case problem != "":
		s.add("bimi-record-invalid", at{name: name}, "%s: %s", report.DomainRef(name), problem)
	case !out.Declined && pictureFile(out.Logo) != "":
		s.add("bimi-logo-format", at{name: name}, "l=%s names a file of type %s; receivers take SVG Tiny PS only", cut(out.Logo, 120), pictureFile(out.Logo))
	}
	switch {
	case problem != "":
	case !out.Declined && out.Authority == "":
		s.add("bimi-no-certificate", at{name: name}, "the record names no certificate (a=)")
	}
}

// parseBIMI reads the record. problem is "" for a valid one.
func parseBIMI(text string) (logo, authority string, declined bool, problem string) {
	fields, problem := splitFields(text)
	var hasLogo, hasAuthority bool
	for _, f := range fields {
		switch {
		case f.name == "l" && !hasLogo:
			hasLogo, logo = true, f.value
		case f.name == "a" && !hasAuthority:
			hasAuthority, authority = true, f.value
		}
	}
	declined = hasLogo && logo == "" && authority == ""
	switch {
	case problem != "":
	case !hasLogo:
		problem = "there is no l="
	case declined:
	case logo == "":
		problem = "l= is empty, but a= is not"
	case !isHTTPS(logo):
		problem = "l=" + quoted(cut(logo, 80)) + " is not an https: address"
	case authority != "" && !isHTTPS(authority):
		problem = "a=" + quoted(cut(authority, 80)) + " is not an https: address"
	}
	return logo, authority, declined, problem
}

func isHTTPS(s string) bool {
	u, err := url.Parse(s)
	return err == nil && strings.EqualFold(u.Scheme, "https") && u.Host != ""
}

// bimiEligible says whether DMARC is enforced as BIMI demands: quarantine or
// reject, for subdomains too, and for all mail.
func (c *checker) bimiEligible(s *section, out *report.BIMI) {
	p := &c.policies[0]
	if !p.domain.known {
		return
	}
	rec := p.found.Record
	ok := rec != nil && p.domain.strength() > 0 && rec.Percent == 100 && !rec.Testing
	if ok {
		if sub, has := rec.Tag("sp"); has && strings.EqualFold(sub, "none") {
			ok = false
		}
	}
	out.Eligible = &ok
	if !ok && out.State == report.StatePresent && !out.Declined {
		s.add("bimi-not-eligible", at{name: "_dmarc." + c.domain}, "%s has a brand indicator, but its DMARC policy is not enforced as receivers demand for one", report.DomainRef(c.domain))
	}
}

// pictureFile is the kind of a file that cannot be a logo for BIMI, by its name.
func pictureFile(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	path := strings.ToLower(u.Path)
	for _, kind := range [...]string{"png", "jpg", "jpeg", "gif", "webp", "ico", "bmp", "tiff", "pdf", "eps", "html", "htm"} {
		if strings.HasSuffix(path, "."+kind) {
			return strings.ToUpper(kind)
		}
	}
	return ""
}
