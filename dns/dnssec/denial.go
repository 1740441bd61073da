package dnssec

import (
	"bytes"
	"slices"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/names"

	mdns "github.com/miekg/dns"
)

// typeNXName is what a server sets in the NSEC record of a name that does not
// exist, if it makes up that record on the spot (RFC 9824 §3.1).
const typeNXName = 128

// proof is what the authority section of a message proves of a zone: the NSEC
// and NSEC3 records whose signatures hold.
type proof struct {
	apex   string
	nsec   []*mdns.NSEC
	nsec3  []*mdns.NSEC3
	hashes map[string]string // of names, by nsec3
	// insecure says why the zone proves nothing, as RFC 9276 §3.2 has it.
	insecure string
	// failure is why a record does not count, where one was left out.
	failure checked
	sigs    []*mdns.RRSIG // of the records
	until   time.Time     // how long they may be remembered
	ttl     uint32
}

// proof collects what a message proves of a secure zone.
func (r *run) proof(m *message, z *zone) *proof {
	p := &proof{apex: z.apex, until: r.now.Add(maxKept), ttl: 1<<32 - 1}
	for i, s := range m.proofs {
		if i == maxProofs {
			r.hit("records that prove an absence", maxProofs)
			break
		}
		if !names.Under(s.name, z.apex) || !slices.ContainsFunc(s.sigs, func(sig *mdns.RRSIG) bool { return dns.Canonical(sig.SignerName) == z.apex }) {
			continue // of another zone, the one of a CNAME record perhaps
		}
		c := r.verify(s, z.apex, z.keys)
		if c.security == Secure && c.expanded {
			// RFC 4035 §5.4, RFC 5155 §8.2: it has to be where it was signed.
			c = checked{security: Bogus, reason: "the " + what(s) + " comes from a wildcard"}
		}
		if c.security != Secure {
			if p.failure.security == "" {
				p.failure = c
			}
			continue
		}
		for _, rr := range s.rrs {
			switch rr := rr.(type) {
			case *mdns.NSEC:
				p.nsec = append(p.nsec, rr)
			case *mdns.NSEC3:
				if rr.Hash != mdns.SHA1 || rr.Flags&^nsec3OptOut != 0 { // RFC 5155 §8.1, §8.2
					continue
				}
				if up, _ := names.Parent(s.name); up != z.apex || s.name == "" {
					continue
				}
				if rr.Iterations > maxIterations {
					p.insecure = tooManyIterations(z.apex, rr.Iterations)
					continue
				}
				if len(p.nsec3) > 0 && (rr.Iterations != p.nsec3[0].Iterations || rr.Salt != p.nsec3[0].Salt) {
					continue // RFC 5155 §8.2
				}
				p.nsec3 = append(p.nsec3, rr)
			}
		}
		p.sigs = append(p.sigs, c.sig)
		p.until = minTime(p.until, r.life(s, c.sig))
		p.ttl = min(p.ttl, r.ttl(s, c.sig))
	}
	return p
}

// denial is what a proof says about a name and type.
type denial struct {
	security Security // Secure: it is proved
	reason   string
	status   dns.Status
	// delegation: the name is a zone cut.
	delegation bool
	failure    checked
}

// deny finds out whether there is proof that name has no records of type t,
// nor a CNAME record.
func (p *proof) deny(name string, t dns.Type) denial {
	if names.Under(name, p.apex) {
		if d, ok := p.denyNSEC(name, t); ok {
			return d
		}
		if d, ok := p.denyNSEC3(name, t); ok {
			return d
		}
	}
	return p.nothing("there is no proof that " + shown(name) + " has no " + t.String() + " records")
}

// denyExact finds out whether there is proof that an answer from the wildcard
// below encloser is right: that nothing exists that is closer to name (RFC 4035
// §5.3.4, RFC 5155 §8.8).
func (p *proof) denyExact(name, encloser string) denial {
	next := ancestor(name, labels(encloser)+1)
	for _, n := range p.nsec {
		if strictlyUnder(next, p.apex) && covers(n, next) && !nsecBlind(n, next) && !names.Under(dns.Canonical(n.NextDomain), next) {
			return denial{security: Secure}
		}
	}
	if n := p.covering(next); n != nil {
		if n.Flags&nsec3OptOut != 0 {
			return denial{security: Insecure, reason: "an opt-out range leaves open whether " + next + " is a zone without signatures"}
		}
		return denial{security: Secure}
	}
	return p.nothing("there is no proof that a wildcard may answer for " + name)
}

// nothing is the denial that is not proved.
func (p *proof) nothing(reason string) denial {
	switch {
	case p.insecure != "":
		return denial{security: Insecure, reason: p.insecure}
	case p.failure.security != "":
		return denial{security: p.failure.security, reason: reason + ": " + p.failure.reason, failure: p.failure}
	}
	return denial{security: Bogus, reason: reason}
}

// denyNSEC looks for a proof by NSEC records (RFC 4035 §5.4).
func (p *proof) denyNSEC(name string, t dns.Type) (denial, bool) {
	var cover *mdns.NSEC
	for _, n := range p.nsec {
		owner := dns.Canonical(n.Hdr.Name)
		if owner == name {
			if d, ok := denyTypes(n.TypeBitMap, name, t); ok {
				return d, true
			}
			return denial{}, false // it has them
		}
		if covers(n, name) && !nsecBlind(n, name) {
			cover = n
		}
	}
	if cover == nil {
		return denial{}, false
	}
	next := dns.Canonical(cover.NextDomain)
	if strictlyUnder(next, name) { // an empty non-terminal
		return denial{security: Secure, status: dns.NoData}, true
	}
	// The closest encloser is the longest name above that exists: what name
	// shares with one of the neighbours.
	encloser := common(name, dns.Canonical(cover.Hdr.Name))
	if other := common(name, next); labels(other) > labels(encloser) {
		encloser = other
	}
	if !names.Under(encloser, p.apex) {
		return denial{}, false
	}
	wildcard := "*"
	if encloser != "" {
		wildcard += "." + encloser
	}
	for _, n := range p.nsec {
		if dns.Canonical(n.Hdr.Name) == wildcard {
			d, ok := denyTypes(n.TypeBitMap, wildcard, t)
			return d, ok && !d.delegation
		}
		if covers(n, wildcard) && !nsecBlind(n, wildcard) {
			if strictlyUnder(dns.Canonical(n.NextDomain), wildcard) { // it exists, empty
				return denial{security: Secure, status: dns.NoData}, true
			}
			return denial{security: Secure, status: dns.NXDomain}, true
		}
	}
	return denial{}, false
}

// denyTypes reads the type list of the record at a name itself; ok is false if
// it proves nothing about t.
func denyTypes(list []uint16, name string, t dns.Type) (denial, bool) {
	has := func(t uint16) bool { return slices.Contains(list, t) }
	cut := has(mdns.TypeNS) && !has(mdns.TypeSOA)
	switch {
	case t == dns.TypeDS && has(mdns.TypeSOA) && name != "":
		return denial{}, false // the child's side of the cut (RFC 4035 §5.2)
	case t != dns.TypeDS && cut:
		return denial{}, false // the parent's side (RFC 6840 §4.1)
	case has(uint16(t)) || has(mdns.TypeCNAME):
		return denial{}, false // RFC 6840 §4.3
	}
	d := denial{security: Secure, status: dns.NoData, delegation: cut}
	if has(typeNXName) {
		d.status = dns.NXDomain
	}
	return d, true
}

// covers reports whether a name lies in the gap between an NSEC record's owner
// and the next name (RFC 4034 §4.1.1, §6.1).
func covers(n *mdns.NSEC, name string) bool {
	owner, next := dns.Canonical(n.Hdr.Name), dns.Canonical(n.NextDomain)
	if canonicalOrder(owner, name) >= 0 {
		return false
	}
	// The last record of a zone points back to its apex.
	return canonicalOrder(name, next) < 0 || canonicalOrder(next, owner) <= 0
}

// nsecBlind reports whether an NSEC record knows nothing of a name because the
// name is below a zone cut or DNAME record at its owner (RFC 6840 §4.1).
func nsecBlind(n *mdns.NSEC, name string) bool {
	return strictlyUnder(name, dns.Canonical(n.Hdr.Name)) && blindBelow(n.TypeBitMap)
}

func blindBelow(list []uint16) bool {
	return slices.Contains(list, mdns.TypeDNAME) || slices.Contains(list, mdns.TypeNS) && !slices.Contains(list, mdns.TypeSOA)
}

// common is the longest name that two canonical names are both below or at.
func common(a, b string) string {
	for !names.Under(b, a) {
		a, _ = names.Parent(a)
	}
	return a
}

// octetLabels splits a canonical name into labels as on the wire, the last first.
func octetLabels(name string) [][]byte {
	var out [][]byte
	for name != "" {
		up, _ := names.Parent(name)
		label := name[:len(name)-len(up)]
		if up != "" {
			label = label[:len(label)-1]
		}
		out = append(out, []byte(names.Unescape(label)))
		name = up
	}
	slices.Reverse(out)
	return out
}

// canonicalOrder is the canonical order of names (RFC 4034 §6.1).
func canonicalOrder(a, b string) int {
	if a == b {
		return 0
	}
	return slices.CompareFunc(octetLabels(a), octetLabels(b), bytes.Compare)
}
