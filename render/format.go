package render

import (
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
