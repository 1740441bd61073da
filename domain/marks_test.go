package domain

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
)

const soundLogo = `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.2" baseProfile="tiny-ps" viewBox="0 0 64 64">
<title>Example</title><desc>A circle</desc>
<defs><linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient></defs>
<circle cx="32" cy="32" r="30" fill="url(#g)"/><use xlink:href="#g"/></svg>`

func TestLogoFaults(t *testing.T) {
	test := func(change func(string) string, want ...string) {
		t.Helper()
		text := soundLogo
		if change != nil {
			text = change(text)
		}
		got, flat := logoFaults([]byte(text))
		if flat != "" {
			got = append(got, flat)
		}
		if len(got) != len(want) {
			t.Errorf("%q, want %q", got, want)
			return
		}
		for i := range want {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("%q, want %q", got[i], want[i])
			}
		}
	}
	replace := func(old, with string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, with, 1) }
	}
	test(nil)
	test(replace(` version="1.2"`, ""), `no version="1.2"`)
	test(replace("tiny-ps", "tiny"), `no baseProfile="tiny-ps"`)
	test(replace("<title>Example</title>", ""), "no <title>")
	test(replace("<desc>", `<script>alert(1)</script><desc>`), "<script>")
	test(replace("<desc>", `<image width="1" height="1" xlink:href="data:image/png;base64,AAAA"/><desc>`), "<image>", "outside")
	test(replace("<desc>", `<a xlink:href="https://x.example/"/><desc>`), "<a>", "outside")
	test(replace(`fill="url(#g)"`, `fill="url(https://x.example/a#g)"`), "outside")
	test(replace(`r="30"`, `r="30" onclick="x()"`), "a script in onclick")
	test(replace("<desc>", `<animate attributeName="r"/><desc>`), "<animate>")
	test(replace(`viewBox="0 0 64 64"`, `viewBox="0 0 64 32"`), "not square")
	test(replace(`viewBox=`, `x="0" y="0" viewBox=`), "attribute x", "attribute y")
	test(replace("<svg", "<html"), "first element is <html>")
	test(replace("</svg>", ""), "not well-formed XML")
	test(replace("<svg", "<!DOCTYPE svg [<!ENTITY a \"b\">]><svg"), "declares entities")
	test(func(string) string { return "" }, "no picture")
	test(func(string) string { return "\x1f\x8b\x08" }, "compressed")
	test(func(string) string { return "<svg>" + strings.Repeat("<g>", 100_000) }, "namespace", "version", "baseProfile", "elements inside each other")
}

// markOf makes a mark certificate with a logo in it.
func markOf(t *testing.T, names []string, from, to time.Duration, logo string, usage bool) (file []byte, roots *x509.CertPool) {
	t.Helper()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write([]byte(logo))
	_ = w.Close()
	// subjectLogo [2] EXPLICIT, direct [0], image, imageDetails: type, hash, URI.
	uri, _ := asn1.MarshalWithParams("data:image/svg+xml;base64,"+base64.StdEncoding.EncodeToString(z.Bytes()), "ia5")
	wrap := func(tag, class int, parts ...[]byte) []byte {
		out, _ := asn1.Marshal(asn1.RawValue{Class: class, Tag: tag, IsCompound: true, Bytes: bytes.Join(parts, nil)})
		return out
	}
	media, _ := asn1.MarshalWithParams("image/svg+xml", "ia5")
	details := wrap(16, 0, media, wrap(16, 0), wrap(16, 0, uri))
	extension := wrap(16, 0, wrap(2, 2, wrap(0, 2, wrap(16, 0, wrap(16, 0, details)))))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(9), NotBefore: testTime.Add(from), NotAfter: testTime.Add(to), DNSNames: names,
		Subject: pkix.Name{CommonName: "Example AG", ExtraNames: []pkix.AttributeTypeAndValue{{Type: oidMarkType, Value: "Registered Mark"}}}}
	if usage {
		leaf.UnknownExtKeyUsage = []asn1.ObjectIdentifier{oidMark}
	}
	if logo != "" {
		leaf.ExtraExtensions = []pkix.Extension{{Id: oidLogotype, Value: extension}}
	}
	caKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Mark CA"}, NotBefore: testTime.Add(-1000 * time.Hour), NotAfter: testTime.Add(10000 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	authority, _ := x509.ParseCertificate(caDER)
	roots = x509.NewCertPool()
	roots.AddCert(authority)
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})...), roots
}

// Logo and certificate are fetched where that is asked for, and judged.
func TestMarks(t *testing.T) {
	const year = 365 * 24 * time.Hour
	const text = "x.example. MX 10 mx.x.example.\nmx.x.example. A 192.0.2.1\nx.example. TXT \"v=spf1 mx -all\"\n_dmarc.x.example. TXT \"v=DMARC1; p=reject; rua=mailto:d@x.example\"\n" +
		"default._bimi.x.example. TXT \"v=BIMI1; l=https://x.example/l.svg; a=https://x.example/m.pem\"\n"
	test := func(name string, logo, file []byte, roots *x509.CertPool, want ...string) *Result {
		t.Helper()
		r := Check(context.Background(), "x.example", Options{Resolver: zone(t, text), Now: testTime, Marks: &Marks{Roots: roots, Fetch: func(_ context.Context, url string) (Fetched, error) {
			switch {
			case url == "https://x.example/l.svg" && logo != nil:
				return Fetched{Status: 200, ContentType: "image/svg+xml", Body: logo}, nil
			case url == "https://x.example/m.pem" && file != nil:
				return Fetched{Status: 200, Body: file}, nil
			}
			return Fetched{}, errors.New("dial tcp 192.0.2.7:443: connect: connection refused")
		}}})
		var got []string
		for _, p := range r.Problems {
			if p.Check == "bimi" {
				got = append(got, p.Severity+" "+p.Message)
			}
		}
		ok := len(got) == len(want)
		for i := 0; ok && i < len(want); i++ {
			ok = strings.Contains(got[i], want[i])
		}
		if !ok {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		return r
	}
	good, roots := markOf(t, []string{"x.example"}, -year, year, soundLogo, true)
	r := test("good", []byte(soundLogo), good, roots)
	if b := &r.BIMI; !holds(b.LogoValid) || b.Certificate == nil || b.MarkType != "Registered Mark" || b.Certificate.Problem != "" {
		t.Errorf("%+v", b)
	}
	test("good, without known authorities", []byte(soundLogo), good, nil)
	selector, roots2 := markOf(t, []string{"default._bimi.x.example"}, -year, year, soundLogo, true)
	test("named with its selector", []byte(soundLogo), selector, roots2)
	test("of an authority that is not known", []byte(soundLogo), good, roots2, "low the mark certificate https://x.example/m.pem: the chain")
	test("without those between", []byte(soundLogo), good[:bytes.Index(good[10:], []byte("-----BEGIN"))+10], nil, "issuer is missing")
	ended, r3 := markOf(t, []string{"x.example"}, -2*year, -year, soundLogo, true)
	test("ended", []byte(soundLogo), ended, r3, "it ended on 2025-11-01")
	other, r4 := markOf(t, []string{"other.example"}, -year, year, soundLogo, true)
	test("of another", []byte(soundLogo), other, r4, "it names other.example, not x.example")
	web, r5 := markOf(t, []string{"x.example"}, -year, year, soundLogo, false)
	test("of a web server", []byte(soundLogo), web, r5, "not for brand indicators")
	empty, r6 := markOf(t, []string{"x.example"}, -year, year, "", true)
	test("without logo", []byte(soundLogo), empty, r6, "holds no logo")
	test("another logo", []byte(strings.Replace(soundLogo, `r="30"`, `r="31"`, 1)), good, roots, "is not the one in the mark certificate")
	test("no certificate", []byte(soundLogo), []byte("<html>"), nil, "no certificate in PEM form")
	private := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: []byte{1}})
	test("a private key", []byte(soundLogo), append(slices.Clone(good), private...), roots, "critical the file https://x.example/m.pem holds a private key")
	test("too large", bytes.Repeat([]byte("x"), MaxMark+1), good, roots, "more than 262144 bytes")
	r = test("not fetched", nil, nil, nil)
	if len(r.Gaps) != 2 || r.Gaps[0].Why != "the web server refuses connections on port 443" || r.BIMI.LogoValid != nil {
		t.Errorf("%+v", r.Gaps)
	}
}

// Why a file was not fetched is said in words of our own.
func TestNotFetched(t *testing.T) {
	for raw, want := range map[string]string{
		"dial tcp 192.0.2.7:443: connect: connection refused":                          "refuses connections",
		"dial tcp [2001:db8::1]:443: connect: network is unreachable":                  "cannot be reached",
		"http: server gave HTTP response to HTTPS client":                              "does not speak TLS",
		"remote error: tls: handshake failure":                                         "no TLS connection",
		"read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer":            "closed the connection",
		"net/http: HTTP/1.x transport connection broken: malformed HTTP status code x": "is not HTTP",
		"something that a library of tomorrow says":                                    "could not be asked",
		context.DeadlineExceeded.Error():                                               "could not be asked",
	} {
		if got := notFetched(errors.New(raw)); !strings.Contains(got, want) {
			t.Errorf("%q: %q", raw, got)
		}
	}
	if got := notFetched(context.DeadlineExceeded); got != "the web server did not answer in time" {
		t.Error(got)
	}
}
