package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace/bulk"
	"github.com/mailtrace/mailtrace/redact"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

func (c *cli) showCommand() *cobra.Command {
	o := output{shows: []string{report.DocMessage, report.DocDomain, report.DocComparison, report.DocSummary}}
	var hide redacting
	var finding string
	cmd := &cobra.Command{
		Use:   "show [flags] REPORT.json...",
		Short: "render a saved report again, of any command",
		Long: `Show renders what any command saved as json or jsonl, in every format that
fits. Nothing is evaluated again, and no question is asked.`,
		Example: `  mailtrace show report.json
  mailtrace show --format sarif reports.jsonl
  mailtrace show --redact report.json`,
		RunE: func(_ *cobra.Command, args []string) error { return c.showSaved(&o, &hide, finding, args) },
	}
	o.register(cmd)
	cmd.Flags().StringVar(&finding, "finding", "", "only the findings of one `CODE`, with all their evidence")
	hide.register(cmd)
	return cmd
}

func (c *cli) showSaved(o *output, hide *redacting, finding string, paths []string) error {
	if err := o.check(); err != nil {
		return err
	}
	if finding != "" && cmp.Or(o.format, "text") != "text" {
		return wrong("leave out one of them", "--finding is for text, not --format %s", o.format)
	}
	if len(paths) > 0 && hide.redact == "people" && (paths[0] == "all" || paths[0] == "people") {
		return wrong("write --redact="+paths[0], "--redact %s: the value is joined to the flag", paths[0])
	}
	red, err := hide.options()
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return wrong("mailtrace show report.json, or - for standard input", "no report given")
	}
	out, done, err := c.create(o)
	if err != nil {
		return err
	}
	format := cmp.Or(o.format, "text")
	o.named = len(paths) > 1
	v := &shown{c: c, o: o, red: red, format: format, finding: finding, out: out}
	for _, path := range paths {
		if err := v.file(path); err != nil {
			if errors.Is(err, errClosed) {
				return nil
			}
			c.complain(err)
		}
	}
	return c.unjoin(errors.Join(writeError(cmp.Or(o.file, "standard output"), v.close()), done()))
}

// shown shows saved documents. A writer is made with the first document of its
// kind, as most runs have one kind only.
type shown struct {
	c        *cli
	o        *output
	red      *redact.Options
	format   string
	finding  string // only findings of this code
	out      io.Writer
	messages render.Writer
	domains  render.DomainWriter
}

// file shows the documents of one file.
func (v *shown) file(path string) error {
	return v.c.documents(path, "show takes what mailtrace wrote as json or jsonl", func(doc any) error { return v.show(path, doc) })
}

// documents reads what mailtrace saved: one document, or several one after the
// other as in jsonl. hint says what the command takes.
func (c *cli) documents(path, hint string, each func(doc any) error) error {
	r := c.input()
	if path != "-" {
		f, _, err := c.openFile(path)
		if err != nil {
			return wrong(hint, "%s: %s", path, reason(err))
		}
		defer f.Close()
		r = f
	}
	// Many documents may follow each other; none is longer than the bound.
	one := bound(r, maxReportFile)
	d := json.NewDecoder(one)
	for n := 0; ; n++ {
		var text json.RawMessage
		err := d.Decode(&text)
		one.left = maxReportFile
		var doc any
		if err == nil {
			doc, err = render.ReadDocument(text)
		}
		var newer render.NewerError
		switch {
		case errors.Is(err, io.EOF) && n > 0:
			return nil
		case errors.Is(err, io.EOF):
			return wrong(hint, "%s: the file is empty", name(path))
		case errors.As(err, &newer):
			return wrong("take a newer mailtrace", "%s: %s", name(path), err)
		case err != nil:
			return wrong(hint, "%s: not a report: %s", name(path), reason(err))
		}
		if err := each(doc); err != nil {
			return err
		}
	}
}

// show shows one document.
func (v *shown) show(path string, doc any) error {
	out := cmp.Or(v.o.file, "standard output")
	if r, ok := doc.(*report.Report); ok {
		if v.messages == nil {
			f, ok := render.FormatNamed(report.DocMessage, v.format)
			if !ok {
				return noFormat(path, report.DocMessage, "a report on a message", v.format)
			}
			v.messages = f.New(v.out, v.c.options(v.o, v.format))
			if v.finding != "" {
				v.messages = &oneFinding{c: v.c, out: v.out, code: v.finding, o: v.c.options(v.o, v.format)}
			}
		}
		if v.red != nil {
			r = redact.Report(r, *v.red)
		}
		return v.c.show(v.o, v.messages, result{report: r})
	}
	switch doc.(type) {
	case *report.Domain, report.Fixes, *report.Watch, *report.SPFDocument:
		if v.red != nil {
			return wrong("the records of a domain are public", "%s: --redact is for reports on messages", name(path))
		}
	default:
		if v.red != nil {
			return wrong("show a report of analyze", "%s: --redact is for reports on messages", name(path))
		}
	}
	if _, ok := doc.(*report.Summary); ok && v.finding != "" {
		return wrong("show a report on one of its messages", "%s: a summary counts findings and holds none", name(path))
	}
	if head, ok := doc.(interface{ Head() report.Document }); ok && v.finding != "" {
		h := head.Head()
		m := &oneFinding{c: v.c, out: v.out, code: v.finding, o: v.c.options(v.o, v.format)}
		return v.c.show(v.o, m, result{report: &report.Report{Schema: h.Schema, Tool: h.Tool, Findings: h.Findings, Gaps: h.Gaps}})
	}
	if d, ok := doc.(*report.Domain); ok {
		if v.domains == nil {
			f, ok := render.FormatNamed(report.DocDomain, v.format)
			if !ok {
				return noFormat(path, report.DocDomain, "a report on a domain", v.format)
			}
			v.domains = f.Domains(v.out, render.DomainOptions{Options: v.c.options(v.o, v.format), Suggest: true})
		}
		v.c.code = worse(v.c.code, codeOf(&report.Report{Findings: d.Findings, Gaps: d.Gaps}, v.o.failOn))
		return writeFailure(out, v.domains.Domain(d))
	}
	kind := render.DocumentKind(doc)
	if _, ok := render.FormatNamed(kind, v.format); !ok {
		return noFormat(path, kind, "this document", v.format)
	}
	return v.c.writeDocument(v.out, v.o, doc, nil)
}

func noFormat(path, kind, what, format string) error {
	return wrong(strings.Join(render.FormatNames(kind), ", "), "%s: no format %q for %s", name(path), format, what)
}

func (v *shown) close() error {
	var errs []error
	if v.messages != nil {
		errs = append(errs, v.messages.Close())
	}
	if v.domains != nil {
		errs = append(errs, v.domains.Close())
	}
	return errors.Join(errs...)
}

// oneFinding writes the findings of one code of each report.
type oneFinding struct {
	c    *cli
	out  io.Writer
	code string
	o    render.Options
}

func (w *oneFinding) Report(r *report.Report) error {
	any := false
	var err error
	bulk.Each(r, func(r *report.Report) {
		if err == nil {
			var found bool
			found, err = render.Findings(w.out, r, w.code, w.o)
			any = any || found
		}
	})
	if err == nil && !any {
		hint := "its findings can be seen with mailtrace show -v"
		var codes []string
		bulk.Each(r, func(r *report.Report) {
			for i := range r.Findings {
				codes = append(codes, r.Findings[i].Code)
			}
		})
		slices.Sort(codes)
		if codes = slices.Compact(codes); len(codes) > 0 {
			hint = "it has " + strings.Join(codes, ", ")
		}
		w.c.complain(wrong(hint, "no finding %q in the report", w.code))
	}
	return err
}

func (w *oneFinding) Close() error { return nil }
