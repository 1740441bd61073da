package dnssec

import (
	"slices"
	"strings"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/names"
	"github.com/mailtrace/mailtrace/dns/internal/wire"
)

const typeDNAME = dns.Type(mdns.TypeDNAME)

// answer asks the dns.Question, follows CNAME records and validates every step.
func (r *run) answer() {
	a := &r.out.Answer
	at := a.Name
	m, why := r.ask(at, a.Type)
	for {
		if m == nil {
			r.fail(Indeterminate, r.out.Zone, why)
			return
		}
		if a.Server == "" {
			a.Authenticated = m.authenticated
		}
		a.Server, a.Authenticated = m.server, a.Authenticated && m.authenticated
		if s := m.answer[dns.Question{Name: at, Type: a.Type}]; s != nil {
			from := s
			if d := m.redirect(at); a.Type == dns.TypeCNAME && d != nil && d.typ == typeDNAME {
				// RFC 6672 §5.3.1: the signature is that of the DNAME record.
				made, _ := s.target(at)
				if target, ok := d.target(at); !ok || made != target {
					r.fail(Bogus, r.out.Zone, "the "+what(s)+" is not what the DNAME record of "+shown(d.name)+" makes")
					return
				}
				from = d
			}
			r.positive(m, from)
			a.Status = dns.Success
			for _, rr := range s.rrs {
				if rec, ok := wire.Record(rr, at); ok {
					a.Records = append(a.Records, rec)
				}
			}
			return
		}
		s := m.redirect(at)
		if s == nil {
			r.negative(m, at, a.Type)
			return
		}
		if a.Type == dns.TypeCNAME {
			r.fail(Bogus, r.out.Zone, "the CNAME record that the DNAME record of "+shown(s.name)+" makes is missing")
			return
		}
		target, ok := s.target(at)
		if !ok {
			r.fail(Bogus, r.out.Zone, "the "+what(s)+" leads nowhere")
			return
		}
		r.positive(m, s)
		if err := a.Follow(target); err != nil {
			r.fail(Indeterminate, r.out.Zone, err.Err.Error())
			return
		}
		at = target
		if !m.speaksOf(at, a.Type) {
			m, why = r.ask(at, a.Type)
		}
	}
}

// redirect is the record set that sends a question about a name elsewhere: a
// DNAME record above it, whose CNAME record is made up (RFC 6672 §3.1), or the
// CNAME record at it.
func (m *message) redirect(name string) *signedSet {
	cname := m.answer[dns.Question{Name: name, Type: dns.TypeCNAME}]
	if cname != nil && len(cname.sigs) > 0 {
		return cname
	}
	for up, ok := names.Parent(name); ok; up, ok = names.Parent(up) {
		if s := m.answer[dns.Question{Name: up, Type: typeDNAME}]; s != nil {
			return s
		}
	}
	return cname
}

// target is where a CNAME or DNAME record sends a name.
func (s *signedSet) target(name string) (string, bool) {
	if len(s.rrs) != 1 { // RFC 2181 §10.1, RFC 6672 §2.4
		return "", false
	}
	switch rr := s.rrs[0].(type) {
	case *mdns.CNAME:
		return dns.Canonical(rr.Target), true
	case *mdns.DNAME:
		to := strings.TrimSuffix(name, s.name) // with its last dot, if s.name is not the root
		if s.name == "" {
			to += "."
		}
		to = dns.Canonical(to + dns.Canonical(rr.Target))
		return to, names.Bad(to) == ""
	}
	return "", false
}

// speaksOf reports whether a message says something about the target of a
// CNAME record too.
func (m *message) speaksOf(name string, t dns.Type) bool {
	if m.answer[dns.Question{Name: name, Type: t}] != nil || m.redirect(name) != nil {
		return true
	}
	for q := range m.authority {
		if q.Type == dns.TypeSOA && names.Under(name, q.Name) {
			return true
		}
	}
	return false
}

// ttl is how many seconds a signed set may be kept (RFC 4035 §5.3.3).
func (r *run) ttl(s *signedSet, sig *mdns.RRSIG) uint32 {
	n := uint32(1<<32 - 1)
	for _, rr := range s.rrs {
		n = min(n, wire.TTL(rr.Header().Ttl))
	}
	if sig == nil {
		return n
	}
	n = min(n, wire.TTL(sig.OrigTtl))
	_, expires := r.period(sig)
	return min(n, uint32(max(0, expires.Sub(r.now)/time.Second)))
}

// positive validates a set of the answer.
func (r *run) positive(m *message, s *signedSet) {
	c, z := r.signedBy(s)
	r.out.Answer.TTL = min(r.out.Answer.TTL, r.ttl(s, c.sig))
	r.through(z)
	if c.security == Secure && c.expanded {
		p := r.proof(m, z)
		if d := p.denyExact(s.name, c.encloser); d.security != Secure {
			c.security, c.reason = d.security, d.reason
			r.sooner(d.failure)
		}
		r.note(p.sigs...)
	}
	if c.security == Secure {
		r.note(c.sig)
	} else {
		r.sooner(c)
	}
	r.fail(c.security, z.apex, c.reason)
}

// note takes up the signatures that an outcome rests on.
func (r *run) note(sigs ...*mdns.RRSIG) {
	for _, sig := range sigs {
		r.signed(sig)
		r.out.Algorithms = appendNew(r.out.Algorithms, algorithmName(sig.Algorithm))
	}
}

// sooner shows the period of a signature that fails because of the time.
func (r *run) sooner(c checked) {
	if c.sig != nil && c.security != Secure && r.out.Security != Bogus {
		r.out.Inception, r.out.Expires = r.period(c.sig)
	}
}

// signedBy finds the zone that signs a set and checks the signature. Which
// zone that is, the signature claims; that there is such a zone, and what its
// keys are, the walk from the root tells. Names between that zone and the set
// are not searched for further cuts: a zone vouches for what it signs.
func (r *run) signedBy(s *signedSet) (checked, *zone) {
	above := s.name
	if s.typ == dns.TypeDS { // of the zone above the cut
		above, _ = names.Parent(above)
	}
	var signers []string
	for _, sig := range s.sigs {
		signer := dns.Canonical(sig.SignerName)
		if !names.Under(above, signer) || slices.Contains(signers, signer) {
			continue
		}
		if len(signers) == maxSigners {
			break
		}
		signers = append(signers, signer)
	}
	var best checked
	var bestZone *zone
	for _, signer := range signers {
		z := r.zoneOf(signer)
		if z.security != Secure {
			c := checked{security: z.security, reason: z.reason}
			if z.security == Insecure {
				return c, z
			}
			best, bestZone = c, z
			continue
		}
		c := r.verify(s, z.apex, z.keys)
		if c.security == Secure {
			return c, z
		}
		if bestZone == nil {
			best, bestZone = c, z
		}
	}
	// Where nothing is signed, or nothing that counts: is that as it should be?
	z := r.zoneOf(above)
	if z.security != Secure {
		if bestZone == nil || z.security == Insecure {
			return checked{security: z.security, reason: z.reason}, z
		}
		return best, bestZone
	}
	if bestZone == nil {
		return r.verify(s, z.apex, z.keys), z // says what is missing
	}
	return best, bestZone
}

// negative validates that there is nothing of a type at a name.
func (r *run) negative(m *message, at string, t dns.Type) {
	a := &r.out.Answer
	a.Status = dns.NoData
	if m.nxdomain {
		a.Status = dns.NXDomain
	}
	above := at
	if t == dns.TypeDS && at != "" {
		above, _ = names.Parent(at)
	}
	// Whose proof it is, its signatures claim.
	var z *zone
	signers := 0
	for _, s := range m.proofs {
		for _, sig := range s.sigs {
			signer := dns.Canonical(sig.SignerName)
			if !names.Under(above, signer) || z != nil && (z.apex == signer || strictlyUnder(z.apex, signer)) || signers == maxSigners {
				continue
			}
			signers++
			z = r.zoneOf(signer)
		}
	}
	if z == nil {
		z = r.zoneOf(above)
	}
	var d denial
	var p *proof
	if z.security == Secure {
		p = r.proof(m, z)
		d = p.deny(at, t)
		if d.security == Bogus {
			// Perhaps a zone without signatures is further down.
			if deeper := r.zoneOf(above); deeper.security == Insecure {
				z = deeper
			}
		}
	}
	r.through(z)
	if z.security != Secure {
		a.TTL = min(a.TTL, m.negativeTTL(at))
		r.fail(z.security, z.apex, z.reason)
		return
	}
	soa := m.authority[dns.Question{Name: z.apex, Type: dns.TypeSOA}]
	ttl := uint32(0)
	if d.security == Secure && soa != nil {
		c := r.verify(soa, z.apex, z.keys)
		if c.security != Secure {
			d = denial{security: c.security, reason: c.reason, failure: c}
		} else {
			r.signed(c.sig)
			ttl = min(m.negativeTTL(at), p.ttl, r.ttl(soa, c.sig))
		}
	}
	a.TTL = min(a.TTL, ttl)
	switch {
	case d.security != Secure:
		r.sooner(d.failure)
		r.fail(d.security, z.apex, d.reason)
		return
	case d.status != a.Status && d.status == dns.NXDomain && p.made():
		a.Status = dns.NXDomain // RFC 9824 §3.1
	case d.status != a.Status:
		r.fail(Bogus, z.apex, "the answer is "+string(a.Status)+", what is proved is "+string(d.status))
		return
	}
	r.note(p.sigs...)
}

// made reports whether an NSEC record says that it was made up for a name that
// does not exist.
func (p *proof) made() bool {
	return slices.ContainsFunc(p.nsec, func(n *mdns.NSEC) bool { return slices.Contains(n.TypeBitMap, typeNXName) }) ||
		slices.ContainsFunc(p.nsec3, func(n *mdns.NSEC3) bool { return slices.Contains(n.TypeBitMap, typeNXName) })
}

// negativeTTL is that of the SOA record above a name, zero without one.
func (m *message) negativeTTL(name string) uint32 {
	for q, s := range m.authority {
		if q.Type != dns.TypeSOA || !names.Under(name, q.Name) {
			continue
		}
		if soa, ok := s.rrs[0].(*mdns.SOA); ok {
			return wire.NegativeTTL(soa)
		}
	}
	return 0
}
