package mailtrace

import (
	"context"
	"slices"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/findings"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/report"
)

// reading is one reading of a message's path, judged.
type reading struct {
	facts   *headers.Facts
	found   []report.Finding
	verdict report.Verdict
}

func read(ctx context.Context, m *message.Message, o headers.Options) reading {
	f := headers.Examine(ctx, m, o)
	found, v := findings.Judge(f)
	return reading{f, found, v}
}

// badness orders the statuses: of two readings the worse one is reported.
var badness = []string{
	report.Authenticated, report.CheckedInWrongPlace, report.Undetermined, report.SenderMisconfigured, report.BrokenInTransit,
	report.Unauthenticated, report.SpoofSuspected,
}

// readBoth judges a message in the reading of its path that was chosen and, where
// the facts allow another with another outcome, in that one too. The worse one is
// reported, with the question that settles it, and nothing in it is graver than
// medium: nobody is accused on an open question.
func readBoth(ctx context.Context, m *message.Message, o headers.Options) (reading, *report.Fork) {
	chosen := read(ctx, m, o)
	other := chosen.facts.Custody.Other
	if other == nil || other.Unanswered && chosen.verdict.Status == report.Authenticated {
		return chosen, nil
	}
	alt := read(ctx, m, o.InOtherReading(other))
	if alt.verdict.Status == chosen.verdict.Status {
		// One outcome; an accusation of only one of the readings is as open as they are.
		for i := range chosen.found {
			if x := &chosen.found[i]; findings.AtLeast(x.Severity, report.High) && !slices.ContainsFunc(alt.found, func(o report.Finding) bool { return o.Code == x.Code }) {
				soften(x)
			}
		}
		return chosen, nil
	}
	inside, outside := alt, chosen
	if !other.Inside {
		inside, outside = chosen, alt
	}
	worse, better := outside, inside
	if slices.Index(badness, inside.verdict.Status) > slices.Index(badness, outside.verdict.Status) {
		worse, better = inside, outside
	}
	main := worse
	switch {
	case !other.Inside && !(other.ByTo && chosen.verdict.Status == report.Authenticated):
		main = chosen // a row of the table lets it in, at "likely"
	case authorsOwn(better.facts) && better.verdict.Status != report.Authenticated:
		main = better // no forger makes a signature of the author's fit
	}
	fork := &report.Fork{Question: other.Question, Settle: other.Settle, Readings: []report.Reading{inside.summary(), outside.summary()}}
	for _, x := range main.found {
		if findings.AtLeast(x.Severity, report.High) {
			fork.Worst = report.High
		}
	}
	for i := range main.found {
		soften(&main.found[i])
	}
	if main.verdict.Status == report.SpoofSuspected {
		// The other reading has an honest explanation.
		main.verdict.Status = report.Unauthenticated
	}
	return main, fork
}

// soften makes a finding one on an open question: it accuses nobody.
func soften(x *report.Finding) {
	if findings.AtLeast(x.Severity, report.High) {
		x.Severity = report.Medium
	}
	if x.Confidence == report.Proved || x.Confidence == report.Strong {
		x.Confidence = report.Likely
	}
}

func (r reading) summary() report.Reading {
	out := report.Reading{Status: r.verdict.Status, Summary: r.verdict.Summary}
	if h := r.facts.BorderHop(); h != nil {
		n := h.Index
		out.BorderHop = &n
	}
	return out
}

// authorsOwn reports whether an aligned signature verifies, as the message is or
// with the change undone that was found to have broken it.
func authorsOwn(f *headers.Facts) bool {
	for i := range f.DKIM {
		if i < len(f.Aligned) && f.Aligned[i] && (f.DKIM[i].Result == dkim.Pass || f.Repair(i) != nil && f.Repair(i).Complete()) {
			return true
		}
	}
	return false
}
