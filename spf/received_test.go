package spf_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/headers/authres"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/spf"
)

// FuzzReceived: what is written is one field, and read back as it was meant,
// whatever the client called itself.
func FuzzReceived(f *testing.F) {
	f.Add("ann@example.com", "mail.example.com", "mx.example.org", "ip4:192.0.2.0/24")
	f.Add("a; client-ip=192.0.2.9 x@example.com", "h\r\nX: y", "mx", "")
	f.Add("\"a\\\"b\"@example.com", "(pass)", "\x00", "all")
	f.Fuzz(func(t *testing.T, sender, helo, receiver, matched string) {
		e := &spf.Evaluation{Result: spf.Fail, Identity: spf.MailFrom, Sender: sender, Domain: "example.com", IP: netip.MustParseAddr("192.0.2.1"), Matched: matched}
		value := e.Received(receiver, helo)
		m := message.Parse([]byte("Received-SPF:" + value + "\r\nFrom: a@example.com\r\n\r\n"))
		if len(m.Fields) != 2 || strings.ContainsAny(m.Value(0), "\r\n\x00") {
			t.Fatalf("%d fields of %q", len(m.Fields), value)
		}
		got := authres.Parse(m, 0)
		if len(got) != 1 || got[0].Result != "fail" || got[0].IP != e.IP || got[0].Identity != "mailfrom" {
			t.Fatalf("%q was read as %+v", value, got)
		}
	})
}
