package dnssec

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/live"
)

func signedTime() time.Time { return signedNow }

func validator(src dns.RawSource, w *world) *Validator {
	return NewValidator(src, ValidatorOptions{Anchors: w.anchors, Now: signedTime})
}

// site is what every zone of the tests holds besides its own.
const site = `
@ TXT "apex"
@ MX 10 mail
mail A 192.0.2.1
mail A 192.0.2.2
*.wild TXT "from the wildcard"
deep.below.wild TXT "not from the wildcard"
*.aliases CNAME mail
alias CNAME mail
a.b.empty TXT "below empty non-terminals"
away CNAME mail.n3.test.
home CNAME mail.plain.test.
lost CNAME nowhere.ok.test.
tree DNAME sub.n3.test.
_25._tcp.mail TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
`

// tree is one zone of each kind.
func tree(t testing.TB) *world {
	t.Helper()
	hour := time.Hour
	firstSig := func(z *testZone, name string, typ dns.Type) *mdns.RRSIG {
		return z.sigs[dns.Question{Name: name, Type: typ}][0].(*mdns.RRSIG)
	}
	ok := &testZone{apex: "ok.test", text: site}
	zones := []*testZone{
		{apex: "", algorithm: mdns.RSASHA256},
		{apex: "test", algorithm: mdns.RSASHA256},
		{apex: "opt", algorithm: mdns.ED25519, nsec3: true, optOut: true, text: "*.wild TXT \"w\"\n"},
		ok,
		{apex: "sub.ok.test", text: site},
		{apex: "ed.test", algorithm: mdns.ED25519, text: site},
		{apex: "rsa.test", algorithm: mdns.RSASHA512, text: site},
		{apex: "p384.test", algorithm: mdns.ECDSAP384SHA384, text: site},
		{apex: "n3.test", nsec3: true, salt: "aabbccdd", iterations: 5, text: site + "x.sub TXT \"by DNAME\"\n"},
		{apex: "in.n3.test", noDS: true, text: site},
		{apex: "cut.n3.test", text: site},
		{apex: "plain.test", unsigned: true, text: site},
		{apex: "deep.plain.test", text: site},
		{apex: "island.test", noDS: true, text: site},
		{apex: "island.opt", noDS: true, text: site},
		{apex: "plain.opt", unsigned: true, text: site},
		{apex: "ok.opt", nsec3: true, text: site},

		{apex: "expired.test", text: site, inception: signedNow.Add(-48 * hour), expiration: signedNow.Add(-hour)},
		{apex: "early.test", text: site, inception: signedNow.Add(hour), expiration: signedNow.Add(48 * hour)},
		{apex: "backwards.test", text: site, inception: signedNow.Add(hour), expiration: signedNow.Add(-hour)},
		{apex: "digest.test", text: site, ds: func(good []mdns.RR, _ *mdns.DNSKEY) []mdns.RR {
			d := good[0].(*mdns.DS)
			d.Digest = strings.Repeat("ab", 32)
			return good
		}},
		{apex: "otherkey.test", text: site, ds: func(good []mdns.RR, _ *mdns.DNSKEY) []mdns.RR {
			good[0].(*mdns.DS).KeyTag++
			return good
		}},
		{apex: "signer.test", text: site, signer: "ok.test"},
		{apex: "evilok.test", text: site, after: func(z *testZone) {
			// Signed by the zone whose name is the end of its own.
			q := dns.Question{Name: "mail.evilok.test", Type: dns.TypeA}
			by := &testZone{signer: "ok.test", inception: ok.inception, expiration: ok.expiration}
			z.sigs[q] = []mdns.RR{by.signature(t, ok.zsk, z.sets[q])}
		}},
		{apex: "nosig.test", text: site, after: func(z *testZone) {
			delete(z.sigs, dns.Question{Name: "mail.nosig.test", Type: dns.TypeA})
		}},
		{apex: "nokeysig.test", text: site, after: func(z *testZone) {
			delete(z.sigs, dns.Question{Name: "nokeysig.test", Type: dns.TypeDNSKEY})
		}},
		{apex: "nokeys.test", text: site, after: func(z *testZone) {
			delete(z.sets, dns.Question{Name: "nokeys.test", Type: dns.TypeDNSKEY})
		}},
		{apex: "changed.test", text: site, after: func(z *testZone) {
			z.sets[dns.Question{Name: "mail.changed.test", Type: dns.TypeA}][0].(*mdns.A).A[3]++
		}},
		{apex: "wrongtag.test", text: site, after: func(z *testZone) {
			firstSig(z, "mail.wrongtag.test", dns.TypeA).KeyTag++
		}},
		{apex: "ownkey.test", text: site, after: func(z *testZone) {
			// The key set is signed, but not by the key of the DS record.
			q := dns.Question{Name: z.apex, Type: dns.TypeDNSKEY}
			z.sigs[q] = []mdns.RR{z.signature(t, z.zsk, z.sets[q])}
		}},
		{apex: "revoked.test", text: site, ds: func(good []mdns.RR, ksk *mdns.DNSKEY) []mdns.RR {
			ksk.Flags |= mdns.REVOKE
			return good
		}},
		{apex: "nozonekey.test", text: site, ds: func(_ []mdns.RR, ksk *mdns.DNSKEY) []mdns.RR {
			ksk.Flags &^= mdns.ZONE
			return []mdns.RR{ksk.ToDS(mdns.SHA256)}
		}},
		{apex: "nodenial.test", text: site, after: func(z *testZone) {
			for q := range z.sets {
				if q.Type == dns.TypeNSEC {
					delete(z.sets, q)
					delete(z.sigs, q)
				}
			}
		}},
		{apex: "stale3.test", nsec3: true, text: site, after: func(z *testZone) {
			for q := range z.sets {
				if q.Type == dns.TypeNSEC3 {
					sig := firstSig(z, q.Name, q.Type)
					sig.Expiration = uint32(signedNow.Add(-hour).Unix())
				}
			}
		}},
		{apex: "many3.test", nsec3: true, iterations: maxIterations + 1, text: site},
		{apex: "most3.test", nsec3: true, iterations: maxIterations, text: site},
		{apex: "sha1.test", algorithm: mdns.RSASHA1, text: site},
		{apex: "ed448.test", text: site, ds: func(good []mdns.RR, _ *mdns.DNSKEY) []mdns.RR {
			good[0].(*mdns.DS).Algorithm = mdns.ED448
			return good
		}},
		{apex: "gost.test", text: site, ds: func(good []mdns.RR, _ *mdns.DNSKEY) []mdns.RR {
			good[0].(*mdns.DS).DigestType = mdns.GOST94
			return good
		}},
		{apex: "both.test", text: site, ds: func(good []mdns.RR, _ *mdns.DNSKEY) []mdns.RR {
			other := mdns.Copy(good[0]).(*mdns.DS)
			other.Algorithm = mdns.ED448
			return append([]mdns.RR{other}, good...)
		}},
		{apex: "sha1ds.test", text: site, ds: func(_ []mdns.RR, ksk *mdns.DNSKEY) []mdns.RR {
			return []mdns.RR{ksk.ToDS(mdns.SHA1)}
		}},
		{apex: "sha384ds.test", text: site, ds: func(_ []mdns.RR, ksk *mdns.DNSKEY) []mdns.RR {
			return []mdns.RR{ksk.ToDS(mdns.SHA384)}
		}},
		{apex: "mixedds.test", text: site, ds: func(good []mdns.RR, ksk *mdns.DNSKEY) []mdns.RR {
			good[0].(*mdns.DS).Digest = strings.Repeat("cd", 32)
			return append(good, ksk.ToDS(mdns.SHA1))
		}},
		{apex: "short.test", algorithm: mdns.RSASHA256, text: site, ds: func(_ []mdns.RR, ksk *mdns.DNSKEY) []mdns.RR {
			*ksk = *shortKey(t, "short.test")
			return []mdns.RR{ksk.ToDS(mdns.SHA256)}
		}},
	}
	return newWorld(t, zones...)
}

// shortKey is an RSA key of 512 bits, of which nothing is to be signed.
func shortKey(t testing.TB, apex string) *mdns.DNSKEY {
	t.Helper()
	rr, err := mdns.NewRR(apex + ". 3600 DNSKEY 257 3 8 AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmObdk=")
	if err != nil {
		t.Fatal(err)
	}
	return rr.(*mdns.DNSKEY)
}

// TestValidate is the table of what must come out, over the network and from
// a fresh validator each, then once more from one that knows the zones.
func TestValidate(t *testing.T) {
	w := tree(t)
	w.fail[dns.Question{Name: "broken.ok.test", Type: dns.TypeA}] = mdns.RcodeServerFailure
	w.fail[dns.Question{Name: "nokeyanswer.test", Type: dns.TypeDS}] = mdns.RcodeServerFailure
	w.fail[dns.Question{Name: "refused.ok.test", Type: dns.TypeA}] = mdns.RcodeRefused
	w.fail[dns.Question{Name: "silent.ok.test", Type: dns.TypeA}] = -1
	l := live.New(live.Options{Servers: []string{w.serve(t)}, Retries: -1})
	warm := validator(l, w)
	test := func(name string, typ dns.Type, want Security, detail string) {
		t.Helper()
		for _, v := range []*Validator{validator(l, w), warm, warm} {
			got, err := v.Validate(context.Background(), name, typ)
			if err != nil {
				t.Errorf("%s %s: %v", name, typ, err)
				return
			}
			text := got.Reason
			if want == Secure {
				text = string(got.Answer.Status)
				for _, c := range got.Answer.CNAMEs {
					text += " ->" + c
				}
				for _, r := range got.Answer.Records {
					text += " " + r.Data
				}
			}
			if got.Security != want || !strings.Contains(text, detail) || (got.Reason == "") != (got.Security == Secure) {
				t.Errorf("%s %s: got %s, %q %q, want %s, %q", name, typ, got.Security, text, got.Reason, want, detail)
			}
			if got.Name != dns.Canonical(name) || got.Type != typ || got.Answer.Name != got.Name || got.Answer.Type != typ {
				t.Errorf("%s %s: answers %s %s", name, typ, got.Name, got.Type)
			}
			consistent(t, got)
		}
	}

	// Every way to a secure answer, by each algorithm and both kinds of proof.
	for _, z := range []string{"ok.test", "Sub.OK.test.", "ed.test", "rsa.test", "p384.test", "n3.test", "most3.test", "ok.opt", "both.test", "sha1ds.test", "sha384ds.test"} {
		test(z, dns.TypeTXT, Secure, `noerror "apex"`)
		test(z, dns.TypeMX, Secure, "noerror 10 mail.")
		test(z, dns.TypeNS, Secure, "noerror ns.")
		test(z, dns.TypeSOA, Secure, "noerror ns.")
		test(z, dns.TypeDNSKEY, Secure, "noerror 25")
		test(z, dns.TypeDS, Secure, "noerror ")
		test("mail."+z, dns.TypeA, Secure, "noerror 192.0.2.1 192.0.2.2")
		test("_25._tcp.mail."+z, dns.TypeTLSA, Secure, "noerror 3 1 1 0011")
		test("alias."+z, dns.TypeA, Secure, "noerror ->mail.")
		test("alias."+z, dns.TypeCNAME, Secure, "noerror mail.")
		test("lost."+z, dns.TypeA, Secure, "nxdomain ->nowhere.ok.test")
		test("away."+z, dns.TypeA, Secure, "noerror ->mail.n3.test 192.0.2.1")
		test("any.wild."+z, dns.TypeTXT, Secure, `noerror "from the wildcard"`)
		test("x.y.wild."+z, dns.TypeTXT, Secure, `noerror "from the wildcard"`)
		test("x.aliases."+z, dns.TypeA, Secure, "noerror ->mail.")
		test("any.wild."+z, dns.TypeA, Secure, "nodata")
		test("deep.below.wild."+z, dns.TypeTXT, Secure, `noerror "not from`)
		test("x.below.wild."+z, dns.TypeTXT, Secure, "nxdomain")
		test("*.wild."+z, dns.TypeTXT, Secure, `noerror "from`)
		test("mail."+z, dns.TypeTXT, Secure, "nodata")
		test("mail."+z, dns.TypeDS, Secure, "nodata")
		test("alias."+z, dns.TypeDS, Secure, "nodata ->mail.")
		test("nope."+z, dns.TypeA, Secure, "nxdomain")
		test("nope."+z, dns.TypeDS, Secure, "nxdomain")
		test("a.nope."+z, dns.TypeA, Secure, "nxdomain")
		test("a."+z, dns.TypeA, Secure, "nxdomain")
		test("zzz."+z, dns.TypeA, Secure, "nxdomain")
		test("empty."+z, dns.TypeA, Secure, "nodata")
		test("b.empty."+z, dns.TypeA, Secure, "nodata")
		test("x.b.empty."+z, dns.TypeA, Secure, "nxdomain")
		test("wild."+z, dns.TypeA, Secure, "nodata")
		test("x.tree."+z, dns.TypeTXT, Secure, `noerror ->x.sub.n3.test "by DNAME"`)
		test("y.tree."+z, dns.TypeTXT, Secure, `nxdomain ->y.sub.n3.test`)
		test("x.tree."+z, dns.TypeCNAME, Secure, `noerror x.sub.n3.test.`)
		test("home."+z, dns.TypeA, Insecure, "proves that plain.test has no DS record")
	}
	test("", dns.TypeNS, Secure, "noerror ns.")
	test("", dns.TypeTXT, Secure, "nodata")
	test("", dns.TypeDS, Secure, "nodata")
	test("", dns.TypeDNSKEY, Secure, "noerror 25")
	test("nope", dns.TypeA, Secure, "nxdomain")
	test("plain.test", dns.TypeDS, Secure, "nodata")

	// Not signed, with proof.
	for _, z := range []string{"plain.test", "deep.plain.test", "island.test", "in.n3.test"} {
		above := strings.TrimPrefix(z, "deep.")
		for _, name := range []string{z, "mail." + z, "nope." + z, "alias." + z, "any.wild." + z, "empty." + z} {
			test(name, dns.TypeA, Insecure, "proves that "+above+" has no DS record")
		}
	}
	test("deep.plain.test", dns.TypeDS, Insecure, "plain.test has no DS")
	test("plain.opt", dns.TypeTXT, Insecure, "opt-out range of the zone opt covers plain.opt")
	test("mail.island.opt", dns.TypeA, Insecure, "opt-out")
	test("nope.opt", dns.TypeA, Insecure, "opt-out")
	test("x.wild.opt", dns.TypeTXT, Insecure, "opt-out")
	test("plain.opt", dns.TypeDS, Insecure, "opt-out")
	test("mail.sha1.test", dns.TypeA, Insecure, "RSASHA1, SHA-256")
	test("mail.ed448.test", dns.TypeA, Insecure, "ED448")
	test("mail.gost.test", dns.TypeA, Insecure, "GOST R 34.11-94")
	test("mail.short.test", dns.TypeA, Insecure, "RSA key of 512 bits")
	test("nope.many3.test", dns.TypeA, Insecure, "51 times over")
	test("mail.many3.test", dns.TypeTXT, Insecure, "51 times over")
	test("mail.many3.test", dns.TypeA, Secure, "192.0.2.1")

	// Bogus, each for its own reason.
	for _, name := range []string{"mail.", "nope.", "any.wild.", ""} {
		test(name+"expired.test", dns.TypeA, Bogus, "the DNSKEY record set of expired.test has a signature that expired on 2026-06-01T11:00:00Z")
		test(name+"early.test", dns.TypeA, Bogus, "not valid before 2026-06-01T13:00:00Z")
		test(name+"backwards.test", dns.TypeA, Bogus, "expires before it begins")
		test(name+"digest.test", dns.TypeA, Bogus, "has another digest")
		test(name+"otherkey.test", dns.TypeA, Bogus, "no DNSKEY record of otherkey.test matches")
		test(name+"signer.test", dns.TypeA, Bogus, "is signed by ok.test, not by the zone signer.test")
		test(name+"nokeysig.test", dns.TypeA, Bogus, "the DNSKEY record set of nokeysig.test has no signature")
		test(name+"nokeys.test", dns.TypeA, Bogus, "has a DS record and no DNSKEY records")
		test(name+"ownkey.test", dns.TypeA, Bogus, "is signed by the key")
		test(name+"revoked.test", dns.TypeA, Bogus, "is revoked")
		test(name+"nozonekey.test", dns.TypeA, Bogus, "is not a zone key")
		test(name+"mixedds.test", dns.TypeA, Bogus, "has another digest")
	}
	test("mail.evilok.test", dns.TypeA, Bogus, "is signed by ok.test, not by the zone evilok.test")
	test("mail.nosig.test", dns.TypeA, Bogus, "the A record set of mail.nosig.test has no signature")
	test("mail.changed.test", dns.TypeA, Bogus, "that does not verify")
	test("mail.wrongtag.test", dns.TypeA, Bogus, "which the zone wrongtag.test does not have")
	// Nor does anything say whether these names are zones of their own.
	test("nope.nodenial.test", dns.TypeA, Bogus, "no proof that nope.nodenial.test has no DS records")
	test("mail.nodenial.test", dns.TypeTXT, Bogus, "no proof that mail.nodenial.test has no DS records")
	test("any.wild.nodenial.test", dns.TypeTXT, Bogus, "no proof that a wildcard may answer")
	test("nope.stale3.test", dns.TypeA, Bogus, "expired on 2026-06-01T11:00:00Z")
	test("any.wild.stale3.test", dns.TypeTXT, Bogus, "expired on")
	test("mail.stale3.test", dns.TypeA, Secure, "192.0.2.1")
	test("lost.nosig.test", dns.TypeA, Secure, "nxdomain")

	// No saying.
	test("broken.ok.test", dns.TypeA, Indeterminate, "servfail")
	test("refused.ok.test", dns.TypeA, Indeterminate, "refused")
	test("silent.ok.test", dns.TypeA, Indeterminate, "timeout")
	test("x.nokeyanswer.test", dns.TypeA, Secure, "nxdomain") // nothing of it is needed
	test("mail.ok.test", dns.TypeRRSIG, Indeterminate, "not signed")
}

// consistent checks what holds for every validation.
func consistent(t *testing.T, v *Validation) {
	t.Helper()
	if v.Security == Secure {
		if len(v.Algorithms) == 0 || v.Expires.Before(signedNow) || v.Inception.After(signedNow) || len(v.Chain) == 0 {
			t.Errorf("%s %s: secure by %v from %v to %v, %d links", v.Name, v.Type, v.Algorithms, v.Inception, v.Expires, len(v.Chain))
		}
		if !slices.ContainsFunc(v.Chain, func(l Link) bool { return l.Zone == v.Zone }) {
			t.Errorf("%s %s: zone %q is not in the chain", v.Name, v.Type, v.Zone)
		}
		for _, l := range v.Chain {
			if l.Security != Secure || l.Reason != "" || l.SignedBy == 0 || len(l.Digests) == 0 || len(l.KeyTags) == 0 || l.Expires.Before(v.Expires) {
				t.Errorf("%s %s: link %+v", v.Name, v.Type, l)
			}
		}
	}
	if len(v.Chain) > 0 && v.Chain[0].Zone != "" {
		t.Errorf("%s %s: the chain begins at %s", v.Name, v.Type, v.Chain[0].Zone)
	}
}

func TestValidateAcceptSHA1(t *testing.T) {
	w := tree(t)
	v := NewValidator(w, ValidatorOptions{Anchors: w.anchors, Now: signedTime, AcceptSHA1: true})
	got, err := v.Validate(context.Background(), "mail.sha1.test", dns.TypeA)
	if err != nil || got.Security != Secure || !slices.Contains(got.Algorithms, "RSASHA1") {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestValidation looks at all that one outcome says.
func TestValidation(t *testing.T) {
	w := tree(t)
	w.zones["test"].sigs[dns.Question{Name: "sub.ok.test", Type: dns.TypeDS}] = nil
	v := validator(w, w)
	got, err := v.Validate(context.Background(), "_25._tcp.mail.ok.test", dns.TypeTLSA)
	if err != nil {
		t.Fatal(err)
	}
	if got.Zone != "ok.test" || !slices.Equal(got.Algorithms, []string{"ECDSAP256SHA256"}) || got.Answer.TTL != 300 || got.Answer.Server != "world" {
		t.Errorf("%+v", got)
	}
	var chain []string
	for _, l := range got.Chain {
		chain = append(chain, l.Zone+" "+strings.Join(l.Algorithms, ",")+" "+strings.Join(l.Digests, ","))
		if !l.Expires.Equal(signedNow.Add(14*24*time.Hour)) || !l.Inception.Equal(signedNow.Add(-24*time.Hour)) || l.SignedBy != l.KeyTags[0] {
			t.Errorf("link %+v", l)
		}
	}
	want := []string{" RSASHA256 SHA-256", "test RSASHA256 SHA-256", "ok.test ECDSAP256SHA256 SHA-256"}
	if !slices.Equal(chain, want) {
		t.Errorf("chain %q, want %q", chain, want)
	}
	// Three DNSKEY and two DS questions, and the answer: the signature says where
	// to stop.
	if len(w.asked) != 6 {
		t.Errorf("asked %v", w.asked)
	}
	w.asked = nil
	if _, err := v.Validate(context.Background(), "mail.ok.test", dns.TypeA); err != nil || len(w.asked) != 1 {
		t.Errorf("%v, asked again: %v", err, w.asked)
	}

	got, _ = v.Validate(context.Background(), "mail.expired.test", dns.TypeA)
	if !got.Expires.Equal(signedNow.Add(-time.Hour)) || got.Zone != "expired.test" || got.Chain[len(got.Chain)-1].Security != Bogus {
		t.Errorf("expired: %+v", got)
	}
	got, _ = v.Validate(context.Background(), "mail.early.test", dns.TypeA)
	if !got.Inception.Equal(signedNow.Add(time.Hour)) {
		t.Errorf("early: %+v", got)
	}
}

// The time is asked for again for each validation, and what was remembered does
// not outlive its signatures.
func TestValidateTime(t *testing.T) {
	w := tree(t)
	now := signedNow
	v := NewValidator(w, ValidatorOptions{Anchors: w.anchors, Now: func() time.Time { return now }})
	test := func(at time.Time, want Security, detail string) {
		t.Helper()
		now = at
		got, err := v.Validate(context.Background(), "mail.ok.test", dns.TypeA)
		if err != nil || got.Security != want || !strings.Contains(got.Reason, detail) {
			t.Errorf("at %v: %+v, %v", at, got, err)
		}
	}
	begin, end := signedNow.Add(-24*time.Hour), signedNow.Add(14*24*time.Hour)
	test(begin, Secure, "")
	test(end, Secure, "")
	test(end.Add(time.Second), Bogus, "expired")
	test(begin.Add(-time.Second), Bogus, "not valid before")
	test(end.Add(-time.Second), Secure, "")
	test(end.Add(time.Second), Bogus, "expired")

	none := NewValidator(w, ValidatorOptions{Anchors: w.anchors})
	if got, err := none.Validate(context.Background(), "mail.ok.test", dns.TypeA); err != nil || got.Security != Indeterminate {
		t.Errorf("without a time: %+v, %v", got, err)
	}
}

func TestValidateAnchors(t *testing.T) {
	w := tree(t)
	test := func(anchors []Anchor, want Security, detail string) {
		t.Helper()
		v := NewValidator(w, ValidatorOptions{Anchors: anchors, Now: signedTime})
		got, err := v.Validate(context.Background(), "mail.ok.test", dns.TypeA)
		if err != nil || got.Security != want || !strings.Contains(got.Reason, detail) {
			t.Errorf("%v: %+v, %v", anchors, got, err)
		}
	}
	test(w.anchors, Secure, "")
	test(append(RootAnchors(), w.anchors...), Secure, "")
	test(nil, Bogus, "matches its DS records: key 20326, RSASHA256, SHA-256; key 38696")
	test([]Anchor{}, Indeterminate, "no trust anchor")
	test([]Anchor{{1, 16, 2, "00"}}, Indeterminate, "ED448")
	other := w.anchors[0]
	other.Digest = strings.Repeat("00", 32)
	test([]Anchor{other}, Bogus, "another digest")
}

// The anchors that are built in are digests of the keys of the root zone, which
// are public.
func TestRootAnchors(t *testing.T) {
	keys := []string{
		"AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU=",
		"AwEAAa96jeuknZlaeSrvyAJj6ZHv28hhOKkx3rLGXVaC6rXTsDc449/cidltpkyGwCJNnOAlFNKF2jBosZBU5eeHspaQWOmOElZsjICMQMC3aeHbGiShvZsx4wMYSjH8e7Vrhbu6irwCzVBApESjbUdpWWmEnhathWu1jo+siFUiRAAxm9qyJNg/wOZqqzL/dL/q8PkcRU5oUKEpUge71M3ej2/7CPqpdVwuMoTvoB+ZOT4YeGyxMvHmbrxlFzGOHOijtzN+u1TQNatX2XBuzZNQ1K+s2CXkPIZo7s6JgZyvaBevYtxPvYLw4z9mR7K2vaF18UYH9Z9GNUUeayffKC73PYc=",
	}
	got := RootAnchors()
	if len(got) != len(keys) {
		t.Fatalf("%d anchors", len(got))
	}
	for i, k := range keys {
		rr := &mdns.DNSKEY{Hdr: mdns.RR_Header{Name: ".", Rrtype: mdns.TypeDNSKEY, Class: mdns.ClassINET}, Flags: 257, Protocol: 3, Algorithm: mdns.RSASHA256, PublicKey: k}
		ds := rr.ToDS(mdns.SHA256)
		if want := (Anchor{ds.KeyTag, ds.Algorithm, ds.DigestType, strings.ToUpper(ds.Digest)}); got[i] != want {
			t.Errorf("got %v, want %v", got[i], want)
		}
	}
}

// What fails on our side is an error.
func TestValidateError(t *testing.T) {
	w := tree(t)
	test := func(ctx context.Context, src dns.RawSource, name string, want dns.Failure) {
		t.Helper()
		got, err := NewValidator(src, ValidatorOptions{Anchors: w.anchors, Now: signedTime}).Validate(ctx, name, dns.TypeA)
		if e, ok := errors.AsType[*dns.Error](err); !ok || e.Failure != want {
			t.Errorf("%v, %v, want %s", got, err, want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	test(context.Background(), w, "a..b", dns.BadName)
	test(ctx, live.New(live.Options{Servers: []string{w.serve(t)}}), "mail.ok.test", dns.Cancelled)
	test(context.Background(), failing{&dns.Error{Failure: dns.Off}}, "mail.ok.test", dns.Off)
	test(context.Background(), failing{&dns.Error{Failure: dns.NotRecorded}}, "mail.ok.test", dns.NotRecorded)
	v := validator(failing{errors.New("odd")}, w)
	if got, err := v.Validate(context.Background(), "mail.ok.test", dns.TypeA); err != nil || got.Security != Indeterminate {
		t.Errorf("%+v, %v", got, err)
	}
}

type failing struct{ err error }

func (f failing) LookupRaw(context.Context, string, dns.Type) (dns.Raw, error) {
	return dns.Raw{}, f.err
}

// A resolver that knows nothing of DNSSEC is not a sign of fraud.
func TestValidateNoDNSSEC(t *testing.T) {
	test := func(change func(*mdns.Msg), detail string) {
		t.Helper()
		w := tree(t)
		w.change = change
		got, err := validator(live.New(live.Options{Servers: []string{w.serve(t)}, Retries: -1}), w).Validate(context.Background(), "mail.ok.test", dns.TypeA)
		if err != nil || got.Security != Indeterminate || !strings.Contains(got.Reason, detail) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	test(func(m *mdns.Msg) { m.Extra = nil }, "knows nothing of EDNS")
	test(func(m *mdns.Msg) { m.Extra, m.Rcode = nil, mdns.RcodeFormatError }, "malformed")
	test(func(m *mdns.Msg) {
		m.Answer = slices.DeleteFunc(m.Answer, func(rr mdns.RR) bool { return rr.Header().Rrtype == mdns.TypeRRSIG })
	}, "passes on no signatures")
}
