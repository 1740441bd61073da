package spf

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
)

func TestCrossCheck(t *testing.T) {
	test := func(z zone, domain string, want Result, known bool) {
		t.Helper()
		q := Query{IP: netip.MustParseAddr("192.0.2.1"), Helo: "h.example", MailFrom: "a..b@" + domain}
		got, note, err := CrossCheck(context.Background(), z, q)
		if err != nil || got != want {
			t.Errorf("%s: %s (%s) %v, want %s", domain, got, note, err, want)
		}
		ev := check(t, z, "192.0.2.1", q.MailFrom, Options{})
		if why := KnownDifference(ev, got); (why != "") != known || known == (ev.Result == got) {
			t.Errorf("%s: we say %s, difference %q", domain, ev.Result, why)
		}
	}
	test(house, "empty.example", Neutral, false)
	test(house, "viasick.example", Pass, false)
	test(house, "sick.example", TempError, false)
	test(house, "nowhere.example", None, false)
	test(house, "loop.example", PermError, false)
	test(house, "broken.example", Pass, true) // a match before the error
	test(zone{
		"x.example TXT":              {"v=spf1 exists:%{p}.x.example -all"},
		"1.2.0.192.in-addr.arpa PTR": {"h.example"},
		"h.example A":                {"192.0.2.1"},
		"h.example.x.example A":      {"127.0.0.2"},
	}, "x.example", Fail, true) // %{p}
	test(zone{"x.example TXT": {"v=spf1 exists:%{l}.x.example -all"}, "a.b.x.example A": {"127.0.0.2"}}, "x.example", Pass, true)

	// What is not known is not explained.
	ev := check(t, house, "192.0.2.10", "a@example.com", Options{})
	if why := KnownDifference(ev, Fail); why != "" {
		t.Errorf("a plain ip4 match explained by %q", why)
	}

	// A question that cannot be put is an error, whatever the library makes of it.
	for _, z := range []zone{
		{"x.example TXT": {"!not-recorded"}},
		{"x.example TXT": {"v=spf1 a -all"}, "x.example A": {"!not-recorded"}},
		{"x.example TXT": {"v=spf1 mx -all"}, "x.example MX": {"!cancelled"}},
		{"x.example TXT": {"v=spf1 ptr -all"}, "1.2.0.192.in-addr.arpa PTR": {"!off"}},
	} {
		r, _, err := CrossCheck(context.Background(), z, Query{IP: netip.MustParseAddr("192.0.2.1"), MailFrom: "a@x.example"})
		var de *dns.Error
		if !errors.As(err, &de) || de.Asked() || r != "" {
			t.Errorf("%v: %s %v", z, r, err)
		}
	}
}
