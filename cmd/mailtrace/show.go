package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/bulk"
	"github.com/mailtrace/mailtrace/redact"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

func (c *cli) showCommand() *cobra.Command {
	o := output{alsoDomains: true}
	var hide redacting
	var finding string
	cmd := &cobra.Command{
		Use:   "show [flags] REPORT.json...",
		Short: "render a saved report again",
		Long: `Show renders reports that analyze and domain saved as json or jsonl, in any
format. Nothing is evaluated again, and no question is asked.`,
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
	if finding != "" && first(o.format, "text") != "text" {
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
	format := first(o.format, "text")
	o.named = len(paths) > 1
	f, forMessages := render.FormatNamed(format)
	if !forMessages { // it is one of domains
		f, _ = render.FormatNamed("text")
	}
	w := f.New(out, c.options(o, format))
	if finding != "" {
		w = &oneFinding{c: c, out: out, code: finding, o: c.options(o, format)}
	}
	domains := &savedDomains{c: c, o: o, format: format, out: out}
	for _, path := range paths {
		if err := c.saved(o, red, path, w, domains); err != nil {
			if errors.Is(err, errClosed) {
				return nil
			}
			c.complain(err)
		}
	}
	if domains.w == nil || domains.besides {
		err = writeError(first(o.file, "standard output"), w.Close())
	}
	return c.unjoin(errors.Join(err, writeError(first(o.file, "standard output"), domains.close()), done()))
}

// saved shows the reports of one file: one, or several one after the other as
// in jsonl.
func (c *cli) saved(o *output, red *redact.Options, path string, w render.Writer, domains *savedDomains) error {
	const hint = "show takes what mailtrace analyze --json wrote"
	r := c.input()
	if path != "-" {
		f, _, err := c.openFile(path)
		if err != nil {
			return wrong(hint, "%s: %s", path, reason(err))
		}
		defer f.Close()
		r = f
	}
	// Many reports may follow each other; none is longer than the bound.
	each := bound(r, maxReportFile)
	d := json.NewDecoder(each)
	for n := 0; ; n++ {
		var text json.RawMessage
		var rep report.Report
		err := d.Decode(&text)
		each.left = maxReportFile
		aDomain := err == nil && isDomain(text)
		if err == nil && !aDomain {
			err = json.Unmarshal(text, &rep)
		} else if aDomain {
			var head struct{ Schema int }
			err = json.Unmarshal(text, &head)
			rep.Schema = head.Schema
		}
		switch {
		case errors.Is(err, io.EOF) && n > 0:
			return nil
		case errors.Is(err, io.EOF):
			return wrong(hint, "%s: the file is empty", name(path))
		case err != nil:
			return wrong(hint, "%s: not a report: %s", name(path), reason(err))
		case rep.Schema == 0:
			return wrong(hint, "%s: not a report: it has no schema number", name(path))
		case rep.Schema > report.Schema:
			return wrong("take a newer mailtrace", "%s: a report of schema %d; this program knows %d", name(path), rep.Schema, report.Schema)
		}
		if aDomain {
			if red != nil {
				return wrong("the records of a domain are public", "%s: --redact is for reports on messages", name(path))
			}
			if err := domains.show(text); err != nil {
				return err
			}
			continue
		}
		if _, ok := render.FormatNamed(first(o.format, "text")); !ok {
			return wrong("text, json, jsonl, html, svg or sarif", "%s: no format %q for a report on a message", name(path), o.format)
		}
		domains.besides = true
		shown := &rep
		if red != nil {
			shown = redact.Report(shown, *red)
		}
		if err := c.show(o, w, result{report: shown}); err != nil {
			return err
		}
	}
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

// versionLine is what version and --version print.
func versionLine() string {
	return fmt.Sprintf("mailtrace %s, report schema %d\n", mailtrace.Version, report.Schema)
}

func (c *cli) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(c.stdout, versionLine())
			return writeError("standard output", err)
		},
	}
}
