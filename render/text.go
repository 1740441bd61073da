// Package render shows a report: as text for people and as JSON for programs.
// It reads nothing but the [report.Report], so a saved report can be shown
// again in any format at any time. One file adds one format.
//
// Stable: JSON, Text, HTML and ReadDocument stay from 1.0 on, the JSON within its
// schema. Other functions, and what text and pages look like, change.
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
	Normal  Detail = iota // one screen: what to believe, who does what, why
	Verdict               // the verdict line only
	Full                  // also every finding with its evidence, the SPF tree, all claims, DNS answers, cross-checks
)

// Options are settings of a format; each takes those that it knows. The zero
// value is a plain text report [DefaultWidth] columns wide.
type Options struct {
	Width  int  // columns; 0 means [DefaultWidth]
	Color  bool // SGR colours
	Detail Detail
	// Named puts the name of the input over each report, for several in a row.
	Named bool
	// Lean has JSON write what [Lean] makes of a report.
	Lean bool
	// Rules are the kinds of findings, for formats that describe them.
	Rules []Rule
}

// maxEmbedded bounds how deep messages inside messages are shown.
const maxEmbedded = 8

// Text writes a report for people. The first screen says what the message is,
// which results to believe, who has to do what and why, the path, and what else
// somebody can act on. At full detail all that it rests on follows.
func Text(w io.Writer, r *report.Report, o Options) error {
	p := newPage(o)
	p.report(r, o, 0)
	_, err := w.Write(p.Bytes())
	return err
}

// Findings writes the findings of one code with all that they rest on; false
// where there is none.
func Findings(w io.Writer, r *report.Report, code string, o Options) (bool, error) {
	p := newPage(o)
	p.quoted = map[int]bool{}
	for i := range r.Findings {
		if r.Findings[i].Code == code {
			p.finding(&r.Findings[i])
		}
	}
	if p.Len() == 0 {
		return false, nil
	}
	_, err := w.Write(p.Bytes()[1:]) // without the blank line before the first
	return true, err
}

func (p *page) report(r *report.Report, o Options, depth int) {
	if r.Subject() != r && depth < maxEmbedded {
		p.carrying(r, o, depth)
		return
	}
	if o.Detail == Verdict {
		p.verdictLine(r)
		return
	}
	p.brief(r, o)
	if o.Detail == Full {
		p.quoted = map[int]bool{}
		p.checks(r)
		p.path(r, o.Detail)
		p.details(r)
		for i := range r.Findings {
			p.finding(&r.Findings[i])
		}
	}
	if depth == maxEmbedded {
		return
	}
	for i := range r.Embedded {
		p.blank()
		p.report(&r.Embedded[i], o, depth+1)
	}
}

// title names the message.
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

// verdictLine is the answer on one line, whatever its width, for grep.
func (p *page) verdictLine(r *report.Report) {
	head, _ := sentences(Clean(r.Verdict.Summary))
	status := p.styled(statusWords(r.Verdict.Status), statusStyle(r.Verdict.Status))
	name := r.Source
	name.Index, name.Part = 0, "" // author and subject tell messages of one file apart
	line := join(": ", status, head)
	if who := join(", ", from(&r.Message), subjectOf(&r.Message)); who != "" {
		line += " (" + who + ")"
	}
	p.line(p.styled(title(name)+": ", bold), line)
}

// stored are the deviations that come of storing a message in a file; they say
// nothing of the message.
var stored = []string{"bare-lf", "mbox-from-line"}

func noteText(n report.Note) string {
	text := Clean(n.Kind)
	if n.Line > 0 {
		text += ", line " + strconv.Itoa(n.Line)
	}
	if n.Count > 1 {
		text += " (" + strconv.Itoa(n.Count) + " times)"
	}
	return text
}

// notes are the deviations from RFC 5322 that are shown: of a page only how
// many, where they do not come of storing the message.
func (p *page) notes(r *report.Report, detail Detail) {
	var texts []string
	for _, n := range r.Notes {
		if detail == Full || !slices.Contains(stored, n.Kind) {
			texts = append(texts, noteText(n))
		}
	}
	if len(texts) == 0 {
		return
	}
	if detail != Full && len(texts) > 3 {
		texts = append(texts[:2], strconv.Itoa(len(texts)-2)+" more (-v)")
	}
	if p.tight > 0 {
		p.few("notes", unstyled, strings.Join(texts, "; "), 1)
		return
	}
	p.labelled("notes", unstyled, strings.Join(texts, "; "))
}
