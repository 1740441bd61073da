// Package render shows a report: as text for people and as JSON for programs.
// It reads nothing but the [report.Report], so a saved report can be shown
// again in any format at any time. One file adds one format.
package render

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// Detail says how much a text report holds.
type Detail int

const (
	Normal  Detail = iota // path, results at the border, findings
	Verdict               // the verdict line only
	Full                  // also the SPF tree, all claims, DNS answers, cross-checks
)

// Options are settings of a format; each takes those that it knows. The zero
// value is a plain text report 100 columns wide.
type Options struct {
	Width  int  // columns; 0 means [DefaultWidth]
	Color  bool // SGR colours
	Detail Detail
	// Rules are the kinds of findings, for formats that describe them.
	Rules []Rule
}

// maxEmbedded bounds how deep messages inside messages are shown.
const maxEmbedded = 8

// Text writes a report for people. The order is: the verdict in one sentence,
// the path with what each server wrote, what holds at the border, the findings
// with their evidence and what to change, what could not be checked.
func Text(w io.Writer, r *report.Report, o Options) error {
	p := newPage(o)
	p.report(r, o.Detail, 0)
	_, err := w.Write(p.Bytes())
	return err
}

func (p *page) report(r *report.Report, detail Detail, depth int) {
	p.verdict(r, detail)
	if detail == Verdict {
		return
	}
	p.path(r, detail)
	p.border(r)
	p.dsn(r.DSN)
	if detail == Full {
		p.details(r)
	}
	p.bulkRules("Bulk senders", r.Checklist)
	p.findings(r, detail)
	p.gaps(r)
	p.notes(r, detail)
	p.closing(r)
	if depth == maxEmbedded {
		return
	}
	for i := range r.Embedded {
		p.blank()
		p.report(&r.Embedded[i], detail, depth+1)
	}
}

// title names the message in the first line.
func title(s report.Source) string {
	name := Clean(s.Path)
	if s.Path == "-" || s.Path == "" {
		name = "message"
	}
	if s.Index > 0 {
		name += " [" + strconv.Itoa(s.Index) + "]"
	}
	if s.Part != "" {
		name += ", part " + Clean(s.Part)
	}
	return name
}

// verdict writes the first sentence of the summary behind the status, and the
// rest below it.
func (p *page) verdict(r *report.Report, detail Detail) {
	head, rest := sentences(Clean(r.Verdict.Summary))
	name := title(r.Source) + ": "
	status := statusWords(r.Verdict.Status)
	text := status
	if head != "" {
		text += ": " + head
	}
	lines := []string{name + text} // one line whatever its width, for grep
	if detail != Verdict {
		lines = wrap(name+text, p.width-2)
	}
	for i, l := range lines {
		if i > 0 {
			p.line("  ", l)
			continue
		}
		if rest, ok := strings.CutPrefix(l, name+status); ok {
			p.line(p.styled(name, bold), p.styled(status, statusStyle(r.Verdict.Status)), rest)
			continue
		}
		p.line(l)
	}
	if rest != "" && detail != Verdict {
		p.hang("  ", 2, rest)
	}
}

func (p *page) gaps(r *report.Report) {
	if len(r.Gaps) == 0 {
		return
	}
	p.blank()
	for i, g := range r.Gaps {
		lead := "       "
		if i == 0 {
			lead = p.styled("Gaps   ", bold)
		}
		p.hang(lead, 7, join(": ", Clean(g.What), Clean(g.Why)))
	}
}

// stored are the deviations that come of storing a message in a file; they say
// nothing of the message.
var stored = []string{"bare-lf", "mbox-from-line"}

func (p *page) notes(r *report.Report, detail Detail) {
	lead := p.styled("Notes  ", bold)
	for _, n := range r.Notes {
		if detail != Full && slices.Contains(stored, n.Kind) {
			continue
		}
		if lead != "       " {
			p.blank()
		}
		text := Clean(n.Kind)
		if n.Line > 0 {
			text += ", line " + strconv.Itoa(n.Line)
		}
		if n.Count > 1 {
			text += " (" + strconv.Itoa(n.Count) + " times)"
		}
		p.hang(lead, 7, text)
		lead = "       "
	}
}

func (p *page) dsn(d *report.DSN) {
	if d == nil {
		return
	}
	p.blank()
	p.hang(p.styled("Bounce ", bold), 7, "written by "+first(Clean(d.ReportingMTA), "an unnamed server"))
	for _, rc := range d.Recipients {
		text := join(" ", Clean(rc.Final), Clean(rc.Action), Clean(rc.Status))
		if rc.RemoteMTA != "" {
			text += ", says " + Clean(rc.RemoteMTA)
		}
		p.hang("       ", 7, join(": ", text, Clean(rc.Diagnostic)))
	}
}
