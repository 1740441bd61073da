package mailtrace_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/report"
)

// failing leaves questions without an answer.
type failing struct {
	dns.Resolver
	fails func(name string, t dns.Type) bool
}

func (f failing) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	if name = dns.Canonical(name); f.fails(name, t) {
		return dns.Answer{}, &dns.Error{Name: name, Type: t, Failure: dns.Timeout, Server: "192.0.2.53:53"}
	}
	return f.Resolver.Lookup(ctx, name, t)
}

func TestMissingAnswers(t *testing.T) {
	stat := map[string]int{}
	for _, g := range storedMessages(t) {
		for name, m := range g.messages {
			if m.zone == "" || strings.HasPrefix(m.zone, "mailtrace-dns ") {
				continue
			}
			z, err := zonefile.Parse("zone", []byte(m.zone))
			if err != nil {
				continue
			}
			run := func(fails func(string, dns.Type) bool) *report.Report {
				r, err := mailtrace.AnalyzeBytes(context.Background(), []byte(m.text), mailtrace.Options{Resolver: failing{z, fails}, Repair: mailtrace.RepairOff})
				if err != nil {
					return nil
				}
				return r
			}
			truth := run(func(string, dns.Type) bool { return false })
			if truth == nil {
				continue
			}
			for seed := range 12 {
				r := run(func(name string, ty dns.Type) bool {
					h := fnv.New64a()
					fmt.Fprint(h, seed, name, ty)
					return h.Sum64()>>40%uint64(2+seed%4) == 0
				})
				stat["runs"]++
				a, b := "", ""
				if truth.SPF != nil {
					a = truth.SPF.Result
				}
				if r.SPF != nil {
					b = r.SPF.Result
				}
				ca, cb := "", ""
				if truth.Border != nil {
					ca = truth.Border.ClientIP
				}
				if r.Border != nil {
					cb = r.Border.ClientIP
				}
				if a != b && b != "" && b != "temperror" && b != "unchecked" {
					stat["SPF "+a+" "+b]++
					t.Logf("%s/%s %d: SPF %s -> %s; client %s -> %s; %s -> %s (open %v)", g.name, name, seed, a, b, ca, cb, truth.Verdict.Status, r.Verdict.Status, r.Verdict.Summary)
				}
				if truth.Verdict.Status != r.Verdict.Status {
					t.Logf("STATUS %s -> %s: %s/%s %d: %s => %s; gaps %v", truth.Verdict.Status, r.Verdict.Status, g.name, name, seed, truth.Verdict.Summary, r.Verdict.Summary, r.Gaps)
					stat["status "+truth.Verdict.Status+" "+r.Verdict.Status]++
				}
				for _, x := range r.Findings {
					if grave(x) && !slices.ContainsFunc(truth.Findings, func(o report.Finding) bool { return o.Code == x.Code && o.AtFault == x.AtFault }) {
						stat["new "+x.Code]++
						t.Logf("%s/%s %d: new %s %s %v: %s", g.name, name, seed, x.Code, x.Severity, x.AtFault, x.Message)
					}
				}
			}
		}
	}
	for k, n := range stat {
		t.Log(n, k)
	}
}
