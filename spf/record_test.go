package spf

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseErrors(t *testing.T) {
	test := func(record string, want ...string) {
		t.Helper()
		_, notes := Parse(record)
		var got []string
		for _, n := range notes {
			if !n.Error {
				t.Errorf("%q: note without Error: %v", record, n)
			}
			got = append(got, fmt.Sprintf("%d %s: %s", n.Position, n.Term, n.Text))
		}
		if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
			t.Errorf("%q:\n%s\nwant\n%s", record, g, w)
		}
	}
	test("v=spf1")
	test("V=SPF1 A MX/24//64 Ptr:example.org IP4:192.0.2.0/24 -ALL")
	test("v=spf1  ip6:2001:db8::/32   ~all  ")
	test("v=spf1 foo=bar x-y.z_1=%{d}:/ ?all exp=%{ir}.example.org redirect=_spf.%{d2}")
	test("v=spf1 a:%{l1r-}.lp.%{d} exists:%%%_%-.example.org")
	test("v=spf1 a:foo:bar/baz.example.org/24//64")
	test("v=spf1 a:example.1-2 a:example.xn--p1ai")

	test("v=spf10 -all", `0 v=spf10: does not begin with "v=spf1" and a space`)
	test("", `0 : does not begin with "v=spf1" and a space`)
	// All errors, not only the first, each where it is.
	test("v=spf1 ipv4:192.0.2.1 include: -all moo",
		`7 ipv4:192.0.2.1: unknown mechanism "ipv4"; ip4 is meant?`,
		"30 include:: the domain is missing",
		`36 moo: unknown mechanism "moo"`)
	test("v=spf1 a:example.org/33//129",
		`21 a:example.org/33//129: "33" is not a prefix length from 0 to 32`,
		`25 a:example.org/33//129: "129" is not a prefix length from 0 to 128`)
	test("v=spf1 ip4:192.0.2.300", `11 ip4:192.0.2.300: "192.0.2.300" is not an IPv4 address`)
	test("v=spf1 ip4:192.0.2", `11 ip4:192.0.2: "192.0.2" is not an IPv4 address`)
	test("v=spf1 ip4:192.0.02.1", `11 ip4:192.0.02.1: "192.0.02.1" is not an IPv4 address`)
	test("v=spf1 ip4:2001:db8::1", `11 ip4:2001:db8::1: "2001:db8::1" is not an IPv4 address; ip6 is meant?`)
	test("v=spf1 ip6:192.0.2.1", `11 ip6:192.0.2.1: "192.0.2.1" is not an IPv6 address; ip4 is meant?`)
	test("v=spf1 ip6:fe80::1%eth0", `11 ip6:fe80::1%eth0: "fe80::1%eth0" is not an IPv6 address`)
	test("v=spf1 ip4:192.0.2.0/024", `21 ip4:192.0.2.0/024: prefix length "024" with leading zero`)
	test("v=spf1 ip4:192.0.2.0/", `21 ip4:192.0.2.0/: the prefix length is missing`)
	test("v=spf1 ip4", "10 ip4: ip4 needs an address: ip4:ADDRESS")
	test("v=spf1 a/", `8 a/: "/" is not a prefix length; it is written "/24", "//64" or "/24//64"`)
	test("v=spf1 mx/24/64", `9 mx/24/64: "/24/64" is not a prefix length; it is written "/24", "//64" or "/24//64"`)
	test("v=spf1 a:192.0.2.1", `17 a:192.0.2.1: "192.0.2.1" is an address; it is written ip4:192.0.2.1`)
	test("v=spf1 a:example.org:25", `17 a:example.org:25: "org:25" cannot be a top-level label; a port has no place here`)
	test("v=spf1 a:museum.", `9 a:museum.: "museum." is not a domain name with a top label`)
	test("v=spf1 a:x.%{d}.", `15 a:x.%{d}.: "x.%{d}." is not a domain name with a top label`)
	test("v=spf1 a:example.-com", `17 a:example.-com: "-com" cannot be a top-level label`)
	test("v=spf1 include:example.org/24", `23 include:example.org/24: "org/24" cannot be a top-level label; the prefix length is wrong or out of place`)
	test("v=spf1 -all:x", "11 -all:x: all takes no argument")
	test("v=spf1 redirect:example.org", `7 redirect:example.org: unknown mechanism "redirect"; it is a modifier, written "redirect=DOMAIN"`)
	test("v=spf1 -redirect=example.org", `7 -redirect=example.org: unknown mechanism "redirect=example.org"`)
	test("v=spf1 redirect=a.example REDIRECT=b.example", "26 REDIRECT=b.example: a second redirect")
	test("v=spf1 exp=a.example exp=b.example", "21 exp=b.example: a second exp")
	test("v=spf1 a\tmx", "8 a\tmx: byte 0x09 is not allowed in a record")
	test("v=spf1 -", `7 -: unknown mechanism ""; a name is missing`)
	test("v=spf1 =all", `7 =all: unknown mechanism "=all"`)

	test("v=spf1 exists:%{x}.example.org", `14 exists:%{x}.example.org: unknown macro letter "x"`)
	test("v=spf1 exists:%{d0}.example.org", "14 exists:%{d0}.example.org: a macro must keep at least one part, not 0")
	test("v=spf1 exists:%{dr!}.example.org", `14 exists:%{dr!}.example.org: "!" is not a macro delimiter`)
	test("v=spf1 exists:a%b.example.org", `15 exists:a%b.example.org: "%" must be followed by "{", "%", "_" or "-"`)
	test("v=spf1 exists:%{d", `14 exists:%{d: "%{" without "}"`)
	test("v=spf1 exists:%{}", `14 exists:%{}: macro without a letter`)
	test("v=spf1 exists:example.org%", `25 exists:example.org%: "%" at the end; a percent sign is written "%%"`)
	test("v=spf1 exp=%{t}.example.org", "11 exp=%{t}.example.org: the macro %{t} is for explanations only")
	test("v=spf1 foo=%abc", `11 foo=%abc: "%" must be followed by "{", "%", "_" or "-"`)
}

func TestParseTerms(t *testing.T) {
	rec, notes := Parse("v=spf1 ~IP4:192.0.2.5/24 a:Mail.example.org/28//60 exp=x.example ?all redirect=y.example")
	if len(notes) > 0 {
		t.Fatal(notes)
	}
	test := func(got, want any) {
		t.Helper()
		if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
			t.Errorf("%s, want %s", g, w)
		}
	}
	test(len(rec.Terms), 5)
	test(rec.Terms[0].Kind, "ip4")
	test(rec.Terms[0].Result(), SoftFail)
	test(rec.Terms[0].Prefix, "192.0.2.5/24")
	test(rec.Terms[1].Spec, "Mail.example.org")
	test([]int{rec.Terms[1].Bits4, rec.Terms[1].Bits6}, []int{28, 60})
	test(rec.Terms[1].Looks(), true)
	test(rec.Exp().Position, 51)
	test(rec.All().Text, "?all")
	test(rec.Redirect().Looks(), true)
	test(rec.Exp().Looks(), false)
}

func TestParseBounds(t *testing.T) {
	if _, notes := Parse("v=spf1 " + strings.Repeat("a ", MaxRecord)); len(notes) != 1 || notes[0].Position != MaxRecord {
		t.Errorf("a long record: %v", notes)
	}
	if _, notes := Parse("v=spf1 " + strings.Repeat("x ", MaxNotes+10)); len(notes) != MaxNotes || notes[MaxNotes-1].Text != "more errors follow" {
		t.Errorf("%d notes, want %d that say more follow", len(notes), MaxNotes)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"v=spf1", "v=spf1 a mx ptr ip4:192.0.2.0/24 ip6:2001:db8::/32 include:x.example -all",
		"v=spf1 a:%{l1r-}.%{d2}/24//64 exp=%{ir}.x.example redirect=y.example",
		"v=spf1 ip4: exists:%{ a:/ mx//", "v=spf1 a:foo:bar/baz.example.org/24//64", "\x00", "v=spf1 \x80",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rec, notes := Parse(s)
		bad := 0
		for i, term := range rec.Terms {
			if s[term.Position:term.Position+len(term.Text)] != term.Text {
				t.Fatalf("term %d is not at its position", i)
			}
			if term.Bad {
				bad++
				continue
			}
			if (term.Kind == "ip4" || term.Kind == "ip6") && !term.Modifier && !term.Prefix.IsValid() {
				t.Fatalf("%s without network", term.Text)
			}
		}
		if bad > 0 && len(notes) == 0 {
			t.Fatal("a bad term without a note")
		}
		for _, n := range notes {
			if n.Position < 0 || n.Position > len(s) {
				t.Fatalf("position %d of %d", n.Position, len(s))
			}
		}
		// Without its bad terms the record is good.
		if IsRecord(s) && len(s) <= MaxRecord {
			good := version
			for _, term := range rec.Terms {
				if !term.Bad {
					good += " " + term.Text
				}
			}
			if _, again := Parse(good); len(again) > 0 {
				t.Fatalf("%q from %q: %v", good, s, again)
			}
		}
	})
}
