// Bulk analyses many messages at once with a resolver of its own: every answer
// comes from the company's table where it has one, else from the servers of this
// machine, and each question is asked once. It writes a line a message, in the
// order of the arguments, and counts the causes.
//
//	bulk message.eml ...
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/bulk"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/live"
	"github.com/mailtrace/mailtrace/report"
)

// table answers for names that it holds and leaves all others to the next.
func table(own map[string]string, next dns.Resolver) dns.Resolver {
	return dns.FromFunc(func(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
		text, ok := own[dns.Canonical(name)]
		if !ok || t != dns.TypeTXT {
			return dns.OrOff(next).Lookup(ctx, name, t)
		}
		r := dns.Record{Name: dns.Canonical(name), Type: t, Strings: []string{text}, Text: text}
		r.Data, _ = r.Presentation()
		return dns.Answer{Name: r.Name, Type: t, Status: dns.Success, Records: []dns.Record{r}, Server: "table"}, nil
	})
}

type result struct {
	report *report.Report
	err    error
}

func run(ctx context.Context, out io.Writer, res dns.Resolver, paths []string) error {
	o := mailtrace.Options{Resolver: dns.NewCache(res, dns.CacheOptions{}), Repair: mailtrace.RepairQuick, Lean: true}
	sum := bulk.Summary{}
	err := bulk.Run(ctx, 4, slices.Values(paths), func(ctx context.Context, path string) result {
		f, err := os.Open(path)
		if err != nil {
			return result{err: err}
		}
		defer f.Close()
		o := o
		o.Path = path
		r, err := mailtrace.Analyze(ctx, f, o)
		return result{r, err}
	}, func(r result) error {
		if r.err != nil {
			return r.err
		}
		sum.Add(r.report)
		_, err := fmt.Fprintf(out, "%s: %s\n", r.report.Source.Path, r.report.Verdict.Status)
		return err
	})
	if err != nil {
		return err
	}
	return sum.Write(out)
}

func main() {
	system, err := live.System()
	if err == nil {
		defer system.Close()
		err = run(context.Background(), os.Stdout, table(map[string]string{"corp.example": "v=spf1 ip4:192.0.2.0/24 -all"}, system), os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
