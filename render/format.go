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

// Format is a way to show documents. What it has no form for is nil.
type Format struct {
	Name string
	// Help is one line for people.
	Help string
	// New shows reports on messages, Domains those on domains, Document any one
	// that [ReadDocument] reads beside them.
	New      func(w io.Writer, o Options) Writer
	Domains  func(w io.Writer, o DomainOptions) DomainWriter
	Document func(w io.Writer, doc any, o Options) error
	// Only and Not name a kind of document that Document alone has a form for, or
	// has none for.
	Only, Not string
}

// Formats lists the formats for a kind of document; the first is the default. A
// new format is a file of its own and a line here.
func Formats(kind string) []Format {
	var out []Format
	for _, f := range formats() {
		switch {
		case kind == report.DocMessage && f.New == nil, kind == report.DocDomain && f.Domains == nil:
		case kind != report.DocMessage && kind != report.DocDomain && (f.Document == nil || f.Only != "" && f.Only != kind || f.Not != "" && f.Not == kind):
		default:
			out = append(out, f)
		}
	}
	return out
}

// FormatNames are the names of the formats for a kind of document.
func FormatNames(kind string) []string {
	var out []string
	for _, f := range Formats(kind) {
		out = append(out, f.Name)
	}
	return out
}

// FormatNamed returns the format of a name for a kind of document.
func FormatNamed(kind, name string) (Format, bool) {
	for _, f := range Formats(kind) {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

func formats() []Format {
	picture := func(name string, write func(io.Writer, *report.Report, Options) error) func(io.Writer, Options) Writer {
		return func(w io.Writer, o Options) Writer { return &onePicture{w: w, o: o, name: name, write: write} }
	}
	messages := func(write func(io.Writer, *report.Report) error) func(io.Writer, Options) Writer {
		return func(w io.Writer, o Options) Writer {
			if o.Lean {
				return jsonWriter{w, func(w io.Writer, r *report.Report) error { return write(w, Lean(r)) }}
			}
			return jsonWriter{w, write}
		}
	}
	domains := func(write func(io.Writer, any) error) func(io.Writer, DomainOptions) DomainWriter {
		return func(w io.Writer, _ DomainOptions) DomainWriter {
			return domainJSON{w, func(w io.Writer, d *report.Domain) error { return write(w, filledDomain(d)) }}
		}
	}
	document := func(write func(io.Writer, any) error) func(io.Writer, any, Options) error {
		return func(w io.Writer, doc any, _ Options) error { return write(w, doc) }
	}
	return []Format{
		{Name: "text", Help: "for people", New: func(w io.Writer, o Options) Writer { return &textWriter{w: w, o: o} },
			Domains: func(w io.Writer, o DomainOptions) DomainWriter { return &domainText{w: w, o: o} }, Document: writeDocument},
		{Name: "table", Help: "one aligned row a domain, the worst first",
			Domains: func(w io.Writer, o DomainOptions) DomainWriter { return &domainTable{w: w, o: o} }},
		{Name: "json", Help: "indented JSON, one document each", New: messages(JSON), Domains: domains(Indented), Document: document(Indented)},
		{Name: "jsonl", Help: "JSON, one line each", New: messages(JSONL), Domains: domains(lineOf), Document: document(lineOf)},
		{Name: "html", Help: "a page in one file, which needs no network", New: newPages, Domains: newDomainPages, Document: documentHTML},
		{Name: "svg", Help: "the path as a picture", New: picture("svg", SVG)},
		{Name: "dot", Help: "the path for Graphviz", New: picture("dot", DOT)},
		{Name: "csv", Help: "a table, one row each", New: newMessageTable,
			Domains: func(w io.Writer, _ DomainOptions) DomainWriter { return newDomainCSV(w) }, Document: summaryCSV, Only: report.DocSummary},
		{Name: "sarif", Help: "SARIF 2.1.0, for code scanning", New: newSARIF,
			Domains:  func(w io.Writer, o DomainOptions) DomainWriter { return domainSARIF{newSARIF(w, o.Options)} },
			Document: documentSARIF, Not: report.DocSummary},
	}
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
