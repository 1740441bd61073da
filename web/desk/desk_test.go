package desk

import (
	"testing"
	"time"

	"github.com/mailtrace/mailtrace"
)

// What the desk warms up with goes the way of a message that failed, and is
// not kept as an answer.
func TestWarm(t *testing.T) {
	r, err := mailtrace.AnalyzeBytes(t.Context(), []byte(warming), mailtrace.Options{})
	if err != nil || len(r.Hops) != 2 || len(r.Findings) == 0 || len(r.DKIM) != 1 {
		t.Errorf("%d hops, %d findings, %d signatures, %v", len(r.Hops), len(r.Findings), len(r.DKIM), err)
	}
	d := New(Options{Rules: Rules(), Now: time.Now})
	d.Warm(t.Context())
	if len(d.kept) != 0 {
		t.Errorf("%d answers are kept", len(d.kept))
	}
}
