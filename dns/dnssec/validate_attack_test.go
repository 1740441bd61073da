package dnssec

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

	"github.com/mailtrace/mailtrace/dns"
)

// tampered passes a source's messages through a change.
type tampered struct {
	dns.RawSource
	change func(name string, t dns.Type, packet []byte) []byte
}

func (s tampered) LookupRaw(ctx context.Context, name string, t dns.Type) (dns.Raw, error) {
	raw, err := s.RawSource.LookupRaw(ctx, name, t)
	if err == nil {
		raw.Message = s.change(name, t, bytes.Clone(raw.Message))
	}
	return raw, err
}

// memo keeps the messages of a source.
type memo struct {
	dns.RawSource
	mu   sync.Mutex
	seen map[dns.Question]dns.Raw
}

func (s *memo) LookupRaw(ctx context.Context, name string, t dns.Type) (dns.Raw, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if raw, ok := s.seen[dns.Question{Name: name, Type: t}]; ok {
		return raw, nil
	}
	raw, err := s.RawSource.LookupRaw(ctx, name, t)
	if err == nil {
		if s.seen == nil {
			s.seen = make(map[dns.Question]dns.Raw)
		}
		s.seen[dns.Question{Name: name, Type: t}] = raw
	}
	return raw, err
}

// honest is what may be called secure of an answer: what is in it, without
// what no signature covers.
func honest(a dns.Answer) dns.Answer {
	a.TTL, a.Server, a.Authenticated = 0, "", false
	a.Records = slices.Clone(a.Records)
	for i := range a.Records {
		a.Records[i].TTL = 0
	}
	// A message has its records in any order (RFC 2181 §5).
	slices.SortFunc(a.Records, func(x, y dns.Record) int { return strings.Compare(x.Data, y.Data) })
	return a
}

// TestValidateMutations changes a bit of each octet of each message on the way to a
// secure answer. What then is still called secure must be the same answer.
func TestValidateMutations(t *testing.T) {
	w := tree(t)
	src := &memo{RawSource: w}
	total, stayed := 0, 0
	done := map[dns.Question]bool{}
	test := func(name string, typ dns.Type) {
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
			raw, _ := src.LookupRaw(context.Background(), q.Name, q.Type)
			for i := range raw.Message {
				flip := byte(1) << (i % 8)
				bad := tampered{src, func(n string, ty dns.Type, packet []byte) []byte {
					if n == q.Name && ty == q.Type {
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
	test("mail.ok.test", dns.TypeA)
	test("x.y.wild.ok.test", dns.TypeTXT)
	test("nope.ok.test", dns.TypeA)
	test("mail.ok.test", dns.TypeTXT)
	test("nope.n3.test", dns.TypeA)
	test("any.wild.n3.test", dns.TypeA)
	test("any.wild.n3.test", dns.TypeTXT)
	test("x.tree.ok.test", dns.TypeTXT)
	test("x.tree.ok.test", dns.TypeCNAME)
	t.Logf("%d changes, %d without effect on what is signed", total, stayed)
	if stayed*2 > total {
		t.Errorf("%d of %d changes had no effect", stayed, total)
	}
}

// asking lists what is asked.
type asking struct {
	dns.RawSource
	list []dns.Question
}

func (a *asking) LookupRaw(ctx context.Context, name string, t dns.Type) (dns.Raw, error) {
	a.list = append(a.list, dns.Question{Name: name, Type: t})
	return a.RawSource.LookupRaw(ctx, name, t)
}

// TestValidateForged plays what an attacker can do who holds all signed
// records of the tree and no key.
func TestValidateForged(t *testing.T) {
	w := tree(t)
	// forge runs a validation in which one message is made up.
	forge := func(what string, name string, typ dns.Type, at dns.Question, build func(w *world, m *mdns.Msg), want Security, detail string) *Validation {
		t.Helper()
		src := tampered{w, func(n string, ty dns.Type, packet []byte) []byte {
			if n != at.Name || ty != at.Type {
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

	mail := dns.Question{Name: "mail.ok.test", Type: dns.TypeA}
	forge("another address", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) {
		m.Answer = append(records("mail.ok.test. 300 A 203.0.113.1"), m.Answer[2:]...)
	}, Bogus, "does not verify")
	forge("one address of two", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) {
		m.Answer = m.Answer[1:]
	}, Bogus, "does not verify")
	forge("one address more", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) {
		m.Answer = append(m.Answer, records("mail.ok.test. 300 A 203.0.113.1")...)
	}, Bogus, "does not verify")
	forge("an unsigned answer", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) {
		only(m, 0, records("mail.ok.test. 300 A 203.0.113.1"), nil)
	}, Bogus, "no signature")
	forge("an unsigned NXDOMAIN", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) {
		only(m, mdns.RcodeNameError, nil, records("ok.test. 300 SOA a. b. 1 2 3 4 5"))
	}, Bogus, "no proof")
	forge("SERVFAIL", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) { only(m, mdns.RcodeServerFailure, nil, nil) }, Indeterminate, "servfail")
	forge("an alias without signature", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) {
		only(m, 0, records("mail.ok.test. 300 CNAME evil.plain.test.", "evil.plain.test. 300 A 203.0.113.1"), nil)
	}, Bogus, "the CNAME record set of mail.ok.test has no signature")
	tree := dns.Question{Name: "x.tree.ok.test", Type: dns.TypeCNAME}
	forge("an alias that is not what the DNAME record makes", tree.Name, tree.Type, tree, func(w *world, m *mdns.Msg) {
		for _, rr := range m.Answer {
			if c, ok := rr.(*mdns.CNAME); ok {
				c.Target = "evil.plain.test."
			}
		}
	}, Bogus, "is not what the DNAME record of tree.ok.test makes")
	forge("an unsigned answer below a wildcard alias", "y.x.aliases.ok.test", dns.TypeTXT, dns.Question{Name: "y.x.aliases.ok.test", Type: dns.TypeTXT}, func(w *world, m *mdns.Msg) {
		only(m, 0, records(`y.x.aliases.ok.test. 300 TXT "evil"`), nil)
	}, Bogus, "has no signature")
	forge("an unsigned answer below a DNAME record", "z.tree.ok.test", dns.TypeTXT, dns.Question{Name: "z.tree.ok.test", Type: dns.TypeTXT}, func(w *world, m *mdns.Msg) {
		only(m, 0, records(`z.tree.ok.test. 300 TXT "evil"`), nil)
	}, Bogus, "has no signature")
	forge("a signature of another name", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) {
		q := dns.Question{Name: "ns.ok.test", Type: dns.TypeA}
		only(m, 0, w.zones["ok.test"].with(q, "mail.ok.test"), nil)
	}, Bogus, "does not verify")
	forge("the record set of another zone's same key", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) {
		only(m, 0, w.zones["n3.test"].with(dns.Question{Name: "mail.n3.test", Type: dns.TypeA}, "mail.ok.test"), nil)
	}, Bogus, "signed by n3.test")
	forge("a signer that is not a zone", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) {
		for _, rr := range m.Answer {
			if sig, ok := rr.(*mdns.RRSIG); ok {
				sig.SignerName = "mail.ok.test."
			}
		}
	}, Bogus, "signed by mail.ok.test, not by the zone ok.test")
	forge("a true signature among false ones", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) {
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

	forge("a signature in a longer form", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) {
		sig := m.Answer[2].(*mdns.RRSIG)
		b := mustBase64(t, sig.Signature)
		sig.Signature = base64String(slices.Concat([]byte{0}, b[:32], []byte{0}, b[32:])) // the same numbers
	}, Bogus, "a signature of the wrong length")
	forge("a wildcard from above the zone", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) {
		a := mdns.Copy(m.Answer[0])
		a.Header().Name = "*.test."
		sig := z0(w).signature(t, z0(w).zsk, []mdns.RR{a})
		a.Header().Name, sig.Hdr.Name = "mail.ok.test.", "mail.ok.test."
		only(m, 0, []mdns.RR{a, sig}, nil)
	}, Bogus, "for another number of labels")

	// Proofs used for what they do not say.
	z := func(w *world) *testZone { return w.zones["ok.test"] }
	soa := func(z *testZone) []mdns.RR { return z.with(dns.Question{Name: z.apex, Type: dns.TypeSOA}, z.apex) }
	forge("NODATA by the proof of another name", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(soa(z(w)), z(w).match("ns.ok.test")...))
	}, Bogus, "no proof")
	forge("NODATA by the proof of the name itself, which lists the type", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(soa(z(w)), z(w).match("mail.ok.test")...))
	}, Bogus, "no proof")
	forge("NXDOMAIN by the gap next to the name", mail.Name, mail.Type, mail, func(w *world, m *mdns.Msg) {
		only(m, mdns.RcodeNameError, nil, append(append(soa(z(w)), z(w).cover("maia.ok.test")...), z(w).cover("*.ok.test")...))
	}, Bogus, "no proof")
	any := dns.Question{Name: "any.wild.ok.test", Type: dns.TypeTXT}
	forge("NXDOMAIN without the wildcard's proof", any.Name, any.Type, any, func(w *world, m *mdns.Msg) {
		only(m, mdns.RcodeNameError, nil, append(soa(z(w)), z(w).cover("any.wild.ok.test")...))
	}, Bogus, "no proof")
	forge("NODATA by a wildcard that has the type", any.Name, any.Type, any, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(append(soa(z(w)), z(w).cover("any.wild.ok.test")...), z(w).match("*.wild.ok.test")...))
	}, Bogus, "no proof")
	deep := dns.Question{Name: "deep.below.wild.ok.test", Type: dns.TypeTXT}
	forge("the wildcard for a name that exists", deep.Name, deep.Type, deep, func(w *world, m *mdns.Msg) {
		only(m, 0, z(w).with(dns.Question{Name: "*.wild.ok.test", Type: dns.TypeTXT}, deep.Name), z(w).cover("dean.below.wild.ok.test"))
	}, Bogus, "no proof that a wildcard may answer")
	below := dns.Question{Name: "x.below.wild.ok.test", Type: dns.TypeTXT}
	forge("the wildcard past an empty non-terminal", below.Name, below.Type, below, func(w *world, m *mdns.Msg) {
		only(m, 0, z(w).with(dns.Question{Name: "*.wild.ok.test", Type: dns.TypeTXT}, below.Name), z(w).cover(below.Name))
	}, Bogus, "no proof that a wildcard may answer")
	alias := dns.Question{Name: "alias.ok.test", Type: dns.TypeA}
	forge("NODATA by the proof of an alias", alias.Name, alias.Type, alias, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(soa(z(w)), z(w).match("alias.ok.test")...))
	}, Bogus, "no proof")
	forge("NODATA by the wildcard's proof, moved", any.Name, dns.TypeA, dns.Question{Name: any.Name, Type: dns.TypeA}, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(soa(z(w)), z(w).with(dns.Question{Name: "*.wild.ok.test", Type: dns.TypeNSEC}, any.Name)...))
	}, Bogus, "comes from a wildcard")
	forge("NXDOMAIN said to be NODATA", "nope.ok.test", dns.TypeA, dns.Question{Name: "nope.ok.test", Type: dns.TypeA}, func(w *world, m *mdns.Msg) {
		m.Rcode = 0
	}, Bogus, "the answer is nodata, what is proved is nxdomain")
	forge("NODATA said to be NXDOMAIN", "mail.ok.test", dns.TypeTXT, dns.Question{Name: "mail.ok.test", Type: dns.TypeTXT}, func(w *world, m *mdns.Msg) {
		m.Rcode = mdns.RcodeNameError
	}, Bogus, "the answer is nxdomain, what is proved is nodata")
	forge("an empty non-terminal said not to exist", "empty.ok.test", dns.TypeA, dns.Question{Name: "empty.ok.test", Type: dns.TypeA}, func(w *world, m *mdns.Msg) {
		m.Rcode = mdns.RcodeNameError
		m.Ns = append(m.Ns, z(w).cover("*.ok.test")...)
	}, Bogus, "nodata")
	forge("a changed SOA record", "nope.ok.test", dns.TypeA, dns.Question{Name: "nope.ok.test", Type: dns.TypeA}, func(w *world, m *mdns.Msg) {
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
	nope := dns.Question{Name: "nope.ok.test", Type: dns.TypeA}
	if got := forge("a compact NXDOMAIN", nope.Name, nope.Type, nope, madeUp(typeNXName), Secure, ""); got.Answer.Status != dns.NXDomain {
		t.Errorf("a compact NXDOMAIN is %s", got.Answer.Status)
	}
	if got := forge("a compact NODATA", nope.Name, nope.Type, nope, madeUp(), Secure, ""); got.Answer.Status != dns.NoData {
		t.Errorf("a compact NODATA is %s", got.Answer.Status)
	}

	// At and below zone cuts.
	ds := dns.Question{Name: "ok.test", Type: dns.TypeDS}
	forge("no DS record, unproved", mail.Name, mail.Type, ds, func(w *world, m *mdns.Msg) { only(m, 0, nil, soa(w.zones["test"])) }, Bogus, "no proof")
	forge("no DS record, by the child's own proof", mail.Name, mail.Type, ds, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(soa(z(w)), z(w).match("ok.test")...))
	}, Bogus, "no proof")
	forge("no DS record, by the proof of another delegation", mail.Name, mail.Type, ds, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(soa(w.zones["test"]), w.zones["test"].match("plain.test")...))
	}, Bogus, "no proof")
	forge("the DS record of another zone", mail.Name, mail.Type, ds, func(w *world, m *mdns.Msg) {
		only(m, 0, w.zones["test"].with(dns.Question{Name: "n3.test", Type: dns.TypeDS}, "ok.test"), nil)
	}, Bogus, "does not verify")
	forge("the keys of another zone", mail.Name, mail.Type, dns.Question{Name: "ok.test", Type: dns.TypeDNSKEY}, func(w *world, m *mdns.Msg) {
		only(m, 0, w.zones["n3.test"].with(dns.Question{Name: "n3.test", Type: dns.TypeDNSKEY}, "ok.test"), nil)
	}, Bogus, "matches its DS records")
	forge("one key more", mail.Name, mail.Type, dns.Question{Name: "ok.test", Type: dns.TypeDNSKEY}, func(w *world, m *mdns.Msg) {
		m.Answer = append(m.Answer, key(t, "ok.test", mdns.ECDSAP256SHA256, 257, 99999).rr)
	}, Bogus, "does not verify")
	sub := dns.Question{Name: "mail.sub.ok.test", Type: dns.TypeA}
	forge("NXDOMAIN below a cut by the parent's proof", sub.Name, sub.Type, sub, func(w *world, m *mdns.Msg) {
		only(m, mdns.RcodeNameError, nil, append(append(soa(z(w)), z(w).cover("mail.sub.ok.test")...), z(w).cover("*.ok.test")...))
	}, Bogus, "no proof")
	forge("NODATA at a cut by the parent's proof", "sub.ok.test", dns.TypeTXT, dns.Question{Name: "sub.ok.test", Type: dns.TypeTXT}, func(w *world, m *mdns.Msg) {
		only(m, 0, nil, append(soa(z(w)), z(w).match("sub.ok.test")...))
	}, Bogus, "no proof")
	opt := dns.Question{Name: "ok.opt", Type: dns.TypeDS}
	forge("a secure delegation said to be in an opt-out range", "mail.ok.opt", dns.TypeA, opt, func(w *world, m *mdns.Msg) {
		o := w.zones["opt"]
		var all []mdns.RR
		for _, h := range o.nsecs {
			all = append(all, o.with(dns.Question{Name: o.under(h), Type: dns.TypeNSEC3}, o.under(h))...)
		}
		only(m, 0, nil, append(soa(o), all...))
	}, Bogus, "no proof")
	n3 := func(w *world) *testZone { return w.zones["n3.test"] }
	cut := dns.Question{Name: "mail.cut.n3.test", Type: dns.TypeA}
	forge("NXDOMAIN below a cut by the parent's NSEC3 proof", cut.Name, cut.Type, cut, func(w *world, m *mdns.Msg) {
		only(m, mdns.RcodeNameError, nil, once(slices.Concat(soa(n3(w)), n3(w).match("cut.n3.test"), n3(w).cover("mail.cut.n3.test"), n3(w).cover("*.cut.n3.test"))))
	}, Bogus, "no proof")
	wild3 := dns.Question{Name: "any.wild.n3.test", Type: dns.TypeTXT}
	forge("NSEC3 NXDOMAIN without the wildcard's proof", wild3.Name, wild3.Type, wild3, func(w *world, m *mdns.Msg) {
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
				ns = append(ns, o.with(dns.Question{Name: o.under(h), Type: dns.TypeNSEC3}, o.under(h))...)
			}
			only(m, mdns.RcodeNameError, nil, ns)
		}
	}
	forge("NSEC3 NXDOMAIN with the first records of the zone", "mail.n3.test", dns.TypeA, dns.Question{Name: "mail.n3.test", Type: dns.TypeA}, half(true), Bogus, "no proof")
	forge("NSEC3 NXDOMAIN with the last records of the zone", "mail.n3.test", dns.TypeA, dns.Question{Name: "mail.n3.test", Type: dns.TypeA}, half(false), Bogus, "no proof")
	forge("NSEC3 NXDOMAIN with more records than are looked at", "mail.n3.test", dns.TypeA, dns.Question{Name: "mail.n3.test", Type: dns.TypeA}, func(w *world, m *mdns.Msg) {
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
		set := &signedSet{name: name, typ: dns.TypeA, rrs: []mdns.RR{rr}, sigs: []*mdns.RRSIG{ok.signature(t, ok.zsk, []mdns.RR{rr})}}
		if got := r.verify(set, "ok.test", keys); got.security != want {
			t.Errorf("%s by ok.test: %+v", name, got)
		}
	}
	test("mail.ok.test", Secure)
	test("evilok.test", Bogus)
	test("test", Bogus)

	at := func(name string, typ dns.Type, want bool, types ...uint16) {
		t.Helper()
		if _, ok := denyTypes(types, name, typ); ok != want {
			t.Errorf("%v at %q says something of %s: %v", types, name, typ, ok)
		}
	}
	at("ok.test", dns.TypeDS, false, mdns.TypeNS, mdns.TypeSOA)
	at("ok.test", dns.TypeDS, true, mdns.TypeNS)
	at("ok.test", dns.TypeDS, false, mdns.TypeNS, mdns.TypeDS)
	at("", dns.TypeDS, true, mdns.TypeNS, mdns.TypeSOA)
	at("ok.test", dns.TypeTXT, false, mdns.TypeNS)
	at("ok.test", dns.TypeTXT, true, mdns.TypeNS, mdns.TypeSOA)
	at("ok.test", dns.TypeTXT, false, mdns.TypeCNAME)
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
		q := dns.Question{Name: z.apex, Type: dns.TypeDNSKEY} // the true ZSK comes last
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
		q := dns.Question{Name: "mail.manysigs.test", Type: dns.TypeA}
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
		q := dns.Question{Name: "mail.manyfailed.test", Type: dns.TypeA}
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
		got, err := NewValidator(w, o).Validate(context.Background(), name, dns.TypeA)
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
	if got, err := NewValidator(w, ValidatorOptions{Anchors: w.anchors, Now: signedTime, MaxQuestions: 6}).Validate(context.Background(), "mail.ok.test", dns.TypeA); err != nil || got.Security != Secure {
		t.Errorf("%+v, %v", got, err)
	}

	// What is remembered stays bounded, and right.
	v := NewValidator(w, ValidatorOptions{Anchors: w.anchors, Now: signedTime, MaxZones: 2})
	for range 3 {
		for _, name := range []string{"mail.ok.test", "a.b.empty.ok.test", "empty.ok.test"} {
			if got, err := v.Validate(context.Background(), name, dns.TypeNS); err != nil || got.Security != Secure {
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
				got, err := v.Validate(context.Background(), name, dns.TypeA)
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
