package dns_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	. "github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/dnstest"

	"blitiri.com.ar/go/spf"
)

// Std fits the libraries that it is for.
var _ spf.DNSResolver = Std{}

func TestStd(t *testing.T) {
	s := Std{mustZone(t, dnstest.World+"1.2.0.192.in-addr.arpa. PTR mx.example.org.\nnull.example. MX 0 .\n")}
	ctx := context.Background()
	test := func(what string, got any, err error, want string) {
		t.Helper()
		text := fmt.Sprint(got)
		if err != nil {
			de, ok := err.(*net.DNSError)
			if !ok {
				t.Errorf("%s: %T is not a bare *net.DNSError", what, err)
				return
			}
			text = fmt.Sprintf("notfound=%v temporary=%v timeout=%v", de.IsNotFound, de.IsTemporary, de.IsTimeout)
		}
		if text != want {
			t.Errorf("%s: got %s, want %s", what, text, want)
		}
	}
	const (
		none = "notfound=true temporary=false timeout=false"
		temp = "notfound=false temporary=true timeout=false"
		slow = "notfound=false temporary=true timeout=true"
	)
	txt := func(name, want string) {
		t.Helper()
		got, err := s.LookupTXT(ctx, name)
		test("TXT "+name, got, err, want)
	}
	txt("example.org", "[v=spf1 -all]")
	txt("mx.example.org", none)
	txt("nope.example.org", none)
	txt("sick.example", temp)
	txt("slow.example", slow)
	txt("a..b", none)
	mx := func(name, want string) {
		t.Helper()
		got, err := s.LookupMX(ctx, name)
		text := ""
		for _, m := range got {
			text += fmt.Sprint(m.Pref, " ", m.Host, ";")
		}
		test("MX "+name, text, err, want)
	}
	mx("example.org", "10 mx.example.org.;20 mx2.example.org.;")
	mx("null.example", "0 .;")
	mx("www.example.org", none)
	ip := func(name, want string) {
		t.Helper()
		got, err := s.LookupIPAddr(ctx, name)
		test("IP "+name, got, err, want)
	}
	ip("www.example.org", "[{192.0.2.1 } {2001:db8::1 }]")
	ip("192.0.2.8", "[{192.0.2.8 }]")
	ip("example.org", none)
	ip("slow.example", slow)
	addr := func(a, want string) {
		t.Helper()
		got, err := s.LookupAddr(ctx, a)
		test("addr "+a, got, err, want)
	}
	addr("192.0.2.1", "[mx.example.org.]")
	addr("192.0.2.2", none)
	addr("x", "notfound=false temporary=false timeout=false")
}

func TestNetError(t *testing.T) {
	if NetError(nil) != nil {
		t.Error("nil became an error")
	}
	other := errors.New("other")
	if NetError(other) != other {
		t.Error("another error was changed")
	}
	for _, f := range []Failure{ServFail, Timeout, Refused, Malformed, Unreachable, NotRecorded, Cancelled, Off} {
		err := NetError(fmt.Errorf("wrapped: %w", &Error{Name: "a.test", Failure: f}))
		de, ok := err.(*net.DNSError)
		if !ok || !de.IsTemporary || de.IsNotFound || de.IsTimeout != (f == Timeout) || de.Name != "a.test" {
			t.Errorf("%s: %#v", f, err)
		}
		var e *Error
		if !errors.As(err, &e) || e.Failure != f {
			t.Errorf("%s: the cause is lost", f)
		}
	}
}
