package dkim

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	mrand "math/rand"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gomsgauth "github.com/emersion/go-msgauth/dkim"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/message"
)

func init() {
	secondOpinion = func(raw []byte, z texts) error {
		vs, err := gomsgauth.VerifyWithOptions(bytes.NewReader(raw), &gomsgauth.VerifyOptions{
			LookupTXT: func(name string) ([]string, error) { return z[name], nil },
		})
		if err == nil {
			err = vs[0].Err
		}
		return err
	}
}

// TestVerifyOtherSigner verifies what go-msgauth signs: every canonicalization,
// every key, bodies of odd white space.
func TestVerifyOtherSigner(t *testing.T) {
	k := testKeys()
	r := mrand.New(mrand.NewSource(3))
	pieces := []string{" ", "  ", "\t", "\r\n", "\r\n\r\n", "a", "word", " \r\n", "\xc3\xa9", ".", "\n", " \n", "\r\n\t\r\n"}
	n := 0
	for _, header := range []gomsgauth.Canonicalization{"simple", "relaxed"} {
		for _, canon := range []gomsgauth.Canonicalization{"simple", "relaxed"} {
			for i, key := range []crypto.Signer{k.rsa2048, k.rsa1024, k.ed} {
				for range 15 {
					var body strings.Builder
					for n := r.Intn(40); n > 0; n-- {
						body.WriteString(pieces[r.Intn(len(pieces))])
					}
					var out bytes.Buffer
					err := gomsgauth.Sign(&out, strings.NewReader("Folded: a  b\r\n\t c \r\n"+testHeader+"\r\n"+body.String()), &gomsgauth.SignOptions{
						Domain: "example.com", Selector: "s", Signer: key, Hash: crypto.SHA256,
						HeaderCanonicalization: header, BodyCanonicalization: canon,
						HeaderKeys: []string{"From", "To", "Subject", "Folded", "Received", "From", "None"},
					})
					if err != nil {
						t.Fatal(err)
					}
					s := verify(t, zone(record(key)), message.Parse(out.Bytes()), Options{})[0]
					if s.Result != Pass {
						t.Errorf("%s/%s, key %d, %q: %s (%s)", header, canon, i, body.String(), summary(s), s.Reason)
					}
					n++
				}
			}
		}
	}
	t.Logf("%d messages", n)
}

// compare holds both results of a message against each other: a difference must
// be a known one.
func compare(t *testing.T, name string, res dns.Resolver, m *message.Message) (agree, known int) {
	t.Helper()
	sigs, err := Verify(context.Background(), res, m, Options{Now: time.Now()})
	if err != nil {
		t.Fatal(name, err)
	}
	cross, err := CrossCheck(context.Background(), res, m)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	for i, c := range cross {
		s := &sigs[i]
		if c.Field != s.Field {
			t.Fatalf("%s: field %d and %d", name, c.Field, s.Field)
		}
		if c.Agrees(s) {
			agree++
			continue
		}
		why := c.Difference(m, s)
		if why == "" {
			t.Errorf("%s: %s (%s), go-msgauth %s (%s)", name, summary(*s), s.Reason, c.Result, c.Reason)
			continue
		}
		t.Logf("%s: %s, go-msgauth %s (%s): %s", name, summary(*s), c.Result, c.Reason, why)
		known++
	}
	return agree, known
}

func TestCrossCheckCorpora(t *testing.T) {
	root := corpus.Path(t, "corpora/dkim")
	agree, known := 0, 0
	for _, suite := range []string{"stalwart-mail-auth", "dkimpy", "go-msgauth"} {
		var s struct {
			Zone  jsonZone
			Cases []struct {
				File string
				Zone jsonZone
			}
		}
		load(t, filepath.Join(root, suite), "cases.json", &s)
		for _, c := range s.Cases {
			z := c.Zone
			if z == nil {
				z = s.Zone
			}
			a, k := compare(t, suite+"/"+c.File, z.texts(), readMessage(t, filepath.Join(root, suite), c.File))
			agree, known = agree+a, known+k
		}
	}
	t.Logf("%d agree, %d differ as known", agree, known)
}

func TestCrossCheckCases(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus.Path(t, "cases"), "*", "message.eml"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	agree, known := 0, 0
	for _, file := range files {
		dir := filepath.Dir(file)
		a, k := compare(t, filepath.Base(dir), readCaseZone(t, filepath.Join(dir, "zone.txt")), readMessage(t, dir, "message.eml"))
		agree, known = agree+a, known+k
	}
	t.Logf("%d agree, %d differ as known", agree, known)
}

func TestKnownDifferences(t *testing.T) {
	k := testKeys()
	good := record(k.rsa2048)
	test := func(name, raw string, z texts, want string) {
		t.Helper()
		m := message.Parse([]byte(raw))
		s := verify(t, z, m, Options{Now: time.Now()})[0]
		cross, err := CrossCheck(context.Background(), z, m)
		if err != nil || len(cross) != 1 {
			t.Fatal(name, err, len(cross))
		}
		got := cross[0].Difference(m, &s)
		if cross[0].Agrees(&s) != (want == "") || !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %s (%s), go-msgauth %s (%s): %q, want %q", name, summary(s), s.Reason, cross[0].Result, cross[0].Reason, got, want)
		}
	}
	sig := func(tags string) string { return signed(t, k.rsa2048, "c=relaxed/relaxed; "+tags) }
	test("none", sig(""), zone(good), "")
	test("body changed", sig("")+"x", zone(good), "")
	test("sha1", sig("a=rsa-sha1"), zone(good), "")
	test("no key", sig(""), texts{}, "")
	test("SERVFAIL", sig(""), texts{"s._domainkey.example.com": {"servfail"}}, "")
	test("l=", sig("l=5"), zone(good), "l=")
	test("b=", sig("z=Date:Mon,=2016=20Feb=202026"), zone(good), "issue 77")
	test("t=s", sig("i=@sub.example.com"), zone(good+"; t=s"), "t=s")
	test("case of i=", sig("i=@Example.com"), zone(good), "case")
	test("two records", sig(""), zone(good, "v=spf1 -all"), "beside it")
	test("future", sig("t=99999999999"), zone(good), "clock")
	test("x before t", sig("t=99999999999; x=99999999998"), zone(good), "with x=")
	test("v= last", sig(""), zone(strings.TrimPrefix(good, "v=DKIM1; ")+"; v=DKIM1"), "anywhere")
	test("capitals", sig("a=RSA-SHA256"), zone(good), "lower case")
	test("tab in p=", sig(""), zone(strings.Replace(good, "AQ", "A\tQ", 1)), "white space")
	test("bare CR", signed(t, k.rsa2048, "c=relaxed/relaxed")+"a \r\r\n", zone(good), "")
	cr := signWith(t, testHeader+"\r\na \rb\r\n", k.rsa2048, "d=example.com; s=s; c=relaxed/relaxed")
	test("CR in the body", cr, zone(good), "CR without LF")
	idn := signWith(t, testHeader+"\r\n"+testBody, k.rsa2048, "c=relaxed/relaxed; d=b\xc3\xbccher.example; s=s")
	test("international", idn, texts{"s._domainkey.xn--bcher-kva.example": {good}}, "international")
}

func TestCrossCheckBounds(t *testing.T) {
	z := texts{"s._domainkey.example.com": {"off"}}
	raw := signed(t, testKeys().ed, "c=relaxed/relaxed")
	m := message.Parse([]byte(raw))
	cross, err := CrossCheck(context.Background(), z, m)
	var e *dns.Error
	if !errors.As(err, &e) || e.Failure != dns.Off || len(cross) != 1 || cross[0].Result != "" {
		t.Errorf("%v %+v", err, cross)
	}
	var ne *net.DNSError
	if errors.As(err, &ne) {
		t.Errorf("the library's form of the error came back: %v", err)
	}
	for name, raw := range map[string]string{
		"long field": "A: " + strings.Repeat("x\r\n ", 10_000) + "y\r\n" + raw,
		"long h=":    strings.Replace(raw, "h=From", "h="+strings.Repeat("x:", 8_000)+"From", 1) + "\r\n",
		"junk":       raw[:strings.Index(raw, "From:")] + strings.Repeat("no field\r\nA: b\r\n", 3000) + raw,
	} {
		m := message.Parse([]byte(strings.Replace(raw, "\r\nFrom:", "\r\n"+strings.Repeat("B: c\r\n", 300)+"From:", 1)))
		if _, err := CrossCheck(context.Background(), z, m); !errors.Is(err, ErrCrossLimit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	many := ""
	for i := range 40 {
		many += fmt.Sprintf("DKIM-Signature: v=%d\r\n", i)
	}
	if cross, err := CrossCheck(context.Background(), z, message.Parse([]byte(many+"\r\n"))); err != nil || len(cross) != DefaultMaxSignatures {
		t.Errorf("%d results, %v", len(cross), err)
	}
	for _, raw := range []string{"", "no header", "From x\nDKIM-Signature: v=1\n", "\xef\xbb\xbf\r\nDKIM-Signature: v=1\r\nbody without a blank line"} {
		m := message.Parse([]byte(raw))
		if cross, err := CrossCheck(context.Background(), z, m); err != nil || len(cross) != len(m.All("DKIM-Signature")) {
			t.Errorf("%q: %v %+v", raw, err, cross)
		}
	}
}
