package repair

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
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

func zone(records ...string) texts { return texts{"s._domainkey.example.com": records} }

// texts answers TXT questions from a map of names. An entry that is the name
// of a failure fails so. A name that is not there does not exist.
type texts map[string][]string

func (z texts) Lookup(ctx context.Context, name string, typ dns.Type) (dns.Answer, error) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	a := dns.Answer{Name: name, Type: typ, Status: dns.Success, Server: "test"}
	if ctx.Err() != nil {
		return a, &dns.Error{Name: name, Type: typ, Failure: dns.Cancelled, Err: ctx.Err()}
	}
	values, ok := z[name]
	if !ok {
		a.Status = dns.NXDomain
		return a, nil
	}
	if len(values) == 1 {
		switch f := dns.Failure(values[0]); f {
		case dns.ServFail, dns.Timeout, dns.Off, dns.NotRecorded, dns.BadName, dns.Cancelled:
			return a, &dns.Error{Name: name, Type: typ, Failure: f}
		}
	}
	if len(values) == 0 || typ != dns.TypeTXT {
		a.Status = dns.NoData
		return a, nil
	}
	for _, v := range values {
		a.Records = append(a.Records, dns.Record{Name: name, Type: typ, Text: v, Strings: []string{v}})
	}
	return a, nil
}

func readMessage(t testing.TB, dir, file string) *message.Message {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return message.Parse(b)
}

func readCaseZone(t *testing.T, file string) *zonefile.Zone {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zonefile.Parse(file, b)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

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

const testHeader = "Received: from mail.example.com (mail.example.com [192.0.2.10])\r\n" +
	"\tby mx.example.org (Postfix) with ESMTPS id 4F2c1D0k3Pz9sQ\r\n" +
	"\tfor <bob@example.org>; Mon, 23 Nov 2026 04:10:00 +0000 (UTC)\r\n" +
	"From: Ann Example <ann@example.com>\r\nTo: Bob Example <bob@example.org>\r\n" +
	"Subject: The figures that you asked for\r\nDate: Mon, 23 Nov 2026 04:09:58 +0000\r\n" +
	"Message-ID: <20261123040958.4F2c1D0k3Pz9sQ@mail.example.com>\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\nX-Mailer: something\r\n"

const testBody = "Dear Bob,\r\n\r\nhere  are the figures.\t \r\n\r\nAnn\r\n"

const signedNames = "From:To:Subject:Date:Message-ID:MIME-Version:Content-Type:From"

// signWith puts a signature with these tags on top of a message. Tags that are
// not given are added: v, a, h; and bh, over the whole body, and b.
func signWith(t testing.TB, raw string, key crypto.Signer, tags string) string {
	t.Helper()
	have, err := dkim.ParseTags(tags)
	if err != nil {
		t.Fatal(err)
	}
	add := func(name, value string) {
		if _, ok := dkim.TagValue(have, name); !ok {
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
	p := read(dkim.DKIM, 0, nil, tags)
	body := dkim.AppendBody(nil, p.BodyCanon, message.Parse([]byte(raw)).BodyBytes())
	if n := p.limit(); n >= 0 && n < int64(len(body)) {
		body = body[:n]
	}
	h := p.hash.New()
	h.Write(body)
	add("bh", base64.StdEncoding.EncodeToString(h.Sum(nil)))
	unsigned := "DKIM-Signature: " + tags + ";\r\n b=\r\n" + raw
	m := message.Parse([]byte(unsigned))
	s := m.Fields[0].Value
	p = read(dkim.DKIM, 0, m.Bytes(0), unsigned[s.Start:s.End])
	digest := dkim.NewVerifier(nil, m, dkim.Options{}).HeaderDigest(p.HeaderCanon, p.hash, p.SignedFields, 0, p.Tags)
	opts := crypto.SignerOpts(p.hash)
	if _, ok := key.(ed25519.PrivateKey); ok {
		opts = crypto.Hash(0)
	}
	b, err := key.Sign(rand.Reader, digest, opts)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(unsigned, ";\r\n b=\r\n", ";\r\n b="+base64.StdEncoding.EncodeToString(b)+"\r\n", 1)
}
