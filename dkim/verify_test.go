package dkim

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	mrand "math/rand"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/message"
)

const testBody = "Dear Bob,\r\n\r\nhere  are the figures.\t \r\n\r\nAnn\r\n"

// signed is testHeader and testBody with a signature that has these tags
// besides d=example.com and s=s.
func signed(t testing.TB, key crypto.Signer, tags string) string {
	t.Helper()
	return signWith(t, testHeader+"\r\n"+testBody, key, "d=example.com; s=s; "+tags)
}

func zone(records ...string) texts { return texts{"s._domainkey.example.com": records} }

// summary is what tests compare of a signature.
func summary(s Signature) string {
	return fmt.Sprintf("%s %s body %s header %s", s.Result, s.Code, s.BodyHash, s.HeaderSignature)
}

func TestVerdicts(t *testing.T) {
	k := testKeys()
	good := record(k.rsa2048)
	relaxed := "c=relaxed/relaxed"
	test := func(name, raw string, z dns.Resolver, o Options, want string) Signature {
		t.Helper()
		sigs, err := Verify(context.Background(), z, message.Parse([]byte(raw)), o)
		if err != nil || len(sigs) != 1 {
			t.Fatalf("%s: %d signatures, %v", name, len(sigs), err)
		}
		if got := summary(sigs[0]); got != want {
			t.Errorf("%s: %s (%s), want %s", name, got, sigs[0].Reason, want)
		}
		if (sigs[0].Code == ReasonNone) != (sigs[0].Result == Pass) || (sigs[0].Reason == "") != (sigs[0].Result == Pass) {
			t.Errorf("%s: %s with code %q and reason %q", name, sigs[0].Result, sigs[0].Code, sigs[0].Reason)
		}
		return sigs[0]
	}
	const ok = "pass  body match header match"
	raw := signed(t, k.rsa2048, relaxed)
	s := test("as signed", raw, zone(good), Options{}, ok)
	if s.KeyName != "s._domainkey.example.com" || s.KeyRecord != good || s.KeyType != "rsa" || s.KeyBits != 2048 || s.KeyRecords != 1 ||
		s.Identity != "@example.com" || s.Selector != "s" || s.Version != "1" || s.HeaderCanon != Relaxed || s.CanonicalBody == 0 {
		t.Errorf("facts: %+v", s)
	}
	test("ed25519", signed(t, k.ed, relaxed), zone(record(k.ed)), Options{}, ok)
	test("simple", signed(t, k.rsa2048, ""), zone(good), Options{}, ok)
	test("rsa 1024", signed(t, k.rsa1024, relaxed), zone(record(k.rsa1024)), Options{}, ok)
	test("LF only", strings.ReplaceAll(raw, "\r\n", "\n"), zone(good), Options{}, ok)
	test("LF only, simple", strings.ReplaceAll(signed(t, k.rsa2048, ""), "\r\n", "\n"), zone(good), Options{}, ok)
	test("case of names", signed(t, k.rsa2048, "a=RSA-SHA256; c=Relaxed/RELAXED; q=DNS/txt"), zone(strings.Replace(good, "k=rsa", "k=RSA", 1)), Options{}, ok)

	// What changed.
	test("body changed", raw+"footer\r\n", zone(good), Options{}, "fail body-hash body mismatch header match")
	test("subject changed", strings.Replace(raw, "Subject: ", "Subject: [x] ", 1), zone(good), Options{}, "fail signature body match header mismatch")
	test("both changed", strings.Replace(raw, "Subject: ", "Subject: [x] ", 1)+"footer\r\n", zone(good), Options{}, "fail body-hash body mismatch header mismatch")
	test("another key", raw, zone(record(k.rsa1024)), Options{}, "fail signature body match header mismatch")
	test("unsigned field changed", strings.Replace(raw, "X-Mailer: ", "X-Mailer: not ", 1), zone(good), Options{}, ok)
	test("From added, oversigned", strings.Replace(raw, "\r\nTo: ", "\r\nFrom: eve@evil.example\r\nTo: ", 1), zone(good), Options{}, "fail signature body match header mismatch")
	once := signed(t, k.rsa2048, relaxed+"; h=from:to")
	test("From added on top, not oversigned", "From: eve@evil.example\r\n"+once, zone(good), Options{}, ok)
	test("From added below, not oversigned", strings.Replace(once, "X-Mailer", "From: eve@evil.example\r\nX-Mailer", 1), zone(good), Options{}, "fail signature body match header mismatch")

	// The order of results: what cannot be used, what does not verify, policy.
	at := time.Unix(1_800_000_000, 0)
	expired := signed(t, k.rsa2048, relaxed+"; t=1799990000; x=1799999999")
	test("expired", expired, zone(good), Options{Now: at}, "permerror expired body match header match")
	test("not yet expired", expired, zone(good), Options{Now: at.Add(-time.Second)}, ok)
	test("time not judged", expired, zone(good), Options{}, ok)
	test("expired and changed", expired+"x", zone(good), Options{Now: at}, "fail body-hash body mismatch header match")
	future := signed(t, k.rsa2048, relaxed+"; t=1800000301")
	test("future", future, zone(good), Options{Now: at}, "policy future body match header match")
	test("future within the skew", future, zone(good), Options{Now: at.Add(time.Second)}, ok)
	test("x before t", signed(t, k.rsa2048, relaxed+"; t=5; x=5"), zone(good), Options{}, "permerror times body match header match")
	sha1 := signed(t, k.rsa2048, relaxed+"; a=rsa-sha1")
	test("sha1", sha1, zone(good), Options{}, "policy algorithm-obsolete body match header match")
	test("sha1, key for sha256", sha1, zone(good+"; h=sha256"), Options{}, "policy algorithm-obsolete body match header match")
	test("sha1, changed", sha1+"x", zone(good), Options{}, "fail body-hash body mismatch header match")
	test("sha1, ed25519 key", sha1, zone(record(k.ed)), Options{}, "permerror key-mismatch body match header unchecked")

	// l=
	body := string(AppendBody(nil, Relaxed, []byte(testBody)))
	whole := signed(t, k.rsa2048, fmt.Sprintf("c=relaxed/relaxed; l=%d", len(body)))
	test("l= of all", whole, zone(good), Options{}, ok)
	if s := test("l=, appended", whole+"spam\r\n", zone(good), Options{}, ok); s.UnsignedBytes != 6 || s.CanonicalBody != int64(len(body)+6) || *s.BodyLength != int64(len(body)) {
		t.Errorf("l=: %+v", s)
	}
	if s := test("l=0", signed(t, k.rsa2048, "c=relaxed/relaxed; l=0")+"x", zone(good), Options{}, ok); s.UnsignedBytes != s.CanonicalBody || s.UnsignedBytes == 0 {
		t.Errorf("l=0: %+v", s)
	}
	test("l= too long", signed(t, k.rsa2048, fmt.Sprintf("c=relaxed/relaxed; l=%d", len(body)+1)), zone(good), Options{}, "fail body-length body match header match")
	test("l= huge", signed(t, k.rsa2048, "c=relaxed/relaxed; l=99999999999999999999999999999999999999"), zone(good), Options{}, "fail body-length body match header match")
	test("l= no number", signed(t, k.rsa2048, "l=-1"), zone(good), Options{}, "permerror syntax body match header match")

	// Headers only.
	header := raw[:strings.Index(raw, "\r\n\r\n")+4]
	test("headers only", header, zone(good), Options{HeadersOnly: true}, "neutral body-missing body unchecked header match")
	test("headers only, changed", strings.Replace(header, "Subject: ", "Subject: x", 1), zone(good), Options{HeadersOnly: true}, "fail signature body unchecked header mismatch")

	// Keys.
	dnsName := "s._domainkey.example.com"
	for _, c := range []struct{ name, record, want string }{
		{"revoked", "v=DKIM1; p=", "permerror key-revoked body match header unchecked"},
		{"no p", "v=DKIM1; k=rsa", "permerror key-malformed body match header unchecked"},
		{"DKIM2", strings.Replace(good, "DKIM1", "DKIM2", 1), "permerror key-malformed body match header match"},
		{"v not first", strings.TrimPrefix(good, "v=DKIM1; ") + "; v=DKIM1", "permerror key-malformed body match header match"},
		{"no v", strings.TrimPrefix(good, "v=DKIM1; "), ok},
		{"no k", strings.Replace(good, " k=rsa;", "", 1), ok},
		{"unknown k", strings.Replace(good, "k=rsa", "k=dsa", 1), "permerror key-malformed body match header unchecked"},
		{"bad base64", good + "!", "permerror key-malformed body match header unchecked"},
		{"with blanks", strings.Replace(good, "AQ", "A \tQ", 1), ok},
		{"duplicate tag", good + "; k=rsa", "permerror key-malformed body match header match"},
		{"h=sha256", good + "; h=sha1:sha256", ok},
		{"h=sha1", good + "; h=sha1", "permerror key-mismatch body match header match"},
		{"s=email", good + "; s=tlsrpt:email", ok},
		{"s=tlsrpt", good + "; s=tlsrpt", "permerror key-mismatch body match header match"},
		{"g= ignored", good + "; g=nobody", ok},
		{"t=s", good + "; t=s", ok},
		{"SPF", "v=spf1 -all", "permerror key-missing body match header unchecked"},
		{"DMARC", "v=DMARC1; p=none", "permerror key-missing body match header unchecked"},
		{"text", "google-site-verification=x", "permerror key-missing body match header unchecked"},
		{"other key type", record(k.ed), "permerror key-mismatch body match header unchecked"},
	} {
		test(c.name, raw, zone(c.record), Options{}, c.want)
	}
	if s := test("t=y", raw, zone(good+"; t=y:s"), Options{}, ok); !s.KeyTesting {
		t.Error("t=y is not noted")
	}
	if s := test("wildcard SPF beside the key", raw, zone("v=spf1 -all", good), Options{}, ok); s.KeyRecords != 2 {
		t.Errorf("%d records", s.KeyRecords)
	}
	test("two keys, the second fits", raw, zone(record(k.rsa1024), good), Options{}, ok)
	test("two keys, the first is revoked", raw, zone("v=DKIM1; p=", good), Options{}, ok)
	test("two keys, none fits", raw, zone(record(k.rsa1024), record(k.ed)), Options{}, "fail signature body match header mismatch")
	if s := test("SPF only", raw, zone("v=spf1 -all"), Options{}, "permerror key-missing body match header unchecked"); !strings.Contains(s.Reason, "an SPF record") {
		t.Errorf("reason %q", s.Reason)
	}
	test("no such name", raw, texts{}, Options{}, "permerror key-missing body match header unchecked")
	test("no data", raw, texts{dnsName: nil}, Options{}, "permerror key-missing body match header unchecked")
	test("SERVFAIL", raw, texts{dnsName: {"servfail"}}, Options{}, "temperror key-unavailable body match header unchecked")
	test("time-out", raw, texts{dnsName: {"timeout"}}, Options{}, "temperror key-unavailable body match header unchecked")
	test("bad name", raw, texts{dnsName: {"bad-name"}}, Options{}, "permerror key-missing body match header unchecked")

	// i=
	sub := signed(t, k.rsa2048, relaxed+"; i=ann@Sub.Example.COM")
	test("i= below d=", sub, zone(good), Options{}, ok)
	test("i= below d=, t=s", sub, zone(good+"; t=s"), Options{}, "permerror key-mismatch body match header match")
	test("i= in capitals, t=s", signed(t, k.rsa2048, relaxed+"; i=@EXAMPLE.com"), zone(good+"; t=s"), Options{}, ok)
	test("i= elsewhere", signed(t, k.rsa2048, relaxed+"; i=ann@example.net"), zone(good), Options{}, "permerror domain-mismatch body match header match")
	test("i= ends alike", signed(t, k.rsa2048, relaxed+"; i=ann@notexample.com"), zone(good), Options{}, "permerror domain-mismatch body match header match")
	test("i= without @", signed(t, k.rsa2048, relaxed+"; i=example.com"), zone(good), Options{}, "permerror syntax body match header match")
	if s := test("i= quoted", signed(t, k.rsa2048, relaxed+"; i==41nn=20x@example.com"), zone(good), Options{}, ok); s.Identity != "Ann x@example.com" {
		t.Errorf("identity %q", s.Identity)
	}

	// b= in other tags, and z=.
	z := signed(t, k.rsa2048, relaxed+"; i=bob=x@example.com; ab=b=1; z=Date:Mon,=2016=20Feb=202026|Subject:a=7Cb|junk")
	if s := test("b= in other tags", z, zone(good), Options{}, ok); len(s.CopiedFields) != 2 || s.CopiedFields[0] != (Copied{"Date", "Mon, 16 Feb 2026"}) || s.CopiedFields[1] != (Copied{"Subject", "a|b"}) {
		t.Errorf("z=: %+v", s.CopiedFields)
	}

	// Tags.
	for _, c := range []struct{ name, tags, want string }{
		{"v=2", "v=2", "permerror version body match header match"},
		{"From unsigned", "h=to:subject", "permerror from-unsigned body match header match"},
		{"q=http", "q=http", "permerror query-method body match header match"},
		{"q=", "q=http:dns/txt", ok},
		{"c=relaxed", "c=relaxed", ok},
		{"t= no number", "t=soon", "permerror syntax body match header match"},
		{"x= of 13 digits", "x=1234567890123", "permerror syntax body match header match"},
		{"unknown tag", "foo=bar", ok},
	} {
		test(c.name, signed(t, k.rsa2048, c.tags), zone(good), Options{}, c.want)
	}
	broken := func(from, to string) string { return strings.Replace(raw, from, to, 1) }
	test("no a=", broken("a=rsa-sha256;", ""), zone(good), Options{}, "permerror syntax body unchecked header unchecked")
	test("unknown a=", broken("a=rsa-sha256", "a=rsa-sha512"), zone(good), Options{}, "permerror algorithm body unchecked header unchecked")
	test("unknown c=", broken("c=relaxed/relaxed", "c=relaxed/nowsp"), zone(good), Options{}, "permerror syntax body unchecked header mismatch")
	test("no bh=", broken("bh=", "xx="), zone(good), Options{}, "permerror syntax body unchecked header mismatch")
	test("bad bh=", broken("bh=", "bh=!"), zone(good), Options{}, "permerror syntax body unchecked header mismatch")
	test("no b=", broken("\n b=", "\n xx="), zone(good), Options{}, "permerror syntax body match header unchecked")
	test("no h=", broken("h=From", "xx=From"), zone(good), Options{}, "permerror syntax body match header mismatch")
	test("no d=", broken("d=example.com;", ""), zone(good), Options{}, "permerror syntax body match header unchecked")
	test("bad d=", broken("d=example.com", "d=example.com(.evil.example"), zone(good), Options{}, "permerror syntax body match header unchecked")
	test("bad s=", broken("s=s;", "s=a..b;"), zone(good), Options{}, "permerror syntax body match header unchecked")
	test("long label", broken("s=s;", "s="+strings.Repeat("a", 64)+";"), zone(good), Options{}, "permerror syntax body match header unchecked")
	test("long name", broken("s=s;", "s="+strings.Repeat("abcdefgh.", 28)+"a;"), zone(good), Options{}, "permerror syntax body match header unchecked")
	test("duplicate b=", broken("v=1;", "v=1; b=AAAA;"), zone(good), Options{}, "permerror syntax body match header unchecked")
	test("duplicate d=", broken("v=1;", "v=1; d=example.com;"), zone(good), Options{}, "permerror syntax body match header mismatch")
	test("empty field", "DKIM-Signature:\r\n"+testHeader+"\r\n", zone(good), Options{}, "permerror syntax body unchecked header unchecked")
}

func TestInternationalNames(t *testing.T) {
	k := testKeys()
	raw := signWith(t, testHeader+"\r\n"+testBody, k.ed, "c=relaxed/relaxed; d=b\xc3\xbccher.example; s=sch\xc3\xb6n; i=ann@sub.b\xc3\xbccher.example")
	z := texts{"xn--schn-7qa._domainkey.xn--bcher-kva.example": {record(k.ed)}}
	s := verify(t, z, message.Parse([]byte(raw)), Options{})[0]
	if s.Result != Pass || s.Domain != "xn--bcher-kva.example" || s.Selector != "sch\xc3\xb6n" || s.KeyName != "xn--schn-7qa._domainkey.xn--bcher-kva.example" {
		t.Errorf("%s (%s): %+v", summary(s), s.Reason, s)
	}
}

// TestWeakKeys: keys that crypto/rsa refuses are computed with, and rejected.
func TestWeakKeys(t *testing.T) {
	// crypto/rsa does not make keys this short, so the test does.
	for _, bits := range []int{512, 768, 1023} {
		key := weakKey(t, bits)
		raw := signed(t, key, "c=relaxed/relaxed")
		s := verify(t, zone(record(key)), message.Parse([]byte(raw)), Options{})[0]
		if summary(s) != "policy key-weak body match header match" || s.KeyBits != bits {
			t.Errorf("%d bits: %s (%s), %d", bits, summary(s), s.Reason, s.KeyBits)
		}
		s = verify(t, zone(record(key)), message.Parse([]byte(raw+"x")), Options{})[0]
		if summary(s) != "fail body-hash body mismatch header match" {
			t.Errorf("%d bits, changed: %s", bits, summary(s))
		}
		s = verify(t, zone(record(key)), message.Parse([]byte(strings.Replace(raw, "Subject: ", "Subject: x", 1))), Options{})[0]
		if summary(s) != "fail signature body match header mismatch" {
			t.Errorf("%d bits, header changed: %s", bits, summary(s))
		}
	}
}

// smallKey signs PKCS #1 v1.5 by plain exponentiation.
type smallKey struct {
	rsa.PublicKey
	d *big.Int
}

func (k *smallKey) Public() crypto.PublicKey { return &k.PublicKey }

func (k *smallKey) Sign(_ io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	size := (k.N.BitLen() + 7) / 8
	info := append(bytes.Clone(digestInfo[o.HashFunc()]), digest...)
	em := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, size-len(info)-3)...)
	em = append(append(em, 0), info...)
	return new(big.Int).Exp(new(big.Int).SetBytes(em), k.d, k.N).FillBytes(make([]byte, size)), nil
}

func weakKey(t *testing.T, bits int) *smallKey {
	t.Helper()
	e := big.NewInt(65537)
	for {
		p, err := rand.Prime(rand.Reader, bits/2)
		if err != nil {
			t.Fatal(err)
		}
		q, err := rand.Prime(rand.Reader, bits-bits/2)
		if err != nil {
			t.Fatal(err)
		}
		one := big.NewInt(1)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(e, phi)
		n := new(big.Int).Mul(p, q)
		if d == nil || n.BitLen() != bits {
			continue
		}
		return &smallKey{rsa.PublicKey{N: n, E: 65537}, d}
	}
}

// TestErrors: a question that was not asked is an error, gives no verdict, and
// leaves the other signatures alone.
func TestErrors(t *testing.T) {
	k := testKeys()
	raw := signed(t, k.ed, "c=relaxed/relaxed")
	raw = signWith(t, raw, k.ed, "c=relaxed/relaxed; d=other.example; s=s")
	m := message.Parse([]byte(raw))
	for _, f := range []dns.Failure{dns.Cancelled, dns.Off, dns.NotRecorded} {
		z := texts{"s._domainkey.example.com": {record(k.ed)}, "s._domainkey.other.example": {string(f)}}
		sigs, err := Verify(context.Background(), z, m, Options{})
		var e *dns.Error
		if !errors.As(err, &e) || e.Failure != f || len(sigs) != 2 {
			t.Fatalf("%s: %v, %d signatures", f, err, len(sigs))
		}
		if got := summary(sigs[0]); got != " key-unavailable body match header unchecked" {
			t.Errorf("%s: %s", f, got)
		}
		if sigs[1].Result != Pass {
			t.Errorf("%s: the other is %s", f, summary(sigs[1]))
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Verify(ctx, texts{}, m, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if sigs, err := Verify(context.Background(), nil, m, Options{}); err == nil || sigs[0].BodyHash != Match {
		t.Errorf("no resolver: %v", err)
	}
	// A signature that cannot be used has its verdict without the DNS.
	bad := message.Parse([]byte(signed(t, k.ed, "v=2")))
	sigs, err := Verify(context.Background(), texts{"s._domainkey.example.com": {"off"}}, bad, Options{})
	if err != nil || sigs[0].Code != ReasonVersion {
		t.Errorf("%v %s", err, summary(sigs[0]))
	}
}

type counting struct {
	texts
	asked map[string]int
}

func (c counting) Lookup(ctx context.Context, name string, typ dns.Type) (dns.Answer, error) {
	c.asked[name]++
	return c.texts.Lookup(ctx, name, typ)
}

// TestManySignatures: one question a key, one pass a body, and a bound.
func TestManySignatures(t *testing.T) {
	k := testKeys()
	raw := testHeader + "\r\n" + testBody
	for i := range 40 {
		raw = signWith(t, raw, k.ed, fmt.Sprintf("c=relaxed/relaxed; d=example.com; s=s; l=%d", i))
	}
	z := counting{zone(record(k.ed)), map[string]int{}}
	m := message.Parse([]byte(raw))
	v := NewVerifier(z, m, Options{})
	sigs, err := v.Verify(context.Background())
	if err != nil || len(sigs) != 40 {
		t.Fatal(err, len(sigs))
	}
	for i, s := range sigs {
		switch {
		case i < DefaultMaxSignatures && s.Result != Pass:
			t.Errorf("%d: %s (%s)", i, summary(s), s.Reason)
		case i >= DefaultMaxSignatures && s.Code != ReasonLimit:
			t.Errorf("%d: %s", i, summary(s))
		}
	}
	if z.asked["s._domainkey.example.com"] != 1 || len(v.body) != 1 {
		t.Errorf("asked %v, %d body passes", z.asked, len(v.body))
	}
	// What is asked for later comes from the same pass, or a new one.
	if d := v.BodyHash(Relaxed, crypto.SHA256, -1); d.Length != sigs[0].CanonicalBody || d.Unsigned != 0 {
		t.Errorf("%+v", d)
	}
	whole := AppendBody(nil, Relaxed, m.BodyBytes())
	for _, l := range []int64{0, 3, 41, int64(len(whole))} {
		d := v.BodyHash(Relaxed, crypto.SHA256, l)
		h := crypto.SHA256.New()
		h.Write(whole[:l])
		if !bytes.Equal(d.Sum, h.Sum(nil)) || d.Short || d.Unsigned != int64(len(whole))-l {
			t.Errorf("l=%d: %+v", l, d)
		}
	}
}

// TestSignRandom signs bodies full of odd white space, and changes them.
func TestSignRandom(t *testing.T) {
	k := testKeys()
	r := mrand.New(mrand.NewSource(2))
	pieces := []string{" ", "  ", "\t", "\r\n", "\r\n\r\n", "a", "word", " \r\n", "\xc3\xa9", ".", "\r\n.\r\n"}
	for range 150 {
		var body strings.Builder
		for n := r.Intn(40); n > 0; n-- {
			body.WriteString(pieces[r.Intn(len(pieces))])
		}
		canon := []string{Simple, Relaxed}[r.Intn(2)] + "/" + []string{Simple, Relaxed}[r.Intn(2)]
		raw := signWith(t, testHeader+"\r\n"+body.String(), k.ed, "d=example.com; s=s; c="+canon)
		if s := verify(t, zone(record(k.ed)), message.Parse([]byte(raw)), Options{})[0]; s.Result != Pass {
			t.Errorf("%s %q: %s", canon, body.String(), summary(s))
		}
		if s := verify(t, zone(record(k.ed)), message.Parse([]byte(raw+"x")), Options{})[0]; s.BodyHash != Mismatch || s.HeaderSignature != Match {
			t.Errorf("%s %q, changed: %s", canon, body.String(), summary(s))
		}
	}
}

// TestHostile holds the bounds: a long h= over a long header, a signature field
// of a megabyte.
func TestHostile(t *testing.T) {
	names := strings.Repeat("from:x:", 50_000)
	raw := "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s; h=" + names + "; bh=AAAA; b=AAAA; z=" + strings.Repeat("a:b|", 100_000) + "\r\n" +
		strings.Repeat("From: a\r\nX: b\r\n", 30_000) + "\r\nbody"
	s := verify(t, zone(record(testKeys().rsa2048)), message.Parse([]byte(raw)), Options{})[0]
	if s.Result != Fail || s.HeaderSignature != Mismatch || len(s.CopiedFields) != MaxCopied {
		t.Errorf("%s, %d copied", summary(s), len(s.CopiedFields))
	}
	if s.CopiedSkipped != 100_000-MaxCopied {
		t.Errorf("%d copied fields skipped", s.CopiedSkipped)
	}
	// More keys than are tried: the right one comes too late, and that is said.
	k := testKeys()
	records := make([]string, MaxKeys, MaxKeys+2)
	for i := range records {
		records[i] = record(k.rsa1024)
	}
	records = append(records, "v=spf1 -all", record(k.ed))
	s = verify(t, zone(records...), message.Parse([]byte(signed(t, k.ed, "c=relaxed/relaxed"))), Options{})[0]
	if s.Result == Pass || s.KeyRecords != MaxKeys+2 || !strings.Contains(s.Reason, "1 more key records were not tried") {
		t.Errorf("%s (%s), %d records", summary(s), s.Reason, s.KeyRecords)
	}
}

// TestUsualRSA holds the short cut against package x509.
func TestUsualRSA(t *testing.T) {
	short := 0
	for _, bits := range []int{1016, 1023, 1024, 1025, 2047, 2048, 2049, 4096} {
		for _, e := range []int{3, 65537} {
			n := new(big.Int).SetBit(new(big.Int).Lsh(big.NewInt(1), uint(bits-1)), 0, 1)
			der, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n, E: e})
			if err != nil {
				t.Fatal(err)
			}
			for flip := range der {
				bad := bytes.Clone(der)
				if flip > 0 {
					bad[flip] ^= 0x80
				}
				got := usualRSA(bad)
				if got == nil {
					continue
				}
				short++
				want, err := x509.ParsePKIXPublicKey(bad)
				if err != nil || !got.Equal(want) {
					t.Fatalf("%d bits, e=%d, byte %d: %v, %v %v", bits, e, flip, got, want, err)
				}
			}
			if usual := e == 65537 && bits&(bits-1) == 0; (usualRSA(der) != nil) != usual {
				t.Errorf("%d bits, e=%d: usual %v", bits, e, !usual)
			}
		}
	}
	if short < 3 {
		t.Errorf("the short cut was taken %d times", short)
	}
}

// TestSignatureRange: a signature is below the modulus (RFC 8017 §5.2.2).
func TestSignatureRange(t *testing.T) {
	key := weakKey(t, 1023) // the signature plus the modulus fits its 128 bytes
	digest := crypto.SHA256.New().Sum(nil)
	sig, err := key.Sign(nil, digest, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	public, _ := ParseKey(record(key))
	if err := VerifyDigest(public, crypto.SHA256, digest, sig); err != nil {
		t.Error(err)
	}
	high := new(big.Int).Add(new(big.Int).SetBytes(sig), key.N).FillBytes(make([]byte, 128))
	if VerifyDigest(public, crypto.SHA256, digest, high) == nil {
		t.Error("a signature above the modulus verifies")
	}
}

func FuzzVerify(f *testing.F) {
	k := testKeys()
	z := zone(record(k.ed), "p=", "v=spf1", "v=DKIM1; h=x; p=AAAA")
	f.Add([]byte(signed(f, k.ed, "c=relaxed/relaxed; l=5; t=1; x=2; z=a:b")), uint8(0))
	f.Add([]byte("DKIM-Signature: b=;;\r\nDKIM-Signature:a=rsa-sha1;bh=;h=:;\r\n\r\n \r\n"), uint8(3))
	f.Add([]byte("DKIM-Signature: v=1; a=ed25519-sha256; d=example.com; s=s; h=from; b=\n"), uint8(1))
	f.Fuzz(func(t *testing.T, raw []byte, flags uint8) {
		o := Options{HeadersOnly: flags&1 != 0, MaxSignatures: int(flags >> 4)}
		if flags&2 != 0 {
			o.Now = time.Unix(1_800_000_000, 0)
		}
		m := message.Parse(raw)
		sigs, err := Verify(context.Background(), z, m, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(sigs) != len(m.All("DKIM-Signature")) {
			t.Fatalf("%d results", len(sigs))
		}
		for _, s := range sigs {
			if s.Result == "" || (s.Result == Pass) != (s.Code == ReasonNone) || s.BodyHash == "" || s.HeaderSignature == "" || s.UnsignedBytes < 0 {
				t.Fatalf("%+v", s)
			}
			if s.Result == Pass && (s.BodyHash != Match || s.HeaderSignature != Match) {
				t.Fatalf("pass with %s", summary(s))
			}
			if o.HeadersOnly && s.BodyHash != Unchecked {
				t.Fatalf("%s of headers only", summary(s))
			}
		}
	})
}
