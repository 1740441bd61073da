package domain

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/report"
)

// failing is a world in which one question gets no answer.
type failing struct {
	*world
	name    string
	t       string
	failure dns.Failure
}

func (f failing) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	if dns.Canonical(name) == f.name && t.String() == f.t {
		return dns.Answer{}, &dns.Error{Name: f.name, Type: t, Failure: f.failure, Server: "192.0.2.53:53"}
	}
	return f.world.Lookup(ctx, name, t)
}

// Whatever question stays without answer, be it by a time-out, a failing or a
// lame server: it is a gap, and no problem comes up that was not there before.
func TestNoFailureMakesAProblem(t *testing.T) {
	runs := 0
	for _, w := range worlds(t) {
		for i := range w.wants {
			want := &w.wants[i]
			before := w.check(want)
			known := codes(before)
			for _, q := range before.DNS {
				common := strings.Contains(q.Name, "._domainkey."+want.domain) && q.Status != "noerror"
				if common && !strings.HasPrefix(q.Name, nobody) && !strings.HasPrefix(q.Name, "google.") {
					continue // one of them stands for all
				}
				for k, failure := range []dns.Failure{dns.Timeout, dns.ServFail, dns.Malformed, dns.Refused, dns.NotRecorded} {
					if k != runs%5 { // each question with one of them
						continue
					}
					o := Options{Resolver: failing{w, q.Name, q.Type, failure}, Selectors: want.selectors, Parked: want.parked, Fetch: w.fetch, Shorter: true}
					if want.validate {
						continue
					}
					r := Check(context.Background(), want.domain, o)
					for _, c := range codes(r) {
						if !slices.Contains(known, c) {
							t.Errorf("%s: %s %s fails (%s): new problem %s", want.domain, q.Name, q.Type, failure, c)
						}
					}
					if !slices.ContainsFunc(r.Gaps, func(g report.Gap) bool { return g.What == q.Name+" "+q.Type }) {
						t.Errorf("%s: %s %s fails (%s): no gap says so: %v", want.domain, q.Name, q.Type, failure, r.Gaps)
					}
				}
				runs++
			}
		}
	}
	t.Logf("%d failures", runs)
}
