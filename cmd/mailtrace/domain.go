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
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/bulk"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/live"
	"github.com/mailtrace/mailtrace/domain"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// checking are the flags of domain.
type checking struct {
	output
	resolving
	selectors     []string
	selectorsFrom []string
	files         []string
	parked        bool
	suggest       bool
	profile       string
	tried         string
	sort          string
	only          string
	smtp          bool
	ns            bool
	learnt        func(domain string) []string // selectors that are known
	bimi          bool
	policy        string
	limit         time.Duration
	jobs          int
	progress      string
}

// dnsPort is where name servers listen.
const dnsPort = 53

// domainLimit is how long one domain may take by default.
const domainLimit = time.Minute

func (c *cli) domainCommand() *cobra.Command {
	var k checking
	cmd := &cobra.Command{
		Use:   "domain [flags] DOMAIN...",
		Short: "check what domains publish for mail",
		Long: `Domain checks what domains publish for mail: MX, SPF with all its includes, DKIM
keys, DMARC and what it does to forged mail, MTA-STS, TLS-RPT, DANE, BIMI and
DNSSEC. It says what is wrong and what to publish instead.

DOMAIN is a domain name, or a file with one on each line (@FILE, or the path of
a file that exists); - and nothing at all stand for standard input.

Of DKIM keys only those are found whose selector is known. Common selectors are
tried; --selectors-from reads those of mail that the domain sent.`,
		Example: `  mailtrace domain example.com
  mailtrace domain --selector s2026 --selectors-from sent.mbox example.com
  mailtrace domain --suggest example.com
  mailtrace domain -q domains.txt
  mailtrace domain --format csv -o domains.csv domains.txt
  mailtrace domain --dns zone:new.zone --dns system example.com`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.domain(cmd, &k, args) },
	}
	names := render.FormatNames(report.DocDomain)
	f := cmd.Flags()
	f.StringVar(&k.format, "format", "text", "one of `FORMAT`s "+strings.Join(names, ", ")+"; without it a table above five domains")
	f.BoolVar(&k.json, "json", false, "the same as --format json")
	k.output.registerPlain(cmd)
	f.Lookup("quiet").Usage = "one line a domain"
	f.Lookup("verbose").Usage = "also the SPF tree with all answers, all keys, all questions, the rules for bulk senders"
	k.resolving.register(cmd)
	f.StringArrayVar(&k.selectors, "selector", nil, "a DKIM `SELECTOR` that the domain uses; repeatable")
	f.StringArrayVar(&k.selectorsFrom, "selectors-from", nil, "read selectors from `PATH`: a message, an mbox, a folder of messages or a list; repeatable")
	f.StringArrayVar(&k.files, "from-file", nil, "read domains from `FILE`, one on each line; repeatable")
	f.BoolVar(&k.parked, "parked", false, "the domains neither send nor receive mail")
	f.BoolVar(&k.suggest, "suggest", false, "show the records to publish as a piece of a zone file")
	f.BoolVar(&k.smtp, "smtp", false, "also connect to the MX hosts: STARTTLS, versions of TLS, certificates against MTA-STS and TLSA, REQUIRETLS")
	f.BoolVar(&k.ns, "ns", false, "also ask the name servers one by one: delegation, servers without the zone, serials, networks, CNAME beside other records, CAA")
	f.BoolVar(&k.bimi, "bimi", false, "also fetch the logo and the mark certificate of BIMI")
	f.StringVar(&k.policy, "policy", "", "judge the MTA-STS policy in `FILE`, before it is served")
	f.StringVar(&k.sort, "sort", "", "`ORDER` of the domains: "+strings.Join(render.DomainSorts(), ", ")+" (default as they come; severity for a table)")
	f.StringVar(&k.only, "only", "", "show only domains with a finding of this `SEVERITY` or above, or of this code")
	f.StringVar(&k.tried, "selectors", "auto", "`WHICH` built-in DKIM selectors to try: auto (the likeliest), all")
	f.StringVar(&k.profile, "profile", "", "hold the domains against the rules of a `PROFILE`: "+bulkSender)
	f.DurationVar(&k.limit, "time-limit", domainLimit, "give up on one domain after this `TIME`; what is missing then is a gap")
	f.IntVar(&k.jobs, "jobs", 0, "work on `N` domains at once (default by the number of processors)")
	f.StringVar(&k.progress, "progress", "auto", "`WHEN` to show the progress: auto, always, never")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions([]string{bulkSender}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// check finds flags that are wrong before any work is done.
func (k *checking) check(cmd *cobra.Command) error {
	format := k.format
	if k.json {
		if cmd.Flags().Changed("format") && format != "json" {
			return wrong("give one of them", "--json and --format %s", format)
		}
		format = "json"
	}
	if _, ok := render.FormatNamed(report.DocDomain, format); !ok {
		return wrong("one of "+strings.Join(render.FormatNames(report.DocDomain), ", "), "no format %q", format)
	}
	rest := k.output
	rest.format, rest.json = "", false // csv is not a format of messages
	if err := rest.check(); err != nil {
		return err
	}
	k.format = format
	if err := k.resolving.check(); err != nil {
		return err
	}
	if err := checkWhen("--progress", k.progress); err != nil {
		return err
	}
	if err := checkProfile(k.profile); err != nil {
		return err
	}
	if k.sort != "" && !slices.Contains(render.DomainSorts(), k.sort) {
		return wrong("one of "+strings.Join(render.DomainSorts(), ", "), "--sort %q", k.sort)
	}
	if k.only != "" && !slices.Contains(severities, k.only) && !slices.ContainsFunc(domain.Problems(), func(p domain.Problem) bool { return p.Code == k.only }) {
		return wrong("one of "+strings.Join(severities, ", ")+", or the code of a finding on domains", "--only %q", k.only)
	}
	if k.tried != "auto" && k.tried != "all" {
		return wrong("auto or all", "--selectors %q", k.tried)
	}
	if k.jobs < 0 {
		return wrong("0 or more", "--jobs %d", k.jobs)
	}
	if k.limit <= 0 {
		return wrong("a time such as 30s or 2m", "--time-limit %s", k.limit)
	}
	for _, s := range k.selectors {
		if s == "" || strings.ContainsAny(s, " \t\r\n,;/@") {
			return wrong("a selector is the s= of a DKIM-Signature, such as s2026", "--selector %q", s)
		}
	}
	return nil
}

// domainResult is the outcome for one domain.
type domainResult struct {
	name   string
	report *report.Domain
	err    error
}

func (c *cli) domain(cmd *cobra.Command, k *checking, args []string) error {
	if err := k.check(cmd); err != nil {
		return err
	}
	names, total, err := c.domains(k, args)
	if err != nil {
		return err
	}
	seen, err := c.seenSelectors(k.selectorsFrom)
	if err != nil {
		return err
	}
	src, err := c.open(&k.resolving)
	if err != nil {
		return err
	}
	o := mailtrace.DomainOptions{Resolver: src.Resolver, Parked: k.parked, Now: c.now(),
		Suggest: k.suggest || total == 1, Shorter: k.suggest, AllSelectors: k.tried == "all"}
	if k.policy != "" {
		if o.Policy, err = c.readPolicy(k.policy); err != nil {
			return err
		}
	}
	c.network(cmd.Context(), k, src, &o)
	out, done, err := c.create(&k.output)
	if err != nil {
		return err
	}
	f, _ := render.FormatNamed(report.DocDomain, k.format)
	view := render.DomainOptions{Options: c.options(&k.output, k.format), Bulk: k.profile == bulkSender, Suggest: k.suggest, Sort: k.sort}
	w := f.Domains(out, view)
	if !cmd.Flags().Changed("format") && !k.json && !k.suggest {
		w = render.DomainAuto(out, view)
	}
	if k.sort != "" && k.format != "table" || k.only != "" {
		sort := k.sort
		if k.format == "table" {
			sort = ""
		}
		w = render.Sorted(w, sort, k.only)
	}
	err = c.checkAll(cmd.Context(), k, o, names, total, seen, src, w, out)
	cut(w, err)
	err = errors.Join(err, writeError(cmp.Or(k.file, "standard output"), w.Close()), done(), src.finish())
	return c.unjoin(err)
}

// network adds what goes beyond the DNS. A policy file is asked for only where the
// DNS is that of the network: a zone or a recording speaks of other times or
// places. Who says --smtp wants the connections whatever the DNS is.
func (c *cli) network(ctx context.Context, k *checking, src *source, o *mailtrace.DomainOptions) {
	if src.remote {
		o.Fetch = c.fetch(src.Resolver)
		o.DNSSEC = c.validate(ctx, src.raw)
	}
	if k.smtp && c.dial != nil {
		o.SMTP = &domain.Dialer{Dial: c.dial, Roots: c.roots}
	}
	if k.ns && c.dial != nil {
		o.AskServer = func(ctx context.Context, server netip.Addr, name string, t dns.Type) (dns.Direct, error) {
			return live.Ask(ctx, c.dial, k.resolving.timeout, netip.AddrPortFrom(server, dnsPort).String(), name, t)
		}
	}
	if k.bimi && c.dial != nil {
		o.Marks = &domain.Marks{Fetch: fetcher{resolver: src.Resolver, dial: c.dial, roots: c.roots, most: domain.MaxMark}.get}
	}
}

// readPolicy reads an MTA-STS policy file.
func (c *cli) readPolicy(path string) ([]byte, error) {
	const hint = "give the file that is to be served as /.well-known/mta-sts.txt"
	text, err := c.readFile(path, policyInput)
	if err != nil {
		return nil, wrong(hint, "%s: %s", path, reason(err))
	}
	return text, nil
}

// flusher is an output that keeps what is written to it for a while.
type flusher interface{ Flush() error }

// doubt says why the answers that a report rests on are not to be believed, ""
// where they are.
func doubt(ctx context.Context, src *source, r *report.Domain) string {
	if src.probe == nil || len(r.DNS) == 0 {
		return ""
	}
	return src.probe(ctx, slices.ContainsFunc(r.DNS, func(a report.DNSAnswer) bool { return len(a.Values) > 0 }))
}

// checkAll checks domains side by side and shows them in their order.
func (c *cli) checkAll(ctx context.Context, k *checking, o mailtrace.DomainOptions, names iter.Seq[domainName], total int,
	seen []domain.Seen, src *source, w render.DomainWriter, out io.Writer) error {
	jobs := c.atOnce(k.jobs, src.remote, waitingDomains)
	if total != 1 {
		c.manyInputs()
	}
	sum := bulk.Summary{Unit: "domain"}
	count := func() int { return sum.Messages + sum.Unreadable }
	bar := c.meter(k.progress, k.quiet && k.file == "" || total == 1, "domains", func() (int64, bool) { return int64(total), true })
	err := bulk.Run(ctx, jobs, names,
		func(run context.Context, n domainName) domainResult {
			if n.err != nil {
				return domainResult{name: n.name, err: n.err}
			}
			// A domain whose servers are dead takes no longer than this, so that
			// it does not hold up the rest for good.
			ctx, cancel := context.WithTimeout(run, k.limit)
			defer cancel()
			o := o
			o.Selectors = append(slices.Clone(k.selectors), domain.Selectors(seen, n.name)...)
			if k.learnt != nil {
				o.Learnt = k.learnt(n.name)
			}
			var r *report.Domain
			var err error
			if fault := guard.Run(func() { r, err = c.engine.domain(ctx, n.name, o) }); fault != nil {
				err = fault
			}
			if p := faultOf(n.name, err); p != nil {
				return domainResult{name: n.name, err: p}
			}
			switch {
			case run.Err() != nil: // half a check
				return domainResult{err: errInterrupted}
			case err != nil:
				return domainResult{name: n.name, err: wrong(domainHint, "%s", err)}
			}
			why := doubt(run, src, r)
			if run.Err() != nil {
				return domainResult{err: errInterrupted}
			}
			if why != "" {
				o.Resolver, o.Fetch, o.DNSSEC, o.SMTP = nil, nil, nil, nil
				if r, err = c.engine.domain(run, n.name, o); err != nil {
					return domainResult{name: n.name, err: wrong(domainHint, "%s", err)}
				}
				r.Gaps = append([]report.Gap{{What: "DNS", Why: why}}, r.Gaps...)
			}
			return domainResult{report: r}
		},
		func(r domainResult) error {
			if errors.Is(r.err, errInterrupted) {
				return r.err // and nothing behind it
			}
			if r.err != nil {
				sum.Unreadable++
				bar.clear()
				c.complain(r.err)
				fail(w, r.name, r.err)
				bar.add(count(), 0, "")
				return nil
			}
			sum.AddDomain(r.report)
			c.code = worse(c.code, k.codeOf(r.report))
			bar.clear()
			var err error
			if fault := guard.Run(func() { err = w.Domain(r.report) }); fault != nil {
				c.complain(faultOf(r.report.Domain, fault))
			}
			err = writeFailure(cmp.Or(k.file, "standard output"), err)
			if f, ok := out.(flusher); ok && err == nil && total != 1 {
				// One after the other, as they come.
				err = writeFailure(cmp.Or(k.file, "standard output"), f.Flush())
			}
			bar.add(count(), 0, "")
			return err
		})
	bar.clear()
	if ctx.Err() != nil {
		err = &problem{what: fmt.Sprintf("interrupted after %d domains", sum.Messages), code: exitUnfinish}
	}
	if !k.quiet && count() > 1 {
		if err := sum.Write(c.stderr); err != nil {
			return err
		}
	}
	return ended(err)
}

// codeOf is the exit code for a domain.
func (k *checking) codeOf(d *report.Domain) int {
	r := report.Report{Findings: d.Findings, Gaps: d.Gaps}
	if k.profile != "" {
		r.Checklist = d.Bulk
	}
	return codeOf(&r, k.failOn)
}
