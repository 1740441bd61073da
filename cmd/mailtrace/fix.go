package main

import (
	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace/bulk"
	"github.com/mailtrace/mailtrace/fix"
	"github.com/mailtrace/mailtrace/report"
)

func (c *cli) fixCommand() *cobra.Command {
	var o output
	cmd := &cobra.Command{
		Use:   "fix [flags] REPORT.json...",
		Short: "the settings that fix it, for the products on the path",
		Long: `Fix prints what to set, step by step, against the findings of reports that
analyze and domain saved as json: for the product that the path shows, with the
addresses and names of the report. What you have to put in yourself stands in
angle brackets. Each recipe has its source and date, a test, and what it could
break.`,
		Example: `  mailtrace analyze --json message.eml > report.json
  mailtrace fix report.json`,
		RunE: func(_ *cobra.Command, args []string) error { return c.fix(&o, args) },
	}
	f := cmd.Flags()
	o.registerFormats(cmd, report.DocFix)
	o.failOn, o.color = "never", "auto"
	f.StringVarP(&o.file, "output", "o", "", "write to `FILE` instead of standard output")
	o.registerPager(cmd)
	return cmd
}

func (c *cli) fix(o *output, paths []string) error {
	if len(paths) == 0 {
		return wrong("mailtrace fix report.json, or - for standard input", "no report given")
	}
	if err := o.check(); err != nil {
		return err
	}
	all, read := report.Fixes{}, 0
	for _, path := range paths {
		fixes, err := c.fixesOf(path)
		if err != nil {
			c.complain(err)
			continue
		}
		all = append(all, fixes...)
		read++
	}
	if read == 0 {
		return nil // not: nothing to set
	}
	return c.unjoin(c.document(o, all, nil))
}

// fixesOf reads the reports of a file. One that an earlier version saved has no
// list of fixes, so it is made here.
func (c *cli) fixesOf(path string) ([]report.Fix, error) {
	const hint = "fix takes what mailtrace analyze --json wrote"
	var all []report.Fix
	err := c.documents(path, hint, func(doc any) error {
		switch rep := doc.(type) {
		case *report.Report:
			bulk.Each(rep, func(r *report.Report) {
				if r.Fix == nil {
					r.Fix = fix.Report(r)
				}
				all = append(all, r.Fix...)
			})
		case *report.Domain:
			all = append(all, fix.Domain(rep)...)
		case report.Fixes:
			all = append(all, rep...)
		default:
			return wrong(hint, "%s: not a report on a message or a domain", name(path))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}
