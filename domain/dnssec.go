package domain

import (
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/report"
)

// What DNSSEC says of a name, in the words of RFC 4033 §5; unknown stands for
// indeterminate.
const (
	statusSecure   = "secure"
	statusInsecure = "insecure"
	statusBogus    = "bogus"
	statusUnknown  = "unknown"
)

// weakness orders them.
var weakness = [...]string{statusSecure, statusUnknown, statusInsecure, statusBogus}

func weaker(a, b string) string {
	for i := len(weakness) - 1; i > 0; i-- {
		if a == weakness[i] || b == weakness[i] {
			return weakness[i]
		}
	}
	return statusSecure
}

// Bases of a status.
const (
	basisAD        = "ad"
	basisValidated = "validated"
)

// security says how a name is protected. Without Options.DNSSEC it goes by the
// AD bit, which only says that the resolver validated. Where the bit is not
// set, the parent of the zone is asked whether it vouches for a key: no DS
// record means that the zone is not signed.
func (c *checker) security(name string, t dns.Type) (status, reason, basis string) {
	if c.opt.DNSSEC != nil {
		status, reason = c.opt.DNSSEC(c.ctx, name)
		switch status {
		case statusSecure, statusInsecure, statusBogus:
		default:
			status = statusUnknown
		}
		return status, reason, basisValidated
	}
	a := c.ask(name, t)
	switch {
	case a.gap:
		return statusUnknown, "not answered: " + a.why, basisAD
	case a.Authenticated:
		return statusSecure, "the resolver validated the answer (AD)", basisAD
	}
	apex := c.apex(name)
	if apex == "" {
		return statusUnknown, "the resolver does not say that it validated, and no zone cut was found", basisAD
	}
	ds := c.ask(apex, dns.TypeDS)
	switch {
	case ds.gap:
		return statusUnknown, "whether the zone is signed was not answered: " + ds.why, basisAD
	case len(ds.Records) > 0:
		return statusUnknown, "the zone " + apex + " is signed, but the resolver does not say that it validated", basisAD
	}
	return statusInsecure, "the zone " + apex + " is not signed: it has no DS record", basisAD
}

// maxZoneCuts bounds how far up a zone cut is sought.
const maxZoneCuts = 6

// apex is the name of the zone that a name is in, as far as NS records show
// it; "" where none does, or the DNS does not answer.
func (c *checker) apex(name string) string {
	labels := strings.Count(name, ".") + 1
	if labels > maxZoneCuts {
		parts := strings.Split(name, ".")
		name = strings.Join(parts[labels-maxZoneCuts:], ".")
	}
	for strings.Contains(name, ".") {
		a := c.ask(name, dns.TypeNS)
		if a.gap {
			return ""
		}
		if len(a.Records) > 0 && len(a.CNAMEs) == 0 {
			return name
		}
		_, name, _ = strings.Cut(name, ".")
	}
	return ""
}

// maxSecured is how many MX hosts and keys each are looked at.
const maxSecured = 8

// dnssec says how the names that the domain's mail rests on are protected.
func (c *checker) dnssec(s *section, out *report.DNSSEC) {
	out.Names = []report.DNSSECName{}
	type named struct {
		name, what string
		t          dns.Type
	}
	names := []named{{c.domain, "domain", dns.TypeTXT}}
	if c.out.DMARC.State == report.StatePresent && c.out.DMARC.Location != nil {
		names = append(names, named{*c.out.DMARC.Location, "dmarc", dns.TypeTXT})
	}
	for i, k := range c.out.DKIM.Keys {
		if i == maxSecured {
			break
		}
		if k.State == report.StatePresent {
			names = append(names, named{k.Location, "dkim key", dns.TypeTXT})
		}
	}
	own := len(names) // what follows can be others' names
	for i, h := range c.out.MX.Hosts {
		if i == maxSecured {
			break
		}
		if h.State == report.StatePresent && h.Hostname != c.domain {
			names = append(names, named{h.Hostname, "mx host", dns.TypeA})
		}
	}
	worst := statusSecure
	for i, n := range names {
		status, reason, basis := c.security(n.name, n.t)
		out.Names = append(out.Names, report.DNSSECName{Name: n.name, What: n.what, Status: status, Reason: reason})
		out.Basis = basis
		if i < own {
			if next := weaker(worst, status); next != worst {
				worst, out.Reason = next, n.name+": "+reason
			}
		}
		if status == statusBogus {
			s.add("dnssec-bogus", at{name: n.name, harmless: i >= own}, "%s (%s) does not validate: %s", report.DomainRef(n.name), n.what, reason)
		}
	}
	out.Status = worst
	switch worst {
	case statusSecure, statusBogus:
		s.found(c.domain, report.StatePresent, nil)
	case statusInsecure:
		s.found(c.domain, report.StateAbsent, nil)
		if c.exists() {
			s.add("dnssec-absent", at{name: c.domain}, "%s", out.Reason)
		}
	default:
		s.found(c.domain, report.StateUnknown, nil)
	}
}
