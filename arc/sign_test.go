package arc

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/message"
)

// sealing are two keys with the zone that publishes them.
func sealing(t *testing.T) (rsaKey, edKey crypto.Signer, z dns.Resolver) {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, e, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&r.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	p := base64.StdEncoding.EncodeToString(der)
	zone, err := zonefile.Parse("keys", []byte(`r._domainkey.example.org. TXT "v=DKIM1; p=`+p[:200]+`" "`+p[200:]+`"
e._domainkey.example.net. TXT "v=DKIM1; k=ed25519; p=`+base64.StdEncoding.EncodeToString(e.Public().(ed25519.PublicKey))+"\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return r, e, zone
}

// A chain of two sealers verifies; a change between them shows in the message
// signature of the first; a change behind them breaks it, and the next seal
// says so and ends it.
func TestSeal(t *testing.T) {
	rsaKey, edKey, z := sealing(t)
	now := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	first := SealOptions{Domain: "example.org", Selector: "r", Key: rsaKey, Results: "mx.example.org;\r\n\tspf=pass smtp.mailfrom=a@example.com", Time: now}
	second := SealOptions{Domain: "example.net", Selector: "e", Key: edKey, Results: "mx.example.net; arc=pass"}
	seal := func(raw string, came *Chain, o SealOptions) string {
		t.Helper()
		fields, err := Seal(message.Parse([]byte(raw)), came, o)
		if err != nil {
			t.Fatal(err)
		}
		return string(fields) + raw
	}
	verify := func(raw string, want Result, oldest int) *Chain {
		t.Helper()
		c, err := Verify(t.Context(), z, message.Parse([]byte(raw)), Options{})
		if err != nil || c.Result != want || want == Pass && c.OldestPass != oldest {
			t.Fatalf("%s (%s), oldest pass %d, %v; want %s, %d\n%s", c.Result, c.Reason, c.OldestPass, err, want, oldest, raw)
		}
		return c
	}
	raw := "From: a@example.com\r\nTo: b@example.org\r\nSubject: x\r\n\r\nhello\r\n"
	one := seal(raw, verify(raw, None, 0), first)
	c := verify(one, Pass, 0)
	verify(seal(one, c, second), Pass, 0)

	// The second sealer changes the message before it seals.
	verify(seal(strings.Replace(one, "Subject: x", "Subject: [list] x", 1), c, second), Pass, 2)

	// Somebody changes it behind the first, and the second says so.
	broken := one + "footer\r\n"
	failed := verify(broken, Fail, 0)
	ended := seal(broken, failed, second)
	if c := verify(ended, Fail, 0); c.Code != ReasonInherited || c.Sets[1].SealResult != "pass" {
		t.Errorf("%s, seal %s", c.Code, c.Sets[1].SealResult)
	}
	if _, err := Seal(message.Parse([]byte(ended)), failed, first); !errors.Is(err, ErrEnded) {
		t.Errorf("a set on an ended chain: %v", err)
	}
}

func TestSealRefuses(t *testing.T) {
	key, _, _ := sealing(t)
	good := SealOptions{Domain: "example.org", Selector: "r", Key: key, Results: "mx.example.org; none"}
	m := message.Parse([]byte("From: a@example.com\r\n\r\n"))
	none := &Chain{Result: None}
	test := func(want string, came *Chain, change func(*SealOptions)) {
		t.Helper()
		o := good
		change(&o)
		if _, err := Seal(m, came, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	test("not known", &Chain{}, func(*SealOptions) {})
	test("not known", &Chain{Result: TempError}, func(*SealOptions) {})
	test("no status", nil, func(*SealOptions) {})
	test("0 sets", &Chain{Result: Pass}, func(*SealOptions) {})
	test("no results", none, func(o *SealOptions) { o.Results = " " })
	test("not a continuation", none, func(o *SealOptions) { o.Results = "a; none\r\nBcc: x" })
	test("DNS name", none, func(o *SealOptions) { o.Domain = "a b" })
	test("ARC", none, func(o *SealOptions) { o.Headers = []string{"From", "ARC-Seal"} })
	test("neither RSA", none, func(o *SealOptions) { o.Key = nil })
}
