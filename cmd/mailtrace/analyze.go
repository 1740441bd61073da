package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/semaphore"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/internal/pattern"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// analysis are the flags of analyze.
type analysis struct {
	output
	resolving
	redacting
	manifold
	owning
	at          string
	clientIP    string
	helo        string
	mailFrom    string
	rcpt        string
	headersOnly bool
	carrier     bool
	crossCheck  string
	repair      string
	profile     string
	limit       time.Duration
	jobs        int
	progress    string
	paths       []string
}

func (c *cli) analyzeCommand() *cobra.Command {
	var a analysis
	cmd := &cobra.Command{
		Use:   "analyze [flags] [PATH...|-]",
		Short: "say where and why the authentication of messages broke",
		Long: `Analyze reads messages and says where and why their authentication broke.

PATH is a message (.eml), an mbox, a Maildir, an MH folder, a folder of
messages, a store of Thunderbird or Apple Mail, an Outlook .msg, or any of these
in tar, zip, gzip, bzip2, xz or Zstandard, such as Google Takeout gives. Without
PATH, or for -, standard input is read.`,
		Example: `  mailtrace analyze message.eml
  mailtrace analyze --trust mx.example.org --trust 10.0.0.0/8 message.eml
  mailtrace analyze --record answers.txt message.eml
  mailtrace analyze --dns replay:answers.txt --json message.eml
  mailtrace analyze --fail-on medium Maildir/ > reports.jsonl
  mailtrace analyze --summary --only high takeout.zip
  mailtrace analyze --checkpoint run.state --output reports.jsonl archive.mbox`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.analyze(cmd, &a, args) },
	}
	a.output.register(cmd)
	a.resolving.register(cmd)
	a.redacting.register(cmd)
	a.manifold.register(c, cmd)
	a.owning.register(cmd)
	f := cmd.Flags()
	f.StringVar(&a.at, "at", "delivery", "`TIME` at which signatures and keys are judged: delivery, now, a day or an RFC 3339 time")
	f.StringVar(&a.clientIP, "client-ip", "", "the border's client `IP`, instead of what the header says")
	f.StringVar(&a.helo, "helo", "", "its HELO `NAME`")
	f.StringVar(&a.mailFrom, "mail-from", "", "the envelope sender `ADDR`; <> is the null sender")
	f.StringVar(&a.rcpt, "rcpt", "", "the envelope recipient `ADDR`")
	f.BoolVar(&a.headersOnly, "headers-only", false, "the body is missing or not whole: check no body hash")
	f.BoolVar(&a.carrier, "carrier", false, "judge the mail that carries another one, not the carried one")
	f.StringVar(&a.crossCheck, "cross-check", "auto", "`WHEN` to ask other libraries for a second opinion: auto (one message), on, off")
	f.StringVar(&a.repair, "repair", "auto", "`HOW` far to search for what broke a signature: auto (all for one message, quick for more), deep, off")
	f.StringVar(&a.profile, "profile", "", "hold the message against the rules of a `PROFILE`: "+bulkSender)
	f.BoolVar(&a.lean, "lean", false, "JSON without path, evidence, trees and DNS answers, for archives")
	f.IntVar(&a.jobs, "jobs", 0, "work on `N` messages at once (default by the number of processors)")
	f.StringVar(&a.progress, "progress", "auto", "`WHEN` to show the progress: auto, always, never")
	durationVar(f, &a.limit, "time-limit", messageLimit, "ask the DNS for one message no longer than this `TIME`; what is missing then is a gap")
	f.BoolVar(&a.allowGaps, "allow-gaps", false, "what could not be checked alone does not give exit code 3")
	completeValues(cmd, "time-limit")
	completeValues(cmd, "at", "delivery", "now")
	completeValues(cmd, "profile", bulkSender)
	completeValues(cmd, "cross-check", "auto", "on", "off")
	completeValues(cmd, "progress", whens...)
	for _, name := range []string{"client-ip", "helo", "mail-from", "rcpt", "jobs"} {
		completeValues(cmd, name)
	}
	return cmd
}

// messageLimit is how long the DNS is asked for one message.
const messageLimit = 10 * time.Second

// settings checks the flags and makes the options of the engine.
func (c *cli) settings(cmd *cobra.Command, a *analysis) (mailtrace.Options, error) {
	o := mailtrace.Options{
		Helo: a.helo, Rcpt: bare(a.rcpt), HeadersOnly: a.headersOnly, Carrier: a.carrier, Now: c.now(),
	}
	if err := a.output.check(); err != nil {
		return o, err
	}
	if err := a.resolving.check(); err != nil {
		return o, err
	}
	if err := a.manifold.check(c, &a.output); err != nil {
		return o, err
	}
	if a.summary && a.redact == "all" {
		return o, wrong("give --redact, which leaves domains", "--summary with --redact=all: domains have other names in each message")
	}
	if a.checkpoint != "" && a.record != "" {
		return o, wrong("record without --checkpoint", "--checkpoint with --record")
	}
	if err := checkWhen("--progress", a.progress); err != nil {
		return o, err
	}
	var err error
	if o.Redact, err = a.redacting.options(); err != nil {
		return o, err
	}
	switch a.crossCheck {
	case "auto", "on", "off":
	default:
		return o, wrong("one of auto, on, off", "--cross-check %q", a.crossCheck)
	}
	switch a.repair {
	case "auto", "deep", "off":
	default:
		return o, wrong("one of auto, deep, off", "--repair %q", a.repair)
	}
	if err := checkProfile(a.profile); err != nil {
		return o, err
	}
	o.Profile = mailtrace.Profile(a.profile)
	if a.limit <= 0 {
		return o, wrong("a time such as 10s or 1m", "--time-limit %s", a.limit)
	}
	o.TimeLimit = a.limit
	if a.jobs < 0 {
		return o, wrong("0 or more", "--jobs %d", a.jobs)
	}
	if o.Trust, err = a.owning.list(c); err != nil {
		return o, err
	}
	switch a.at {
	case "delivery":
	case "now":
		o.At = o.Now
	default:
		t, ok := parseAt(a.at)
		if !ok {
			return o, wrong("delivery, now, a day such as 2026-11-23 or a time such as 2026-11-23T01:38:52Z", "--at %q", a.at)
		}
		o.At = t
	}
	if a.clientIP != "" {
		ip, err := parseIP("--client-ip", a.clientIP)
		if err != nil {
			return o, err
		}
		o.ClientIP = ip
	}
	if cmd.Flags().Changed("mail-from") {
		from, err := parseSender("--mail-from", a.mailFrom)
		if err != nil {
			return o, err
		}
		o.MailFrom = &from
	}
	return o, nil
}

func parseIP(flag, s string) (netip.Addr, error) {
	ip, err := netip.ParseAddr(s)
	if err != nil || ip.Zone() != "" {
		return netip.Addr{}, wrong("an address such as 192.0.2.10 or 2001:db8::1", "%s %q", flag, s)
	}
	return ip.Unmap(), nil
}

// parseSender reads an envelope sender. The null sender is written <>, so that
// it is never an empty variable of a script.
func parseSender(flag, s string) (string, error) {
	if s == "<>" {
		return "", nil
	}
	addr := bare(s)
	// RFC 5321 §4.1.2: a quoted local part may hold blanks and brackets.
	if quoted.MatchString(addr) {
		return addr, nil
	}
	if addr == "" || strings.ContainsAny(addr, " \t\r\n<>") {
		return "", wrong("an address such as ann@example.com, or '<>' for the null sender", "%s %q", flag, s)
	}
	return addr, nil
}

// quoted is an address with a quoted local part (RFC 5321 §4.1.2, Quoted-string).
var quoted = pattern.New(`^"(?:[ !#-\[\]-~]|\\[ -~])*"@[^\s<>@"]+$`)

// bare takes the angle brackets off an address.
func bare(s string) string {
	if len(s) > 1 && s[0] == '<' && s[len(s)-1] == '>' {
		return s[1 : len(s)-1]
	}
	return s
}

// bulkSender is the one value of --profile.
const bulkSender = string(mailtrace.ProfileBulkSender)

func checkProfile(value string) error {
	if value != "" && value != bulkSender {
		return wrong(bulkSender, "--profile %q", value)
	}
	return nil
}

func checkTrust(s string) error {
	if !headers.CanTrust(s) {
		return wrong("a host name, an authserv-id, an address or a network such as 10.0.0.0/8", "--trust %q", s)
	}
	return nil
}

func (c *cli) analyze(cmd *cobra.Command, a *analysis, paths []string) error {
	if err := a.redacting.separate(cmd, paths); err != nil {
		return err
	}
	o, err := c.settings(cmd, a)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		if c.terminal(c.stdin) > 0 {
			return wrong("mailtrace analyze message.eml, or mailtrace analyze < message.eml", "no message given")
		}
		paths = []string{"-"}
	}
	a.paths = paths
	src, err := c.open(&a.resolving)
	if err != nil {
		return err
	}
	o.Resolver, o.Probe = src.Resolver, src.probe
	if !src.remote {
		o.TimeLimit = -1 // a file answers at once
	}

	next, stop := iter.Pull(c.inputs(paths))
	defer stop()
	// Two inputs tell one message from many.
	var ahead []input
	for len(ahead) < 2 {
		in, ok := next()
		if !ok {
			break
		}
		ahead = append(ahead, in)
	}
	many := len(ahead) > 1 || a.summary || a.checkpoint != ""
	c.memory = semaphore.NewWeighted(maxHeld)
	format := a.format
	if format == "" {
		format = "text"
		switch {
		case many && (!a.quiet || a.checkpoint != "") && !a.summary:
			format = "jsonl"
		case a.lean:
			format = "json"
		}
	}
	if a.lean && !a.summary && format != "json" && format != "jsonl" {
		return wrong("--lean with --format json or jsonl", "--lean for --format %s", format)
	}
	o.Lean = a.lean
	if many && (format == "svg" || format == "dot") {
		return wrong("--format html gives one page for many messages", "--format %s for more than one message", format)
	}
	o.Header = !many && !a.lean && format != "text" && format != "sarif"
	o.CrossCheck = a.crossCheck == "on" || a.crossCheck == "auto" && !many
	switch {
	case a.repair == "off":
		o.Repair = mailtrace.RepairOff
	case a.repair == "auto" && many:
		o.Repair = mailtrace.RepairQuick
	}

	a.format, a.named = format, many
	var k *checkpoint
	if a.checkpoint != "" {
		file := a.file
		if a.summary {
			file = ""
		}
		if k, err = c.resume(a.checkpoint, file, runOf(cmd, paths), a.groupBy); err != nil {
			return err
		}
	}
	var out io.Writer
	var done func() error
	if k != nil && k.out != nil {
		out, done = k.w, func() error { return k.close(a.file) }
	} else if out, done, err = c.create(&a.output); err != nil {
		return err
	}
	var w render.Writer = unwritten{}
	if !a.summary {
		f, _ := render.FormatNamed(report.DocMessage, format)
		w = f.New(out, c.options(&a.output, format))
	}
	all := func(yield func(input) bool) {
		for _, in := range ahead {
			if !yield(in) {
				return
			}
		}
		for in, ok := next(); ok; in, ok = next() {
			if !yield(in) {
				return
			}
		}
	}
	if many {
		c.manyInputs()
		err = c.bulk(cmd.Context(), a, o, all, src.remote, w, out, k)
	} else {
		err = c.each(cmd.Context(), a, o, all, w)
	}
	cut(w, err)
	err = errors.Join(err, writeError(cmp.Or(a.file, "standard output"), w.Close()), done(), src.finish())
	return c.unjoin(err)
}

// unjoin complains of every error of a joined one.
func (c *cli) unjoin(err error) error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			c.complain(e)
		}
		return nil
	}
	return err
}

// result is the outcome for one input.
type result struct {
	report *report.Report
	path   string // of the input
	err    error
	number int   // of the input, for a checkpoint
	chain  chain // of the input
	read   int64 // of the input
}

// message hands the message of an input to do. What fails on it, this program
// included, is the error; of a run that is interrupted meanwhile nothing counts,
// since what was not answered by then would count as missing.
func (c *cli) message(ctx context.Context, in input, do func(raw []byte, headersOnly bool) error) error {
	err := in.err
	fault := guard.Run(func() {
		var raw []byte
		var headersOnly bool
		if err == nil {
			raw, headersOnly, err = in.load()
		}
		if err == nil {
			err = do(raw, headersOnly)
		}
	})
	if in.held > 0 {
		c.memory.Release(in.held)
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	if p := faultOf(in.place(), cmp.Or(err, fault)); p != nil {
		return p
	}
	return err
}

// one analyses one input.
func (c *cli) one(ctx context.Context, o mailtrace.Options, in input) result {
	r := result{path: in.path, number: in.number, chain: in.chain, read: in.read}
	r.err = c.message(ctx, in, func(raw []byte, headersOnly bool) (err error) {
		o.Path, o.Index = in.path, in.index
		o.HeadersOnly = o.HeadersOnly || headersOnly
		if r.report, err = c.engine.analyze(ctx, raw, o); err == nil || errors.As(err, new(*mailtrace.Fault)) {
			return err
		}
		p := &problem{what: in.place() + ": " + err.Error(), code: exitUnfinish}
		if !isDNS(err) {
			p.code = exitUsage
		}
		return p
	})
	return r
}

// cut tells in an output whose format has a place for it that the run did not
// come to its end.
func cut(w any, err error) {
	if f, ok := w.(render.Failing); ok && err != nil {
		f.Cut(err.Error())
	}
}

// fail tells there of what there is no report, and why.
func fail(w any, path string, err error) {
	if f, ok := w.(render.Failing); ok {
		f.Fail(path, err.Error())
	}
}

// show writes a report and takes its exit code into account. Its error ends
// the run: the output cannot be written.
func (c *cli) show(a *output, w render.Writer, r result) error {
	if r.err != nil {
		c.complain(r.err)
		fail(w, r.path, r.err)
		return nil
	}
	if code := codeOf(r.report, a.failOn); code != exitUnfinish || !a.allowGaps {
		c.code = worse(c.code, code)
	}
	var err error
	if fault := guard.Run(func() { err = w.Report(r.report) }); fault != nil {
		c.complain(faultOf(r.report.Source.Path, fault))
		return nil
	}
	return writeFailure(cmp.Or(a.file, "standard output"), err)
}

// each analyses inputs one after the other.
func (c *cli) each(ctx context.Context, a *analysis, o mailtrace.Options, in iter.Seq[input], w render.Writer) error {
	for i := range in {
		over := c.waiting(a, "asking the DNS about "+i.place())
		r := c.one(ctx, o, i)
		over()
		if errors.Is(r.err, errInterrupted) || ctx.Err() != nil {
			return &problem{what: "interrupted", code: exitUnfinish}
		}
		if err := c.show(&a.output, w, r); err != nil {
			return ended(err)
		}
	}
	return nil
}

// errClosed ends a run whose reader went away.
var errClosed = errors.New("the reader of the output went away")

func writeFailure(where string, err error) error {
	if err == nil {
		return nil
	}
	if e := writeError(where, err); e != nil {
		return e
	}
	return errClosed
}

func ended(err error) error {
	if errors.Is(err, errClosed) {
		return nil
	}
	return err
}
