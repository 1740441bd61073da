package dnssec

import (
	"crypto/sha1"
	"encoding/base32"
	"encoding/hex"
	"strconv"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/names"

	mdns "github.com/miekg/dns"
)

const nsec3OptOut = 1 // the flag of RFC 5155 §3.1.2.1

var base32hex = base32.HexEncoding.WithPadding(base32.NoPadding)

func tooManyIterations(apex string, n uint16) string {
	return "the zone " + shown(apex) + " hashes names " + strconv.Itoa(int(n)) + " times over in its NSEC3 records, more than the " + strconv.Itoa(maxIterations) + " that count"
}

// hash is the hash of a name with the parameters of the NSEC3 records, in the
// form in which it stands in names (RFC 5155 §5), "" if there is none. All
// records of a proof have the same parameters, and a name has at most 127 names
// above it, so that one proof hashes fewer than 256 names.
func (p *proof) hash(name string) string {
	if h, ok := p.hashes[name]; ok {
		return h
	}
	n := p.nsec3[0]
	salt, err := hex.DecodeString(n.Salt)
	if err != nil {
		return ""
	}
	var wire [names.MaxName + 1]byte
	size, err := mdns.PackDomainName(name+".", wire[:], 0, nil, false)
	if err != nil {
		return ""
	}
	sum := sha1.Sum(append(wire[:size:size], salt...))
	for range n.Iterations {
		sum = sha1.Sum(append(sum[:sha1.Size:sha1.Size], salt...))
	}
	if p.hashes == nil {
		p.hashes = make(map[string]string)
	}
	h := base32hex.EncodeToString(sum[:])
	p.hashes[name] = h
	return h
}

// ownerHash is the first label of an NSEC3 record's owner, in upper case.
func ownerHash(n *mdns.NSEC3) string {
	b := []byte(n.Hdr.Name)
	for i, c := range b {
		if c == '.' {
			return string(b[:i])
		}
		if 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// matching is the NSEC3 record of a name.
func (p *proof) matching(name string) *mdns.NSEC3 {
	if len(p.nsec3) == 0 {
		return nil
	}
	h := p.hash(name)
	for _, n := range p.nsec3 {
		if h != "" && h == ownerHash(n) {
			return n
		}
	}
	return nil
}

// covering is an NSEC3 record that shows that a name does not exist, or is an
// unsigned delegation if the record opts out.
func (p *proof) covering(name string) *mdns.NSEC3 {
	if len(p.nsec3) == 0 || !strictlyUnder(name, p.apex) {
		return nil
	}
	h := p.hash(name)
	for _, n := range p.nsec3 {
		owner, next := ownerHash(n), n.NextDomain
		if h == "" || len(next) != len(h) || len(owner) != len(h) || h == owner || h == next {
			continue
		}
		if owner < next && owner < h && h < next || owner >= next && (h > owner || h < next) {
			return n
		}
	}
	return nil
}

// denyNSEC3 looks for a proof by NSEC3 records (RFC 5155 §8.4 to §8.7).
func (p *proof) denyNSEC3(name string, t dns.Type) (denial, bool) {
	if len(p.nsec3) == 0 {
		return denial{}, false
	}
	if n := p.matching(name); n != nil {
		return denyTypes(n.TypeBitMap, name, t)
	}
	// The closest encloser: the longest name above that exists, with proof that
	// the next one down does not (RFC 5155 §8.3).
	next, encloser := name, name
	var match *mdns.NSEC3
	for match == nil {
		if encloser == p.apex || encloser == "" {
			return denial{}, false
		}
		next = encloser
		encloser, _ = names.Parent(encloser)
		match = p.matching(encloser)
	}
	if blindBelow(match.TypeBitMap) {
		return denial{}, false
	}
	cover := p.covering(next)
	if cover == nil {
		return denial{}, false
	}
	optOut := cover.Flags&nsec3OptOut != 0
	if optOut && t == dns.TypeDS {
		// RFC 5155 §8.6: a delegation without signatures, or nothing.
		return denial{security: Insecure, reason: "an opt-out range of the zone " + shown(p.apex) + " covers " + next}, true
	}
	wildcard := "*"
	if encloser != "" {
		wildcard += "." + encloser
	}
	d := denial{security: Secure, status: dns.NXDomain}
	if n := p.matching(wildcard); n != nil {
		var ok bool
		if d, ok = denyTypes(n.TypeBitMap, wildcard, t); !ok || d.delegation {
			return denial{}, false
		}
	} else if p.covering(wildcard) == nil {
		return denial{}, false
	}
	if optOut {
		// RFC 5155 §9.2: what an opt-out range leaves open is not authentic.
		d = denial{security: Insecure, status: d.status, reason: "an opt-out range leaves open whether " + next + " is a zone without signatures"}
	}
	return d, true
}
