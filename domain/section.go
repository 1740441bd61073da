package domain

import (
	"fmt"
	"slices"

	"github.com/mailtrace/mailtrace/report"
)

// section collects what one check finds. A check has its own, so that checks
// can run side by side.
type section struct {
	name     string
	check    *report.DomainCheck
	problems []report.DomainProblem
	gaps     []report.Gap // other than DNS questions without an answer
	dropped  int
	alike    map[string]int // problems by code
	open     bool           // a part of the record could not be asked for
	stray    []stray        // records at wrong names
}

// at says where a problem is, and how it differs from its row in the table.
// All may be zero.
type at struct {
	name     string // DNS name
	term     string
	pos      int // byte offset, where term is not ""
	severity string
	harmless bool   // does not make the record invalid
	advice   string // in place of that of the table
	host     string // who has to change it, where that is not the domain
}

// add notes a problem. What of args is a host, a domain or a quotation is a part
// of its kind, as of [report.Say].
func (s *section) add(code string, where at, format string, args ...any) {
	k := kind(code)
	parts := report.Say(format, args...)
	p := report.DomainProblem{
		Check: s.name, Code: code, Severity: k.Severity, Title: k.Title, Advice: k.Advice, Source: k.Source,
		Invalid: k.Invalid && !where.harmless, Message: parts.String(), Parts: parts, Name: where.name, Term: where.term,
	}
	if where.severity != "" {
		p.Severity = where.severity
	}
	if where.advice != "" {
		p.Advice = where.advice
	}
	p.Host = where.host
	if where.term != "" {
		pos := where.pos
		p.Position = &pos
	}
	s.put(p)
}

// quote is a text of the DNS or a server, in the form of [quoted].
func quote(text string) report.Part { return report.Part{Kind: report.PartQuote, Text: quoted(text)} }

// put adds a problem, within the bounds.
func (s *section) put(p report.DomainProblem) {
	if s.alike == nil {
		s.alike = map[string]int{}
	}
	s.alike[p.Code]++
	switch {
	case s.alike[p.Code] > MaxAlike:
	case len(s.problems) >= MaxProblems:
		s.dropped++
	default:
		s.problems = append(s.problems, p)
	}
}

// rest tells how many problems of a code are not listed, behind the last that
// is.
func (s *section) rest() {
	for i := len(s.problems) - 1; i >= 0; i-- {
		p := s.problems[i]
		if n := s.alike[p.Code]; n > MaxAlike {
			s.alike[p.Code] = 0
			p.Parts = report.Say("%d more of the same kind as: %v", n-MaxAlike, p.Parts)
			p.Message = p.Parts.String()
			s.problems = slices.Insert(s.problems, i+1, p)
		}
	}
}

// gap notes something that could not be checked and is not a DNS question.
func (s *section) gap(what, why string) {
	s.gaps = append(s.gaps, report.Gap{What: what, Why: why})
}

// found notes the record of a check and where it stands.
func (s *section) found(location, state string, records []string) {
	s.check.State, s.check.Location = state, &location
	switch {
	case len(records) == 1:
		s.check.Record = &records[0]
	case len(records) > 1:
		s.check.Records = records[:min(len(records), MaxRecords)]
	}
}

// finish draws Valid, Error and Warnings from the problems.
func (s *section) finish() {
	s.rest()
	if s.dropped > 0 {
		s.gap(s.name, fmt.Sprintf("%d more problems are not listed", s.dropped))
	}
	c := s.check
	c.Warnings = []string{}
	for i := range s.problems {
		switch p := &s.problems[i]; {
		case !p.Invalid:
			c.Warnings = append(c.Warnings, p.Message)
		case c.Error == nil:
			c.Error = &p.Message
		default:
			c.Warnings = append(c.Warnings, p.Message)
		}
	}
	if c.State == report.StatePresent {
		valid := c.Error == nil
		c.Valid = &valid
		if valid && s.open { // what is known is good, and not all is known
			c.Valid = nil
		}
	}
}

// is makes an optional truth value.
func is(b bool) *bool { return &b }

// holds reports that a truth value is known and true.
func holds(b *bool) bool { return b != nil && *b }
