package bulk

import (
	"strings"
	"testing"

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
