package spf

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
)

func TestLint(t *testing.T) {
	test := func(z zone, want ...string) *Linted {
		t.Helper()
		l := Lint(context.Background(), z, "x.example", Options{})
		var got []string
		for _, n := range l.Notes {
			s := fmt.Sprintf("%s %d %s: %s", n.Domain, n.Position, n.Term, n.Text)
			if n.Error {
				s = "! " + s
			}
			got = append(got, s)
		}
		if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
			t.Errorf("%q:\n%s\nwant\n%s", z["x.example TXT"], g, w)
		}
		return l
	}
	one := func(record string, want ...string) {
		t.Helper()
		test(zone{"x.example TXT": {record}, "x.example A": {"192.0.2.1"}, "x.example MX": {"1 x.example"}}, want...)
	}
	// The near misses: nothing to say.
	one("v=spf1 a mx ip4:192.0.2.0/24 ip6:2001:db8::/32 -all")
	one("v=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/24 ~all") // an exception before its network
	one("v=spf1 -all")

	one("v=spf1 a ipv4:192.0.2.1 -all", `! x.example 9 ipv4:192.0.2.1: unknown mechanism "ipv4"; ip4 is meant?`)
	one("v=spf1 -all a redirect=y.example mx",
		"x.example 12 a: never reached: it stands behind -all",
		"x.example 14 redirect=y.example: not used: the record has -all",
		"x.example 33 mx: never reached: it stands behind -all")
	one("v=spf1 a", "x.example 8 : neither all nor redirect: clients that nothing matches get neutral")
	one("v=spf1 all", "x.example 7 all: lets every client pass")
	one("v=spf1 a ?all", "x.example 9 ?all: makes no statement on any other client")
	one("v=spf1 ptr -all", "x.example 7 ptr: ptr is slow and not reliable, and should not be used")
	one("v=spf1 exists:%{p}.x.example -all", "x.example 7 exists:%{p}.x.example: %{p} is slow and not reliable, and should not be used")
	one("v=spf1 redirct=y.example -all", "x.example 7 redirct=y.example: no modifier of RFC 7208; receivers ignore it")
	one("v=spf1 a A -all", "x.example 9 A: stands twice in the record")
	one("v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.7 ip4:192.0.2.0/24 -all",
		"x.example 24 ip4:192.0.2.7: lies in ip4:192.0.2.0/24 at byte 38",
		"x.example 38 ip4:192.0.2.0/24: the same network as ip4:192.0.2.0/24 at byte 7")
	one("v=spf1 ip4:192.0.2.0/24 -ip4:192.0.2.7 -all", "x.example 24 -ip4:192.0.2.7: never reached: ip4:192.0.2.0/24 at byte 7 covers it")
	one("v=spf1 ip4:192.0.2.7/24 -all", "x.example 7 ip4:192.0.2.7/24: has host bits; it means 192.0.2.0/24")
	one("v=spf1 ip4:64.0.0.0/7 ip6:2000::/3 a/0 -all",
		"x.example 7 ip4:64.0.0.0/7: covers a very large network",
		"x.example 22 ip6:2000::/3: covers a very large network",
		"x.example 35 a/0: covers a very large network")
	one("v=spf1 ip4:10.1.2.3 ip6:::ffff:192.0.2.1 -all",
		"x.example 7 ip4:10.1.2.3: a private address: no client on the Internet has it",
		"x.example 20 ip6:::ffff:192.0.2.1: matches nothing: an IPv4-mapped client counts as IPv4")
	one("v=spf1 include:%{l}.x.example -all", "x.example 7 include:%{l}.x.example: depends on the message; not followed")
	one("v=spf1 include:x.example -all",
		"! x.example 7 include:x.example: a loop: x.example is being evaluated already")
	one("v=spf1 exp=x.example -all") // one TXT record; that it is an SPF record is not an error
	one("v=spf1 exp=y.example -all", "x.example 7 exp=y.example: y.example has 0 TXT records, not one; no explanation is given")
	one("v=spf1 "+strings.Repeat("ip4:192.0.2.1 ", 1)+"x="+strings.Repeat("y", 430)+" -all",
		"x.example 0 : 458 bytes; above 450 the answer may not fit one UDP packet of 512",
		"x.example 21 x="+strings.Repeat("y", 430)+": no modifier of RFC 7208; receivers ignore it")

	test(zone{"x.example TXT": {"v=spf1 -all", "v=spf1 a"}}, "! x.example 0 : x.example has 2 SPF records; only one is allowed")
	// A network that an include covers; not one that it only excludes, nor one
	// behind its all.
	test(zone{"x.example TXT": {"v=spf1 ip4:192.0.2.1 ip4:198.51.100.0/24 ip4:203.0.113.1 include:y.example -all"},
		"y.example TXT": {"v=spf1 ip4:192.0.2.0/24 -ip4:203.0.113.0/24 ip4:198.51.100.0/24 ~all ip4:203.0.113.0/24"}},
		"y.example 69 ip4:203.0.113.0/24: never reached: it stands behind ~all",
		"x.example 7 ip4:192.0.2.1: lies in ip4:192.0.2.0/24 of y.example, which is included",
		"x.example 21 ip4:198.51.100.0/24: lies in ip4:198.51.100.0/24 of y.example, which is included")
	test(zone{"x.example TXT": {"v=spf1 ip4:192.0.2.1 ?include:y.example -all"}, "y.example TXT": {"v=spf1 ip4:192.0.2.0/24 ~all"}})
	test(zone{}) // no record is the result, not a note

	// Branches that an evaluation might not need.
	l := test(zone{
		"x.example TXT":           {"v=spf1 ip4:192.0.2.0/24 include:y.example include:none.example include:y.example include:sick.example redirect=z.example"},
		"y.example TXT":           {"v=spf1 include:%{d}.w.example mx:null.example -all"},
		"y.example.w.example TXT": {"v=spf1 ip4:192.0.2.1 ?all"}, // %{d} is known
		"null.example MX":         {"0 ."},
		"none.example TXT":        {"hello"},
		"sick.example TXT":        {"!servfail"},
		"z.example TXT":           {"v=spf1 a:gone.z.example exists:gone2.z.example mx:gone3.z.example a:v6.z.example -include:never.example"},
		"v6.z.example AAAA":       {"2001:db8::1"},
		"never.example TXT":       {"v=spf1 -all"},
	},
		`y.example 30 mx:null.example: null.example has a null MX (RFC 7505), which matches nothing`,
		`! x.example 42 include:none.example: none.example has no SPF record`,
		`x.example 63 include:y.example: y.example is included already, by x.example; its lookups count again`,
		`z.example 103 : neither all nor redirect: clients that nothing matches get neutral`,
		`z.example 7 a:gone.z.example: gone.z.example has no address: a void lookup`,
		`z.example 47 mx:gone3.z.example: gone3.z.example has no MX record: a void lookup`,
		`z.example 81 -include:never.example: the record of never.example lets nobody pass, so this never matches`,
		`! z.example 24 exists:gone2.z.example: lookup 11 of 14 for a client that nothing matches before; the limit is 10`,
		`z.example 47 mx:gone3.z.example: void lookup 3 of 3; receivers may stop at 2 (void: gone.z.example A, gone2.z.example A, gone3.z.example MX)`,
	)
	if l.Lookups != 14 || l.Voids != 3 || strings.Join(l.Gaps, ",") != "sick.example TXT: servfail" {
		t.Errorf("%d lookups, %d voids, gaps %q", l.Lookups, l.Voids, l.Gaps)
	}
}

// TestLintInCheck: Check with Options.Lint hands it all over and asks no more
// than that for its own result.
func TestLintInCheck(t *testing.T) {
	ev := check(t, house, "192.0.2.10", "a@example.com", Options{Lint: true})
	if ev.Result != Pass || ev.Lookups != 0 || ev.TotalLookups != 4 || ev.TotalVoids != 0 || len(ev.LintGaps) != 0 {
		t.Errorf("%+v", ev)
	}
	if ev = check(t, house, "192.0.2.10", "a@voids.example", Options{Lint: true}); ev.TotalVoids != 3 || len(ev.Lint) == 0 {
		t.Errorf("%+v", ev)
	}
	if ev = check(t, house, "192.0.2.10", "a@example.com", Options{}); ev.Lint != nil || ev.TotalLookups != 0 {
		t.Errorf("%+v", ev)
	}
}

// bomb is a zone in which every record includes two others, twenty deep.
func bomb() zone {
	z := zone{}
	for i := range 20 {
		z[fmt.Sprintf("b%d.example TXT", i)] = []string{fmt.Sprintf("v=spf1 include:b%d.example include:b%[1]d.example -all", i+1)}
	}
	z["b20.example TXT"] = []string{"v=spf1 ip4:192.0.2.1 -all"}
	return z
}

func TestLintBounds(t *testing.T) {
	r := &asked{Resolver: bomb()}
	l := Lint(context.Background(), r, "b0.example", Options{MaxLookups: 1 << 20})
	if l.Lookups != MaxWalked || len(r.questions) != 21 || len(l.Gaps) != 1 {
		t.Errorf("%d lookups, %d questions, gaps %q", l.Lookups, len(r.questions), l.Gaps)
	}
	z := zone{"x.example TXT": {"v=spf1"}}
	for i := range 400 {
		z["x.example TXT"][0] += fmt.Sprintf(" a:h%d.example", i)
	}
	r = &asked{Resolver: z}
	if l = Lint(context.Background(), r, "x.example", Options{}); len(r.questions) != MaxQuestions || len(l.Gaps) != 1 || len(l.Notes) > MaxNotes {
		t.Errorf("%d questions, %d notes, gaps %q", len(r.questions), len(l.Notes), l.Gaps)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if l = Lint(ctx, house, "example.com", Options{}); strings.Join(l.Gaps, ",") != "example.com TXT: cancelled" {
		t.Errorf("gaps %q", l.Gaps)
	}
}

func TestRanges(t *testing.T) {
	test := func(z zone, want4, want6 string, open, stops int) *Authorized {
		t.Helper()
		a, err := Ranges(context.Background(), z, "x.example", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if g4, g6 := join(a.IPv4), join(a.IPv6); g4 != want4 || g6 != want6 || len(a.Open) != open || len(a.Stops) != stops {
			t.Errorf("%q: %q %q open %v stops %v, want %q %q", z["x.example TXT"], g4, g6, a.Open, a.Stops, want4, want6)
		}
		return a
	}
	one := func(record, want4, want6 string) {
		t.Helper()
		test(zone{"x.example TXT": {record}}, want4, want6, 0, 0)
	}
	one("v=spf1 ip4:192.0.2.0/25 ip4:192.0.2.128/25 ip6:2001:db8::/32 -all", "192.0.2.0/24", "2001:db8::/32")
	one("v=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/30 -all", "192.0.2.0/32 192.0.2.2/31", "")
	one("v=spf1 ip4:192.0.2.0/30 -ip4:192.0.2.1 -all", "192.0.2.0/30", "")
	one("v=spf1 ~ip4:192.0.2.0/30 ip4:192.0.2.0/29", "192.0.2.4/30", "")
	one("v=spf1 -ip4:192.0.2.5 all", "0.0.0.0/1 128.0.0.0/2 192.0.0.0/23 192.0.2.0/30 192.0.2.4/32 192.0.2.6/31 192.0.2.8/29 192.0.2.16/28 192.0.2.32/27 192.0.2.64/26 192.0.2.128/25 192.0.3.0/24 192.0.4.0/22 192.0.8.0/21 192.0.16.0/20 192.0.32.0/19 192.0.64.0/18 192.0.128.0/17 192.1.0.0/16 192.2.0.0/15 192.4.0.0/14 192.8.0.0/13 192.16.0.0/12 192.32.0.0/11 192.64.0.0/10 192.128.0.0/9 193.0.0.0/8 194.0.0.0/7 196.0.0.0/6 200.0.0.0/5 208.0.0.0/4 224.0.0.0/3", "::/0")
	one("v=spf1 ip6:::ffff:192.0.2.1 -all", "", "")
	test(zone{"x.example TXT": {"v=spf1 ip4:192.0.2.1 ipv4:1 -all"}}, "", "", 0, 1)

	a := test(zone{
		"x.example TXT": {"v=spf1 a mx/31 -include:bad.example include:y.example exists:%{i}.z.example redirect=z.example"},
		"x.example A":   {"192.0.2.1"}, "x.example AAAA": {"2001:db8::1"},
		"x.example MX": {"1 m.example", "2 ."}, "m.example A": {"198.51.100.7"}, "m.example AAAA": {"2001:db8::7"},
		"bad.example TXT": {"v=spf1 ip4:203.0.113.9 -all"},
		"y.example TXT":   {"v=spf1 -ip4:203.0.113.1 ip4:203.0.113.0/28 -all"},
		"z.example TXT":   {"v=spf1 ip4:203.0.113.1 ip4:203.0.113.9 -all"},
	},
		// .9 is excluded before the include, .1 in the include only: the
		// redirect takes it up.
		"192.0.2.1/32 198.51.100.6/31 203.0.113.0/29 203.0.113.8/32 203.0.113.10/31 203.0.113.12/30", "2001:db8::1/128 2001:db8::7/128", 1, 0)
	if a.Count4 != 1+2+15 || a.Count6.String() != "2" {
		t.Errorf("%d and %s addresses", a.Count4, a.Count6)
	}

	// Behind an error nobody passes.
	test(zone{"x.example TXT": {"v=spf1 ip4:192.0.2.1 include:none.example ip4:192.0.2.2 +all"}}, "192.0.2.1/32", "", 0, 1)
	test(zone{"x.example TXT": {"v=spf1 ip4:192.0.2.1 include:y.example +all"}, "y.example TXT": {"v=spf1 ip4:192.0.2.2 foo"}}, "192.0.2.1/32", "", 0, 1)
	test(zone{"x.example TXT": {"v=spf1 a:a.x.example a:b.x.example a:c.x.example +all"}}, "", "", 0, 2) // A and AAAA
	test(zone{"x.example TXT": {"v=spf1 " + strings.Repeat("a ", 11) + "+all"}, "x.example A": {"192.0.2.1"}, "x.example AAAA": {"2001:db8::1"}}, "192.0.2.1/32", "2001:db8::1/128", 0, 1)
	all := test(zone{"x.example TXT": {"v=spf1 +all"}}, "0.0.0.0/0", "::/0", 0, 0)
	if all.Count4 != 1<<32 || all.Count6.BitLen() != 129 {
		t.Errorf("%d and %s addresses", all.Count4, all.Count6)
	}
	if a, err := Ranges(context.Background(), zone{"x.example TXT": {"v=spf1 ip4:192.0.2.1 a -all"}, "x.example A": {"!not-recorded"}}, "x.example", Options{}); err == nil || join(a.IPv4) != "192.0.2.1/32" || len(a.Gaps) != 1 {
		t.Errorf("%+v %v", a, err)
	}
}

func join(list []netip.Prefix) string {
	var s []string
	for _, p := range list {
		s = append(s, p.String())
	}
	return strings.Join(s, " ")
}

// TestRangesAgree holds Ranges against Check, address by address.
func TestRangesAgree(t *testing.T) {
	z := zone{
		"x.example TXT":      {"v=spf1 ~ip4:192.0.2.16/30 include:y.example ip4:192.0.2.16/29 -ip4:192.0.2.64/27 a:h.example/29 redirect=z.example"},
		"y.example TXT":      {"v=spf1 -ip4:192.0.2.3 ?ip4:192.0.2.5 ip4:192.0.2.0/28 ip4:192.0.2.65 -all"},
		"h.example A":        {"192.0.2.70", "192.0.2.100"},
		"z.example TXT":      {"v=spf1 ip4:192.0.2.3 ip4:192.0.2.96/28 ip4:192.0.2.5 include:broken.example all"},
		"broken.example TXT": {"v=spf1 ip4:192.0.2.200 redirect=gone.example"},
	}
	a, err := Ranges(context.Background(), z, "x.example", Options{})
	if err != nil {
		t.Fatal(err)
	}
	passes := 0
	for i := range 256 {
		ip := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
		listed := false
		for _, p := range a.IPv4 {
			listed = listed || p.Contains(ip)
		}
		ev := check(t, z, ip.String(), "a@x.example", Options{})
		if listed != (ev.Result == Pass) {
			t.Errorf("%s: listed %t, result %s by %s", ip, listed, ev.Result, ev.Matched)
		}
		if listed {
			passes++
		}
	}
	if passes != int(a.Count4) || passes == 0 {
		t.Errorf("%d pass, %d counted", passes, a.Count4)
	}
}

// TestRangesRandom does the same for random records.
func TestRangesRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	terms := func(n int) string {
		s := ""
		for range n {
			bits := 24 + rnd.IntN(9)
			s += fmt.Sprintf(" %sip4:192.0.2.%d/%d", []string{"", "", "-", "~", "?"}[rnd.IntN(5)], rnd.IntN(256), bits)
		}
		return s
	}
	passes := 0
	for range 300 {
		z := zone{
			"x.example TXT": {"v=spf1" + terms(rnd.IntN(6)) + " include:y.example" + terms(rnd.IntN(4)) + " -include:z.example" + terms(rnd.IntN(4)) + " redirect=z.example"},
			"y.example TXT": {"v=spf1" + terms(rnd.IntN(6)) + " a:h.example/29" + terms(2)},
			"z.example TXT": {"v=spf1" + terms(rnd.IntN(6)) + " -all"},
			"h.example A":   {fmt.Sprintf("192.0.2.%d", rnd.IntN(256))},
		}
		a, err := Ranges(context.Background(), z, "x.example", Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 256 {
			ip := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
			listed := 0
			for _, p := range a.IPv4 {
				if p.Contains(ip) {
					listed++
				}
			}
			ev := check(t, z, ip.String(), "a@x.example", Options{})
			if listed > 1 || (listed == 1) != (ev.Result == Pass) {
				t.Fatalf("%s: listed %d times, result %s by %s\n%v", ip, listed, ev.Result, ev.Matched, z)
			}
			passes += listed
		}
	}
	t.Logf("%d of %d addresses pass", passes, 300*256)
}
