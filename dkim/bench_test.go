package dkim

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/message"
)

// testKeys are made once a run.
var testKeys = sync.OnceValue(func() (k struct {
	rsa2048, rsa1024 *rsa.PrivateKey
	ed               ed25519.PrivateKey
}) {
	var err error
	if k.rsa2048, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		panic(err)
	}
	if k.rsa1024, err = rsa.GenerateKey(rand.Reader, 1024); err != nil {
		panic(err)
	}
	if _, k.ed, err = ed25519.GenerateKey(rand.Reader); err != nil {
		panic(err)
	}
	return k
})

// record is the key record of a private key.
func record(key crypto.Signer) string {
	if pub, ok := key.Public().(ed25519.PublicKey); ok {
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(err)
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
}

const testHeader = "Received: from mail.example.com (mail.example.com [192.0.2.10])\r\n" +
	"\tby mx.example.org (Postfix) with ESMTPS id 4F2c1D0k3Pz9sQ\r\n" +
	"\tfor <bob@example.org>; Mon, 23 Nov 2026 04:10:00 +0000 (UTC)\r\n" +
	"From: Ann Example <ann@example.com>\r\nTo: Bob Example <bob@example.org>\r\n" +
	"Subject: The figures that you asked for\r\nDate: Mon, 23 Nov 2026 04:09:58 +0000\r\n" +
	"Message-ID: <20261123040958.4F2c1D0k3Pz9sQ@mail.example.com>\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\nX-Mailer: something\r\n"

// sign returns the message with a signature by each key on top, at selectors
// s0, s1 … of example.com, and the zone with their keys.
func sign(t testing.TB, raw, canon string, keys ...crypto.Signer) ([]byte, texts) {
	t.Helper()
	z := make(texts)
	for i, key := range keys {
		selector := fmt.Sprintf("s%d", i)
		raw = signWith(t, raw, key, "c="+canon+"/"+canon+"; d=example.com; s="+selector)
		z[selector+"._domainkey.example.com"] = []string{record(key)}
	}
	return []byte(raw), z
}

const signedNames = "From:To:Subject:Date:Message-ID:MIME-Version:Content-Type:From"

// signWith puts a signature with these tags on top of a message. Tags that are
// not given are added: v, a, h; and bh, over the whole body, and b.
func signWith(t testing.TB, raw string, key crypto.Signer, tags string) string {
	t.Helper()
	have, err := ParseTags(tags)
	if err != nil {
		t.Fatal(err)
	}
	add := func(name, value string) {
		if _, ok := TagValue(have, name); !ok {
			tags += "; " + name + "=" + value
		}
	}
	add("v", "1")
	if _, ok := key.(ed25519.PrivateKey); ok {
		add("a", "ed25519-sha256")
	} else {
		add("a", "rsa-sha256")
	}
	add("h", signedNames)
	p := parseSignature(DKIM, 0, nil, tags)
	body := AppendBody(nil, p.BodyCanon, message.Parse([]byte(raw)).BodyBytes())
	if n := p.limit(); n >= 0 && n < int64(len(body)) {
		body = body[:n]
	}
	h := p.algorithm.hash.New()
	h.Write(body)
	add("bh", base64.StdEncoding.EncodeToString(h.Sum(nil)))
	unsigned := "DKIM-Signature: " + tags + ";\r\n b=\r\n" + raw
	m := message.Parse([]byte(unsigned))
	s := m.Fields[0].Value
	p = parseSignature(DKIM, 0, m.Bytes(0), unsigned[s.Start:s.End])
	digest := NewVerifier(nil, m, Options{}).HeaderDigest(p.HeaderCanon, p.algorithm.hash, p.SignedFields, 0, p.Tags)
	opts := crypto.SignerOpts(p.algorithm.hash)
	if _, ok := key.(ed25519.PrivateKey); ok {
		opts = crypto.Hash(0)
	}
	b, err := key.Sign(rand.Reader, digest, opts)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(unsigned, ";\r\n b=\r\n", ";\r\n b="+base64.StdEncoding.EncodeToString(b)+"\r\n", 1)
}

// Bodies of a kind, of at least n bytes.
var bodies = map[string]func(n int) string{
	"text": func(n int) string {
		var b strings.Builder
		words := strings.Fields("the quick brown fox jumps over a lazy dog while nobody in this town looks at what it does to us all")
		line := 0
		for i := 0; b.Len() < n; i++ {
			w := words[(i*7+i/13)%len(words)]
			if line+len(w) > 72 {
				b.WriteString("\r\n")
				line = 0
			} else if line > 0 {
				b.WriteByte(' ')
				line++
			}
			if i%97 == 96 {
				b.WriteString("\r\n\r\n")
				line = 0
			}
			b.WriteString(w)
			line += len(w)
		}
		return b.String() + "\r\n"
	},
	"base64": func(n int) string {
		raw := make([]byte, n*3/4)
		for i := range raw {
			raw[i] = byte(i * 7 >> 3)
		}
		s := base64.StdEncoding.EncodeToString(raw)
		var b strings.Builder
		for len(s) > 76 {
			b.WriteString(s[:76] + "\r\n")
			s = s[76:]
		}
		return b.String() + s + "\r\n"
	},
	"html": func(n int) string { // indented: a run of blanks on nearly every line
		return strings.Repeat("    <tr>\r\n      <td class=\"x\">one two three</td>\r\n        <td>some more text in a cell of this table</td>\r\n    </tr>\r\n", n/120+1)
	},
	"dirty": func(n int) string { // two spaces after each sentence, trailing blanks
		return strings.Repeat("It is so.  It is not so.  Who can tell?\tNobody. \r\nAnd here is a line without any of that in it at all, but\r\n", n/105+1)
	},
}

// floor is the work that no verifier can leave out: one hash of the body, and
// for each signature one hash of the signed header and one RSA or Ed25519
// verification.
func floor(body []byte, digests []func()) {
	sha256.Sum256(body)
	for _, d := range digests {
		d()
	}
}

func floorDigests(t testing.TB, m *message.Message, z texts) []func() {
	var out []func()
	v := NewVerifier(z, m, Options{})
	for _, i := range m.All("DKIM-Signature") {
		s := m.Fields[i].Value
		p := parseSignature(DKIM, i, m.Bytes(i), string(m.Raw[s.Start:s.End]))
		var signed []byte
		pick := m.Picker()
		for _, name := range p.SignedFields {
			if f := pick.Take(name, i); f >= 0 {
				signed = AppendHeader(signed, p.HeaderCanon, m.Bytes(f))
			}
		}
		signed = AppendSignature(signed, p.HeaderCanon, m.Bytes(i), p.Tags)
		key := v.Keys(context.Background(), p.KeyName).Keys[0]
		out = append(out, func() {
			digest := sha256.Sum256(signed)
			if VerifyDigest(key, crypto.SHA256, digest[:], p.B) != nil {
				panic("the floor does not verify")
			}
		})
	}
	return out
}

// secondOpinion verifies the first signature by go-msgauth. It is nil where that
// is not built in.
var secondOpinion func(raw []byte, z texts) error

type contestant struct {
	name string
	f    func() error
	took []time.Duration
}

// BenchmarkVerify runs the floor, our verification and that of go-msgauth in
// turn, so that whatever else the machine does hits all alike, and reports the
// lower quartile of each and the ratios. ns/op is the sum and means nothing.
func BenchmarkVerify(b *testing.B) {
	k := testKeys()
	one, two := []crypto.Signer{k.rsa2048}, []crypto.Signer{k.rsa2048, k.rsa2048}
	for _, c := range []struct {
		name, body string
		size       int
		canon      string
		keys       []crypto.Signer
	}{
		{"5KB-text", "text", 5 << 10, Relaxed, one},
		{"5KB-text-2sig", "text", 5 << 10, Relaxed, two},
		{"5KB-text-ed25519", "text", 5 << 10, Relaxed, []crypto.Signer{k.ed}},
		{"50KB-text", "text", 50 << 10, Relaxed, one},
		{"50KB-text-2sig", "text", 50 << 10, Relaxed, two},
		{"50KB-html", "html", 50 << 10, Relaxed, one},
		{"5MB-text", "text", 5 << 20, Relaxed, one},
		{"5MB-text-2sig", "text", 5 << 20, Relaxed, two},
		{"5MB-base64", "base64", 5 << 20, Relaxed, one},
		{"5MB-text-simple", "text", 5 << 20, Simple, one},
		{"5MB-html", "html", 5 << 20, Relaxed, one},
		{"5MB-dirty", "dirty", 5 << 20, Relaxed, one},
		{"5MB-text-LF", "text-LF", 5 << 20, Relaxed, one},
	} {
		raw, z := sign(b, testHeader+"\r\n"+bodies[strings.TrimSuffix(c.body, "-LF")](c.size), c.canon, c.keys...)
		if strings.HasSuffix(c.body, "-LF") {
			raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
		}
		m := message.Parse(raw)
		digests := floorDigests(b, m, z)
		run := []contestant{
			{name: "floor", f: func() error {
				floor(m.BodyBytes(), digests)
				return nil
			}},
			{name: "ours", f: func() error {
				sigs, err := Verify(context.Background(), z, m, Options{})
				if err == nil && sigs[0].Result != Pass {
					err = errors.New(sigs[0].Reason)
				}
				return err
			}},
		}
		if secondOpinion != nil {
			run = append(run, contestant{name: "go-msgauth", f: func() error { return secondOpinion(raw, z) }})
		}
		b.Run(c.name, func(b *testing.B) {
			for i := range run {
				run[i].took = run[i].took[:0]
			}
			for b.Loop() {
				for i := range run {
					start := time.Now()
					err := run[i].f()
					run[i].took = append(run[i].took, time.Since(start))
					if err != nil {
						b.Fatal(run[i].name, err)
					}
				}
			}
			quartile := func(i int) float64 {
				slices.Sort(run[i].took)
				return float64(run[i].took[len(run[i].took)/4].Nanoseconds())
			}
			b.ReportMetric(quartile(0)/1e3, "floor-us")
			b.ReportMetric(quartile(1)/quartile(0), "ours/floor")
			if len(run) > 2 {
				b.ReportMetric(quartile(2)/quartile(0), "go-msgauth/floor")
			}
		})
	}
}

// BenchmarkMemory is our verification alone, for its allocations: they must not
// grow with the body.
func BenchmarkMemory(b *testing.B) {
	for _, size := range []int{5 << 10, 50 << 10, 5 << 20} {
		raw, z := sign(b, testHeader+"\r\n"+bodies["text"](size), Relaxed, testKeys().rsa2048)
		m := message.Parse(raw)
		b.Run(fmt.Sprint(size>>10, "KB"), func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Verify(context.Background(), z, m, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
