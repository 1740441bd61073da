package render

import (
	"bytes"
	"context"
	"testing"

	"github.com/mailtrace/mailtrace/compare"
	"github.com/mailtrace/mailtrace/message"
)

func compared(t testing.TB, a, b string) *compare.Result {
	t.Helper()
	r, err := compare.Compare(context.Background(), nil, message.Parse([]byte(a)), message.Parse([]byte(b)), compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const (
	sentCopy = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.com; s=s1;\r\n h=from:subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\nFrom: Ann <ann@example.com>\r\nSubject: offers\r\nX-Old: 1\r\n\r\nHello.\r\nBye.\r\n"
	listCopy = "Received: from a by b; Mon, 23 Nov 2026 01:38:52 +0000\r\nDKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.com; s=s1;\r\n h=from:subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\nFrom: Ann <ann@example.com>\r\nSubject: [list] offers\r\nX-New: 1\r\n\r\nHello.\r\nBye.\r\n-- \r\nlist footer\r\n"
	evilCopy = "From: \x1b[2J\u202eann <ann@example.com>\r\nSubject: x\x07\r\n\x1b]0;x: y\r\n\r\nHello.\r\n\x1b[2J\u200b\r\nAuthenticated: yes\r\n"
)

func TestCompare(t *testing.T) {
	var b bytes.Buffer
	if err := Compare(&b, compared(t, sentCopy, listCopy), "sent.eml", "list.eml", Options{Detail: Full}); err != nil {
		t.Fatal(err)
	}
	golden(t, "compare.golden", b.Bytes())
}

func TestCompareHostile(t *testing.T) {
	for _, pair := range [][2]string{{sentCopy, evilCopy}, {evilCopy, sentCopy}, {evilCopy, listCopy}, {"", evilCopy}} {
		for _, detail := range []Detail{Normal, Verdict, Full} {
			for _, w := range []int{1, 60, 100} {
				var b bytes.Buffer
				if err := Compare(&b, compared(t, pair[0], pair[1]), "a\x1b[2J", "b\n", Options{Detail: detail, Width: w}); err != nil {
					t.Fatal(err)
				}
				safe(t, b.String(), false)
			}
		}
	}
}
