package paste_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/internal/damage"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/paste"
)

// samples are whole messages to be damaged.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	paths, _ := filepath.Glob("testdata/*.eml")
	for _, pattern := range []string{"../../shared/cases/*/message.eml", "../../shared/cases/*/*.eml"} {
		more, _ := filepath.Glob(pattern)
		paths = append(paths, more...)
	}
	for _, p := range paths {
		raw, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if len(raw) < 200<<10 {
			out[p] = raw
		}
	}
	return out
}

// fields are the fields of a header, each on one line, without blanks: what
// a damaged form must give again.
func fields(raw []byte, m *message.Message) []string {
	var out []string
	for i := range m.Fields {
		v := strings.Join(strings.Fields(m.Value(i)), "")
		out = append(out, strings.ToLower(m.Name(i))+":"+v)
	}
	return out
}

// A header comes back out of every form that loses nothing.
func TestForms(t *testing.T) {
	for path, raw := range samples(t) {
		want := fields(raw, message.Parse(raw))
		for _, f := range damage.Forms {
			if f.Lossy {
				continue
			}
			hurt := f.Make(raw)
			m := paste.Mend(hurt)
			got := fields(m.Raw, m.Parse())
			for i := range max(len(want), len(got)) {
				var g, w string
				if i < len(want) {
					w = want[i]
				}
				if i < len(got) {
					g = got[i]
				}
				if g != w {
					t.Errorf("%s, %s: field %d is\n\t%.300s\nwant\n\t%.300s\n(repairs %+v)", path, f.Name, i, g, w, m.Repairs)
					break
				}
			}
		}
	}
}

// A message that reads is left alone, byte for byte.
func TestExactMessages(t *testing.T) {
	for path, raw := range samples(t) {
		m := paste.Mend(raw)
		if len(m.Repairs) > 0 || !bytes.Equal(m.Raw, raw) {
			t.Errorf("%s: repaired: %+v", path, m.Repairs)
		}
	}
}

// What a sender can write into his message does not make it a damaged one: the
// recipient's servers write above him.
func TestSendersMarksAreNoDamage(t *testing.T) {
	const top = "Received: from out.example.net (out.example.net [192.0.2.1])\r\n\tby mx.example.org (Postfix) with ESMTP id 4Fq2Hk3Yb1z9v\r\n" +
		"\tfor <carl@example.org>; Mon, 23 Nov 2026 04:56:12 +0000\r\n"
	for _, below := range []string{
		"From: ceo@bank.example\r\nSubject: Received: from a by b; DKIM-Signature: v=1; Authentication-Results: x\r\n",
		"From: =?utf-8?q?a?= <a@evil[.]example>\r\nX-A: b[.]c d[.]e\r\n",
		"From: &lt;ceo@bank.example&gt;\r\nTo: b\r\n",
		"From: “Bank” <ceo@bank.example>\r\n",
		"Received: from mx.example.org by other.example.net; Mon, 23 Nov 2026 05:56:12 +0000\r\nFrom: ceo@bank.example\r\n",
		"From: ceo@bank.example\rSubject: x\r\n",
		"From: a@example.net<mailto:ceo@bank.example>\r\n",
		"From: ceo@bank.example\r\nX-Spam-Report: spf=3Dpass dkim=3Dpass=\r\n",
		"\u00a0From: ceo@bank.example\r\nFrom: a@example.net\r\n",
	} {
		for _, body := range []string{"\r\nHello\r\n", "\r\nReceived: from a by b; x\r\nFrom: c@d.example\r\n\r\nHello\r\n", "\r\n<html><pre>Received: from x\nFrom: y</pre></html>\r\n"} {
			raw := []byte(top + below + body)
			if m := paste.Mend(raw); m.Top && len(m.Repairs) > 0 {
				t.Errorf("%q: repaired: %+v", below+body, m.Repairs)
			}
		}
	}
}
