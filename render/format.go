package render

import (
	"errors"
	"fmt"
	"io"

	"github.com/mailtrace/mailtrace/report"
)

// Writer writes reports in one format. Close ends the output; it does not
// close what it is written to.
type Writer interface {
	Report(r *report.Report) error
	Close() error
}

// Format is a way to show reports.
type Format struct {
	Name string
	// Help is one line for people.
	Help string
	New  func(w io.Writer, o Options) Writer
}

// Formats lists the formats; the first is the default. A new format is a file
// of its own and a line here.
func Formats() []Format {
	return []Format{
		{"text", "for people", func(w io.Writer, o Options) Writer { return &textWriter{w: w, o: o} }},
		{"json", "indented JSON, one document a message", func(w io.Writer, o Options) Writer { return jsonWriter{w, JSON} }},
		{"jsonl", "JSON, one line a message", func(w io.Writer, o Options) Writer { return jsonWriter{w, JSONL} }},
		{"html", "a page in one file, which needs no network", newPages},
		{"svg", "the path as a picture", func(w io.Writer, o Options) Writer { return &onePicture{w: w, o: o, name: "svg", write: SVG} }},
		{"dot", "the path for Graphviz", func(w io.Writer, o Options) Writer { return &onePicture{w: w, o: o, name: "dot", write: DOT} }},
		{"csv", "a table, one row a message", newMessageTable},
		{"sarif", "SARIF 2.1.0, for code scanning", newSARIF},
	}
}

// FormatNamed returns the format of a name.
func FormatNamed(name string) (Format, bool) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

// textWriter puts a blank line between reports, but none between verdict
// lines.
type textWriter struct {
	w    io.Writer
	o    Options
	next bool
}

func (t *textWriter) Report(r *report.Report) error {
	if t.next && t.o.Detail != Verdict {
		if _, err := io.WriteString(t.w, "\n"); err != nil {
			return err
		}
	}
	t.next = true
	return Text(t.w, r, t.o)
}

func (t *textWriter) Close() error { return nil }

type jsonWriter struct {
	w     io.Writer
	write func(io.Writer, *report.Report) error
}

func (j jsonWriter) Report(r *report.Report) error { return j.write(j.w, r) }
func (j jsonWriter) Close() error                  { return nil }

// onePicture writes pictures, of which one file holds one.
type onePicture struct {
	w     io.Writer
	o     Options
	name  string
	write func(io.Writer, *report.Report, Options) error
	done  bool
}

func (p *onePicture) Report(r *report.Report) error {
	if p.done {
		return fmt.Errorf("%w: one %s holds the picture of one message", ErrOne, p.name)
	}
	p.done = true
	return p.write(p.w, r, p.o)
}

func (p *onePicture) Close() error { return nil }

// ErrOne is returned for a second report in a format whose files hold one.
var ErrOne = errors.New("more than one message")
