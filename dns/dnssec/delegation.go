package dnssec

import (
	"strconv"
	"strings"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/wire"
)

// zone is what is known of a zone: its keys where it is secure, else why it is
// not.
type zone struct {
	apex     string
	security Security
	reason   string
	keys     []*zoneKey
	chain    []Link // from the root to this zone
	// inception and expires are of the signature of the chain that expires first.
	inception, expires time.Time
	until              time.Time // how long it may be remembered
}

// zoneKey is a key that a zone vouches for.
type zoneKey struct {
	rr  *mdns.DNSKEY
	tag uint16
	odd string // why it cannot be used here
}

// cutEntry is the remembered outcome at a name below a secure zone.
type cutEntry struct {
	zone  *zone // nil: the name is not a zone cut
	until time.Time
}

func (v *Validator) remember(name string, e cutEntry, now time.Time) {
	if !e.until.After(now) {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.cuts) >= v.o.MaxZones {
		for old, o := range v.cuts {
			if !o.until.After(now) {
				delete(v.cuts, old)
			}
		}
		for old := range v.cuts { // any one, if that made no room
			if len(v.cuts) < v.o.MaxZones {
				break
			}
			delete(v.cuts, old)
		}
	}
	v.cuts[name] = e
}

func (v *Validator) recall(name string, now time.Time) (cutEntry, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	e, ok := v.cuts[name]
	if !ok || !e.until.After(now) || e.zone != nil && now.Before(e.zone.inception) {
		return cutEntry{}, false
	}
	return e, true
}

// life is how long what a signed set says may be remembered.
func (r *run) life(s *signedSet, sig *mdns.RRSIG) time.Time {
	n := wire.TTL(sig.OrigTtl)
	for _, rr := range s.rrs {
		n = min(n, wire.TTL(rr.Header().Ttl))
	}
	until := r.now.Add(min(time.Duration(n)*time.Second, maxKept))
	if _, expires := r.period(sig); expires.Before(until) {
		return expires
	}
	return until
}

// zoneOf walks from the root to the zone that holds name, or to the first that
// is not secure. It asks for a DS record at each name on the way that is not
// known, as no other way tells zone cuts for certain.
func (r *run) zoneOf(name string) *zone {
	if r.zones == nil {
		r.zones = make(map[string]*zone)
	}
	z := r.zones["."]
	if z == nil {
		z = r.root()
		r.zones["."] = z
	}
	n := labels(name)
	for i := labels(z.apex) + 1; i <= n && z.security == Secure; i++ {
		at := ancestor(name, i)
		if failed := r.zones[at]; failed != nil {
			return failed
		}
		e, known := r.v.recall(at, r.now)
		if !known {
			var ended bool
			e, ended = r.cut(z, at)
			if ended {
				return z // nothing exists from here on
			}
			if e.zone == nil || e.zone.security == Secure || e.zone.security == Insecure {
				r.v.remember(at, e, r.now)
			} else {
				r.zones[at] = e.zone
			}
		}
		if e.zone != nil {
			z = e.zone
		}
	}
	return z
}

// root is the zone of the trust anchors. The root is remembered as ".".
func (r *run) root() *zone {
	if e, ok := r.v.recall(".", r.now); ok {
		return e.zone
	}
	var ds []*mdns.DS
	for _, a := range r.v.o.Anchors {
		ds = append(ds, &mdns.DS{KeyTag: a.KeyTag, Algorithm: a.Algorithm, DigestType: a.DigestType, Digest: a.Digest})
	}
	above := &zone{until: r.now.Add(maxKept)}
	if len(ds) == 0 {
		return above.below("", Indeterminate, "there is no trust anchor")
	}
	z := r.enter(above, "", ds, Link{})
	if z.security == Insecure { // nothing but a trust anchor says what is insecure
		return above.below("", Indeterminate, "of the trust anchors "+z.reason)
	}
	if z.security == Secure {
		r.v.remember(".", cutEntry{z, z.until}, r.now)
	}
	return z
}

// below is a zone below z that is not secure.
func (z *zone) below(apex string, s Security, reason string) *zone {
	return z.extend(Link{Zone: apex, Security: s, Reason: reason}, nil)
}

func (z *zone) extend(l Link, keys []*zoneKey) *zone {
	out := &zone{apex: l.Zone, security: l.Security, reason: l.Reason, keys: keys, until: z.until}
	out.chain = append(z.chain[:len(z.chain):len(z.chain)], l)
	out.inception, out.expires = earlier(z.inception, z.expires, l.Inception, l.Expires)
	if l.Security == Bogus && !l.Expires.IsZero() {
		out.inception, out.expires = l.Inception, l.Expires // what fails
	}
	if !out.expires.IsZero() && out.expires.Before(out.until) {
		out.until = out.expires
	}
	return out
}

// cut finds out whether a secure zone delegates at a name below it, and to
// what. ended says that there is nothing at the name or below.
func (r *run) cut(z *zone, at string) (e cutEntry, ended bool) {
	stop := func(s Security, reason string) (cutEntry, bool) {
		return cutEntry{z.below(at, s, reason), z.until}, false
	}
	m, why := r.ask(at, dns.TypeDS)
	if m == nil {
		return stop(Indeterminate, why)
	}
	if s := m.answer[dns.Question{Name: at, Type: dns.TypeDS}]; s != nil {
		c := r.verify(s, z.apex, z.keys)
		if c.security != Secure {
			return cutEntry{r.failedZone(z, at, c), z.until}, false
		}
		if c.expanded {
			return stop(Bogus, "a wildcard cannot delegate")
		}
		l := Link{}
		l.Inception, l.Expires = r.period(c.sig)
		var ds []*mdns.DS
		for _, rr := range s.rrs {
			if d, ok := rr.(*mdns.DS); ok {
				ds = append(ds, d)
			}
		}
		from := *z
		from.until = minTime(z.until, r.life(s, c.sig))
		child := r.enter(&from, at, ds, l)
		return cutEntry{child, child.until}, false
	}
	p := r.proof(m, z)
	if s := m.redirect(at); s != nil {
		c := r.verify(s, z.apex, z.keys)
		switch {
		case c.security != Secure:
			return cutEntry{r.failedZone(z, at, c), z.until}, false
		case s.typ == typeDNAME:
			return cutEntry{}, true // nothing is below a DNAME record (RFC 6672 §2.4)
		case !c.expanded:
			// A name with a CNAME record has no others (RFC 2181 §10.1): no cut.
			return cutEntry{nil, minTime(z.until, r.life(s, c.sig))}, false
		}
		if d := p.denyExact(at, c.encloser); d.security != Secure {
			return stop(d.security, d.reason)
		}
		return cutEntry{}, true
	}
	d := p.deny(at, dns.TypeDS)
	until := minTime(z.until, p.until)
	switch {
	case d.security == Insecure:
		return cutEntry{z.below(at, Insecure, d.reason), until}, false
	case d.security != Secure:
		return stop(d.security, d.reason)
	case d.delegation:
		return cutEntry{z.below(at, Insecure, "the zone "+shown(z.apex)+" proves that "+at+" has no DS record"), until}, false
	case d.status == dns.NXDomain:
		return cutEntry{}, true
	}
	return cutEntry{nil, until}, false
}

// failedZone is a delegation whose signature does not hold.
func (r *run) failedZone(z *zone, at string, c checked) *zone {
	l := Link{Zone: at, Security: c.security, Reason: c.reason}
	if c.sig != nil {
		l.Inception, l.Expires = r.period(c.sig)
	}
	return z.extend(l, nil)
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// enter goes into the zone at apex by the DS records that the zone above has
// for it (RFC 4035 §5.2).
func (r *run) enter(above *zone, apex string, ds []*mdns.DS, l Link) *zone {
	l.Zone, l.Security = apex, Bogus
	usable := r.usable(ds, &l)
	if len(ds) > maxDS {
		r.hit("DS records", maxDS)
		l.Security, l.Reason = Indeterminate, r.limit
		return above.extend(l, nil)
	}
	if len(usable) == 0 {
		// RFC 4035 §5.2: as if there were no DS record.
		l.Security, l.Reason = Insecure, "no DS record of "+shown(apex)+" has both an algorithm and a digest type that are supported: "+listed(ds)
		return above.extend(l, nil)
	}
	m, why := r.ask(apex, dns.TypeDNSKEY)
	if m == nil {
		l.Security, l.Reason = Indeterminate, why
		return above.extend(l, nil)
	}
	s := m.answer[dns.Question{Name: apex, Type: dns.TypeDNSKEY}]
	if s == nil {
		l.Reason = "the zone " + shown(apex) + " has a DS record and no DNSKEY records"
		return above.extend(l, nil)
	}
	if apex == "" && len(s.sigs) == 0 {
		// A resolver that does no DNSSEC looks like this, and is not a sign of fraud.
		l.Security, l.Reason = Indeterminate, "the server passes on no signatures"
		return above.extend(l, nil)
	}
	if len(s.rrs) > maxKeys {
		r.hit("keys of one zone", maxKeys)
		l.Security, l.Reason = Indeterminate, r.limit
		return above.extend(l, nil)
	}
	var keys, entry []*zoneKey
	found := "" // what is known of a key that a DS record names
	odd := ""
	for _, rr := range s.rrs {
		k, ok := rr.(*mdns.DNSKEY)
		if !ok || !r.v.supports(k.Algorithm) {
			continue
		}
		tag := k.KeyTag()
		zk := &zoneKey{rr: k, tag: tag, odd: tooOdd(k)}
		mine, digest := r.matches(zk, apex, usable)
		why := ""
		switch {
		case k.Protocol != 3 || k.Flags&mdns.ZONE == 0: // RFC 4034 §2.1
			why = "is not a zone key"
		case k.Flags&mdns.REVOKE != 0: // RFC 5011 §2.1
			why = "is revoked"
		default:
			keys = append(keys, zk)
		}
		name := "the key " + strconv.Itoa(int(tag)) + " that the DS record of " + shown(apex) + " names "
		switch {
		case mine && !digest:
			if found == "" {
				found = name + "has another digest"
			}
		case mine && why != "":
			found = name + why
		case mine && zk.odd != "":
			odd = zk.odd
		case mine:
			entry = append(entry, zk)
		}
	}
	if len(entry) == 0 {
		switch {
		case odd != "":
			// The digest says that it is the zone's own: as an algorithm that is
			// not supported.
			l.Security, l.Reason = Insecure, "the DS records of "+shown(apex)+" lead only to "+odd+", which is not supported"
		case r.limit != "":
			l.Security, l.Reason = Indeterminate, r.limit
		case found != "":
			l.Reason = found
		default:
			l.Reason = "no DNSKEY record of " + shown(apex) + " matches its DS records: " + listed(usable)
		}
		return above.extend(l, nil)
	}
	c := r.verify(s, apex, entry)
	if c.sig != nil {
		inception, expires := r.period(c.sig)
		l.Inception, l.Expires = earlier(l.Inception, l.Expires, inception, expires)
		if c.security != Secure {
			l.Inception, l.Expires = inception, expires
		}
	}
	if c.security != Secure {
		l.Security, l.Reason = c.security, c.reason
		return above.extend(l, nil)
	}
	if c.expanded {
		l.Reason = "the keys of " + shown(apex) + " come from a wildcard"
		return above.extend(l, nil)
	}
	l.Security, l.SignedBy = Secure, c.sig.KeyTag
	from := *above
	from.until = minTime(above.until, r.life(s, c.sig))
	return from.extend(l, keys)
}

// usable picks the DS records that can be followed, and describes all of them.
func (r *run) usable(ds []*mdns.DS, l *Link) []*mdns.DS {
	var out []*mdns.DS
	sha2 := false
	for i, d := range ds {
		if i == maxDS {
			break
		}
		l.KeyTags = append(l.KeyTags, d.KeyTag)
		l.Digests = appendNew(l.Digests, digestName(d.DigestType))
		l.Algorithms = appendNew(l.Algorithms, algorithmName(d.Algorithm))
		if r.v.supports(d.Algorithm) && supportsDigest(d.DigestType) {
			out = append(out, d)
			sha2 = sha2 || d.DigestType != mdns.SHA1
		}
	}
	if !sha2 {
		return out
	}
	// RFC 4509 §3: next to SHA-2, SHA-1 does not count.
	better := out[:0]
	for _, d := range out {
		if d.DigestType != mdns.SHA1 {
			better = append(better, d)
		}
	}
	return better
}

// matches reports whether a DS record names a key, and whether the digest is
// that of the key.
func (r *run) matches(k *zoneKey, apex string, ds []*mdns.DS) (named, digest bool) {
	tried := 0
	for _, d := range ds {
		if d.KeyTag != k.tag || d.Algorithm != k.rr.Algorithm {
			// The tag of a key changes when it is revoked (RFC 5011 §2.1).
			if k.rr.Flags&mdns.REVOKE == 0 || !sameKey(d, k.rr) {
				continue
			}
			return true, true
		}
		named = true
		if tried++; tried > maxSameTag {
			r.hit("DS records with one key tag", maxSameTag)
			break
		}
		if got := k.rr.ToDS(d.DigestType); got != nil && got.Digest != "" && strings.EqualFold(got.Digest, d.Digest) {
			return true, true
		}
	}
	return named, false
}

// sameKey reports whether a revoked key is what a DS record named before.
func sameKey(d *mdns.DS, k *mdns.DNSKEY) bool {
	before := *k
	before.Flags &^= mdns.REVOKE
	if d.Algorithm != k.Algorithm || before.KeyTag() != d.KeyTag {
		return false
	}
	got := before.ToDS(d.DigestType)
	return got != nil && strings.EqualFold(got.Digest, d.Digest)
}

func listed(ds []*mdns.DS) string {
	var list []string
	for i, d := range ds {
		if i == maxSignatures {
			break
		}
		list = appendNew(list, "key "+strconv.Itoa(int(d.KeyTag))+", "+algorithmName(d.Algorithm)+", "+digestName(d.DigestType))
	}
	return strings.Join(list, "; ")
}
