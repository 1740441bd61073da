package repair

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/message"
)

// TestRepairCases repairs the signatures of messages that real servers changed.
func TestRepairCases(t *testing.T) {
	root := corpus.Path(t, "cases")
	for _, c := range []struct {
		name string
		want string // kinds, in their order
	}{
		{"049-fwd-subject-tag-postfix", "subject-tag"},
		{"060-8bit-to-qp-sendmail", "mime-reencoded"},
		{"062-refold-sendmail-cc-list-simple", "header-normalised"},
		{"065-bt-8bit", "mime-reencoded"},
		{"069-ray-isp", "subject-tag"},
		{"086-fwd-footer-altermime", "footer"},
		{"088-list-mlmmj-no-munging-blue", "footer subject-tag"},
		{"090-list-mailman-munge", "footer from-rewritten subject-tag"},
		{"092-list-mailman-nomunge-arc", "footer subject-tag"},
		{"098-arc-broken-after-seal-subject", "subject-tag"},
	} {
		dir := filepath.Join(root, c.name)
		z := readCaseZone(t, filepath.Join(dir, "zone.txt"))
		m := readMessage(t, dir, "message.eml")
		v := dkim.NewVerifier(z, m, dkim.Options{})
		sigs, err := v.Verify(context.Background())
		if err != nil {
			t.Fatal(c.name, err)
		}
		for i := range sigs {
			if sigs[i].Result == dkim.Pass {
				continue
			}
			r, err := New(v).Search(context.Background(), &sigs[i], Options{})
			if err != nil || r == nil || !r.Complete() {
				t.Errorf("%s: %s/%s: %+v, %v", c.name, sigs[i].Domain, sigs[i].Selector, r, err)
				continue
			}
			if got := kinds(r); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
			for _, x := range r.Changes {
				t.Logf("%s: %d hashes: %s %s: %s\n%s", c.name, r.Hashes, x.Kind, x.Field, x.Description, x.Diff)
			}
		}
	}
}

func kinds(r *Repaired) string {
	if r == nil {
		return ""
	}
	var out []string
	for _, c := range r.Changes {
		out = append(out, string(c.Kind))
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " ")
}

func repairFirst(z dns.Resolver, m *message.Message) (*Repaired, error) {
	v := dkim.NewVerifier(z, m, dkim.Options{})
	sigs, err := v.Verify(context.Background())
	if err != nil {
		return nil, err
	}
	return New(v).Search(context.Background(), &sigs[0], Options{})
}

func otherKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
