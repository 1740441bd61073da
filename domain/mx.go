package domain

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// mx checks the mail exchangers of the domain (RFC 5321 §5.1).
func (c *checker) mx(s *section, out *report.DomainMX) {
	out.Hosts = []report.MXHost{}
	a := c.ask(c.domain, dns.TypeMX)
	var records []string
	for i := range a.Records {
		records = append(records, fmt.Sprintf("%d %s.", a.Records[i].Pref, a.Records[i].Host))
	}
	slices.Sort(records)
	s.found(c.domain, a.state(), records)
	switch {
	case !c.exists():
		c.out.Exists = is(false)
		s.add("domain-nonexistent", at{name: c.domain}, "%s does not exist", report.DomainRef(c.domain))
		return
	case a.gap:
		if text := c.ask(c.domain, dns.TypeTXT); !text.gap {
			c.out.Exists = is(true)
		}
		return
	}
	c.out.Exists = is(true)
	if len(a.Records) == 0 {
		c.implicit(s, out)
		return
	}
	for i := range a.Records {
		r := &a.Records[i]
		if r.Host == "" { // RFC 7505 §3
			out.Null = true
			if len(a.Records) > 1 {
				s.add("mx-null-not-alone", at{name: c.domain}, "%s has a null MX and %d other MX records; a null MX stands alone", report.DomainRef(c.domain), len(a.Records)-1)
			}
			continue
		}
		if slices.ContainsFunc(out.Hosts, func(h report.MXHost) bool { return h.Hostname == r.Host }) {
			s.add("mx-duplicate", at{name: r.Host}, "%s is named by several MX records", report.HostRef(r.Host))
			continue
		}
		if len(out.Hosts) == MaxHosts {
			s.gap(c.domain+" MX", fmt.Sprintf("more than %d hosts; the rest is not looked at", MaxHosts))
			break
		}
		out.Hosts = append(out.Hosts, report.MXHost{Preference: int(r.Pref), Hostname: r.Host})
	}
	slices.SortStableFunc(out.Hosts, func(a, b report.MXHost) int {
		if d := a.Preference - b.Preference; d != 0 {
			return d
		}
		return strings.Compare(a.Hostname, b.Hostname)
	})
	if c.opt.Parked && len(out.Hosts) > 0 {
		s.add("mx-parked", at{name: c.domain}, "%s is parked, but its MX records name %s", report.DomainRef(c.domain), report.HostRef(out.Hosts[0].Hostname))
	}
	c.hosts(s, out)
}

// implicit is a domain without MX records: its own addresses stand for them.
func (c *checker) implicit(s *section, out *report.DomainMX) {
	v4, v6 := c.ask(c.domain, dns.TypeA), c.ask(c.domain, dns.TypeAAAA)
	switch {
	case len(v4.Records)+len(v6.Records) > 0:
		out.Implicit = true
		out.Hosts = append(out.Hosts, report.MXHost{Hostname: c.domain})
		s.add("mx-missing", at{name: c.domain}, "%s has no MX record; mail goes to its own address", report.DomainRef(c.domain))
		c.hosts(s, out)
	case v4.gap || v6.gap:
	case c.opt.Parked:
		s.add("mx-missing", at{name: c.domain, severity: report.Info}, "%s has no MX record and no address; MX 0 . says at once that it takes no mail", report.DomainRef(c.domain))
	default:
		s.add("mx-none-reachable", at{name: c.domain}, "%s has no MX record and no address", report.DomainRef(c.domain))
	}
}

// hosts looks at the MX hosts side by side and notes what is wrong with them
// in their order.
func (c *checker) hosts(s *section, out *report.DomainMX) {
	var wg guard.Group
	parts := make([]*section, len(out.Hosts))
	for i := range out.Hosts {
		parts[i] = &section{name: s.name}
		wg.Go(func() { c.host(parts[i], &out.Hosts[i]) })
	}
	wg.Wait()
	for i, p := range parts {
		s.open = s.open || out.Hosts[i].State == report.StateUnknown
		c.unresolvable(p, out, &out.Hosts[i])
		s.take(p)
	}
	c.twoProviders(s, out)
}

// unresolvable weighs an MX host without address: without another host no mail
// arrives; with one the loss waits for that to fail.
func (c *checker) unresolvable(s *section, out *report.DomainMX, h *report.MXHost) {
	if h.State != report.StateAbsent {
		for i := range s.problems {
			if s.problems[i].Code == "mx-private-address" && otherHost(out, h) {
				s.problems[i].Severity = report.Medium
			}
		}
		return
	}
	if slices.ContainsFunc(s.problems, func(p report.DomainProblem) bool { return p.Code == "mx-address-literal" }) {
		return
	}
	where := at{name: h.Hostname}
	text := fmt.Sprintf("the MX host %s has no address", h.Hostname)
	if meant := withoutZone(h.Hostname, c.domain); meant != "" {
		text += fmt.Sprintf("; the final dot is missing in the record, so the name of the zone was added once more: %s. is meant", meant)
		where.advice = "write the name with its final dot: " + meant + "."
	}
	if otherHost(out, h) {
		where.harmless = true
		where.severity = report.Medium
		if isReserved(h.Hostname) { // a proof of ownership, not a host
			where.severity, where.advice = report.Info, "nothing: mail goes to the other hosts; remove it when the proof is no longer needed"
		}
	}
	s.add("mx-unresolvable", where, "%s", text)
}

// otherHost reports that another MX host can be reached, or may be.
func otherHost(out *report.DomainMX, h *report.MXHost) bool {
	return slices.ContainsFunc(out.Hosts, func(o report.MXHost) bool {
		return o.Hostname != h.Hostname && (o.State == report.StateUnknown || o.State == report.StatePresent && reachable(&o))
	})
}

// withoutZone is the name that is meant by one with the zone written twice, or
// with the zone behind a whole name of another; "" for others.
func withoutZone(host, domain string) string {
	rest, ok := strings.CutSuffix(host, "."+domain)
	if !ok {
		return ""
	}
	if mailname.Within(rest, domain) {
		return rest
	}
	if _, icann := publicsuffix.PublicSuffix(rest); icann && strings.Count(rest, ".") > 1 && mxProvider(rest) != nil {
		return rest
	}
	return ""
}

// isReserved reports a name that can never have an address (RFC 6761).
func isReserved(host string) bool { return host == "invalid" || strings.HasSuffix(host, ".invalid") }

// twoProviders finds MX records that lead to mailboxes in two places.
func (c *checker) twoProviders(s *section, out *report.DomainMX) {
	var names []string
	for i := range out.Hosts {
		if p := mxProvider(out.Hosts[i].Hostname); p != nil && p.boxes && !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	if len(names) > 1 {
		s.add("mx-two-providers", at{name: c.domain}, "the MX records lead to two providers, %s: mail that does not get through to the first goes to mailboxes at the other", strings.Join(names, " and "))
	}
}

// take adds what another section of the same check found.
func (s *section) take(p *section) {
	for _, problem := range p.problems {
		s.put(problem)
		p.alike[problem.Code]--
	}
	for code, more := range p.alike { // not listed there
		s.alike[code] += more
	}
	s.dropped += p.dropped
	s.gaps = append(s.gaps, p.gaps...)
}

func (c *checker) host(s *section, h *report.MXHost) {
	h.Addresses = []report.MXAddress{}
	if _, err := netip.ParseAddr(h.Hostname); err == nil {
		h.State = report.StateAbsent
		s.add("mx-address-literal", at{name: c.domain}, "the MX record holds the address %s where a host name belongs", report.HostRef(h.Hostname))
		return
	}
	if strings.Contains(h.Hostname, "_") {
		s.add("mx-name-invalid", at{name: h.Hostname}, "the MX host %s has an underscore in its name, which no host name may have", report.HostRef(h.Hostname))
	}
	v4, v6 := c.ask(h.Hostname, dns.TypeA), c.ask(h.Hostname, dns.TypeAAAA)
	for _, a := range [...]*reply{&v4, &v6} {
		if len(h.CNAME) == 0 {
			h.CNAME = slices.Clone(a.CNAMEs)
		}
		for _, ip := range a.Addrs() {
			if len(h.Addresses) == MaxAddresses {
				s.gap(h.Hostname, fmt.Sprintf("more than %d addresses; the rest is not looked at", MaxAddresses))
				break
			}
			h.Addresses = append(h.Addresses, report.MXAddress{Address: ip.String(), Scope: scope(ip)})
		}
	}
	slices.SortFunc(h.Addresses, func(a, b report.MXAddress) int {
		return parseAddr(a.Address).Compare(parseAddr(b.Address))
	})
	switch {
	case len(h.Addresses) > 0:
		h.State = report.StatePresent
	case v4.gap || v6.gap:
		h.State = report.StateUnknown
	default:
		h.State = report.StateAbsent
	}
	if len(h.CNAME) > 0 && h.Hostname != c.domain {
		s.add("mx-cname", at{name: h.Hostname}, "the MX host %s is an alias of %s", report.HostRef(h.Hostname), report.HostRef(h.CNAME[len(h.CNAME)-1]))
	}
	for i := range h.Addresses {
		c.reverse(s, h, &h.Addresses[i])
	}
}

// reverse asks for the names of an address and whether they confirm it.
func (c *checker) reverse(s *section, h *report.MXHost, a *report.MXAddress) {
	ip := parseAddr(a.Address)
	a.Names = []string{}
	if a.Scope != "public" && a.Scope != "documentation" {
		a.State = report.StateUnknown // private reverse zones are not public
		s.add("mx-private-address", at{name: h.Hostname}, "the MX host %s has the %s address %s", report.HostRef(h.Hostname), a.Scope, report.HostRef(a.Address))
		return
	}
	ptr := c.ask(dns.Reverse(ip), dns.TypePTR)
	a.State = ptr.state()
	for _, name := range ptr.Hosts() {
		if len(a.Names) == MaxNames {
			break
		}
		a.Names = append(a.Names, name)
	}
	switch {
	case ptr.gap:
		return
	case len(a.Names) == 0:
		a.Confirmed = is(false)
		s.add("helo-or-rdns-defect", at{name: dns.Reverse(ip)}, "the address %s of the MX host %s has no PTR record", report.HostRef(a.Address), report.HostRef(h.Hostname))
		return
	}
	open := false
	for _, name := range a.Names {
		t := dns.TypeAAAA
		if ip.Is4() {
			t = dns.TypeA
		}
		forward := c.ask(name, t)
		open = open || forward.gap
		if slices.Contains(forward.Addrs(), ip) {
			a.Confirmed = is(true)
			return
		}
	}
	if !open {
		a.Confirmed = is(false)
		s.add("helo-or-rdns-defect", at{name: dns.Reverse(ip)}, "the name %s of the address %s (MX host %s) does not have that address", report.HostRef(a.Names[0]), report.HostRef(a.Address), report.HostRef(h.Hostname))
	}
}

// scopes are address blocks that are not for the public Internet (RFC 6890 and
// the IANA special-purpose registries). Those for documentation are named but
// count as public: examples live there.
var scopes = [...]struct {
	block prefix
	scope string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared"}, // RFC 6598
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("3fff::/20"), "documentation"},
	{netip.MustParsePrefix("100::/64"), "discard"},
}

func scope(ip addr) string {
	ip = ip.Unmap()
	switch {
	case ip.IsUnspecified():
		return "unspecified"
	case ip.IsLoopback():
		return "loopback"
	case ip.IsPrivate():
		return "private"
	case ip.IsLinkLocalUnicast():
		return "link-local"
	case ip.IsMulticast():
		return "multicast"
	}
	for _, s := range scopes {
		if s.block.Contains(ip) {
			return s.scope
		}
	}
	return "public"
}

// heloRecords checks SPF of the names of the MX hosts, which they say as HELO
// when they send bounces (RFC 7208 §2.3). Others read the hosts meanwhile, so
// the outcome goes into a slice of its own.
func (c *checker) heloRecords(out []*report.HeloSPF, hosts []report.MXHost) {
	var wg guard.Group
	for i := range hosts {
		if h := &hosts[i]; h.State == report.StatePresent && h.Hostname != c.domain {
			wg.Go(func() { out[i] = c.heloSPF(h) })
		}
	}
	wg.Wait()
}

// helo judges what heloRecords found.
func (c *checker) helo(s *section, found []*report.HeloSPF, hosts []report.MXHost) {
	var none []string
	for i := range hosts {
		h := &hosts[i]
		h.SPF = found[i]
		switch {
		case h.SPF == nil || c.opt.Parked || !c.own(h.Hostname) || len(h.CNAME) > 0: // an alias can have no record
		case h.SPF.State == report.StateAbsent:
			none = append(none, h.Hostname)
		case h.SPF.Error != "":
			s.add("spf-helo-defect", at{name: h.Hostname, severity: report.Medium}, "SPF of the MX host %s ends in permerror: %s", report.HostRef(h.Hostname), h.SPF.Error)
		case h.SPF.Passes != nil && !*h.SPF.Passes:
			s.add("spf-helo-defect", at{name: h.Hostname}, "the SPF record of the MX host %s does not let its own address pass", report.HostRef(h.Hostname))
			c.heloNotes(s, h.Hostname)
		default:
			c.heloNotes(s, h.Hostname)
		}
	}
	if len(none) > 0 {
		verb := "has"
		if len(none) > 1 {
			verb = "have"
		}
		s.add("spf-helo-none", at{name: none[0]}, "%s %s no SPF record; bounces sent there are judged by that name", strings.Join(none, ", "), verb)
	}
}

// heloNotes looks at the record of a host as at that of the domain. It is not
// the domain's record that this makes invalid.
func (c *checker) heloNotes(s *section, host string) {
	for _, n := range spf.Lint(c.ctx, c.mem, host, spf.Options{}).Notes {
		code, where := classify(n)
		where.harmless = true
		s.add(code, where, "%s", noteText(n, c.domain))
	}
}

// own reports whether a host is under the domain, and so in its owner's hands.
func (c *checker) own(host string) bool {
	return mailname.Within(host, c.domain)
}

func (c *checker) heloSPF(h *report.MXHost) *report.HeloSPF {
	out := &report.HeloSPF{State: report.StateUnknown}
	passes := true
	for _, a := range h.Addresses {
		ev, err := spf.Check(c.ctx, c.mem, spf.Query{IP: parseAddr(a.Address), Helo: h.Hostname, Identity: spf.Helo}, spf.Options{})
		if err != nil || ev.Result == spf.TempError {
			return out
		}
		out.Record = ev.Record
		switch ev.Result {
		case spf.None:
			out.State = report.StateAbsent
			return out
		case spf.PermError:
			out.State, out.Error = report.StatePresent, ev.Reason
			return out
		}
		passes = passes && ev.Result == spf.Pass
	}
	out.State, out.Passes = report.StatePresent, &passes
	return out
}

// ipv6Uncovered finds MX hosts of the domain whose IPv4 address may send for it
// and whose IPv6 address may not.
func (c *checker) ipv6Uncovered(s *section) {
	auth := c.authorized
	if auth == nil || len(auth.Open)+len(auth.Gaps) > 0 || c.opt.Parked {
		return
	}
	for i := range c.out.MX.Hosts {
		h := &c.out.MX.Hosts[i]
		sends, missing := false, ""
		for j := range h.Addresses {
			a := &h.Addresses[j]
			switch covered := covers(a, auth); {
			case parseAddr(a.Address).Is4():
				sends = sends || covered
			case !covered:
				missing = a.Address
			}
		}
		if sends && missing != "" {
			s.add("spf-mx-ipv6-uncovered", at{name: h.Hostname}, "the MX host %s may send over IPv4, but %s gets no pass", report.HostRef(h.Hostname), report.HostRef(missing))
		}
	}
}
