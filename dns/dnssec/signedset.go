package dnssec

import (
	"errors"
	"strconv"
	"strings"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/names"
	"github.com/mailtrace/mailtrace/dns/internal/wire"
)

// message is what a validator reads of an answer.
type message struct {
	name          string
	typ           dns.Type
	server        string
	authenticated bool
	nxdomain      bool
	answer        map[dns.Question]*signedSet
	authority     map[dns.Question]*signedSet
	proofs        []*signedSet // NSEC and NSEC3 of the authority section, in order
}

// signedSet is the records of one name and type, and the signatures that say
// that they cover them.
type signedSet struct {
	name string // canonical
	typ  dns.Type
	rrs  []mdns.RR
	sigs []*mdns.RRSIG
	more bool // there are more than maxSignatures
}

// parseMessage reads a message that claims to answer a question.
func parseMessage(raw dns.Raw, name string, t dns.Type) (*message, *dns.Error) {
	failed := func(f dns.Failure, why string) (*message, *dns.Error) {
		e := &dns.Error{Name: name, Type: t, Failure: f, Server: raw.Server}
		if why != "" {
			e.Err = errors.New(why)
		}
		return nil, e
	}
	in := new(mdns.Msg)
	if err := in.Unpack(raw.Message); err != nil {
		return failed(dns.Malformed, err.Error())
	}
	if !in.Response || in.Truncated {
		return failed(dns.Malformed, "the message is not a whole response")
	}
	// Servers may leave out the question where they reject it (readMessage).
	if len(in.Question) > 0 || in.Rcode == mdns.RcodeSuccess || in.Rcode == mdns.RcodeNameError {
		if len(in.Question) != 1 || in.Question[0].Qclass != mdns.ClassINET || dns.Type(in.Question[0].Qtype) != t || dns.Canonical(in.Question[0].Name) != name {
			return failed(dns.Malformed, "the message answers another question")
		}
	}
	if _, p := wire.ReadReply(in, name, t); p != nil {
		return failed(p.Failure, p.Text)
	}
	if in.IsEdns0() == nil {
		return failed(dns.Malformed, "the server knows nothing of EDNS, and so of DNSSEC")
	}
	m := &message{
		name: name, typ: t, server: raw.Server,
		authenticated: in.AuthenticatedData,
		nxdomain:      in.Rcode == mdns.RcodeNameError,
		answer:        group(in.Answer),
		authority:     group(in.Ns),
	}
	for _, rr := range in.Ns {
		h := rr.Header()
		if h.Rrtype != mdns.TypeNSEC && h.Rrtype != mdns.TypeNSEC3 {
			continue
		}
		s := m.authority[dns.Question{Name: dns.Canonical(h.Name), Type: dns.Type(h.Rrtype)}]
		if s != nil && s.rrs[0] == rr { // once a set
			m.proofs = append(m.proofs, s)
		}
	}
	return m, nil
}

// group sorts the records of a section into sets. Names are brought into
// canonical form, as a set may be written in several cases.
func group(section []mdns.RR) map[dns.Question]*signedSet {
	sets := make(map[dns.Question]*signedSet, len(section))
	for _, rr := range section {
		h := rr.Header()
		if h.Class != mdns.ClassINET || h.Rrtype == mdns.TypeOPT {
			continue
		}
		name := dns.Canonical(h.Name)
		h.Name = name + "."
		sig, isSig := rr.(*mdns.RRSIG)
		t := dns.Type(h.Rrtype)
		if isSig {
			t = dns.Type(sig.TypeCovered)
		}
		s := sets[dns.Question{Name: name, Type: t}]
		if s == nil {
			s = &signedSet{name: name, typ: t}
			sets[dns.Question{Name: name, Type: t}] = s
		}
		switch {
		case !isSig:
			s.rrs = append(s.rrs, rr)
		case len(s.sigs) < maxSignatures:
			s.sigs = append(s.sigs, sig)
		default:
			s.more = true
		}
	}
	for q, s := range sets {
		if len(s.rrs) == 0 {
			delete(sets, q) // signatures of what is not there
		}
	}
	return sets
}

// labels counts the labels of a canonical name.
func labels(name string) int {
	n := 0
	for name != "" {
		name, _ = names.Parent(name)
		n++
	}
	return n
}

// signedLabels is the number that the signature of a name carries: without a
// first label "*" (RFC 4034 §3.1.3).
func signedLabels(name string) int {
	n := labels(name)
	if name == "*" || strings.HasPrefix(name, "*.") {
		n--
	}
	return n
}

// ancestor is the name that the last n labels of a canonical name make.
func ancestor(name string, n int) string {
	for l := labels(name); l > n; l-- {
		name, _ = names.Parent(name)
	}
	return name
}

// strictlyUnder reports whether a canonical name is below zone.
func strictlyUnder(name, zone string) bool { return name != zone && names.Under(name, zone) }

// period is the validity of a signature, in the half of the serial number
// circle around now (RFC 4034 §3.1.5).
func (r *run) period(sig *mdns.RRSIG) (inception, expires time.Time) {
	now := r.now.Unix()
	at := func(n uint32) time.Time {
		return time.Unix(now+int64(int32(n-uint32(now))), 0).UTC()
	}
	return at(sig.Inception), at(sig.Expiration)
}

// checked is what came of the signatures of a set.
type checked struct {
	security Security // Secure, Bogus or Indeterminate
	reason   string
	sig      *mdns.RRSIG // the one that holds, or that fails because of the time
	// expanded: the set comes from the wildcard at encloser (RFC 4035 §5.3.4).
	expanded bool
	encloser string
}

// The reasons for which a signature does not count, by how much they tell.
const (
	tellNothing = iota
	tellMissing
	tellSigner
	tellAlgorithm
	tellKey
	tellForm
	tellOdd
	tellTime
	tellWrong
)

// verify checks a set against keys of a zone. A signature counts if all of RFC
// 4035 §5.3.1 holds. One that counts is enough (RFC 6840 §5.4).
func (r *run) verify(s *signedSet, apex string, keys []*zoneKey) checked {
	out := checked{security: Bogus, reason: "the " + what(s) + " has no signature"}
	told := tellNothing
	tell := func(rank int, sig *mdns.RRSIG, why string) {
		if rank > told {
			told, out.sig, out.security = rank, nil, Bogus
			if rank == tellTime {
				out.sig = sig
			}
			if rank == tellOdd {
				out.security = Indeterminate
			}
			out.reason = "the " + what(s) + " " + why
		}
	}
	if !names.Under(s.name, apex) {
		tell(tellSigner, nil, "is not in the zone "+shown(apex))
		return out
	}
	for _, sig := range s.sigs {
		if r.limit != "" {
			break
		}
		signer := dns.Canonical(sig.SignerName)
		n := int(sig.Labels)
		switch {
		case signer != apex:
			tell(tellSigner, sig, "is signed by "+shown(signer)+", not by the zone "+shown(apex))
			continue
		case n > signedLabels(s.name) || n < labels(apex):
			tell(tellForm, sig, "has a signature for another number of labels")
			continue
		case !r.v.supports(sig.Algorithm):
			tell(tellAlgorithm, sig, "is signed only by "+algorithmName(sig.Algorithm)+", which is not supported")
			continue
		case signatureSize(sig.Algorithm) != 0 && signatureSize(sig.Algorithm) != octets(sig.Signature):
			tell(tellForm, sig, "has a signature of the wrong length")
			continue
		}
		inception, expires := r.period(sig)
		switch {
		case expires.Before(inception):
			tell(tellForm, sig, "has a signature that expires before it begins")
			continue
		case r.now.Before(inception):
			tell(tellTime, sig, "has a signature that is not valid before "+stamp(inception))
			continue
		case r.now.After(expires):
			tell(tellTime, sig, "has a signature that expired on "+stamp(expires))
			continue
		}
		tell(tellKey, sig, "is signed by the key "+strconv.Itoa(int(sig.KeyTag))+" ("+algorithmName(sig.Algorithm)+"), which the zone "+shown(apex)+" does not have")
		tried := 0
		for _, k := range keys {
			if k.tag != sig.KeyTag || k.rr.Algorithm != sig.Algorithm {
				continue
			}
			if k.odd != "" {
				tell(tellOdd, sig, "is signed by "+k.odd+", which is not supported")
				continue
			}
			if tried++; tried > maxSameTag {
				r.hit("keys with one key tag", maxSameTag)
				break
			}
			if !r.check() {
				break
			}
			if err := sig.Verify(k.rr, s.rrs); err != nil {
				if r.failed++; r.failed > maxFailedChecks {
					r.hit("signatures that do not verify", maxFailedChecks)
				}
				tell(tellWrong, sig, "has a signature of the key "+strconv.Itoa(int(sig.KeyTag))+" that does not verify")
				continue
			}
			out = checked{security: Secure, sig: sig}
			if n < signedLabels(s.name) {
				out.expanded, out.encloser = true, ancestor(s.name, n)
			}
			return out
		}
	}
	if s.more {
		r.hit("signatures of one record set", maxSignatures)
	}
	if r.limit != "" {
		out.security, out.reason = Indeterminate, r.limit
	}
	return out
}

// check takes one signature check off what is left.
func (r *run) check() bool {
	if r.limit != "" {
		return false
	}
	if r.checks++; r.checks > maxChecks {
		r.hit("signature checks", maxChecks)
		return false
	}
	return true
}

// what names a set for people.
func what(s *signedSet) string { return s.typ.String() + " record set of " + shown(s.name) }

// shown names a zone or name for people.
func shown(name string) string {
	if name == "" {
		return "the root"
	}
	return name
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
