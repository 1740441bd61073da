package domain

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/unanswered"
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

// states are the states that a report gives, by what they are of.
func states(t *testing.T, r *Result) map[string]string {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(path, x)
			}
		case map[string]any:
			for _, key := range []string{"name", "hostname", "selector", "address"} {
				if s, ok := v[key].(string); ok {
					path += "[" + s + "]"
				}
			}
			for key, x := range v {
				if s, ok := x.(string); ok && (key == "state" || strings.HasSuffix(key, "_state")) {
					out[path+"."+key] = s
				} else {
					walk(path+"."+key, x)
				}
			}
		}
	}
	walk("", v)
	return out
}

// Whatever questions stay without an answer, a half to a fifth of them: no problem
// comes up that was not there before, and nothing is called absent, or present,
// that is not so.
func TestMissingAnswers(t *testing.T) {
	runs := 0
	for _, w := range worlds(t) {
		for i := range w.wants {
			want := &w.wants[i]
			if want.validate {
				continue
			}
			all := w.check(want)
			known, was := codes(all), states(t, all)
			for seed := range 2 {
				r := Check(context.Background(), want.domain, Options{Resolver: unanswered.Some(w, seed), Selectors: want.selectors, Parked: want.parked, Fetch: w.fetch, Now: testTime})
				runs++
				for _, c := range codes(r) {
					if c == "dkim-none-known" && want.domain == "m-nxdomain.example" {
						continue // true; where the domain is known not to exist, its keys are not worth a word
					}
					if !slices.Contains(known, c) {
						t.Errorf("%s %d: new problem %s; gaps %v", want.domain, seed, c, r.Gaps)
					}
				}
				for of, is := range states(t, r) {
					if before, ok := was[of]; ok && is != before && is != report.StateUnknown {
						t.Errorf("%s %d: %s is %s, and %s with all answers; gaps %v", want.domain, seed, of, is, before, r.Gaps)
					}
				}
			}
		}
	}
	if runs < 200 {
		t.Errorf("only %d runs", runs)
	}
	t.Logf("%d runs", runs)
}
