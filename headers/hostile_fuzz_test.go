package headers

import (
	"context"
	"testing"

	"github.com/mailtrace/mailtrace/message"
)

// FuzzEmbedded: the walk through MIME parts ends, within its bounds.
func FuzzEmbedded(f *testing.F) {
	f.Add("multipart/mixed; boundary=b", []byte("--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\n\r\nx\r\n--b--\r\n"))
	f.Add("multipart/report; boundary=b; report-type=delivery-status", []byte("--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a\n\nAction: failed\nStatus: 5.7.1\n--b\nContent-Type: text/rfc822-headers\nContent-Transfer-Encoding: base64\n\nRnJvbTogYQ==\n--b--"))
	f.Add("multipart/mixed; boundary=", []byte("--\n--\nmessage/rfc822"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		raw := append([]byte("From: a@b.example\r\nContent-Type: "+kind+"\r\n\r\n"), body...)
		fx := Examine(context.Background(), message.Parse(raw), Options{})
		if len(fx.Embedded) > maxMIMEParts {
			t.Errorf("%d embedded messages", len(fx.Embedded))
		}
	})
}

// FuzzDecode: encoded words of any kind.
func FuzzDecode(f *testing.F) {
	f.Add("=?utf-8?q?=E4=F6?= =?iso-2022-jp?b?GyRC?=")
	f.Add("=?utf-7?q?+AGE-?= =??q??= =?x?y?z")
	f.Fuzz(func(t *testing.T, s string) {
		if out := Decode(s); len(out) > 8*len(s)+64 {
			t.Errorf("%d bytes of %d", len(out), len(s))
		}
	})
}

// FuzzHidden: what is found as hidden stands in the header.
func FuzzHidden(f *testing.F) {
	f.Add([]byte("X: a\rFrom: b@c\nFr\x00om: x\nFrom: a@b.example\n\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		fx := &Facts{Msg: message.Parse(raw)}
		fx.findHidden()
		if len(fx.Hidden) > maxHidden {
			t.Errorf("%d", len(fx.Hidden))
		}
		for _, h := range fx.Hidden {
			if h.Name == "" || h.How == "" || h.Line < 1 {
				t.Errorf("%+v", h)
			}
		}
	})
}
