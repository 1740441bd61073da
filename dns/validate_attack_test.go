package dns

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	mdns "github.com/miekg/dns"
)

// tampered passes a source's messages through a change.
type tampered struct {
	RawSource
	change func(name string, t Type, packet []byte) []byte
}

func (s tampered) LookupRaw(ctx context.Context, name string, t Type) (Raw, error) {
	raw, err := s.RawSource.LookupRaw(ctx, name, t)
	if err == nil {
		raw.Message = s.change(name, t, bytes.Clone(raw.Message))
	}
	return raw, err
}

// memo keeps the messages of a source.
type memo struct {
	RawSource
	mu   sync.Mutex
	seen map[question]Raw
}

func (s *memo) LookupRaw(ctx context.Context, name string, t Type) (Raw, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if raw, ok := s.seen[question{name, t}]; ok {
		return raw, nil
	}
	raw, err := s.RawSource.LookupRaw(ctx, name, t)
	if err == nil {
		if s.seen == nil {
			s.seen = make(map[question]Raw)
		}
		s.seen[question{name, t}] = raw
	}
	return raw, err
}

// honest is what may be called secure of an answer: what is in it, without
// what no signature covers.
func honest(a Answer) Answer {
	a.TTL, a.Server, a.Authenticated = 0, "", false
	a.Records = slices.Clone(a.Records)
	for i := range a.Records {
		a.Records[i].TTL = 0
	}
	// A message has its records in any order (RFC 2181 §5).
	slices.SortFunc(a.Records, func(x, y Record) int { return strings.Compare(x.Data, y.Data) })
	return a
}

// TestValidateMutations changes a bit of each octet of each message on the way to a
// secure answer. What then is still called secure must be the same answer.
func TestValidateMutations(t *testing.T) {
	w := tree(t)
	src := &memo{RawSource: w}
	total, stayed := 0, 0
	done := map[question]bool{}
	test := func(name string, typ Type) {
		t.Helper()
		asked := &asking{RawSource: src}
		want, err := validator(asked, w).Validate(context.Background(), name, typ)
		if err != nil || want.Security != Secure {
			t.Fatalf("%s %s: %+v, %v", name, typ, want, err)
		}
		for _, q := range asked.list {
			if done[q] { // for an earlier answer
				continue
			}
			done[q] = true
			raw, _ := src.LookupRaw(context.Background(), q.name, q.typ)
			for i := range raw.Message {
				flip := byte(1) << (i % 8)
				bad := tampered{src, func(n string, ty Type, packet []byte) []byte {
					if n == q.name && ty == q.typ {
						packet[i] ^= flip
					}
					return packet
				}}
				got, err := validator(bad, w).Validate(context.Background(), name, typ)
				if err != nil {
					t.Fatalf("%s %s: %v", name, typ, err)
				}
				total++
				if got.Security == Secure {
					stayed++
					if !reflect.DeepEqual(honest(got.Answer), honest(want.Answer)) || got.Answer.TTL > want.Answer.TTL {
						t.Errorf("%s %s: octet %d of %v changed by %#x: secure, and %+v", name, typ, i, q, flip, got.Answer)
					}
				}
				if got.Security == Insecure {
					t.Errorf("%s %s: octet %d of %v changed by %#x: insecure, %s", name, typ, i, q, flip, got.Reason)
				}
			}
		}
	}
	test("mail.ok.test", TypeA)
	test("x.y.wild.ok.test", TypeTXT)
	test("nope.ok.test", TypeA)
	test("mail.ok.test", TypeTXT)
	test("nope.n3.test", TypeA)
	test("any.wild.n3.test", TypeA)
	test("any.wild.n3.test", TypeTXT)
	test("x.tree.ok.test", TypeTXT)
	test("x.tree.ok.test", TypeCNAME)
	t.Logf("%d changes, %d without effect on what is signed", total, stayed)
	if stayed*2 > total {
		t.Errorf("%d of %d changes had no effect", stayed, total)
	}
}

// asking lists what is asked.
type asking struct {
	RawSource
	list []question
}

func (a *asking) LookupRaw(ctx context.Context, name string, t Type) (Raw, error) {
	a.list = append(a.list, question{name, t})
	return a.RawSource.LookupRaw(ctx, name, t)
}

// TestValidateForged plays what an attacker can do who holds all signed
// records of the tree and no key.
func TestValidateForged(t *testing.T) {
	w := tree(t)
	// forge runs a validation in which one message is made up.
	forge := func(what string, name string, typ Type, at question, build func(w *world, m *mdns.Msg), want Security, detail string) *Validation {
		t.Helper()
		src := tampered{w, func(n string, ty Type, packet []byte) []byte {
			if n != at.name || ty != at.typ {
				return packet
			}
			m := new(mdns.Msg)
			if err := m.Unpack(packet); err != nil {
				t.Fatal(err)
			}
			build(w, m)
			out, err := m.Pack()
			if err != nil {
				t.Fatal(err)
			}
			return out
		}}
		got, err := validator(src, w).Validate(context.Background(), name, typ)
		if err != nil || got.Security != want || !strings.Contains(got.Reason, detail) {
			t.Errorf("%s: got %+v, %v", what, got, err)
		}
		return got
	}
	records := func(lines ...string) []mdns.RR {
		var out []mdns.RR
		for _, s := range lines {
			rr, err := mdns.NewRR(s)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, rr)
		}
		return out
	}
	only := func(m *mdns.Msg, rcode int, answer, ns []mdns.RR) { m.Rcode, m.Answer, m.Ns = rcode, answer, ns }

	mail := question{"mail.ok.test", TypeA}
	forge("another address", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) {
		m.Answer = append(records("mail.ok.test. 300 A 203.0.113.1"), m.Answer[2:]...)
	}, Bogus, "does not verify")
	forge("one address of two", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) {
		m.Answer = m.Answer[1:]
	}, Bogus, "does not verify")
	forge("one address more", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) {
		m.Answer = append(m.Answer, records("mail.ok.test. 300 A 203.0.113.1")...)
	}, Bogus, "does not verify")
	forge("an unsigned answer", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) {
		only(m, 0, records("mail.ok.test. 300 A 203.0.113.1"), nil)
	}, Bogus, "no signature")
	forge("an unsigned NXDOMAIN", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) {
		only(m, mdns.RcodeNameError, nil, records("ok.test. 300 SOA a. b. 1 2 3 4 5"))
	}, Bogus, "no proof")
	forge("SERVFAIL", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) { only(m, mdns.RcodeServerFailure, nil, nil) }, Indeterminate, "servfail")
	forge("an alias without signature", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) {
		only(m, 0, records("mail.ok.test. 300 CNAME evil.plain.test.", "evil.plain.test. 300 A 203.0.113.1"), nil)
	}, Bogus, "the CNAME record set of mail.ok.test has no signature")
	tree := question{"x.tree.ok.test", TypeCNAME}
	forge("an alias that is not what the DNAME record makes", tree.name, tree.typ, tree, func(w *world, m *mdns.Msg) {
		for _, rr := range m.Answer {
			if c, ok := rr.(*mdns.CNAME); ok {
				c.Target = "evil.plain.test."
			}
		}
	}, Bogus, "is not what the DNAME record of tree.ok.test makes")
	forge("an unsigned answer below a wildcard alias", "y.x.aliases.ok.test", TypeTXT, question{"y.x.aliases.ok.test", TypeTXT}, func(w *world, m *mdns.Msg) {
		only(m, 0, records(`y.x.aliases.ok.test. 300 TXT "evil"`), nil)
	}, Bogus, "has no signature")
	forge("an unsigned answer below a DNAME record", "z.tree.ok.test", TypeTXT, question{"z.tree.ok.test", TypeTXT}, func(w *world, m *mdns.Msg) {
		only(m, 0, records(`z.tree.ok.test. 300 TXT "evil"`), nil)
	}, Bogus, "has no signature")
	forge("a signature of another name", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) {
		q := question{"ns.ok.test", TypeA}
		only(m, 0, w.zones["ok.test"].with(q, "mail.ok.test"), nil)
	}, Bogus, "does not verify")
	forge("the record set of another zone's same key", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) {
		only(m, 0, w.zones["n3.test"].with(question{"mail.n3.test", TypeA}, "mail.ok.test"), nil)
	}, Bogus, "signed by n3.test")
	forge("a signer that is no zone", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) {
		for _, rr := range m.Answer {
			if sig, ok := rr.(*mdns.RRSIG); ok {
				sig.SignerName = "mail.ok.test."
			}
		}
	}, Bogus, "signed by mail.ok.test, not by the zone ok.test")
	forge("a true signature among false ones", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) {
		var out []mdns.RR
		for i := range 8 {
			bad := mdns.Copy(m.Answer[2]).(*mdns.RRSIG)
			bad.Signature = "AAAA" + bad.Signature[4:]
			if i%2 == 0 {
				bad.SignerName = "test."
			}
			out = append(out, bad)
		}
		m.Answer = append(out, m.Answer...)
	}, Secure, "")

	forge("a signature in a longer form", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) {
		sig := m.Answer[2].(*mdns.RRSIG)
		b := mustBase64(t, sig.Signature)
		sig.Signature = base64String(slices.Concat([]byte{0}, b[:32], []byte{0}, b[32:])) // the same numbers
	}, Bogus, "a signature of the wrong length")
	forge("a wildcard from above the zone", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) {
		a := mdns.Copy(m.Answer[0])
		a.Header().Name = "*.test."
		sig := z0(w).signature(t, z0(w).zsk, []mdns.RR{a})
		a.Header().Name, sig.Hdr.Name = "mail.ok.test.", "mail.ok.test."
		only(m, 0, []mdns.RR{a, sig}, nil)
	}, Bogus, "for another number of labels")

	// Proofs used for what they do not say.
	z := func(w *world) *testZone { return w.zones["ok.test"] }
	soa := func(z *testZone) []mdns.RR { return z.with(question{z.apex, TypeSOA}, z.apex) }
	forge("NODATA by the proof of another name", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(soa(z(w)), z(w).match("ns.ok.test")...))
	}, Bogus, "no proof")
	forge("NODATA by the proof of the name itself, which lists the type", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(soa(z(w)), z(w).match("mail.ok.test")...))
	}, Bogus, "no proof")
	forge("NXDOMAIN by the gap next to the name", mail.name, mail.typ, mail, func(w *world, m *mdns.Msg) {
		only(m, mdns.RcodeNameError, nil, append(append(soa(z(w)), z(w).cover("maia.ok.test")...), z(w).cover("*.ok.test")...))
	}, Bogus, "no proof")
	any := question{"any.wild.ok.test", TypeTXT}
	forge("NXDOMAIN without the wildcard's proof", any.name, any.typ, any, func(w *world, m *mdns.Msg) {
		only(m, mdns.RcodeNameError, nil, append(soa(z(w)), z(w).cover("any.wild.ok.test")...))
	}, Bogus, "no proof")
	forge("NODATA by a wildcard that has the type", any.name, any.typ, any, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(append(soa(z(w)), z(w).cover("any.wild.ok.test")...), z(w).match("*.wild.ok.test")...))
	}, Bogus, "no proof")
	deep := question{"deep.below.wild.ok.test", TypeTXT}
	forge("the wildcard for a name that exists", deep.name, deep.typ, deep, func(w *world, m *mdns.Msg) {
		only(m, 0, z(w).with(question{"*.wild.ok.test", TypeTXT}, deep.name), z(w).cover("dean.below.wild.ok.test"))
	}, Bogus, "no proof that a wildcard may answer")
	below := question{"x.below.wild.ok.test", TypeTXT}
	forge("the wildcard past an empty non-terminal", below.name, below.typ, below, func(w *world, m *mdns.Msg) {
		only(m, 0, z(w).with(question{"*.wild.ok.test", TypeTXT}, below.name), z(w).cover(below.name))
	}, Bogus, "no proof that a wildcard may answer")
	alias := question{"alias.ok.test", TypeA}
	forge("NODATA by the proof of an alias", alias.name, alias.typ, alias, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(soa(z(w)), z(w).match("alias.ok.test")...))
	}, Bogus, "no proof")
	forge("NODATA by the wildcard's proof, moved", any.name, TypeA, question{any.name, TypeA}, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(soa(z(w)), z(w).with(question{"*.wild.ok.test", TypeNSEC}, any.name)...))
	}, Bogus, "comes from a wildcard")
	forge("NXDOMAIN said to be NODATA", "nope.ok.test", TypeA, question{"nope.ok.test", TypeA}, func(w *world, m *mdns.Msg) {
		m.Rcode = 0
	}, Bogus, "the answer is nodata, what is proved is nxdomain")
	forge("NODATA said to be NXDOMAIN", "mail.ok.test", TypeTXT, question{"mail.ok.test", TypeTXT}, func(w *world, m *mdns.Msg) {
		m.Rcode = mdns.RcodeNameError
	}, Bogus, "the answer is nxdomain, what is proved is nodata")
	forge("an empty non-terminal said not to exist", "empty.ok.test", TypeA, question{"empty.ok.test", TypeA}, func(w *world, m *mdns.Msg) {
		m.Rcode = mdns.RcodeNameError
		m.Ns = append(m.Ns, z(w).cover("*.ok.test")...)
	}, Bogus, "nodata")
	forge("a changed SOA record", "nope.ok.test", TypeA, question{"nope.ok.test", TypeA}, func(w *world, m *mdns.Msg) {
		for _, rr := range m.Ns {
			if s, ok := rr.(*mdns.SOA); ok {
				s.Minttl = 1
			}
		}
	}, Bogus, "the SOA record set of ok.test")

	// Records made up for the question (RFC 9824), truly signed.
	madeUp := func(types ...uint16) func(w *world, m *mdns.Msg) {
		return func(w *world, m *mdns.Msg) {
			n := &mdns.NSEC{Hdr: mdns.RR_Header{Name: "nope.ok.test.", Rrtype: mdns.TypeNSEC, Class: mdns.ClassINET, Ttl: 60}, NextDomain: `\000.nope.ok.test.`, TypeBitMap: append([]uint16{mdns.TypeRRSIG, mdns.TypeNSEC}, types...)}
			only(m, 0, nil, append(soa(z(w)), n, z(w).signature(t, z(w).zsk, []mdns.RR{n})))
		}
	}
	nope := question{"nope.ok.test", TypeA}
	if got := forge("a compact NXDOMAIN", nope.name, nope.typ, nope, madeUp(typeNXName), Secure, ""); got.Answer.Status != NXDomain {
		t.Errorf("a compact NXDOMAIN is %s", got.Answer.Status)
	}
	if got := forge("a compact NODATA", nope.name, nope.typ, nope, madeUp(), Secure, ""); got.Answer.Status != NoData {
		t.Errorf("a compact NODATA is %s", got.Answer.Status)
	}

	// At and below zone cuts.
	ds := question{"ok.test", TypeDS}
	forge("no DS record, unproved", mail.name, mail.typ, ds, func(w *world, m *mdns.Msg) { only(m, 0, nil, soa(w.zones["test"])) }, Bogus, "no proof")
	forge("no DS record, by the child's own proof", mail.name, mail.typ, ds, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(soa(z(w)), z(w).match("ok.test")...))
	}, Bogus, "no proof")
	forge("no DS record, by the proof of another delegation", mail.name, mail.typ, ds, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(soa(w.zones["test"]), w.zones["test"].match("plain.test")...))
	}, Bogus, "no proof")
	forge("the DS record of another zone", mail.name, mail.typ, ds, func(w *world, m *mdns.Msg) {
		only(m, 0, w.zones["test"].with(question{"n3.test", TypeDS}, "ok.test"), nil)
	}, Bogus, "does not verify")
	forge("the keys of another zone", mail.name, mail.typ, question{"ok.test", TypeDNSKEY}, func(w *world, m *mdns.Msg) {
		only(m, 0, w.zones["n3.test"].with(question{"n3.test", TypeDNSKEY}, "ok.test"), nil)
	}, Bogus, "matches its DS records")
	forge("one key more", mail.name, mail.typ, question{"ok.test", TypeDNSKEY}, func(w *world, m *mdns.Msg) {
		m.Answer = append(m.Answer, key(t, "ok.test", mdns.ECDSAP256SHA256, 257, 99999).rr)
	}, Bogus, "does not verify")
	sub := question{"mail.sub.ok.test", TypeA}
	forge("NXDOMAIN below a cut by the parent's proof", sub.name, sub.typ, sub, func(w *world, m *mdns.Msg) {
		only(m, mdns.RcodeNameError, nil, append(append(soa(z(w)), z(w).cover("mail.sub.ok.test")...), z(w).cover("*.ok.test")...))
	}, Bogus, "no proof")
	forge("NODATA at a cut by the parent's proof", "sub.ok.test", TypeTXT, question{"sub.ok.test", TypeTXT}, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(soa(z(w)), z(w).match("sub.ok.test")...))
	}, Bogus, "no proof")
	opt := question{"ok.opt", TypeDS}
	forge("a secure delegation said to be in an opt-out range", "mail.ok.opt", TypeA, opt, func(w *world, m *mdns.Msg) {
		o := w.zones["opt"]
		var all []mdns.RR
		for _, h := range o.nsecs {
			all = append(all, o.with(question{o.under(h), TypeNSEC3}, o.under(h))...)
		}
		only(m, 0, nil, append(soa(o), all...))
	}, Bogus, "no proof")
	n3 := func(w *world) *testZone { return w.zones["n3.test"] }
	cut := question{"mail.cut.n3.test", TypeA}
	forge("NXDOMAIN below a cut by the parent's NSEC3 proof", cut.name, cut.typ, cut, func(w *world, m *mdns.Msg) {
		only(m, mdns.RcodeNameError, nil, once(slices.Concat(soa(n3(w)), n3(w).match("cut.n3.test"), n3(w).cover("mail.cut.n3.test"), n3(w).cover("*.cut.n3.test"))))
	}, Bogus, "no proof")
	wild3 := question{"any.wild.n3.test", TypeTXT}
	forge("NSEC3 NXDOMAIN without the wildcard's proof", wild3.name, wild3.typ, wild3, func(w *world, m *mdns.Msg) {
		only(m, mdns.RcodeNameError, nil, once(slices.Concat(soa(n3(w)), n3(w).match("wild.n3.test"), n3(w).cover("any.wild.n3.test"))))
	}, Bogus, "no proof")
	half := func(first bool) func(*world, *mdns.Msg) {
		return func(w *world, m *mdns.Msg) {
			o := w.zones["n3.test"]
			list := o.nsecs[len(o.nsecs)-maxProofs:]
			if first {
				list = o.nsecs[:maxProofs]
			}
			ns := soa(o)
			for _, h := range list {
				ns = append(ns, o.with(question{o.under(h), TypeNSEC3}, o.under(h))...)
			}
			only(m, mdns.RcodeNameError, nil, ns)
		}
	}
	forge("NSEC3 NXDOMAIN with the first records of the zone", "mail.n3.test", TypeA, question{"mail.n3.test", TypeA}, half(true), Bogus, "no proof")
	forge("NSEC3 NXDOMAIN with the last records of the zone", "mail.n3.test", TypeA, question{"mail.n3.test", TypeA}, half(false), Bogus, "no proof")
	forge("NSEC3 NXDOMAIN with more records than are looked at", "mail.n3.test", TypeA, question{"mail.n3.test", TypeA}, func(w *world, m *mdns.Msg) {
		half(true)(w, m)
		ns := m.Ns
		half(false)(w, m)
		m.Ns = once(append(ns, m.Ns...))
	}, Indeterminate, "16 records that prove an absence")
}

func z0(w *world) *testZone { return w.zones["ok.test"] }

// A signer's name must end the owner's at the border of a label, and a zone
// says nothing of the DS records of its own apex. Both hold by themselves too,
// whatever the walk from the root makes sure of.
func TestVerifyAlone(t *testing.T) {
	w := tree(t)
	ok := z0(w)
	r := &run{v: validator(w, w), now: signedNow, out: &Validation{}}
	keys := []*zoneKey{{rr: ok.zsk.rr, tag: ok.zsk.rr.KeyTag()}}
	test := func(name string, want Security) {
		t.Helper()
		rr, err := mdns.NewRR(name + ". 300 A 192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		set := &signedSet{name: name, typ: TypeA, rrs: []mdns.RR{rr}, sigs: []*mdns.RRSIG{ok.signature(t, ok.zsk, []mdns.RR{rr})}}
		if got := r.verify(set, "ok.test", keys); got.security != want {
			t.Errorf("%s by ok.test: %+v", name, got)
		}
	}
	test("mail.ok.test", Secure)
	test("evilok.test", Bogus)
	test("test", Bogus)

	at := func(name string, typ Type, want bool, types ...uint16) {
		t.Helper()
		if _, ok := denyTypes(types, name, typ); ok != want {
			t.Errorf("%v at %q says something of %s: %v", types, name, typ, ok)
		}
	}
	at("ok.test", TypeDS, false, mdns.TypeNS, mdns.TypeSOA)
	at("ok.test", TypeDS, true, mdns.TypeNS)
	at("ok.test", TypeDS, false, mdns.TypeNS, mdns.TypeDS)
	at("", TypeDS, true, mdns.TypeNS, mdns.TypeSOA)
	at("ok.test", TypeTXT, false, mdns.TypeNS)
	at("ok.test", TypeTXT, true, mdns.TypeNS, mdns.TypeSOA)
	at("ok.test", TypeTXT, false, mdns.TypeCNAME)
}

// TestValidateLimits shows that costly zones end at the limits (KeyTrap).
func TestValidateLimits(t *testing.T) {
	trap := &testZone{apex: "trap.test", text: site}
	decoys := func(z *testZone) []mdns.RR {
		// Other keys with the tag of the ZSK: the tag is a sum of 16-bit words.
		var out []mdns.RR
		raw, _ := hex.DecodeString(strings.Repeat("00", 64))
		copy(raw, mustBase64(t, z.zsk.rr.PublicKey))
		for i := range 20 {
			b := bytes.Clone(raw)
			b[2*i], b[2*i+1], b[2*i+2], b[2*i+3] = b[2*i+2], b[2*i+3], b[2*i], b[2*i+1]
			k := mdns.Copy(z.zsk.rr).(*mdns.DNSKEY)
			k.PublicKey = base64String(b)
			if k.KeyTag() == z.zsk.rr.KeyTag() && k.PublicKey != z.zsk.rr.PublicKey {
				out = append([]mdns.RR{k}, out...)
			}
		}
		if len(out) < 10 {
			t.Fatalf("only %d keys with one tag", len(out))
		}
		return out
	}
	trap.extraKeys = decoys
	trap.after = func(z *testZone) {
		q := question{z.apex, TypeDNSKEY} // the true ZSK comes last
		slices.SortStableFunc(z.sets[q], func(a, b mdns.RR) int {
			isZSK := func(rr mdns.RR) int {
				if rr.(*mdns.DNSKEY).PublicKey == z.zsk.rr.PublicKey {
					return 1
				}
				return 0
			}
			return isZSK(a) - isZSK(b)
		})
	}
	many := &testZone{apex: "manykeys.test", text: site, extraKeys: func(z *testZone) []mdns.RR {
		var out []mdns.RR
		for i := range maxKeys {
			k := mdns.Copy(z.zsk.rr).(*mdns.DNSKEY)
			k.PublicKey = base64String(bytes.Repeat([]byte{byte(i), 1}, 32))
			out = append(out, k)
		}
		return out
	}}
	manyDS := &testZone{apex: "manyds.test", text: site, ds: func(good []mdns.RR, _ *mdns.DNSKEY) []mdns.RR {
		for i := range maxDS {
			d := mdns.Copy(good[0]).(*mdns.DS)
			d.Digest = strings.Repeat(fmt.Sprintf("%02x", i), 32)
			good = append(good, d)
		}
		return good
	}}
	var sigs []mdns.RR
	manySigs := &testZone{apex: "manysigs.test", text: site, after: func(z *testZone) {
		q := question{"mail.manysigs.test", TypeA}
		for i := range maxSignatures + 1 {
			s := mdns.Copy(z.sigs[q][0]).(*mdns.RRSIG)
			s.Signature = "AA" + string(rune('A'+i)) + s.Signature[3:]
			sigs = append(sigs, s)
		}
		z.sigs[q] = append(sigs, z.sigs[q]...)
	}}
	manyFailed := &testZone{apex: "manyfailed.test", text: site}
	manyFailed.extraKeys = func(z *testZone) []mdns.RR { return decoys(z)[:maxSameTag-1] }
	manyFailed.after = func(z *testZone) {
		q := question{"mail.manyfailed.test", TypeA}
		good := z.sigs[q][0]
		z.sigs[q] = nil
		for i := range maxSignatures {
			s := mdns.Copy(good).(*mdns.RRSIG)
			s.Signature = "AA" + string(rune('A'+i)) + s.Signature[3:]
			z.sigs[q] = append(z.sigs[q], s)
		}
	}
	w := newWorld(t, &testZone{apex: ""}, &testZone{apex: "test"}, trap, manyFailed, many, manyDS, manySigs, &testZone{apex: "ok.test", text: site})
	test := func(name string, o ValidatorOptions, detail string) {
		t.Helper()
		o.Anchors, o.Now = w.anchors, signedTime
		got, err := NewValidator(w, o).Validate(context.Background(), name, TypeA)
		if err != nil || got.Security != Indeterminate || !strings.Contains(got.Reason, "limit reached: "+detail) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	test("mail.trap.test", ValidatorOptions{}, "4 keys with one key tag")
	test("mail.manyfailed.test", ValidatorOptions{}, "32 signatures that do not verify")
	test("mail.manykeys.test", ValidatorOptions{}, "64 keys of one zone")
	test("mail.manyds.test", ValidatorOptions{}, "32 DS records")
	test("mail.manysigs.test", ValidatorOptions{}, "16 signatures of one record set")
	test("mail.ok.test", ValidatorOptions{MaxQuestions: 5}, "5 questions")
	if got, err := NewValidator(w, ValidatorOptions{Anchors: w.anchors, Now: signedTime, MaxQuestions: 6}).Validate(context.Background(), "mail.ok.test", TypeA); err != nil || got.Security != Secure {
		t.Errorf("%+v, %v", got, err)
	}

	// What is remembered stays bounded, and right.
	v := NewValidator(w, ValidatorOptions{Anchors: w.anchors, Now: signedTime, MaxZones: 2})
	for range 3 {
		for _, name := range []string{"mail.ok.test", "a.b.empty.ok.test", "empty.ok.test"} {
			if got, err := v.Validate(context.Background(), name, TypeNS); err != nil || got.Security != Secure {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
			if len(v.cuts) > 2 {
				t.Errorf("%d remembered", len(v.cuts))
			}
		}
	}
}

// Several goroutines may share a validator.
func TestValidateParallel(t *testing.T) {
	w := tree(t)
	v := validator(w, w)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 4 {
				name := []string{"mail.ok.test", "mail.n3.test", "nope.ed.test", "mail.plain.test"}[i%4]
				got, err := v.Validate(context.Background(), name, TypeA)
				want := Secure
				if i%4 == 3 {
					want = Insecure
				}
				if err != nil || got.Security != want {
					t.Errorf("%s: %+v, %v", name, got, err)
				}
			}
		})
	}
	wg.Wait()
}
