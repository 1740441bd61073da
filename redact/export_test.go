package redact

import "github.com/mailtrace/mailtrace/report"

// Vocabulary reports whether a word stays in sentences.
func Vocabulary(word string) bool { return vocabulary()[word] }

// Policies are the keys of a report with a policy.
func Policies() map[string]bool {
	out := map[string]bool{}
	for k := range policies() {
		out[k] = true
	}
	return out
}

// Caught redacts a report and returns the texts in which the last look found
// what the replacing had left.
func Caught(r *report.Report, o Options) []string {
	_, t := redacted(r, o)
	return t.caught
}

// Text redacts one text as the table of a report does.
func Text(r *report.Report, o Options, s string) string {
	t := newTable(o)
	t.collect(r)
	t.spot(text, s)
	t.number()
	if s == "" {
		return s
	}
	return t.apply(text, s)
}
