package mailtrace_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/internal/damage"
	"github.com/mailtrace/mailtrace/report"
)

var allForms = flag.Bool("forms", false, "try the damaged forms of the field cases too: a minute more")

// example is a message to be damaged, with its world.
type example struct {
	name string
	raw  []byte
	zone dns.Resolver
}

// examples are the messages of paste/testdata and, where they are there, of the
// cases that all tools share.
func examples(t testing.TB) []example {
	t.Helper()
	var out []example
	add := func(name, message, zone string) {
		raw, err := os.ReadFile(message)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(zone)
		if err != nil || len(raw) > 200<<10 {
			return
		}
		z, err := zonefile.Parse(zone, text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, example{name, raw, z})
	}
	own, _ := filepath.Glob("paste/testdata/*.eml")
	for _, p := range own {
		add(filepath.Base(p), p, strings.TrimSuffix(p, ".eml")+".zone")
	}
	dirs := []string{"cases"}
	if *allForms {
		dirs = append(dirs, "field")
	}
	for _, dir := range dirs {
		shared, _ := filepath.Glob("../shared/" + dir + "/*/message.eml")
		for _, p := range shared {
			name := filepath.Base(filepath.Dir(p))
			if strings.HasPrefix(name, "pasted-") || strings.HasPrefix(name, "redacted-") || strings.HasPrefix(name, "blog-") {
				continue // damaged already
			}
			add(dir+"/"+name, p, filepath.Join(filepath.Dir(p), "zone.txt"))
		}
	}
	return out
}

func analysed(t testing.TB, raw []byte, res dns.Resolver) *report.Report {
	t.Helper()
	r, err := mailtrace.AnalyzeBytes(context.Background(), raw, mailtrace.Options{Resolver: res})
	if err != nil {
		return nil // refused: nobody is accused
	}
	return r
}

func rootOf(r *report.Report) string {
	if r == nil || r.Verdict.RootCause == nil {
		return ""
	}
	return *r.Verdict.RootCause
}

// accusations are the codes that say that somebody did grave wrong.
func accusations(r *report.Report) []string {
	var out []string
	if r == nil {
		return nil
	}
	for i := range r.Findings {
		if s := r.Findings[i].Severity; s == report.High || s == report.Critical {
			out = append(out, r.Findings[i].Code)
		}
	}
	return out
}

// asks reports whether a report leaves the clean message's outcome open: it asks
// the reader which of two readings holds, and that outcome is one of them. What
// it tells of the other reading is then no more than likely.
func asks(damaged, clean *report.Report) bool {
	for _, f := range damaged.Forks {
		if slices.ContainsFunc(f.Readings, func(r report.Reading) bool { return r.Status == clean.Subject().Verdict.Status }) {
			return !slices.ContainsFunc(damaged.Findings, func(x report.Finding) bool {
				return x.Code == rootOf(damaged) && x.Confidence != report.Likely && x.Confidence != report.Hint
			})
		}
	}
	return false
}

// other says how a damaged form accuses somebody whom the clean message does
// not; "" where it gives the same cause, or leaves the question open.
func other(clean, damaged *report.Report) string {
	if damaged == nil {
		return ""
	}
	// A change that is no longer found is the same cause, left open; of a message
	// that carries another one, the carried one may be all that is left.
	same := func(root string) bool {
		return root == rootOf(clean) || root == rootOf(clean.Subject()) || root == "dkim-broken-unlocated" && strings.HasPrefix(rootOf(clean), "dkim-broken-")
	}
	damaged = damaged.Subject()
	if asks(damaged, clean) {
		return ""
	}
	if root := rootOf(damaged); root != "" && !same(root) {
		known := slices.ContainsFunc(clean.Findings, func(x report.Finding) bool { return x.Code == root })
		if !known || slices.Contains([]string{report.SpoofSuspected}, damaged.Verdict.Status) && clean.Verdict.Status != report.SpoofSuspected {
			return fmt.Sprintf("root cause %s (%s), clean: %s (%s)", root, damaged.Verdict.Status, rootOf(clean), clean.Verdict.Status)
		}
	}
	have := append(accusations(clean), accusations(clean.Subject())...)
	for _, code := range accusations(damaged) {
		found := func(c string) bool {
			return c == code || code == "dkim-broken-unlocated" && strings.HasPrefix(c, "dkim-broken-")
		}
		if !slices.ContainsFunc(have, found) {
			return fmt.Sprintf("accuses by %s, clean: %v", code, have)
		}
	}
	return ""
}

// Every form of every example gives the cause of the clean message or an open
// question, never another accusation.
func TestDamagedForms(t *testing.T) {
	same, open, total := 0, 0, 0
	for _, e := range examples(t) {
		clean := analysed(t, e.raw, e.zone)
		if clean == nil {
			continue
		}
		for _, f := range damage.Forms {
			r := analysed(t, f.Make(e.raw), e.zone)
			total++
			switch {
			case other(clean, r) != "":
				t.Errorf("%s, %s: %s", e.name, f.Name, other(clean, r))
			case rootOf(r) == rootOf(clean):
				same++
			default:
				open++
			}
		}
	}
	t.Logf("%d forms of messages: %d give the cause of the clean one, %d leave it open", total, same, open)
}
