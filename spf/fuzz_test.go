package spf

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// FuzzCheck evaluates a zone of arbitrary text, one "name TYPE value" a line,
// and holds the questions against the limits.
func FuzzCheck(f *testing.F) {
	f.Add("x.example TXT v=spf1 mx include:y.example ptr -all exp=e.example\nx.example MX 1 m.example\nm.example A 192.0.2.9\n"+
		"y.example TXT v=spf1 exists:%{ir}.%{p}.z.example ?all\ne.example TXT %{c} %{t}\n1.2.0.192.in-addr.arpa PTR m.example", "a@x.example", "h.example")
	f.Add("x.example TXT v=spf1 redirect=%{l}.x.example\na.x.example TXT v=spf1 include:x.example a:%{h} ~all", "a@x.example", "")
	f.Add("x.example TXT v=spf1 a//0 ip4:0.0.0.0/0 %", "\x80@x.example", "[192.0.2.1]")
	f.Add("x.example CNAME y.example\ny.example TXT v=spf1 a:!servfail -all\ny.example A !not-recorded", "x.example", "x")
	for _, s := range readSuite(f, "rfc7208-tests.yml") { // and the public suite
		var lines []string
		z := s.testZone()
		for _, key := range slices.Sorted(maps.Keys(z)) {
			for _, v := range z[key] {
				lines = append(lines, key+" "+v)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(s.Tests)) {
			f.Add(strings.Join(lines, "\n"), s.Tests[name].MailFrom, s.Tests[name].Helo)
		}
	}
	f.Fuzz(func(t *testing.T, text, from, helo string) {
		z := zone{}
		for line := range strings.Lines(text) {
			name, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			typ, value, ok := strings.Cut(rest, " ")
			if !ok || zoneTypes[typ] == 0 {
				continue
			}
			if strings.HasPrefix(typ, "A") && !strings.HasPrefix(value, "!") {
				if ip, err := netip.ParseAddr(value); err != nil || ip.Is4() != (typ == "A") {
					continue
				}
			}
			z[canonical(name)+" "+typ] = append(z[canonical(name)+" "+typ], value)
		}
		for _, client := range []string{"192.0.2.1", "2001:db8::1"} {
			r := &asked{Resolver: z}
			q := Query{IP: netip.MustParseAddr(client), Helo: helo, MailFrom: from}
			ev, err := Check(context.Background(), r, q, Options{Tree: true, Explain: true})
			if bound := 1 + DefaultMaxLookups*(1+MaxMX) + (1 + MaxPTR) + 1; len(r.questions) > bound {
				t.Fatalf("%d questions, the bound is %d", len(r.questions), bound)
			}
			if err != nil {
				if ev == nil || ev.Result != "" {
					t.Fatalf("an error with the result %q", ev.Result)
				}
				continue
			}
			switch ev.Result {
			case None, Neutral, Pass, Fail, SoftFail, TempError, PermError:
			default:
				t.Fatalf("result %q", ev.Result)
			}
			if ev.Code == "" || ev.Reason == "" || ev.Tree.String() == "" || (ev.Matched != "") != (ev.Code == ReasonMatch) {
				t.Fatalf("incomplete: %+v", ev)
			}
			bare, err := Check(context.Background(), z, q, Options{})
			if err != nil || bare.Result != ev.Result || bare.Matched != ev.Matched || bare.Reason != ev.Reason {
				t.Fatalf("%s by %q without a tree, %s by %q with it", bare.Result, bare.Matched, ev.Result, ev.Matched)
			}
			other, note, err := CrossCheck(context.Background(), z, q)
			if err == nil && other != ev.Result && KnownDifference(ev, other) == "" {
				t.Fatalf("we say %s (%s), go/spf %s (%s)", ev.Result, ev.Reason, other, note)
			}
		}
		domain := from[strings.LastIndexByte(from, '@')+1:]
		r := &asked{Resolver: z}
		if l := Lint(context.Background(), r, domain, Options{}); len(l.Notes) > MaxNotes || len(r.questions) > MaxQuestions {
			t.Fatalf("%d notes, %d questions", len(l.Notes), len(r.questions))
		}
		r = &asked{Resolver: z}
		a, _ := Ranges(context.Background(), r, domain, Options{})
		if len(r.questions) > MaxQuestions {
			t.Fatalf("%d questions", len(r.questions))
		}
		for i := 1; i < len(a.IPv4); i++ {
			if !a.IPv4[i-1].Addr().Less(a.IPv4[i].Addr()) || a.IPv4[i-1].Overlaps(a.IPv4[i]) {
				t.Fatalf("not sorted and disjoint: %v", a.IPv4)
			}
		}
	})
}
