package headers

import (
	"net/netip"
	"testing"
)

func TestPrivate(t *testing.T) {
	test := func(ip string, want bool) {
		t.Helper()
		a := netip.MustParseAddr(ip)
		if got := Private(a); got != want {
			t.Errorf("%s: %v", ip, got)
		}
		if Public(a) == want {
			t.Errorf("%s: both private and public", ip)
		}
	}
	for _, ip := range []string{"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "169.254.1.1", "100.64.0.1", "::1", "fe80::1", "fd00::1", "0.0.0.0"} {
		test(ip, true)
	}
	// Documentation prefixes count as public: examples are written with them.
	for _, ip := range []string{"192.0.2.1", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2001:db8::1", "8.8.8.8"} {
		test(ip, false)
	}
}

func TestPrivateName(t *testing.T) {
	for name, want := range map[string]bool{
		"laptop": true, "laptop.lan": true, "ex01.corp.local": true, "db.internal": true, "mail.example.com": false, "local.example.com": false,
	} {
		if got := privateName(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
