package arc

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"hash"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// signer seals messages for tests. Its signing is written out plainly after RFC
// 8617 §5.1, apart from the canonical forms, which are those of package dkim.
type signer struct {
	domain string
	key    ed25519.PrivateKey
	rsa    *rsa.PrivateKey // instead of key, where set
	sha1   bool            // seal with rsa-sha1
	cv     string          // instead of the right one
	h      string          // h= of the message signature
	seal   string          // more tags of the seal
	whole  bool            // a seal with cv=fail signs the whole chain
	aar    string          // the whole ARC-Authentication-Results value
}

func newSigner(domain string) *signer {
	seed := sha256.Sum256([]byte(domain))
	return &signer{domain: domain, key: ed25519.NewKeyFromSeed(seed[:]), h: "from:to:subject:date"}
}

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		panic(err)
	}
	return key
})

// record publishes the key.
func (s *signer) record(k keys) {
	name := "arc._domainkey." + s.domain
	if s.rsa != nil {
		der, err := x509.MarshalPKIXPublicKey(s.rsa.Public())
		if err != nil {
			panic(err)
		}
		k[name] = "v=DKIM1; p=" + base64.StdEncoding.EncodeToString(der)
		return
	}
	k[name] = "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(s.key.Public().(ed25519.PublicKey))
}

func (s *signer) sign(data []byte, sha1 bool) string {
	h, kind := crypto.SHA256, hash.Hash(sha256.New())
	if sha1 {
		h, kind = crypto.SHA1, crypto.SHA1.New()
	}
	kind.Write(data)
	digest := kind.Sum(nil)
	var b []byte
	if s.rsa != nil {
		var err error
		if b, err = rsa.SignPKCS1v15(nil, s.rsa, h, digest); err != nil {
			panic(err)
		}
	} else {
		b = ed25519.Sign(s.key, digest)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// add seals a message as instance i.
func (s *signer) add(msg []byte, i int) []byte {
	alg := "ed25519-sha256"
	if s.rsa != nil {
		alg = "rsa-sha256"
	}
	m := message.Parse(msg)
	// ARC-Authentication-Results.
	aar := s.aar
	if aar == "" {
		aar = fmt.Sprintf("i=%d; %s; spf=pass; dkim=pass; dmarc=pass", i, s.domain)
	}
	aar = "ARC-Authentication-Results: " + aar + "\r\n"
	// ARC-Message-Signature.
	body := sha256.Sum256(dkim.AppendBody(nil, dkim.Relaxed, m.BodyBytes()))
	ams := fmt.Sprintf("ARC-Message-Signature: i=%d; a=%s; c=relaxed/relaxed; d=%s; s=arc; t=1700000000;\r\n\th=%s; bh=%s; b=",
		i, alg, s.domain, s.h, base64.StdEncoding.EncodeToString(body[:]))
	var data []byte
	with := message.Parse(slices.Concat([]byte(aar), msg))
	for name := range strings.SplitSeq(s.h, ":") {
		if all := with.All(name); len(all) > 0 {
			data = dkim.AppendHeader(data, dkim.Relaxed, with.Bytes(all[len(all)-1]))
		}
	}
	data = append(data, bytes.TrimSuffix(dkim.AppendHeader(nil, dkim.Relaxed, []byte(ams)), []byte("\r\n"))...)
	ams += s.sign(data, false) + "\r\n"
	// ARC-Seal.
	cv := s.cv
	if cv == "" {
		cv = "pass"
		if i == 1 {
			cv = "none"
		}
	}
	sealAlg := alg
	if s.sha1 {
		sealAlg = "rsa-sha1"
	}
	as := fmt.Sprintf("ARC-Seal: i=%d; a=%s; cv=%s; d=%s; s=arc; t=1700000001;%s b=", i, sealAlg, cv, s.domain, s.seal)
	data = data[:0]
	if cv != "fail" || s.whole {
		for n := 1; n < i; n++ {
			for _, name := range fieldNames {
				for _, at := range m.All(name) {
					if strings.Contains(m.Value(at), fmt.Sprintf("i=%d;", n)) {
						data = dkim.AppendHeader(data, dkim.Relaxed, m.Bytes(at))
					}
				}
			}
		}
	}
	data = dkim.AppendHeader(data, dkim.Relaxed, []byte(aar))
	data = dkim.AppendHeader(data, dkim.Relaxed, []byte(ams))
	data = append(data, bytes.TrimSuffix(dkim.AppendHeader(nil, dkim.Relaxed, []byte(as)), []byte("\r\n"))...)
	as += s.sign(data, s.sha1) + "\r\n"
	return append([]byte(as+ams+aar), msg...)
}

const letter = "From: ann@example.com\r\nTo: bob@example.org\r\nSubject: hello\r\nDate: Mon, 1 Jun 2026 10:00:00 +0000\r\n\r\nHello,\r\nBob.\r\n"

// sealed is the letter with n sets, by a.example, b.example …
func sealed(t testing.TB, n int) ([]byte, keys) {
	t.Helper()
	msg, k := []byte(letter), keys{}
	for i := 1; i <= n; i++ {
		s := newSigner(fmt.Sprintf("%c.example", 'a'+(i-1)%26))
		s.record(k)
		msg = s.add(msg, i)
	}
	return msg, k
}

func edit(t testing.TB, msg []byte, old, new string) []byte {
	t.Helper()
	if !bytes.Contains(msg, []byte(old)) {
		t.Fatalf("%q is not in the message", old)
	}
	return bytes.Replace(msg, []byte(old), []byte(new), 1)
}
