package desk

import (
	"cmp"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/domain"
	"github.com/mailtrace/mailtrace/findings"
)

// Every page of explain says what happened, how it is proved, what looks like it
// and what to do, each in words enough for a sentence, and what happened in words
// of its own.
func TestPages(t *testing.T) {
	happened := map[string]string{}
	for _, r := range Rules() {
		rest := r.Doc
		for i, s := range []string{"## What happened", "## How it is proved", "## What looks like it", "## What to do"} {
			before, after, ok := strings.Cut(rest, s+"\n")
			if !ok {
				t.Errorf("%s: no %q", r.Code, s)
				break
			}
			if i > 0 && len(strings.Fields(before)) < 5 {
				t.Errorf("%s: a section of few words: %q", r.Code, before)
			}
			if i == 1 {
				_, own, _ := strings.Cut(before, ". ") // behind the title, on pages made of it
				if cmp.Or(own, before) == "" || happened[own] != "" && own != "" {
					t.Errorf("%s: what happened is said as in %s: %q", r.Code, happened[own], before)
				}
				happened[own] = r.Code
			}
			rest = after
		}
		if len(strings.Fields(rest)) < 4 {
			t.Errorf("%s: what to do: %q", r.Code, rest)
		}
	}
	known := map[string]bool{}
	for _, p := range domain.Problems() {
		known[p.Code] = findings.Lookup(p.Code) == nil
		if known[p.Code] && len(strings.Fields(domainEffects[p.Code])) < 4 {
			t.Errorf("%s: nothing says what it means for mail", p.Code)
		}
	}
	for c := range domainEffects {
		if !known[c] {
			t.Errorf("%s is not a finding on a domain alone", c)
		}
	}
}

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
