package domain

import (
	"net/url"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

// tlsRPT checks the record of RFC 8460 §3.
func (c *checker) tlsRPT(s *section, out *report.TLSRPT) {
	out.RUA = []string{}
	name := "_smtp._tls." + c.domain
	a := c.ask(name, dns.TypeTXT)
	records, near, others := withVersion(a.Texts(), &formTLSRPT)
	s.others(others)
	s.found(name, stateOf(&a, len(records)), records)
	switch {
	case a.gap:
	case len(records) == 0 && len(near) > 0:
		s.meant(&formTLSRPT, name, near, "tls-rpt-record-invalid", "senders ignore it, and nobody sends reports")
	case len(records) == 0 && c.exists() && !c.opt.Parked:
		names := []string{"_tlsrpt." + c.domain}
		if tls := c.ask("_tls."+c.domain, dns.TypeTXT); tls.Status != dns.NXDomain {
			names = append(names, "_tls."+c.domain, "smtp._tls."+c.domain)
		}
		if wrong := c.ask(names[0], dns.TypeTXT); wrong.Status != dns.NXDomain {
			names = append(names, "_smtp."+names[0])
		}
		c.strayRecords(s, &formTLSRPT, name, "tls-rpt-record-invalid", ", so nobody sends reports", append(names, c.domain)...)
	case len(records) > 1: // §3: treated as if there were none
		s.add("tls-rpt-record-invalid", at{name: name}, "%s has %d TLS-RPT records; senders ignore them all", report.DomainRef(name), len(records))
	case len(records) == 1:
		rua, problem := parseTLSRPT(records[0])
		if out.RUA = rua; rua == nil {
			out.RUA = []string{}
		}
		if problem != "" {
			where := at{name: name}
			if m, ok := formTLSRPT.repair(records[0]); ok {
				where.advice = "publish it with only the fault fixed: " + m.text
			}
			s.add("tls-rpt-record-invalid", where, "%s: %s", report.DomainRef(name), problem)
		}
	}
}

// parseTLSRPT reads the record. problem is "" for a valid one.
func parseTLSRPT(text string) (rua []string, problem string) {
	fields, problem := splitFields(text)
	found := false
	for _, f := range fields {
		if f.name != "rua" {
			continue
		}
		found = true
		for uri := range strings.SplitSeq(f.value, ",") {
			uri = strings.Trim(uri, " \t")
			if len(rua) == MaxFields {
				break
			}
			if p := reportURI(uri); p != "" && problem == "" {
				problem = "rua=" + quoted(cut(uri, 80)) + " " + p
			}
			rua = append(rua, uri)
		}
	}
	if !found && problem == "" {
		problem = "there is no rua="
	}
	return rua, problem
}

// reportURI says what is wrong with an address for reports (RFC 8460 §3).
func reportURI(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil:
		return "is not a URI"
	case strings.ContainsAny(uri, "! \t"):
		return "holds a character that must be written as %hex"
	case strings.EqualFold(u.Scheme, "mailto"):
		if local, domain, _ := mailname.Split(u.Opaque); local == "" || domain == "" {
			return "is not a mail address"
		}
	case strings.EqualFold(u.Scheme, "https"):
		if u.Host == "" {
			return "names no host"
		}
	case u.Scheme == "":
		return "does not begin with mailto: or https:"
	default:
		return "is neither mailto: nor https:"
	}
	return ""
}
