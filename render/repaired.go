package render

import (
	"strconv"

	"github.com/mailtrace/mailtrace/report"
)

// repaired tells what was done to a damaged text before it was read, one line a
// kind.
func (p *page) repaired(r *report.Report) {
	label := "repaired"
	for _, m := range r.Repairs {
		text := Clean(m.Description)
		if m.Count > 1 {
			text += " (" + strconv.Itoa(m.Count) + " times)"
		}
		if !m.Exact {
			text += "; perhaps not exactly, so no signature is judged"
		}
		p.labelled(label, unstyled, text)
		label = ""
	}
}
