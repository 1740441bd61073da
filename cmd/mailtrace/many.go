package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/bulk"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// manifold are the flags for many messages.
type manifold struct {
	summary    bool
	groupBy    []string
	only       []string
	unordered  bool
	checkpoint string
	wanted     bulk.Only
}

func (m *manifold) register(c *cli, cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&m.summary, "summary", false, "only what was found in all: causes by who is at fault, domain and border; --format "+strings.Join(render.FormatNames(report.DocSummary), ", "))
	f.StringSliceVar(&m.groupBy, "group-by", nil, "`KEYS` that tell the groups of --summary apart: "+strings.Join(bulk.GroupKeys, ", ")+" (default "+strings.Join(bulk.DefaultKeys, ",")+")")
	f.StringSliceVar(&m.only, "only", nil, "only messages with this `CODE`, SEVERITY (or above), DOMAIN or HOST; repeatable")
	f.BoolVar(&m.unordered, "unordered", false, "write reports as they are ready, not in the order of the input")
	f.StringVar(&m.checkpoint, "checkpoint", "", "keep in `FILE` what is done, and continue there; with --output or --summary")
	_ = cmd.RegisterFlagCompletionFunc("group-by", cobra.FixedCompletions(bulk.GroupKeys, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("only", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return append(slices.Clone(severities), c.codes()...), cobra.ShellCompDirectiveNoFileComp
	})
}

// codes are those of the catalogue.
func (c *cli) codes() []string {
	var out []string
	for _, r := range c.engine.rules() {
		out = append(out, r.Code)
	}
	return out
}

// check finds flags that are wrong. o are those of the output.
func (m *manifold) check(c *cli, o *output) error {
	for _, k := range m.groupBy {
		if !slices.Contains(bulk.GroupKeys, k) {
			return wrong("one or more of "+strings.Join(bulk.GroupKeys, ", "), "--group-by %q", k)
		}
	}
	if len(m.groupBy) > 0 && !m.summary {
		return wrong("add --summary", "--group-by without --summary")
	}
	if _, ok := render.FormatNamed(report.DocSummary, cmp.Or(o.format, "text")); m.summary && !ok {
		return wrong("one of "+strings.Join(render.FormatNames(report.DocSummary), ", "), "--format %s with --summary", o.format)
	}
	var known []string
	if len(m.only) > 0 {
		known = c.codes()
	}
	for _, v := range m.only {
		ip, err := netip.ParseAddr(v)
		switch {
		case slices.Contains(severities, v):
			if i := report.SeverityRank(m.wanted.Severity); i < report.SeverityRank(v) {
				m.wanted.Severity = v
			}
		case slices.Contains(known, v):
			m.wanted.Codes = append(m.wanted.Codes, v)
		case err == nil:
			m.wanted.Addrs = append(m.wanted.Addrs, ip.Unmap())
		case strings.Contains(v, ".") && !strings.ContainsAny(v, " \t/@"):
			m.wanted.Names = append(m.wanted.Names, strings.ToLower(strings.Trim(v, ".")))
		default:
			return wrong("a code (mailtrace explain lists them), a severity, a domain such as example.com, a host or an address", "--only %q", v)
		}
	}
	if m.checkpoint != "" && !m.summary {
		if o.file == "" || o.file == "-" {
			return wrong("--checkpoint "+m.checkpoint+" --output reports.jsonl", "--checkpoint without --output")
		}
		if f := cmp.Or(o.format, "jsonl"); f != "jsonl" {
			return wrong("leave --format out, or give --summary", "--checkpoint with --format %s", f)
		}
	}
	return nil
}

// How many are worked on at once where most of the time goes into waiting for
// name servers. One that waits takes no processor; maxUnderWay bounds the
// questions of all of them, and maxHeld the messages in memory. A message waits
// for up to four answers, one after the other, and costs under a millisecond: 64
// of them keep two processors busy at 20 ms an answer where half of the names
// are new. A domain asks some dozen questions at a time.
const (
	waitingMessages = 64
	waitingDomains  = 16
)

// atOnce is how many run at once: as asked, else two a processor, since one waits
// now and then for what is read or written in order, and more where they wait for
// answers of the network.
func (c *cli) atOnce(asked int, remote bool, waiting int) int {
	switch {
	case asked != 0:
		return asked
	case remote:
		return max(2*c.cpus, waiting)
	}
	return 2 * c.cpus
}

// bulk analyses many inputs at once, and writes the summary.
func (c *cli) bulk(ctx context.Context, a *analysis, o mailtrace.Options, in iter.Seq[input], remote bool, w render.Writer, out io.Writer, k *checkpoint) error {
	jobs := c.atOnce(a.jobs, remote, waitingMessages)
	sum := &bulk.Summary{By: a.groupBy}
	if k != nil {
		sum = k.Summary
		in = k.rest(c, in)
	}
	meter := c.meter(a.progress, a.quiet, "messages", func() (int64, bool) { return sizeOf(a.paths), false })
	run := bulk.Run[input, result]
	if a.unordered {
		run = bulk.RunUnordered[input, result]
	}
	err := run(ctx, jobs, in,
		func(ctx context.Context, i input) result { return c.one(ctx, o, i) },
		func(r result) error {
			if errors.Is(r.err, errInterrupted) {
				return r.err // and nothing behind it
			}
			var err error
			switch {
			case r.err != nil:
				meter.clear()
				sum.Unreadable++
				err = c.show(&a.output, w, r)
			case !a.wanted.Wants(r.report):
				sum.LeftOut++
			default:
				sum.Add(r.report)
				err = c.show(&a.output, w, r)
			}
			meter.add(sum.Messages+sum.LeftOut+sum.Unreadable, r.read, causes(sum.Causes()))
			if err == nil && k != nil {
				err = k.done(c, &r)
			}
			return err
		})
	meter.clear()
	if k != nil {
		if e := k.save(c); err == nil {
			err = e
		}
		if k.err != nil {
			return k.err
		}
	}
	if ctx.Err() != nil {
		err = &problem{what: fmt.Sprintf("interrupted after %d messages", sum.Messages+sum.LeftOut), code: exitUnfinish}
	}
	if a.summary {
		if err != nil {
			return ended(err)
		}
		d := sum.Report()
		d.Tool = report.Tool{Name: "mailtrace", Version: mailtrace.Version}
		format, _ := render.FormatNamed(report.DocSummary, cmp.Or(a.format, "text"))
		return ended(writeFailure(cmp.Or(a.file, "standard output"), format.Document(out, d, c.options(&a.output, format.Name))))
	}
	if !a.quiet {
		if err := sum.Write(c.stderr); err != nil {
			return err
		}
	}
	return ended(err)
}

// unwritten takes reports that are only counted.
type unwritten struct{}

func (unwritten) Report(*report.Report) error { return nil }
func (unwritten) Close() error                { return nil }

// causes is how many there are so far, "" for none.
func causes(n int) string {
	if n == 0 {
		return ""
	}
	return plural(n, "cause")
}
