// Package findings judges the facts of a message. Every finding of the
// catalogue is one Rule in one file; rules are pure functions of the facts, so
// they can all be run on every message and on every example.
//
// Not stable, but for the codes, which stay: who wants results imports the module's
// root and reads a report.
package findings

import (
	"slices"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

// Judge runs all rules on the facts, merges symptoms under their causes, puts
// the root cause first and draws the verdict.
func Judge(h *headers.Facts) ([]report.Finding, report.Verdict) {
	f := judged(h)
	var found []report.Finding
	for _, r := range catalogue {
		if r.Needs&^f.has != 0 {
			continue
		}
		for _, x := range r.Find(f) {
			x.Code, x.Title = r.Code, r.Title
			if x.Severity == "" {
				x.Severity = r.Severity
			}
			say(&x)
			party(f, r, &x)
			x.Confidence = ceiling(f, r, &x)
			if !stands(f, r, &x) {
				continue
			}
			if report.SeverityRank(x.Severity) < report.SeverityRank(report.Medium) && weakerThan(x.Confidence, report.Strong) {
				x.Severity = report.Medium // nobody is accused on a guess
			}
			found = append(found, x)
		}
	}
	found = limit(found)
	link(found)
	v := verdict(f, found)
	undecided(f, &v)
	english(&v.Summary, &v.Parts)
	believe(f, &v)
	order(found, v.RootCause)
	for i := range found {
		x := &found[i]
		if v.RootCause == nil || *v.RootCause != x.Code {
			x.Quiet = x.Severity == report.Info || x.Severity == report.Low && Lookup(x.Code).Quiet
		}
	}
	return found, v
}

// say makes the English of a finding from its parts. A text without parts is
// one part: words.
func say(x *report.Finding) {
	english(&x.Message, &x.Parts)
	english(&x.Advice, &x.AdviceParts)
	for i := range x.Evidence {
		if e := &x.Evidence[i]; e.Parts != nil {
			e.Text = e.Parts.String()
		}
	}
}

func english(s *string, parts *report.Text) {
	if *parts == nil && *s != "" {
		*parts = report.Words(*s)
	}
	*s = parts.String()
}

// maxPerCode bounds the findings of one code in a report.
const maxPerCode = 16

// limit keeps at most maxPerCode findings of each code.
func limit(found []report.Finding) []report.Finding {
	code, n := "", 0 // the findings of a code stand together, as the rules are run
	return slices.DeleteFunc(found, func(x report.Finding) bool {
		if x.Code != code {
			code, n = x.Code, 0
		}
		n++
		return n > maxPerCode
	})
}

// link fills Because: a symptom names the causes that were found with it.
func link(found []report.Finding) {
	present := func(code string) bool {
		for i := range found {
			if found[i].Code == code {
				return true
			}
		}
		return false
	}
	for i := range found {
		x := &found[i]
		for _, cause := range Lookup(x.Code).SymptomOf {
			if present(cause.Code) && !slices.Contains(x.Because, cause.Code) {
				x.Because = append(x.Because, cause.Code)
			}
		}
		if x.Because == nil {
			x.Because = []string{}
		}
		x.Evidence = distinct(x.Evidence)
	}
}

// distinct drops pieces of evidence that say the same twice: two verdicts of one
// field quote the same field.
func distinct(all []report.Evidence) []report.Evidence {
	out := make([]report.Evidence, 0, len(all))
	for _, e := range all {
		if !slices.ContainsFunc(out, func(have report.Evidence) bool {
			return have.Kind == e.Kind && have.Text == e.Text && have.DNS == e.DNS && (have.Line == nil) == (e.Line == nil) && (have.Line == nil || *have.Line == *e.Line)
		}) {
			out = append(out, e)
		}
	}
	return out
}

// order puts the root cause first, then by severity, then as the catalogue has
// them.
func order(found []report.Finding, root *string) {
	slices.SortStableFunc(found, func(a, b report.Finding) int {
		if root != nil && (a.Code == *root) != (b.Code == *root) {
			if a.Code == *root {
				return -1
			}
			return 1
		}
		return report.SeverityRank(a.Severity) - report.SeverityRank(b.Severity)
	})
}

// AtLeast reports whether severity a is as grave as b or graver.
func AtLeast(a, b string) bool { return report.SeverityRank(a) <= report.SeverityRank(b) }
