package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/compare"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/report"
)

// comparing are the flags of compare.
type comparing struct {
	output
	resolving
	headersOnly bool
}

func (c *cli) compareCommand() *cobra.Command {
	var k comparing
	cmd := &cobra.Command{
		Use:   "compare [flags] A.eml B.eml",
		Short: "compare two copies of a message",
		Long: `Compare holds two copies of a message against each other, such as the sent and
the received one, or the one that came directly and the one from a list: what
differs as signatures see it, where, and on which copy each signature verifies.

The exit code is 0 whatever differs, and 3 where a key was not answered. For
--fail-on a different content, and a signature that verifies on A and fails on
B, count as high; blanks and order as low. - stands for standard input.`,
		Example: `  mailtrace compare sent.eml received.eml
  mailtrace compare --dns off --json sent.eml received.eml`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.compare(cmd.Context(), &k, args) },
	}
	f := cmd.Flags()
	k.registerFormats(cmd, report.DocComparison)
	k.output.registerPlain(cmd)
	// That copies differ is what was asked, not a fault.
	k.failOn = "never"
	f.Lookup("fail-on").DefValue = k.failOn
	f.Lookup("quiet").Usage = "the answer only, in a sentence"
	f.Lookup("verbose").Usage = "also the fields that servers write on the way"
	k.resolving.register(cmd)
	f.BoolVar(&k.headersOnly, "headers-only", false, "a body is missing or not whole: compare the headers")
	return cmd
}

func (c *cli) compare(ctx context.Context, k *comparing, args []string) error {
	const usage = "mailtrace compare sent.eml received.eml"
	if err := errors.Join(k.output.check(), k.resolving.check()); err != nil {
		return err
	}
	if len(args) != 2 {
		return wrong(usage, "compare takes two messages, not %d", len(args))
	}
	if args[0] == "-" && args[1] == "-" {
		return wrong(usage, "standard input is one message")
	}
	var copies [2]*message.Message
	headersOnly := k.headersOnly
	for i, path := range args {
		raw, onlyHeaders, err := c.single(path)
		if err != nil {
			return err
		}
		headersOnly = headersOnly || onlyHeaders
		copies[i] = message.Parse(raw)
	}
	src, err := c.open(&k.resolving)
	if err != nil {
		return err
	}
	r, err := compare.Compare(ctx, src.Resolver, copies[0], copies[1], compare.Options{
		HeadersOnly: headersOnly, A: name(args[0]), B: name(args[1]), Tool: report.Tool{Name: "mailtrace", Version: mailtrace.Version},
	})
	if ctx.Err() != nil {
		return c.unjoin(errors.Join(errInterrupted, src.finish()))
	}
	if err != nil {
		return errors.Join(&problem{what: err.Error(), code: exitUnfinish}, src.finish())
	}
	return c.unjoin(errors.Join(c.document(&k.output, r, nil), src.finish()))
}

// single reads a path that holds one message.
func (c *cli) single(path string) (raw []byte, headersOnly bool, err error) {
	n := 0
	for in := range c.inputs([]string{path}) {
		if n++; n > 1 {
			return nil, false, wrong("save the two copies as files of their own", "%s: more than one message", name(path))
		}
		if in.err != nil {
			return nil, false, in.err
		}
		if raw, headersOnly, err = in.load(); err != nil {
			return nil, false, err
		}
	}
	return raw, headersOnly, nil
}
