package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// domainSummary counts what was found in many domains.
type domainSummary struct {
	domains    int
	unreadable int
	incomplete int
	codes      map[domainCode]int
}

type domainCode struct{ code, severity string }

func (s *domainSummary) done() int { return s.domains + s.unreadable }

// add counts a domain. A code counts once a domain.
func (s *domainSummary) add(r domainResult) {
	if r.err != nil {
		s.unreadable++
		return
	}
	s.domains++
	if len(r.report.Gaps) > 0 {
		s.incomplete++
	}
	seen := map[domainCode]bool{}
	for i := range r.report.Findings {
		f := &r.report.Findings[i]
		if k := (domainCode{f.Code, f.Severity}); !seen[k] {
			seen[k] = true
			s.codes[k]++
		}
	}
}

// write shows the counts, the most severe first.
func (s *domainSummary) write(w io.Writer) error {
	var b strings.Builder
	width := len(fmt.Sprint(s.done()))
	line := func(n int, text string) { fmt.Fprintf(&b, "%*d  %s\n", width, n, text) }
	line(s.domains, "domains")
	codes := make([]domainCode, 0, len(s.codes))
	for k := range s.codes {
		codes = append(codes, k)
	}
	slices.SortFunc(codes, func(x, y domainCode) int {
		if d := report.SeverityRank(x.severity) - report.SeverityRank(y.severity); d != 0 {
			return d
		}
		if d := s.codes[y] - s.codes[x]; d != 0 {
			return d
		}
		return strings.Compare(x.code, y.code)
	})
	for _, k := range codes {
		if k.severity == report.Info {
			continue
		}
		line(s.codes[k], fmt.Sprintf("%-8s  %s", k.severity, k.code))
	}
	if s.incomplete > 0 {
		line(s.incomplete, "with gaps: not everything could be checked")
	}
	if s.unreadable > 0 {
		line(s.unreadable, "no domain names")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
