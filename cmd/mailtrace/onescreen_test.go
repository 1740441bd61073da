package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"

	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// screen is how many lines of 80 columns a reader sees at once.
const screen = 24

// The answer is on one screen, over all cases and examples: what to do stands
// within it in at least 95 % of the reports that have a cause, the whole report
// fits in at least 98 %, and so does the median report; a report speaks of 1.5
// findings at most on average. On 40 columns nothing is cut off by the terminal.
func TestOneScreen(t *testing.T) {
	files := [][]string{}
	for _, name := range []string{"bt", "raynet", "clean", "receipt"} {
		files = append(files, []string{"--dns", "zone:../../examples/" + name + ".zone", "../../examples/" + name + ".eml"})
	}
	samples, _ := filepath.Glob("../../docs/samples/*.eml")
	for _, f := range samples {
		files = append(files, []string{"--dns", "zone:" + strings.TrimSuffix(f, ".eml") + ".zone", f})
	}
	own := len(files)
	for _, folder := range []string{"cases", "field", "field-hostile"} {
		found, _ := filepath.Glob(filepath.Join("../../testdata", folder, "*", "message.eml"))
		for _, f := range found {
			zone := "off"
			if _, err := os.Stat(filepath.Join(filepath.Dir(f), "zone.txt")); err == nil {
				zone = "zone:" + filepath.Join(filepath.Dir(f), "zone.txt")
			}
			files = append(files, []string{"--dns", zone, f})
		}
	}
	if len(files) < own+200 {
		t.Fatalf("%d messages in testdata", len(files)-own)
	}
	var lines []int
	rooted, early, findings, fit := 0, 0, 0, 0
	narrow := testEnvironment()
	narrow.getenv = func(k string) string { return map[string]string{"COLUMNS": "40"}[k] }
	for _, args := range files {
		var r report.Report
		saved := runWith(t, testEnvironment(), "", append([]string{"analyze", "--json", "--fail-on", "never"}, args...)...)
		if saved.code == exitUsage {
			continue // what cannot be read has no page
		}
		if err := json.Unmarshal([]byte(saved.out), &r); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		page := strings.Split(strings.TrimRight(runWith(t, testEnvironment(), saved.out, "show", "--fail-on", "never", "-").out, "\n"), "\n")
		lines = append(lines, len(page))
		if len(page) <= screen {
			fit++
		}
		for _, l := range strings.Split(runWith(t, narrow, saved.out, "show", "--fail-on", "never", "-").out, "\n") {
			if w := displaywidth.String(l); w > 40 {
				t.Errorf("%s: %d columns on a page of 40: %s", args[2], w, l)
			}
		}
		findings += alsoLines(page)
		if r.Verdict.RootCause == nil {
			continue
		}
		rooted++
		findings++
		if at := slices.IndexFunc(page, func(l string) bool { return strings.HasPrefix(l, "do ") }); at >= 0 && at < screen {
			early++
		} else {
			t.Logf("%s: what to do stands in line %d", args[2], at+1)
		}
	}
	for i, name := range []string{"bt", "raynet"} {
		if lines[i] >= screen { // the last line is the prompt's
			t.Errorf("%s takes %d lines", name, lines[i])
		}
	}
	slices.Sort(lines)
	median := lines[len(lines)/2]
	t.Logf("%d reports: median %d lines; %d fit on the screen; what to do within %d lines in %d of %d; %.2f findings a report",
		len(lines), median, fit, screen, early, rooted, float64(findings)/float64(len(lines)))
	if median > screen {
		t.Errorf("the median report takes %d lines", median)
	}
	if fit*100 < len(lines)*98 {
		t.Errorf("%d of %d reports fit on a screen", fit, len(lines))
	}
	if early*100 < rooted*95 {
		t.Errorf("what to do stands within %d lines in %d of %d reports", screen, early, rooted)
	}
	if findings*2 > len(lines)*3 {
		t.Errorf("%d findings in %d reports", findings, len(lines))
	}
}

// alsoLines counts the findings of a page besides the one that explains the
// outcome.
func alsoLines(page []string) int {
	n, also := 0, false
	for _, l := range page {
		if also = strings.HasPrefix(l, "also ") || also && strings.HasPrefix(l, "         "); also {
			n++
		}
	}
	return n
}

// On mail that nobody made up the page speaks of 1.5 findings at most on
// average, and leaves out none that somebody must act on: every finding of
// medium severity and above that no other explains stands on it.
func TestFindingsOnRealMail(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 2,018 messages")
	}
	out := runWith(t, testEnvironment(), "", "analyze", "--dns", "off", "--fail-on", "never", "--format", "jsonl", corpus.Path(t, "corpora/realmail.tar.xz"))
	messages, findings := 0, 0
	for line := range strings.Lines(out.out) {
		var r report.Report
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if err := render.Text(&text, &r, render.Options{}); err != nil {
			t.Fatal(err)
		}
		page := strings.Split(text.String(), "\n")
		messages++
		findings += alsoLines(page)
		root := ""
		if r.Verdict.RootCause != nil {
			root = *r.Verdict.RootCause
			findings++
		}
		for i := range r.Findings {
			x := &r.Findings[i]
			grave := x.Severity == report.Medium || x.Severity == report.High || x.Severity == report.Critical
			if grave && !x.Quiet && x.Code != root && len(x.Because) == 0 && !strings.Contains(text.String(), x.Code) && !strings.Contains(text.String(), " more (-v)") {
				t.Errorf("%s: %s (%s) is not on the page", r.Source.Path, x.Code, x.Severity)
			}
		}
	}
	if messages < 2000 {
		t.Fatalf("%d messages", messages)
	}
	t.Logf("%d messages, %.2f findings on a page", messages, float64(findings)/float64(messages))
	if findings*2 > messages*3 {
		t.Errorf("%d findings on the pages of %d messages", findings, messages)
	}
}

// Output is paged on a terminal only, for text only, by the command of the
// environment, and not where somebody says so.
func TestPager(t *testing.T) {
	dir := t.TempDir()
	a := write(t, dir, "a.eml", "Subject: a\n\n")
	test := func(want string, terminal int, vars map[string]string, args ...string) {
		t.Helper()
		env := fakeEnvironment()
		env.terminal = func(v any) int {
			if _, ok := v.(*bytes.Buffer); ok {
				return terminal
			}
			return 0
		}
		env.getenv = func(k string) string { return vars[k] }
		var ran string
		var shown bytes.Buffer
		env.startPager = fakePager(&ran, &shown)
		out := runWith(t, env, "", append([]string{"analyze", "--dns", "off"}, append(args, a)...)...)
		if ran != want {
			t.Errorf("terminal %d, %v, %v: ran %q, want %q", terminal, vars, args, ran, want)
		}
		if ran != "" && (out.out != "" || !strings.Contains(shown.String(), "AUTHENTICATED")) || ran == "" && out.out == "" {
			t.Errorf("%v %v: printed %q, paged %q", vars, args, out.out, shown.String())
		}
	}
	test("", 0, nil)
	test("less", 80, nil)
	test("most -s", 80, map[string]string{"PAGER": "most -s"})
	test("lv", 80, map[string]string{"PAGER": "most", "MAILTRACE_PAGER": "lv"})
	test("", 80, map[string]string{"PAGER": "cat"})
	test("", 80, map[string]string{"TERM": "dumb"})
	test("", 80, nil, "--no-pager")
	test("", 80, nil, "-q")
	test("", 80, nil, "--json")
}
