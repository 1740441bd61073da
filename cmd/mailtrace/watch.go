package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/domain"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// watching are the flags of watch.
type watching struct {
	checking
	state   string
	metrics string
}

var watchFormats = append(render.FormatNames(report.DocWatch), "prometheus")

func (c *cli) watchCommand() *cobra.Command {
	var k watching
	cmd := &cobra.Command{
		Use:   "watch [flags] FILE",
		Short: "say what changed for a list of domains since the last run",
		Long: `Watch checks the domains of FILE, one on each line, and compares them with what
was known at the last run: records, keys, mail hosts, certificates, problems.
What was not answered is not a change. The new state is kept in a file beside FILE,
or in that of --state; it is written whole or not at all.

The exit code is 1 where something changed for the worse, 3 where not all could
be asked, 0 otherwise. The first run keeps the state and reports nothing.`,
		Example: `  mailtrace watch domains.txt
  mailtrace watch --smtp --metrics /var/lib/node_exporter/mailtrace.prom domains.txt
  mailtrace watch --json --state /var/lib/mailtrace/state.json domains.txt`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.watch(cmd, &k, args) },
	}
	f := cmd.Flags()
	f.StringVar(&k.format, "format", "text", "one of `FORMAT`s "+strings.Join(watchFormats, ", "))
	f.BoolVar(&k.json, "json", false, "the same as --format json")
	f.StringVarP(&k.file, "output", "o", "", "write to `FILE` instead of standard output")
	f.BoolVarP(&k.quiet, "quiet", "q", false, "only changes for the worse")
	f.StringVar(&k.state, "state", "", "keep what is known in `FILE` (default FILE.state.json beside the list)")
	f.StringVar(&k.metrics, "metrics", "", "also write `FILE` for the text file collector of Prometheus")
	k.resolving.register(cmd)
	f.StringArrayVar(&k.selectors, "selector", nil, "a DKIM `SELECTOR` that the domains use; repeatable")
	f.BoolVar(&k.smtp, "smtp", false, "also connect to the MX hosts: TLS and certificates")
	f.DurationVar(&k.limit, "time-limit", domainLimit, "give up on one domain after this `TIME`; what is missing then is not a change")
	f.IntVar(&k.jobs, "jobs", 0, "work on `N` domains at once (default by the number of processors)")
	f.StringVar(&k.progress, "progress", "auto", "`WHEN` to show the progress: auto, always, never")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(watchFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// watched takes reports down; it shows nothing.
type watched struct {
	old, now *domain.State
	changes  []domain.WatchChange
	worst    map[string]*report.Domain
	order    []string
	first    int // domains that were not known
}

func (w *watched) Domain(d *report.Domain) error {
	if w.now.Domains[d.Domain] != nil {
		return nil // it stands twice in the list
	}
	old := w.old.Domains[d.Domain]
	snap := domain.Snap(d, old)
	w.now.Domains[d.Domain] = snap
	w.order = append(w.order, d.Domain)
	w.worst[d.Domain] = &report.Domain{Domain: d.Domain, Findings: d.Findings, Gaps: d.Gaps}
	if old == nil {
		w.first++
		return nil
	}
	w.changes = append(w.changes, domain.WatchChanges(d.Domain, old, snap)...)
	return nil
}

func (w *watched) Close() error { return nil }

func (c *cli) watch(cmd *cobra.Command, k *watching, args []string) error {
	if len(args) != 1 {
		return wrong("mailtrace watch domains.txt", "give one list of domains")
	}
	if k.json {
		k.format = "json"
	}
	if !slices.Contains(watchFormats, k.format) {
		return wrong("one of "+strings.Join(watchFormats, ", "), "no format %q", k.format)
	}
	format := k.format
	k.format, k.json, k.failOn, k.color, k.tried = "text", false, "never", "never", "auto"
	onlyWorse := k.quiet
	if err := k.check(cmd); err != nil {
		return err
	}
	names, total, err := c.readList(args[0])
	if err != nil {
		return err
	}
	if k.state == "" {
		k.state = args[0] + ".state.json"
	}
	const hint = "give another file with --state, or remove this one to begin again"
	old := &domain.State{Schema: domain.WatchSchema, Domains: map[string]*domain.Snapshot{}}
	text, err := c.readFile(k.state, stateInput)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return wrong(hint, "%s: %s", k.state, reason(err))
	default:
		if old, err = domain.ReadState(text); err != nil {
			return wrong(hint, "%s: %s", k.state, strings.TrimPrefix(err.Error(), "domain: "))
		}
	}
	src, err := c.open(&k.resolving)
	if err != nil {
		return err
	}
	o := mailtrace.DomainOptions{Resolver: src.Resolver, Now: c.now()}
	c.network(cmd.Context(), &k.checking, src, &o)
	w := &watched{old: old, now: &domain.State{Schema: domain.WatchSchema, Domains: map[string]*domain.Snapshot{}}, worst: map[string]*report.Domain{}}
	k.learnt = func(name string) []string {
		if s := old.Domains[name]; s != nil {
			return s.Selectors()
		}
		return nil
	}
	k.quiet = true
	if err := errors.Join(c.checkAll(cmd.Context(), &k.checking, o, names, total, nil, src, w, io.Discard), src.finish()); err != nil {
		return c.unjoin(err) // the old state stays as it is
	}
	downhill := 0
	for i := range w.changes {
		if w.changes[i].Worse {
			downhill++
		}
	}
	metrics := watchMetrics(c.now(), w) // of all changes
	if onlyWorse {
		w.changes = slices.DeleteFunc(w.changes, func(ch domain.WatchChange) bool { return !ch.Worse })
	}
	detail := render.Normal
	if onlyWorse {
		detail = render.Verdict
	}
	out, done, err := c.create(&k.output)
	if err != nil {
		return err
	}
	if format == "prometheus" {
		_, err = out.Write(metrics)
	} else {
		f, _ := render.FormatNamed(report.DocWatch, format)
		err = f.Document(out, w.document(c.now()), render.Options{Width: c.width(0), Detail: detail})
	}
	if err == nil && format == "text" && !onlyWorse && len(old.Domains) == 0 {
		_, err = fmt.Fprintf(out, "the state of %d domains is kept in %s\n", len(w.order), render.Clean(k.state))
	}
	if err := errors.Join(writeError(cmp.Or(k.file, "standard output"), err), done()); err != nil {
		return c.unjoin(err)
	}
	if k.metrics != "" {
		if err := c.replaceFile(k.metrics, metrics, 0o644); err != nil {
			return wrong(writeHint, "%s: %s", k.metrics, reason(err))
		}
	}
	state, err := json.MarshalIndent(w.now, "", " ")
	if err == nil {
		err = c.replaceFile(k.state, append(state, '\n'), 0o644)
	}
	if err != nil {
		return wrong(writeHint, "%s: %s", k.state, reason(err))
	}
	if downhill > 0 {
		c.code = worse(c.code, exitFound)
	}
	return nil
}

// document is what changed, as it is written.
func (w *watched) document(now time.Time) *report.Watch {
	d := &report.Watch{
		Document: report.Document{Kind: report.DocWatch, Schema: report.Schema, Tool: report.Tool{Name: "mailtrace", Version: mailtrace.Version},
			Findings: []report.Finding{}, Gaps: []report.Gap{}},
		CheckedAt: now, Domains: len(w.order), New: w.first, Changes: append([]report.WatchChange{}, w.changes...),
	}
	for _, name := range w.order {
		for _, g := range w.worst[name].Gaps {
			d.Gaps = append(d.Gaps, report.Gap{What: name + ": " + g.What, Why: g.Why})
		}
		for i := range w.worst[name].Findings {
			f := &w.worst[name].Findings[i]
			if slices.ContainsFunc(w.changes, func(ch report.WatchChange) bool {
				return ch.Worse && ch.Kind == "problem" && ch.Domain == name && ch.Name == f.Code
			}) {
				d.Findings = append(d.Findings, *f)
			}
		}
	}
	return d
}

// watchMetrics is the text format of Prometheus: how each domain stands, and
// what changed at this run.
func watchMetrics(now time.Time, w *watched) []byte {
	var b bytes.Buffer
	head := func(name, kind, help string) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	}
	label := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace
	head("mailtrace_domain_findings", "gauge", "Findings of a domain by severity.")
	for _, d := range w.order {
		for _, s := range severities {
			n := 0
			for i := range w.worst[d].Findings {
				if w.worst[d].Findings[i].Severity == s {
					n++
				}
			}
			fmt.Fprintf(&b, "mailtrace_domain_findings{domain=\"%s\",severity=\"%s\"} %d\n", label(d), s, n)
		}
	}
	head("mailtrace_domain_gaps", "gauge", "Questions about a domain without an answer.")
	for _, d := range w.order {
		fmt.Fprintf(&b, "mailtrace_domain_gaps{domain=\"%s\"} %d\n", label(d), len(w.worst[d].Gaps))
	}
	head("mailtrace_domain_changes", "gauge", "Changes of a domain since the run before.")
	for _, d := range w.order {
		better, worse := 0, 0
		for i := range w.changes {
			switch {
			case w.changes[i].Domain != d:
			case w.changes[i].Worse:
				worse++
			default:
				better++
			}
		}
		fmt.Fprintf(&b, "mailtrace_domain_changes{domain=\"%s\",worse=\"true\"} %d\nmailtrace_domain_changes{domain=\"%s\",worse=\"false\"} %d\n", label(d), worse, label(d), better)
	}
	head("mailtrace_watch_timestamp_seconds", "gauge", "When the domains were checked last.")
	fmt.Fprintf(&b, "mailtrace_watch_timestamp_seconds %d\n", now.Unix())
	return b.Bytes()
}
