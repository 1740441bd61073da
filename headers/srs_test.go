package headers

import (
	"testing"
	"time"
)

func TestParseSRS(t *testing.T) {
	test := func(addr string, want SRS) {
		t.Helper()
		got, ok := ParseSRS(addr)
		if !ok || got != want {
			t.Errorf("%s: %+v, %v; want %+v", addr, got, ok, want)
		}
	}
	not := func(addr string) {
		t.Helper()
		if got, ok := ParseSRS(addr); ok {
			t.Errorf("%s: taken for %+v", addr, got)
		}
	}
	test("SRS0=Ab3d=WM=example.com=a@fwd.example.net", SRS{Scheme: "SRS0", Forwarder: "fwd.example.net", Stamp: "WM", Domain: "example.com", Local: "a"})
	test("srs0+ab3d=wm=EXAMPLE.com=a=b@Fwd.Example.net", SRS{Scheme: "SRS0", Forwarder: "fwd.example.net", Stamp: "wm", Domain: "example.com", Local: "a=b"})
	test("SRS1=xx=fwd1.example==Ab3d=WM=example.com=a@fwd2.example", SRS{Scheme: "SRS1", Forwarder: "fwd2.example", First: "fwd1.example", Stamp: "WM", Domain: "example.com", Local: "a"})
	test("bounces+SRS=kd8dN=JM@tenant.example", SRS{Scheme: "exchange-online", Forwarder: "tenant.example", Stamp: "JM"})
	not("")
	not("ann@example.com")
	not("SRS0=Ab3d=WM@fwd.example.net")
	not("SRS1=xx@fwd.example.net")
	not("SRS0")
	not("bounces+SRS=@tenant.example")
	not("talk-bounces+user=dom.example@lists.example.net")
}

func TestSRSAge(t *testing.T) {
	// 2026-11-23 is day 20780 since 1970; 20780 mod 1024 = 300 = 9<<5 | 12: "JM".
	day := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	test := func(stamp string, want int, ok bool) {
		t.Helper()
		got, gotOK := SRS{Stamp: stamp}.Age(day)
		if got != want || gotOK != ok {
			t.Errorf("%q: %d, %v; want %d, %v", stamp, got, gotOK, want, ok)
		}
	}
	test("JM", 0, true)
	test("jm", 0, true)
	test("JL", 1, true)
	test("JN", -1, true)
	test("AA", 300, true)
	test("J1", 0, false) // 1 is no base32 digit
	test("", 0, false)
	test("JMM", 0, false)
}

func FuzzParseSRS(f *testing.F) {
	f.Add("SRS1=xx=fwd1.example==Ab3d=WM=example.com=a@fwd2.example")
	f.Add("bounces+SRS=kd8dN=JM@tenant.example")
	f.Fuzz(func(t *testing.T, addr string) {
		if s, ok := ParseSRS(addr); ok && s.Scheme == "" {
			t.Errorf("%q: no scheme", addr)
		}
	})
}

// Letters whose lower case is longer, and bytes that are no text: an offset is
// one of the address itself.
func TestSRSOfBytesThatAreNoText(t *testing.T) {
	test := func(addr, scheme, forwarder string) {
		t.Helper()
		s, ok := ParseSRS(addr)
		if ok != (scheme != "") || s.Scheme != scheme || s.Forwarder != forwarder {
			t.Errorf("%q: %+v, %v", addr, s, ok)
		}
	}
	test("\x92\x92ann+SRS=@a.example", "", "")
	test("\x92\x92ann+SRS=kd8dN=JM@a.example", "exchange-online", "a.example")
	test("Ⱥ+SRS=kd8dN=JM@a.example", "exchange-online", "a.example")
	test("ann+sRs=kd8dN=JM@a.example", "exchange-online", "a.example")
	test("+SRS=kd8dN=JM@a.example", "", "")
}
