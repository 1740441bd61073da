package main

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace/bulk"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// output are the flags that say how results are shown.
type output struct {
	allowGaps bool // gaps alone do not make the run unfinished
	format    string
	json      bool
	file      string
	quiet     bool
	verbose   bool
	color     string
	failOn    string
	noPager   bool
	lean      bool // of analyze
	// named puts the name of its input over each report.
	named bool
	// shows are the kinds of documents that are shown; those of messages where
	// none is named.
	shows []string
}

func (o *output) register(cmd *cobra.Command) {
	names := render.FormatNames(report.DocMessage)
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "", "one of `FORMAT`s "+strings.Join(names, ", ")+"; text for one message, jsonl for more")
	f.BoolVar(&o.json, "json", false, "the same as --format json")
	o.registerPlain(cmd)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}

// registerPlain registers the flags that are the same for every command.
func (o *output) registerPlain(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.file, "output", "o", "", "write to `FILE` instead of standard output")
	f.StringVar(&o.failOn, "fail-on", report.High, "exit 1 for a finding of this `SEVERITY` or above: "+strings.Join(severities, ", ")+", never")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "the verdict only")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "also evaluations, claims, DNS answers, second opinions")
	f.StringVar(&o.color, "color", "auto", "`WHEN` to colour text: auto, always, never")
	o.registerPager(cmd)
	_ = cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(append(slices.Clone(severities), "never"), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(whens, cobra.ShellCompDirectiveNoFileComp))
}

func (o *output) registerPager(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.noPager, "no-pager", false, "write to the terminal directly, without PAGER")
}

// severities from the worst.
var severities = report.Severities()

var whens = []string{"auto", "always", "never"}

func (o *output) kinds() []string {
	if len(o.shows) > 0 {
		return o.shows
	}
	return []string{report.DocMessage}
}

// registerFormats registers --format and --json for one kind of document.
func (o *output) registerFormats(cmd *cobra.Command, kind string) {
	o.shows = []string{kind}
	names := render.FormatNames(kind)
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "", "one of `FORMAT`s "+strings.Join(names, ", ")+"; text where none is named")
	f.BoolVar(&o.json, "json", false, "the same as --format json")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}

// document writes a document that is not about one message or domain, and
// sets the exit code by its findings and gaps.
func (c *cli) document(o *output, doc any, detail *render.Detail) error {
	if c.context().Err() != nil {
		return errInterrupted // what was not answered by then would count as missing
	}
	w, done, err := c.create(o)
	if err != nil {
		return err
	}
	if err := c.writeDocument(w, o, doc, detail); err != nil {
		return errors.Join(err, done())
	}
	return done()
}

// writeDocument is document with what is written to given. detail is nil for
// that of the flags.
func (c *cli) writeDocument(w io.Writer, o *output, doc any, detail *render.Detail) error {
	format := cmp.Or(o.format, "text")
	kind := render.DocumentKind(doc)
	f, ok := render.FormatNamed(kind, format)
	if !ok {
		return wrong("one of "+strings.Join(render.FormatNames(kind), ", "), "no format %q for this document", format)
	}
	r := c.options(o, format)
	if detail != nil {
		r.Detail = *detail
	}
	if h, ok := doc.(interface{ Head() report.Document }); ok {
		head := h.Head()
		c.code = worse(c.code, codeOf(&report.Report{Findings: head.Findings, Gaps: head.Gaps}, o.failOn))
	}
	if watch, ok := doc.(*report.Watch); ok && slices.ContainsFunc(watch.Changes, func(ch report.WatchChange) bool { return ch.Worse }) {
		c.code = worse(c.code, exitFound)
	}
	if s, ok := doc.(*report.Summary); ok {
		c.code = worse(c.code, codeOfSummary(s, o))
	}
	return writeError(cmp.Or(o.file, "standard output"), f.Document(w, doc, r))
}

// check finds flags that are wrong before any work is done.
func (o *output) check() error {
	if o.json {
		if o.format != "" && o.format != "json" {
			return wrong("give one of them", "--json and --format %s", o.format)
		}
		o.format = "json"
	}
	if o.format != "" {
		if kinds := o.kinds(); !slices.ContainsFunc(kinds, func(k string) bool { _, ok := render.FormatNamed(k, o.format); return ok }) {
			return wrong("one of "+strings.Join(render.FormatNames(kinds[0]), ", "), "no format %q", o.format)
		}
	}
	if !slices.Contains(severities, o.failOn) && o.failOn != "never" {
		return wrong("one of "+strings.Join(severities, ", ")+", never", "no severity %q", o.failOn)
	}
	if err := checkWhen("--color", o.color); err != nil {
		return err
	}
	if o.quiet && o.verbose {
		return wrong("give one of them", "--quiet and --verbose")
	}
	return nil
}

func checkWhen(flag, value string) error {
	if !slices.Contains(whens, value) {
		return wrong("one of "+strings.Join(whens, ", "), "%s %q", flag, value)
	}
	return nil
}

// options are the settings of the renderer. The terminal is looked at only
// for text.
func (c *cli) options(o *output, format string) render.Options {
	var r render.Options
	switch {
	case o.quiet:
		r.Detail = render.Verdict
	case o.verbose:
		r.Detail = render.Full
	}
	if format == "sarif" || format == "html" {
		r.Rules = c.engine.rules()
	}
	r.Lean = o.lean
	if format != "text" {
		return r
	}
	r.Named = o.named
	width := 0
	if o.file == "" {
		width = c.terminal(c.stdout)
	}
	r.Width = c.width(width)
	switch o.color {
	case "always":
		r.Color = true
	case "auto":
		// https://no-color.org: any value but the empty one.
		r.Color = width > 0 && c.getenv("NO_COLOR") == "" && c.getenv("TERM") != "dumb"
	}
	return r
}

// width is how many columns text has: those of the terminal, else COLUMNS, else
// the default of the renderer.
func (c *cli) width(terminal int) int {
	if terminal > 0 {
		return terminal
	}
	if n, err := strconv.Atoi(c.getenv("COLUMNS")); err == nil && n > 0 {
		return min(n, maxColumns)
	}
	return 0
}

// maxColumns bounds COLUMNS, which may be anything.
const maxColumns = 1000

// create opens where the results go. done writes the rest out and closes it.
func (c *cli) create(o *output) (w io.Writer, done func() error, err error) {
	if command := c.pagerCommand(); o.file == "" && command != "" && !o.noPager && !o.quiet && (o.format == "" || o.format == "text") {
		p := &pager{out: c.stdout, start: func() (io.WriteCloser, func() error, error) {
			in, wait, err := c.startPager(command, c.getenv, c.stdout, c.stderr)
			c.paging.Store(err == nil)
			return in, wait, err
		}}
		b := bufio.NewWriterSize(p, 64<<10)
		return b, func() error {
			defer c.paging.Store(false)
			return writeError("standard output", errors.Join(b.Flush(), p.Close()))
		}, nil
	}
	if o.file == "" || o.file == "-" {
		b := bufio.NewWriterSize(c.stdout, 64<<10)
		return b, func() error { return writeError("standard output", b.Flush()) }, nil
	}
	f, err := c.createFile(o.file, false)
	if err != nil {
		return nil, nil, err
	}
	b := bufio.NewWriterSize(f, 64<<10)
	return b, func() error { return writeError(o.file, errors.Join(b.Flush(), f.Close())) }, nil
}

// writeError makes a problem of a failed write. A reader that went away, as
// head does, is none.
func writeError(where string, err error) error {
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return wrong("make room, or write somewhere else with --output", "%s: %s", where, reason(err))
}

// reason is an error without the operation and path that os puts before it.
func reason(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err.Error()
}

// codeOf is the exit code for a report. A rule of a profile that is not kept
// counts as high.
func codeOf(r *report.Report, failOn string) int {
	limit := report.SeverityRank(failOn) // -1 for never
	code := exitDone
	meant := r.Subject()
	bulk.Each(r, func(x *report.Report) {
		// What only carries the message that is meant may be incomplete.
		if unfinished(x) && (meant == r || x != r) {
			code = worse(code, exitUnfinish)
		}
	})
	bulk.Each(r, func(r *report.Report) {
		if slices.ContainsFunc(r.Checklist, broken) && limit >= report.SeverityRank(report.High) {
			code = worse(code, exitFound)
		}
		for i := range r.Forks {
			// The exit code is that of the worse reading.
			if s := report.SeverityRank(r.Forks[i].Worst); s >= 0 && s <= limit {
				code = worse(code, exitFound)
			}
		}
		for i := range r.Findings {
			if s := report.SeverityRank(r.Findings[i].Severity); s >= 0 && s <= limit {
				code = worse(code, exitFound)
			}
		}
	})
	return code
}

// codeOfSummary is the exit code of a summary that was saved: that of the worst
// message in it.
func codeOfSummary(s *report.Summary, o *output) int {
	limit := report.SeverityRank(o.failOn)
	code := exitDone
	if s.Incomplete > 0 {
		code = exitUnfinish
	}
	if slices.ContainsFunc(s.Codes, func(x report.CodeCount) bool {
		rank := report.SeverityRank(x.Severity)
		return rank >= 0 && rank <= limit
	}) {
		code = worse(code, exitFound)
	}
	return code
}

// unfinished reports that something could not be checked that was given, or that
// nothing could be. The body of a header that was given alone is not missing.
func unfinished(r *report.Report) bool {
	for _, g := range r.Gaps {
		if r.Source.Kind != report.KindHeadersOnly || g.What != "DKIM body hashes" && g.What != "DKIM signatures" {
			return true
		}
	}
	return r.Verdict.Status == report.Undetermined && r.Verdict.RootCause == nil && r.Collected == nil
}

// broken reports that a rule is not kept.
func broken(b report.BulkRule) bool { return b.State == "fail" }
