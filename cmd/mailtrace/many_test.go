package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestSummaryFlags(t *testing.T) {
	dir := t.TempDir()
	box := write(t, dir, "box", boxOf(4)+"From a@example.com Mon Nov 23 01:38:52 2026\nFinding: high\n\n\nFrom a@example.com Mon Nov 23 01:38:52 2026\nFinding: low\n\n\n")
	test := func(code int, want string, args ...string) string {
		t.Helper()
		got := runWith(t, fakeEnvironment(), "", append([]string{"analyze", "--dns", "off", "--fail-on", "never"}, args...)...)
		if got.code != code || !strings.Contains(got.out+got.errout, want) {
			t.Errorf("%q: exit %d, want %q in\n%s%s", args, got.code, want, got.out, got.errout)
		}
		return got.out
	}
	test(0, "6 messages in 1 group\n\n6  authenticated\n   e.g. "+box+"\n", "--summary", box)
	test(0, `"grouped_by": [`, "--summary", "--json", box)
	test(0, "count,root_cause,severity", "--summary", "--format", "csv", box)
	test(0, "1 message in 1 group", "--summary", write(t, dir, "one.eml", "Subject: x\n\n"))
	if out := test(0, "5 left out by --only", "--summary", "--only", "high", box); !strings.HasPrefix(out, "1 message in") {
		t.Error(out)
	}
	if out := test(0, "left out", "--only", "low", box); strings.Count(out, "\n") != 2 {
		t.Error(out)
	}
	test(2, "no such file", "--summary", box, dir+"/absent")
	test(2, "--group-by without --summary", "--group-by", "cause", box)
	test(2, `--group-by "colour"`, "--summary", "--group-by", "colour", box)
	test(2, "--format svg with --summary", "--summary", "--format", "svg", box)
	test(2, `--only "a finding"`, "--only", "a finding", box)
	test(2, "--redact=all", "--summary", "--redact=all", box)

	// As they are ready: all of them, each once.
	seen := map[string]int{}
	for line := range strings.Lines(test(0, "", "--unordered", "--jobs", "4", write(t, dir, "many", boxOf(300)))) {
		_, s, _ := strings.Cut(line, `"subject":"`)
		s, _, _ = strings.Cut(s, `"`)
		seen[s]++
	}
	for i := range 300 {
		if seen[fmt.Sprint(i)] != 1 {
			t.Errorf("message %d comes %d times", i, seen[fmt.Sprint(i)])
		}
	}
}
