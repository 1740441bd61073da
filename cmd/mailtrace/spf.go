package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// evaluation are the flags of spf.
type evaluation struct {
	output
	resolving
	ip, from, helo, receiver string
	trace                    bool
}

func (c *cli) spfCommand() *cobra.Command {
	var e evaluation
	cmd := &cobra.Command{
		Use:   "spf [flags] --ip IP (--from ADDR | --helo NAME)",
		Short: "evaluate SPF once",
		Long: `Spf asks what a receiver would say of a client address and a sender
(RFC 7208). The result counts for --fail-on as: fail and permerror high,
softfail medium, neutral and none low. A temperror exits 3.`,
		Example: `  mailtrace spf --ip 192.0.2.10 --from ann@example.com
  mailtrace spf --ip 2001:db8::1 --helo mail.example.com --from '<>'
  mailtrace spf --ip 192.0.2.10 --from ann@example.com --trace --dns zone:new.zone --dns system`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return wrong("mailtrace spf --ip 192.0.2.10 --from ann@example.com", "spf takes flags only, not %q", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return c.spf(cmd, &e) },
	}
	f := cmd.Flags()
	f.StringVar(&e.ip, "ip", "", "the client `IP`")
	f.StringVar(&e.from, "from", "", "the envelope sender `ADDR`; <> is the null sender")
	f.StringVar(&e.helo, "helo", "", "the HELO `NAME`; it is checked where there is no sender")
	f.StringVar(&e.receiver, "receiver", "", "the receiving `HOST`, for the macro %{r}")
	f.BoolVar(&e.trace, "trace", false, "show every term with its question and answer")
	e.registerFormats(cmd, report.DocSPF)
	e.output.registerPlain(cmd)
	e.resolving.register(cmd)
	return cmd
}

func (e *evaluation) query(cmd *cobra.Command) (spf.Query, error) {
	const usage = "mailtrace spf --ip 192.0.2.10 --from ann@example.com"
	var q spf.Query
	if err := e.output.check(); err != nil {
		return q, err
	}
	if err := e.resolving.check(); err != nil {
		return q, err
	}
	if e.ip == "" {
		return q, wrong(usage, "no client address: --ip is missing")
	}
	ip, err := parseIP("--ip", e.ip)
	if err != nil {
		return q, err
	}
	q.IP, q.Helo = ip, e.helo
	switch {
	case cmd.Flags().Changed("from"):
		if q.MailFrom, err = parseSender("--from", e.from); err != nil {
			return q, err
		}
		if q.MailFrom == "" && e.helo == "" {
			return q, wrong("add --helo NAME: of a null sender the HELO name is checked (RFC 7208 §2.4)", "--from '<>' without --helo")
		}
	case e.helo == "":
		return q, wrong(usage, "nothing to check: --from or --helo is missing")
	}
	return q, nil
}

func (c *cli) spf(cmd *cobra.Command, e *evaluation) error {
	q, err := e.query(cmd)
	if err != nil {
		return err
	}
	src, err := c.open(&e.resolving)
	if err != nil {
		return err
	}
	out, err := mailtrace.CheckSPF(cmd.Context(), src.Resolver, q, spf.Options{
		Tree: e.trace || e.verbose, Explain: true, Receiver: e.receiver, Time: c.now().Unix(),
	})
	if cmd.Context().Err() != nil {
		return c.unjoin(errors.Join(errInterrupted, src.finish()))
	}
	if err != nil {
		p := &problem{what: err.Error(), code: exitUnfinish}
		if isDNS(err) {
			p.hint = "an answer is missing, so there is no verdict; ask another server with --dns"
		}
		c.complain(p)
		return src.finish()
	}
	var detail *render.Detail
	if e.trace {
		full := render.Full
		detail = &full
	}
	return c.unjoin(errors.Join(c.document(&e.output, mailtrace.SPFDocument(out), detail), src.finish()))
}
