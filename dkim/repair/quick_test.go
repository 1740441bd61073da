package repair

import (
	"context"
	"math/rand"
	"slices"
	"testing"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// TestQuick holds what a quick search finds of single edits, and that it says so
// where its budget ended it. Every fourth of the samples is tried.
func TestQuick(t *testing.T) {
	r := rand.New(rand.NewSource(4))
	broken, found, silent := 0, 0, 0
	n := 0
	eachSigned(t, r, func(m sample, _ string, z texts) {
		if n++; n%4 != 1 {
			return
		}
		for _, c := range append(slices.Clone(bodyChanges), headerChanges...) {
			changed := m.clone()
			if !c.do(r, &changed) {
				continue
			}
			v := dkim.NewVerifier(z, message.Parse([]byte(changed.String())), dkim.Options{})
			sigs, err := v.Verify(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if sigs[0].Result == dkim.Pass {
				continue
			}
			broken++
			got, err := New(v).Search(context.Background(), &sigs[0], Options{Effort: Quick})
			switch {
			case err != nil:
				t.Fatal(err)
			case got != nil && got.Complete():
				found++
			case got == nil || !got.Exhausted:
				silent++
			}
			if got != nil && got.Hashes > QuickMaxHashes+QuickMaxHashes/2 {
				t.Errorf("%s: %d hashes", c.name, got.Hashes)
			}
		}
	})
	t.Logf("%d of %d found, %d more without a word about the budget", found, broken, silent)
	if 100*found < 90*broken {
		t.Errorf("%d of %d found: less than 90 %%", found, broken)
	}
	if silent > 0 {
		t.Errorf("%d searches ended early and do not say so", silent)
	}
}
