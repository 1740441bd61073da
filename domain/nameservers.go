package domain

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/report"
)

// Bounds of a look at name servers.
const (
	maxServers       = 13 // names of servers, as many as fit the old answers
	maxServerAddress = 4  // addresses of a name
	maxParents       = 3  // addresses of the zone above that are tried
	maxBoth          = 8  // names that are asked for a CNAME record beside others
)

// nameServers asks the name servers of the zone and of the zone above one by
// one: whether they agree on who serves the zone (RFC 1034 §4.2.2), whether each
// does (RFC 1912 §2.8), and whether all have the same version. A resolver shows
// none of that: it takes the first answer that comes.
func (c *checker) nameServers(s *section, out *report.NameServers) {
	out.Delegation, out.Own, out.Servers, out.CAA = []string{}, []string{}, []report.NameServer{}, []string{}
	s.found(c.domain, report.StateUnknown, nil)
	zone := c.apex(c.domain)
	if zone == "" || !strings.Contains(zone, ".") {
		s.gap(c.domain+" NS", "no zone with name servers was found; a name that is served together with its suffix is not looked at")
		return
	}
	out.Zone = zone
	s.found(zone, report.StateUnknown, nil)
	a := c.ask(zone, dns.TypeNS)
	if a.gap {
		return
	}
	delegation, glue := c.delegation(s, zone)
	out.Delegation = append(out.Delegation, delegation...)

	hosts := unique(append(slices.Clone(delegation), a.Hosts()...))
	if len(hosts) > maxServers {
		s.gap(zone+" NS", fmt.Sprintf("more than %d name servers; the rest is not asked", maxServers))
		hosts = hosts[:maxServers]
	}
	for _, host := range hosts {
		addresses, known := c.serverAddresses(host, glue[host])
		if len(addresses) == 0 && known {
			s.add("ns-host-broken", at{name: host}, "the name server %s of %s has no address", report.HostRef(host), report.DomainRef(zone))
		}
		if v4 := c.ask(host, dns.TypeA); len(v4.CNAMEs) > 0 {
			s.add("ns-host-broken", at{name: host, severity: report.Low}, "the name server %s of %s is an alias (CNAME) of %s, which RFC 2181 forbids", report.HostRef(host), report.DomainRef(zone), report.HostRef(v4.CNAMEs[len(v4.CNAMEs)-1]))
		}
		for _, ip := range addresses {
			out.Servers = append(out.Servers, report.NameServer{Hostname: host, Address: ip.String(), State: report.StateUnknown})
		}
	}
	own := make([][]string, len(out.Servers))
	var wg guard.Group
	for i := range out.Servers {
		wg.Go(func() { own[i] = c.nameServer(zone, &out.Servers[i]) })
	}
	wg.Wait()
	for _, names := range own {
		if len(names) > 0 {
			out.Own = names
			break
		}
	}
	if len(out.Own) == 0 {
		out.Own = unique(a.Hosts())
	}
	c.judgeServers(s, out)
	c.beside(s, out)
	c.caa(s, out)
}

func unique(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// delegation asks a server of the zone above whom it names, with their addresses
// where it gives them.
func (c *checker) delegation(s *section, zone string) (names []string, glue map[string][]netip.Addr) {
	_, above, _ := strings.Cut(zone, ".")
	if strings.Contains(above, ".") {
		above = cmp.Or(c.apex(above), above[strings.LastIndexByte(above, '.')+1:])
	}
	parents := c.ask(above, dns.TypeNS)
	var last string
	tried := 0
	for _, host := range parents.Hosts() {
		addresses, _ := c.serverAddresses(host, nil)
		for _, ip := range addresses {
			if tried == maxParents {
				break
			}
			tried++
			d, err := c.opt.AskServer(c.ctx, ip, zone, dns.TypeNS)
			if err != nil {
				last = why(err)
				continue
			}
			glue = map[string][]netip.Addr{}
			for _, r := range append(d.Authority, d.Answer...) { // a server of both zones gives the zone's own
				if r.Type == dns.TypeNS && r.Name == zone {
					names = append(names, r.Host)
				}
			}
			for _, r := range d.Additional {
				if r.Addr.IsValid() {
					glue[r.Name] = append(glue[r.Name], r.Addr)
				}
			}
			if len(names) > 0 {
				return unique(names), glue
			}
		}
	}
	s.gap(zone+" delegation", "no server of the zone "+above+" says whom it names"+prefixed(": ", last))
	return nil, nil
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// serverAddresses are those of a name server, and those that the zone above gives
// with its name. known is false where the DNS did not answer.
func (c *checker) serverAddresses(host string, glue []netip.Addr) (out []netip.Addr, known bool) {
	v4, v6 := c.ask(host, dns.TypeA), c.ask(host, dns.TypeAAAA)
	for _, ip := range slices.Concat(v4.Addrs(), v6.Addrs(), glue) {
		if !slices.Contains(out, ip) && len(out) < maxServerAddress {
			out = append(out, ip)
		}
	}
	return out, !v4.gap && !v6.gap
}

// nameServer asks one address for the SOA record of the zone, and for the
// servers that the zone itself names.
func (c *checker) nameServer(zone string, n *report.NameServer) (own []string) {
	ip := parseAddr(n.Address)
	d, err := c.opt.AskServer(c.ctx, ip, zone, dns.TypeSOA)
	if err != nil {
		n.Why = why(err)
		var e *dns.Error
		if errors.As(err, &e) && (e.Failure == dns.Refused || e.Failure == dns.ServFail) {
			n.State = report.StateAbsent
			n.Why = "it refuses the question (REFUSED)"
			if e.Failure == dns.ServFail {
				n.Why = "it cannot serve the zone (SERVFAIL)"
			}
		}
		return nil
	}
	i := slices.IndexFunc(d.Answer, func(r dns.Record) bool { return r.Type == dns.TypeSOA && r.Name == zone })
	switch {
	case i < 0:
		n.State, n.Why = report.StateAbsent, "it has no such zone"
		return nil
	case !d.Authoritative:
		n.State, n.Why = report.StateAbsent, "it answers, but not with authority (AA): it does not hold the zone"
		return nil
	}
	n.State = report.StatePresent
	if words := strings.Fields(d.Answer[i].Data); len(words) > 2 {
		if serial, err := strconv.ParseUint(words[2], 10, 32); err == nil {
			v := int64(serial)
			n.Serial = &v
		}
	}
	if d, err := c.opt.AskServer(c.ctx, ip, zone, dns.TypeNS); err == nil && d.Authoritative {
		for _, r := range d.Answer {
			if r.Type == dns.TypeNS && r.Name == zone {
				own = append(own, r.Host)
			}
		}
	}
	return unique(own)
}

// judgeServers says what is wrong with the set.
func (c *checker) judgeServers(s *section, out *report.NameServers) {
	working, silent, serials := 0, 0, map[int64][]string{}
	v4, v6 := map[netip.Prefix]bool{}, map[netip.Prefix]bool{}
	for i := range out.Servers {
		n := &out.Servers[i]
		switch n.State {
		case report.StatePresent:
			working++
			if n.Serial != nil {
				serials[*n.Serial] = append(serials[*n.Serial], n.Hostname)
			}
		case report.StateAbsent:
			s.add("ns-lame", at{name: n.Hostname}, "the name server %s (%s) does not serve %s: %s", report.HostRef(n.Hostname), report.HostRef(n.Address), report.DomainRef(out.Zone), n.Why)
		default:
			silent++
			s.gap(n.Hostname+" ("+n.Address+") as name server of "+out.Zone, n.Why)
		}
		if ip := parseAddr(n.Address); ip.Is4() {
			p, _ := ip.Prefix(24)
			v4[p] = true
		} else if ip.Is6() {
			p, _ := ip.Prefix(48)
			v6[p] = true
		}
	}
	if working > 0 {
		s.check.State = report.StatePresent
		text := strings.Join(out.Own, " ")
		s.check.Record = &text
		s.open = silent > 0
	}
	if len(out.Delegation) > 0 && working > 0 && !slices.Equal(out.Delegation, out.Own) {
		only := func(a, b []string) string {
			left := slices.DeleteFunc(slices.Clone(a), func(n string) bool { return slices.Contains(b, n) })
			return cmp.Or(strings.Join(left, ", "), "none")
		}
		s.add("ns-delegation-differs", at{name: out.Zone}, "the zone above and %s name different name servers: only above %s, only in the zone %s", report.DomainRef(out.Zone), only(out.Delegation, out.Own), only(out.Own, out.Delegation))
	}
	if len(serials) > 1 {
		var parts []string
		keys := make([]int64, 0, len(serials))
		for serial := range serials {
			keys = append(keys, serial)
		}
		slices.Sort(keys)
		for _, serial := range keys {
			parts = append(parts, fmt.Sprintf("%d at %s", serial, strings.Join(unique(serials[serial]), ", ")))
		}
		s.add("ns-serials-differ", at{name: out.Zone}, "the name servers of %s have different versions of the zone: %s", report.DomainRef(out.Zone), strings.Join(parts, "; "))
	}
	switch hosts := unique(out.Own); {
	case len(hosts) == 1:
		s.add("ns-one-network", at{name: out.Zone}, "%s has one name server only, %s", report.DomainRef(out.Zone), report.HostRef(hosts[0]))
	case working+silent > 1 && len(v4) == 1 && len(v6) <= 1:
		for p := range v4 {
			s.add("ns-one-network", at{name: out.Zone}, "all name servers of %s are in the network %s", report.DomainRef(out.Zone), p)
		}
	}
}

// beside finds names that have a CNAME record and others (RFC 1034 §3.6.2),
// which resolvers hide: which of them one gets depends on who was asked first.
func (c *checker) beside(s *section, out *report.NameServers) {
	i := slices.IndexFunc(out.Servers, func(n report.NameServer) bool { return n.State == report.StatePresent })
	if i < 0 {
		return
	}
	server := parseAddr(out.Servers[i].Address)
	names := []string{c.domain, "_dmarc." + c.domain, "_mta-sts." + c.domain, "_smtp._tls." + c.domain}
	for j := range c.out.DKIM.Keys {
		if k := &c.out.DKIM.Keys[j]; k.Location != "" && len(names) < maxBoth {
			names = append(names, k.Location)
		}
	}
	for _, name := range names {
		alias, err := c.opt.AskServer(c.ctx, server, name, dns.TypeCNAME)
		if err != nil {
			s.gap(name+" CNAME at "+out.Servers[i].Hostname, why(err))
			continue
		}
		target := ""
		for _, r := range alias.Answer {
			if r.Type == dns.TypeCNAME && r.Name == name {
				target = r.Host
			}
		}
		if target == "" {
			continue
		}
		types := []dns.Type{dns.TypeTXT}
		if name == c.domain {
			types = []dns.Type{dns.TypeTXT, dns.TypeMX, dns.TypeSOA}
		}
		for _, t := range types {
			d, err := c.opt.AskServer(c.ctx, server, name, t)
			if err == nil && slices.ContainsFunc(d.Answer, func(r dns.Record) bool { return r.Type == t && r.Name == name }) {
				s.add("cname-and-data", at{name: name}, "%s has a CNAME record, to %s, and a %s record: resolvers see one of them or the other", report.DomainRef(name), report.DomainRef(target), t)
				break
			}
		}
	}
}

func (c *checker) noCAA(name string) bool {
	a := c.ask(name, dns.TypeCAA)
	return a.none()
}

// caa reads who may issue certificates for the names that mail rests on (RFC
// 8659): the policy host of MTA-STS, and the mark certificate of BIMI.
func (c *checker) caa(s *section, out *report.NameServers) {
	for name := c.domain; strings.Contains(name, "."); _, name, _ = strings.Cut(name, ".") {
		a := c.ask(name, dns.TypeCAA)
		if a.gap {
			return
		}
		if len(a.Records) > 0 {
			out.CAAAt = name
			for i := range a.Records {
				if i < MaxRecords {
					out.CAA = append(out.CAA, a.Records[i].Data)
				}
			}
			break
		}
	}
	if out.CAAAt == "" {
		return
	}
	known := map[string]bool{"issue": true, "issuewild": true, "iodef": true, "issuemail": true, "issuevmc": true, "contactemail": true, "contactphone": true}
	issues, allowed := false, false
	for _, data := range out.CAA {
		words := strings.SplitN(data, " ", 3)
		if len(words) < 3 {
			s.add("caa-invalid", at{name: out.CAAAt}, "%s cannot be read as a CAA record", quote(cut(data, 80)))
			continue
		}
		tag, value := strings.ToLower(words[1]), strings.Trim(words[2], `" `)
		if flags, err := strconv.Atoi(words[0]); err == nil && flags&128 != 0 && !known[tag] {
			s.add("caa-invalid", at{name: out.CAAAt, severity: report.Medium}, "the CAA record of %s has the critical tag %s, which authorities do not know: they issue nothing", report.DomainRef(out.CAAAt), quote(cut(tag, 40)))
		} else if !known[tag] {
			s.add("caa-invalid", at{name: out.CAAAt}, "the CAA record of %s has the unknown tag %s", report.DomainRef(out.CAAAt), quote(cut(tag, 40)))
		}
		if tag == "issue" {
			issuer, _, _ := strings.Cut(value, ";")
			issues = true
			allowed = allowed || strings.TrimSpace(issuer) != ""
		}
	}
	if issues && !allowed && c.out.MTASTS.State == report.StatePresent && c.noCAA("mta-sts."+c.domain) {
		s.add("caa-forbids", at{name: out.CAAAt}, "the CAA records of %s let no authority issue a certificate, and the policy host mta-sts.%s needs one", report.DomainRef(out.CAAAt), report.DomainRef(c.domain))
	}
}
