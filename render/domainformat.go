package render

import (
	"io"

	"github.com/mailtrace/mailtrace/report"
)

// DomainWriter writes reports on domains in one format. Close ends the output;
// it does not close what it is written to.
type DomainWriter interface {
	Domain(d *report.Domain) error
	Close() error
}

// DomainAuto is the format where none is named: text, a table above five domains.
func DomainAuto(w io.Writer, o DomainOptions) DomainWriter {
	if o.Detail != Normal {
		return &domainText{w: w, o: o}
	}
	return &domainAuto{w: w, o: o}
}

// domainText puts a blank line between reports, but none between the lines of
// a list.
type domainText struct {
	w    io.Writer
	o    DomainOptions
	next bool
}

func (t *domainText) Domain(d *report.Domain) error {
	if t.next && t.o.Detail != Verdict {
		if _, err := io.WriteString(t.w, "\n"); err != nil {
			return err
		}
	}
	t.next = true
	return Domain(t.w, d, t.o)
}

func (t *domainText) Close() error { return nil }

type domainJSON struct {
	w     io.Writer
	write func(io.Writer, *report.Domain) error
}

func (j domainJSON) Domain(d *report.Domain) error { return j.write(j.w, d) }
func (j domainJSON) Close() error                  { return nil }

// domainSARIF shows the findings of a domain. A record stands in no file: its
// place is a logical location, the DNS name. An artifact with the name of the
// domain stands beside it for programs that want one.
type domainSARIF struct{ Writer }

func (s domainSARIF) Domain(d *report.Domain) error {
	return s.Writer.(*sarifWriter).domain(d)
}

// Fail implements [Failing].
func (s domainSARIF) Fail(path, why string) { s.Writer.(*sarifWriter).Fail(path, why) }

// Cut implements [Failing].
func (s domainSARIF) Cut(why string) { s.Writer.(*sarifWriter).Cut(why) }

// filledDomain is a report with an empty list for every list that is nil and is
// always written. The report itself is not changed.
func filledDomain(d *report.Domain) filledLists {
	if d.Kind == "" { // a report of a version that wrote none
		c := *d
		c.Kind = report.DocDomain
		d = &c
	}
	return filledLists{d}
}
