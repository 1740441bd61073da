package bulk

import (
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/report"
)

func TestSummary(t *testing.T) {
	finding := func(code, severity string) report.Finding { return report.Finding{Code: code, Severity: severity} }
	one := report.Report{
		Verdict:  report.Verdict{Status: report.BrokenInTransit},
		Findings: []report.Finding{finding("b-code", "high"), finding("b-code", "high"), finding("z-code", "info")},
		Embedded: []report.Report{{Findings: []report.Finding{finding("a-code", "critical")}, Gaps: []report.Gap{{What: "spf"}}}},
	}
	two := report.Report{Verdict: report.Verdict{Status: report.Authenticated}, Findings: []report.Finding{finding("a-high", "high")}}
	three := report.Report{Verdict: report.Verdict{Status: report.Authenticated}, Findings: []report.Finding{finding("b-code", "high")}}
	var s Summary
	for _, r := range []*report.Report{&one, &two, &three} {
		s.Add(r)
	}
	s.Unreadable = 2
	var b strings.Builder
	if err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	const want = `3  messages
2    authenticated
1    broken-in-transit
1  critical  a-code
2  high      b-code
1  high      a-high
1  info      z-code
1  with gaps: not everything could be checked
2  could not be read
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestSummaryEmpty(t *testing.T) {
	var s Summary
	var b strings.Builder
	if err := s.Write(&b); err != nil || b.String() != "0  messages\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

// message is a report on one message, for tests of what is counted.
func message(path string, index int, cause, host, domain, border string, at time.Time) *report.Report {
	r := &report.Report{
		Source:  report.Source{Path: path, Index: index},
		Message: report.Message{From: []report.Address{{Domain: domain}}, MessageID: "<" + strconv.Itoa(index) + "@" + domain + ">"},
		Hops:    []report.Hop{{Index: 1, By: report.HopBy{Name: border}, Time: &at}},
		Border:  &report.Border{Hop: 1, ClientIP: "192.0.2.1"},
		Verdict: report.Verdict{Status: report.Authenticated, AtFault: "none"},
	}
	if cause != "" {
		r.Verdict.Status, r.Verdict.RootCause = report.BrokenInTransit, &cause
		r.Findings = []report.Finding{{Code: cause, Severity: report.High, AtFault: report.Party{Role: "intermediary", Host: host}}}
	}
	return r
}

// many are reports of four groups.
func many() []*report.Report {
	var out []*report.Report
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for i := range 100 {
		at := day.AddDate(0, 0, i%20)
		switch {
		case i%2 == 0:
			out = append(out, message("a", i, "footer-added", "lists.example.net", "example.com", "mx.example.org", at))
		case i%5 == 0:
			out = append(out, message("a", i, "footer-added", "lists.example.net", "example.net", "mx.example.org", at))
		case i%3 == 0:
			out = append(out, message("b", i, "", "", "example.com", "mx.example.org", at))
		default:
			out = append(out, message("b", i, "subject-changed", "relay.example.org", "example.com", "mx2.example.org", at))
		}
	}
	return out
}

func TestGroups(t *testing.T) {
	var s Summary
	for _, r := range many() {
		s.Add(r)
	}
	got := s.Report()
	if len(got.Groups) != 4 || s.Causes() != 2 {
		t.Fatalf("%d groups", len(got.Groups))
	}
	g := got.Groups[0]
	if g.Count != 50 || g.RootCause != "footer-added" || g.Severity != "high" || g.AtFault != "intermediary" || g.Party != "lists.example.net" ||
		g.Domain != "example.com" || g.Border != "mx.example.org" || g.Status != "" || g.Example.Path != "a" || g.Example.Index != 0 ||
		g.First.Format(time.DateOnly) != "2026-11-01" || g.Last.Format(time.DateOnly) != "2026-11-19" {
		t.Errorf("%+v", g)
	}
	for by, want := range map[string]int{"cause": 3, "domain": 2, "border": 2, "fault": 3, "client": 1, "status": 2, "day": 20, "envelope": 1} {
		s := Summary{By: []string{by}}
		for _, r := range many() {
			s.Add(r)
		}
		if n := len(s.Report().Groups); n != want {
			t.Errorf("by %s: %d groups, want %d", by, n, want)
		}
	}
}

// Whatever the parts and their order, they add up to the whole; and what is
// written down is read again as it was.
func TestMerge(t *testing.T) {
	var whole Summary
	all := many()
	for _, r := range all {
		whole.Add(r)
	}
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		parts := make([]Summary, 1+rnd.IntN(7))
		for _, i := range rnd.Perm(len(all)) {
			parts[rnd.IntN(len(parts))].Add(all[i])
		}
		var sum Summary
		for _, i := range rnd.Perm(len(parts)) {
			text, err := json.Marshal(&parts[i])
			if err != nil {
				t.Fatal(err)
			}
			var again Summary
			if err := json.Unmarshal(text, &again); err != nil {
				t.Fatal(err)
			}
			sum.Merge(&again)
		}
		if got, want := sum.Report(), whole.Report(); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d\n got %+v\nwant %+v", seed, got, want)
		}
	}
}

// The domain of an author is a stranger's word: there are never more groups
// than the bound, and none is lost without a count.
func TestManyGroups(t *testing.T) {
	var s Summary
	const n = MaxGroups + 100
	for i := range n {
		s.Add(message("a", i, "", "", strconv.Itoa(i)+".example", "mx.example.org", time.Unix(0, 0)))
	}
	r := s.Report()
	total := r.Beyond
	for _, g := range r.Groups {
		total += g.Count
	}
	if len(r.Groups) != MaxGroups || r.Beyond != 100 || total != n {
		t.Errorf("%d groups, %d beyond, %d in all", len(r.Groups), r.Beyond, total)
	}
}

func TestOnly(t *testing.T) {
	r := message("a", 0, "footer-added", "lists.example.net", "sub.example.com", "mx.example.org", time.Unix(0, 0))
	test := func(o Only, want bool) {
		t.Helper()
		if got := o.Wants(r); got != want {
			t.Errorf("%+v: %v", o, got)
		}
	}
	test(Only{}, true)
	test(Only{Codes: []string{"x", "footer-added"}}, true)
	test(Only{Codes: []string{"x"}}, false)
	test(Only{Severity: report.Medium}, true)
	test(Only{Severity: report.Critical}, false)
	test(Only{Names: []string{"example.com"}}, true)
	test(Only{Names: []string{"sub.example.com"}}, true)
	test(Only{Names: []string{"b.example.com"}}, false)
	test(Only{Names: []string{"ample.com"}}, false)
	test(Only{Names: []string{"mx.example.org"}}, true)
	test(Only{Names: []string{"lists.example.net"}}, true)
	test(Only{Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}, true)
	test(Only{Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.2")}}, false)
	test(Only{Codes: []string{"x"}, Names: []string{"example.com"}}, false)
	test(Only{Codes: []string{"footer-added"}, Severity: report.High, Names: []string{"nowhere.example", "example.com"}}, true)
}
