// Check is a test of a domain's records for a pipeline: it says what is wrong
// with what they publish, and fails from a severity on.
//
//	check example.org example.net
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/live"
	"github.com/mailtrace/mailtrace/report"
)

// check reports whether all domains are without a finding as grave as worst.
// What could not be asked is no success.
func check(ctx context.Context, out io.Writer, res dns.Resolver, worst string, names []string) (bool, error) {
	good := true
	for _, name := range names {
		d, err := mailtrace.CheckDomain(ctx, name, mailtrace.DomainOptions{Resolver: res})
		if err != nil {
			return false, err
		}
		for _, f := range d.Findings {
			if report.SeverityRank(f.Severity) <= report.SeverityRank(worst) {
				good = false
				fmt.Fprintf(out, "%s: %s: %s\n", name, f.Code, f.Message)
			}
		}
		for _, g := range d.Gaps {
			good = false
			fmt.Fprintf(out, "%s: not known: %s: %s\n", name, g.What, g.Why)
		}
	}
	return good, nil
}

func main() {
	system, err := live.System()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	good, err := check(context.Background(), os.Stdout, system, report.High, os.Args[1:])
	system.Close()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	case !good:
		os.Exit(1)
	}
}
