package headers

import (
	"context"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/message"
)

// examineIn examines a message with the given envelope sender, From and client
// against a zone.
func examineIn(t *testing.T, zone, mailFrom, from, helo, ip string) *Facts {
	t.Helper()
	z, err := zonefile.Parse("test.zone", []byte(zone))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(ip, ":") {
		ip = "IPv6:" + ip
	}
	eml := "Return-Path: <" + mailFrom + ">\n" +
		"Received: from " + helo + " (" + helo + " [" + ip + "])\n\tby mx.example.org (Postfix) with ESMTPS id 4XyZ055bKz1\n" +
		"\tfor <bob@example.org>; Wed, 2 Dec 2026 10:00:05 +0000 (UTC)\n" +
		"From: " + from + "\nTo: bob@example.org\nSubject: Test\n\nHello\n"
	return Examine(context.Background(), message.Parse([]byte(eml)), Options{Resolver: z})
}

func TestTwin(t *testing.T) {
	const (
		spf4    = "example.com. IN TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
		dual    = "mail.example.com. IN A 192.0.2.10\nmail.example.com. IN AAAA 2001:db8::25\n"
		reverse = "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. IN PTR mail.example.com.\n"
	)
	test := func(name, zone, helo, ip, want string) {
		t.Run(name, func(t *testing.T) {
			got := ""
			if tw := examineIn(t, zone, "ann@example.com", "ann@example.com", helo, ip).Twin; tw != nil {
				got = tw.Name + " " + tw.IP.String()
			}
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	test("by reverse DNS", spf4+dual+reverse, "x.invalid", "2001:db8::25", "mail.example.com 192.0.2.10")
	test("by HELO that points back", spf4+dual, "mail.example.com", "2001:db8::25", "mail.example.com 192.0.2.10")
	test("HELO of another host", spf4+dual, "mail.example.com", "2001:db8::99", "")
	test("client by IPv4", spf4+dual, "mail.example.com", "192.0.2.11", "")
	test("IPv4 side fails too", "example.com. IN TXT \"v=spf1 ip4:192.0.2.77 -all\"\n"+dual, "mail.example.com", "2001:db8::25", "")
	test("IPv6 side passes", "example.com. IN TXT \"v=spf1 a:mail.example.com -all\"\n"+dual, "mail.example.com", "2001:db8::25", "")
	test("bounded", spf4+manyAddresses("mail.example.com", 20)+dual, "mail.example.com", "2001:db8::25", "")
}

// manyAddresses are n addresses of a host that no record names.
func manyAddresses(name string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(name + ". IN A 198.51.100." + string(rune('1'+i%9)) + string(rune('0'+i/9)) + "\n")
	}
	return b.String()
}
