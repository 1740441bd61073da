package findings

import (
	"slices"

	"github.com/mailtrace/mailtrace/report"
)

var confidences = []string{report.Proved, report.Strong, report.Likely, report.Hint}

// weaker returns a confidence some steps down.
func weaker(c string, steps int) string {
	i := slices.Index(confidences, c)
	if i < 0 {
		return report.Hint
	}
	return confidences[min(i+steps, len(confidences)-1)]
}

// atMost returns c, or the limit where c is stronger.
func atMost(c, limit string) string {
	if slices.Index(confidences, c) < slices.Index(confidences, limit) {
		return limit
	}
	return c
}

// weakerThan reports whether a confidence is weaker than a limit.
func weakerThan(c, limit string) bool {
	return slices.Index(confidences, c) > slices.Index(confidences, limit)
}

// ceiling lowers a finding's confidence for what holds for the whole message:
// offline nothing about the border is proved, and where the extent of the
// recipient's part of the path rests on names that only a client gave, what
// follows from it is likely at most.
func ceiling(f *Facts, r *Rule, x *report.Finding) string {
	c := x.Confidence
	if c == "" {
		c = report.Likely
	}
	if r.AtBorder {
		if f.Offline() {
			c = atMost(c, report.Strong)
		}
		if last := f.LastRun(); last != nil && last.Weak {
			c = atMost(c, report.Likely)
		}
	}
	return c
}
