package findings

import (
	"context"
	"net/netip"
	"testing"

	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/spf"
)

func TestOverbroad(t *testing.T) {
	test := func(ip, record, more string, wide, everybody bool) {
		t.Run(record, func(t *testing.T) {
			z, err := zonefile.Parse("test.zone", []byte("example.com. IN TXT \""+record+"\"\n"+more))
			if err != nil {
				t.Fatal(err)
			}
			e, err := spf.Check(context.Background(), z, spf.Query{IP: netip.MustParseAddr(ip), MailFrom: "a@example.com"}, spf.Options{})
			if err != nil || e.Result != spf.Pass {
				t.Fatalf("%v, %v; want a pass", e, err)
			}
			why, all := overbroad(e)
			if (why != "") != wide || all != everybody {
				t.Errorf("%q, everybody %v; want %v, %v", why, all, wide, everybody)
			}
		})
	}
	const service = "_spf.example.net. IN TXT \"v=spf1 ip4:40.92.0.0/15 ip4:8.0.0.0/8 +all\"\n"
	const mail = "mail.example.com. IN A 192.0.2.10\nexample.com. IN A 192.0.2.10\n"
	test("192.0.2.10", "v=spf1 ip4:192.0.2.10 -all", "", false, false)
	test("192.0.2.10", "v=spf1 ip4:192.0.0.0/16 -all", "", false, false)
	test("192.0.2.10", "v=spf1 ip4:192.0.0.0/15 -all", "", true, false)
	test("192.0.2.10", "v=spf1 ip4:0.0.0.0/0 -all", "", true, true)
	test("192.0.2.10", "v=spf1 ip4:128.0.0.0/1 -all", "", true, true)
	test("192.0.2.10", "v=spf1 +all", "", true, true)
	test("192.0.2.10", "v=spf1 all", "", true, true)
	test("192.0.2.10", "v=spf1 a/8 -all", mail, true, false)
	test("192.0.2.10", "v=spf1 a:mail.example.com/24 -all", mail, false, false)
	test("192.0.2.10", "v=spf1 exists:mail.example.com -all", mail, true, true)
	test("192.0.2.10", "v=spf1 exists:%{i}.example.com -all", "192.0.2.10.example.com. IN A 127.0.0.2\n", false, false)
	test("40.92.1.1", "v=spf1 include:_spf.example.net -all", service, false, false)
	test("8.1.1.1", "v=spf1 include:_spf.example.net -all", service, true, false)
	test("192.0.2.10", "v=spf1 include:_spf.example.net -all", service, true, true)
	test("2001:db8::1", "v=spf1 ip6:2001:db8::/32 -all", "", false, false)
	test("2001:db8::1", "v=spf1 ip6:2001::/16 -all", "", true, false)
}

func TestPermerrorWords(t *testing.T) {
	test := func(comment, want string) {
		t.Helper()
		got := ""
		for _, c := range []struct {
			name string
			says func(string) bool
		}{{"lookups", saysLookups}, {"voids", saysVoids}, {"syntax", saysSyntax}} {
			if c.says(comment) {
				got += c.name
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", comment, got, want)
		}
	}
	test("mx.example.org: too many dns lookups", "lookups")
	test("maximum dns-interactive terms limit (10) exceeded: lookup", "lookups")
	test("void lookup limit of 2 exceeded", "voids")
	test("unknown mechanism found: ipv4:192.0.2.1", "syntax")
	test("two or more type txt spf records found.", "syntax")
	test("permanent error in processing", "")
	test("", "")
}

func TestToList(t *testing.T) {
	test := func(head string, want bool) {
		t.Helper()
		f := judged(headers.Examine(context.Background(), message.Parse([]byte(head+"\n\nHello\n")), headers.Options{}))
		if got := toList(f); got != want {
			t.Errorf("%q: %v, want %v", head, got, want)
		}
	}
	test("To: Team <team@lists.example.net>\nList-Post: <mailto:team@lists.example.net>", true)
	test("Cc: TEAM@lists.example.net\nList-Post: <mailto:Team@Lists.example.net?subject=x>", true)
	test("To: bob@example.org\nList-Post: <mailto:team@lists.example.net>", false)
	test("To: bob@example.org\nList-Post: NO", false)
	test("To: bob@example.org\nList-Post: <mailto:>", false)
	test("To: bob@example.org", false)
}

func TestStatementOf(t *testing.T) {
	test := func(a, b string, differ bool) {
		t.Helper()
		x, y := statementOf(a), statementOf(b)
		if got := x != "" && y != "" && x != y; got != differ {
			t.Errorf("%s and %s: %v, want %v", a, b, got, differ)
		}
	}
	test("pass", "fail", true)
	test("pass", "none", true)
	test("softfail", "fail", false)
	test("neutral", "softfail", false)
	test("pass", "temperror", false)
	test("permerror", "pass", false)
}
