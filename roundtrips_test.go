package mailtrace_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
)

// slow answers after the time that a question takes on its way.
type slow struct {
	dns.Resolver
	way time.Duration
}

func (s slow) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	time.Sleep(s.way)
	return s.Resolver.Lookup(ctx, name, t)
}

// TestRoundTrips counts how many answers one message waits for, one after the
// other, on a clock that stands still while anything is worked on.
func TestRoundTrips(t *testing.T) {
	const way = 20 * time.Millisecond
	count := func(all []benchCase) (most int, sum float64) {
		for _, c := range all {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				if _, err := mailtrace.AnalyzeBytes(context.Background(), c.raw, mailtrace.Options{Resolver: slow{c.zone, way}}); err != nil {
					t.Fatal(err)
				}
				n := int(time.Since(start) / way)
				most = max(most, n)
				sum += float64(n)
			})
		}
		return most, sum / float64(len(all))
	}
	most, mean := count(generatedMail(t))
	t.Logf("clean: at most %d round trips, %.1f on average", most, mean)
	if most > 4 {
		t.Errorf("a clean message waits for %d answers one after the other, want 4 at most", most)
	}
	most, mean = count(mailIn(t, "testdata/cases"))
	t.Logf("lab: at most %d round trips, %.1f on average", most, mean)
}
