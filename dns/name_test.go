package dns_test

import (
	"net/netip"
	"testing"

	. "github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
)

func TestReverse(t *testing.T) {
	test := func(addr, want string) {
		t.Helper()
		a, _ := netip.ParseAddr(addr)
		if got := Reverse(a); got != want {
			t.Errorf("%s: got %s, want %s", addr, got, want)
		}
	}
	test("192.0.2.130", "130.2.0.192.in-addr.arpa")
	test("::ffff:192.0.2.130", "130.2.0.192.in-addr.arpa")
	test("2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")
	test("", "")
}

func TestCanonical(t *testing.T) {
	test := func(name, want string) {
		t.Helper()
		if got := Canonical(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
		if got := Canonical(want); got != want {
			t.Errorf("%q: not stable, became %q", want, got)
		}
	}
	test("", "")
	test(".", "")
	test("Example.ORG.", "example.org")
	test("_DMARC.example.org", "_dmarc.example.org")
	test(`a\.b.Example.`, `a\.b.example`)
	test(`A\046\066.example`, `a\.b.example`)
	test(`a\\.example`, `a\\.example`)
	test(`a\`, `a\\`)
	test("a b.example", `a\032b.example`)
	test(`a\ b.example`, `a\032b.example`)
	test("É.example", `\195\137.example`)
	test("Aé", `a\195\169`)
	test("a\x00", `a\000`)
	test(`\@.\;.example`, `@.;.example`)
	test("a..b", "a..b")
	test(".a", ".a")
}

func mustZone(t testing.TB, text string) *zonefile.Zone {
	t.Helper()
	z, err := zonefile.Parse("test.zone", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return z
}
