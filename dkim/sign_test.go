package dkim

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"math/big"
	"strings"
	"testing"
	"time"

	gomsgauth "github.com/emersion/go-msgauth/dkim"

	"github.com/mailtrace/mailtrace/message"
)

// What Sign signs verifies here and by go-msgauth, in every form, and not once
// something is added or changed.
func TestSign(t *testing.T) {
	k := testKeys()
	at := time.Date(2026, 11, 23, 4, 56, 0, 0, time.UTC)
	for _, body := range []string{testBody, "", "\r\n", "a\nb \t c\r\n\r\n\r\n", "no line end"} {
		for _, canon := range []string{"", "relaxed/relaxed", "simple/simple", "relaxed", "simple/relaxed"} {
			for i, key := range []crypto.Signer{k.rsa2048, k.rsa1024, k.ed} {
				raw := testHeader + "\r\n" + body
				fields, err := Sign(message.Parse([]byte(raw)), SignOptions{
					Domain: "example.com", Selector: "s", Key: key, Canonicalization: canon, Identity: "@example.com",
					Time: at, Expires: at.Add(24 * time.Hour),
				})
				if err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(string(fields)) {
					if len(line) > 80 {
						t.Errorf("a line of %d octets: %q", len(line), line)
					}
				}
				z := zone(record(key))
				now := Options{Now: at.Add(time.Hour)}
				if s := verify(t, z, message.Parse(append(fields, raw...)), now)[0]; s.Result != Pass {
					t.Errorf("%q, %s, key %d: %s %s\n%s", body, canon, i, s.Result, s.Reason, fields)
				}
				if s := verify(t, z, message.Parse([]byte(string(fields)+"Subject: another\r\n"+raw)), now)[0]; s.Result != Fail {
					t.Errorf("a second Subject: %s", s.Result)
				}
				if s := verify(t, z, message.Parse([]byte(string(fields)+raw+"x")), now)[0]; s.Result != Fail {
					t.Errorf("a changed body: %s", s.Result)
				}
				if strings.Contains(body, "a\nb") {
					continue // the library has another view of bare LF
				}
				vs, err := gomsgauth.VerifyWithOptions(bytes.NewReader(append(fields, raw...)), &gomsgauth.VerifyOptions{
					LookupTXT: func(name string) ([]string, error) { return z[name], nil },
				})
				if err != nil || len(vs) != 1 || vs[0].Err != nil && !strings.Contains(vs[0].Err.Error(), "expired") {
					t.Errorf("%q, %s, key %d: go-msgauth %v %+v", body, canon, i, err, vs)
				}
			}
		}
	}
}

func TestSignTwice(t *testing.T) {
	k := testKeys()
	raw := testHeader + "\r\n" + testBody
	fields, err := Sign(message.Parse([]byte(raw)),
		SignOptions{Domain: "example.com", Selector: "s", Key: k.rsa2048},
		SignOptions{Domain: "example.com", Selector: "s", Key: k.ed, Headers: []string{"from", "X-None", "from"}})
	if err != nil {
		t.Fatal(err)
	}
	m := message.Parse(append(fields, raw...))
	for _, s := range verify(t, zone(record(k.rsa2048), record(k.ed)), m, Options{}) {
		if s.Result != Pass {
			t.Errorf("%s: %s %s", s.Algorithm, s.Result, s.Reason)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	k := testKeys()
	good := SignOptions{Domain: "example.com", Selector: "s", Key: k.ed}
	test := func(header, want string, change func(*SignOptions)) {
		t.Helper()
		o := good
		change(&o)
		if _, err := Sign(message.Parse([]byte(header+"\r\n\r\n")), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	from := "From: a@example.com"
	test(from, "DNS name", func(o *SignOptions) { o.Domain = "" })
	test(from, "DNS name", func(o *SignOptions) { o.Selector = "a b" })
	test(from, "neither RSA nor Ed25519", func(o *SignOptions) { o.Key = nil })
	test(from, "512 bits", func(o *SignOptions) {
		o.Key = &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 511), E: 65537}}
	})
	test(from, "canonicalization", func(o *SignOptions) { o.Canonicalization = "lax/relaxed" })
	test(from, "identity", func(o *SignOptions) { o.Identity = "a;b@example.com" })
	test(from, "expire", func(o *SignOptions) { o.Time, o.Expires = time.Unix(2, 0), time.Unix(1, 0) })
	test("To: a@example.com", "no From", func(*SignOptions) {})
	test(from, "must be signed", func(o *SignOptions) { o.Headers = []string{"To"} })
	test(from, "field name", func(o *SignOptions) { o.Headers = []string{"From", "a:b"} })
}
