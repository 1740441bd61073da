package findings

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/report"
)

// example is one message of a file in testdata: NAME.eml, NAME.zone (absent:
// the DNS is off), and NAME.want, the codes of all findings of all rules, one a
// line. Names that begin with "near" are near misses.
type example struct {
	name, eml, zone string
	want            []string
	near            bool
}

func examples(t testing.TB, path string) []example {
	t.Helper()
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]*example{}
	var order []string
	for _, f := range a.Files {
		name, kind, ok := strings.Cut(f.Name, ".")
		if !ok {
			t.Fatalf("%s: file %q is not NAME.eml, NAME.zone or NAME.want", path, f.Name)
		}
		e := byName[name]
		if e == nil {
			e = &example{name: name, near: strings.HasPrefix(name, "near")}
			byName[name] = e
			order = append(order, name)
		}
		switch kind {
		case "eml":
			e.eml = string(f.Data)
		case "zone":
			e.zone = string(f.Data)
		case "want":
			e.want = strings.Fields(string(f.Data))
		default:
			t.Fatalf("%s: unknown kind of file %q", path, f.Name)
		}
	}
	var out []example
	for _, name := range order {
		if byName[name].eml == "" {
			t.Fatalf("%s: %s has no message", path, name)
		}
		out = append(out, *byName[name])
	}
	return out
}

// judge runs all rules on an example.
func judge(t *testing.T, e example) ([]report.Finding, report.Verdict, *Facts) {
	t.Helper()
	var o headers.Options
	switch {
	case strings.HasPrefix(e.zone, "mailtrace-dns "): // a recording, for what a zone can't say
		z, err := dns.ParseReplay(e.name+".zone", []byte(e.zone))
		if err != nil {
			t.Fatal(err)
		}
		o.Resolver = z
	case e.zone != "":
		z, err := zonefile.Parse(e.name+".zone", []byte(e.zone))
		if err != nil {
			t.Fatal(err)
		}
		o.Resolver = z
	}
	f := headers.Examine(context.Background(), message.Parse([]byte(e.eml)), o)
	found, v := Judge(f)
	return found, v, judged(f)
}

// TestExamples runs all rules on every example: each finding has at least one
// message that triggers it and one near miss that must not, and a rule that
// speaks up in another's example fails too.
func TestExamples(t *testing.T) {
	for _, r := range Rules() {
		t.Run(r.Code, func(t *testing.T) {
			if r.DomainOnly {
				t.Skip("no message has this finding: it is made by the check of a domain")
			}
			path := filepath.Join("testdata", strings.ReplaceAll(r.Code, "-", "_")+".txt")
			if _, err := os.Stat(path); err != nil {
				t.Fatalf("no example: %v", err)
			}
			triggers, nears := 0, 0
			for _, e := range examples(t, path) {
				found, v, _ := judge(t, e)
				var got []string
				for _, x := range found {
					if !slices.Contains(got, x.Code) {
						got = append(got, x.Code)
					}
				}
				slices.Sort(got)
				want := slices.Clone(e.want)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("%s: findings\n got %s\nwant %s\nverdict: %s", e.name, strings.Join(got, " "), strings.Join(want, " "), v.Summary)
				}
				has := slices.Contains(got, r.Code)
				if e.near {
					nears++
					if has {
						t.Errorf("%s: a near miss that triggers", e.name)
					}
				} else {
					triggers++
					if !has {
						t.Errorf("%s: does not trigger", e.name)
					}
				}
			}
			if triggers == 0 || nears == 0 {
				t.Errorf("%d triggers and %d near misses; want at least one of each", triggers, nears)
			}
		})
	}
}

// TestEvidence holds every finding of every example to the rules of the
// report: evidence that stands in the message, a known confidence, a party.
func TestEvidence(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if len(files) == 0 {
		t.Fatal("no examples")
	}
	for _, path := range files {
		for _, e := range examples(t, path) {
			found, v, f := judge(t, e)
			for _, x := range found {
				where := filepath.Base(path) + " " + e.name + " " + x.Code
				if len(x.Evidence) == 0 {
					t.Errorf("%s: no evidence", where)
				}
				for _, ev := range x.Evidence {
					if ev.Field != nil && (*ev.Field < 0 || *ev.Field >= len(f.Msg.Fields)) {
						t.Errorf("%s: evidence points at field %d of %d", where, *ev.Field, len(f.Msg.Fields))
					}
					if ev.Text == "" {
						t.Errorf("%s: empty evidence", where)
					}
				}
				if !slices.Contains(confidences, x.Confidence) {
					t.Errorf("%s: confidence %q", where, x.Confidence)
				}
				if x.Hop != nil && (*x.Hop < 1 || *x.Hop > len(f.Hops)) {
					t.Errorf("%s: hop %d of %d", where, *x.Hop, len(f.Hops))
				}
				if x.Message == "" || x.Advice == "" || x.AtFault.Role == "" {
					t.Errorf("%s: message, advice or party missing: %+v", where, x)
				}
			}
			if v.RootCause != nil && Lookup(*v.RootCause) == nil {
				t.Errorf("%s %s: unknown root cause %q", path, e.name, *v.RootCause)
			}
		}
	}
}

var sections = []string{"## What happened", "## How it is proved", "## What looks like it", "## What to do"}

// TestCatalogue holds the entries to one form.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	ref := regexp.MustCompile(`^(RFC \d{4,5}( (§[\d.]+|app\. [A-Z](\.\d+)*))?|draft-.*|[A-Z].*, \d{4}-\d{2}-\d{2})$`)
	since := regexp.MustCompile(`^\d+\.\d+$`)
	for _, r := range Rules() {
		if seen[r.Code] {
			t.Errorf("%s: twice in the catalogue", r.Code)
		}
		seen[r.Code] = true
		if r.Title == "" || strings.HasSuffix(r.Title, ".") || report.SeverityRank(r.Severity) < 0 {
			t.Errorf("%s: title %q, severity %q", r.Code, r.Title, r.Severity)
		}
		if r.Find == nil {
			t.Errorf("%s: no Find", r.Code)
		}
		if !since.MatchString(r.Since) {
			t.Errorf("%s: since %q is not a version", r.Code, r.Since)
		}
		at := -1
		for _, s := range sections {
			i := strings.Index(r.Doc, "\n"+s+"\n")
			if i <= at {
				t.Errorf("%s: section %q missing or out of place", r.Code, s)
			}
			at = i
		}
		for _, x := range r.Refs {
			if !ref.MatchString(x) {
				t.Errorf("%s: reference %q is not in the form RFC nnnn §x", r.Code, x)
			}
		}
		for _, c := range r.SymptomOf {
			if c == nil {
				t.Errorf("%s: symptom of nothing", r.Code)
			}
		}
	}
}
