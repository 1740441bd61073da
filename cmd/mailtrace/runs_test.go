package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var updateRuns = flag.Bool("update-runs", false, "write the runs shown in docs/questions and README.md, and the text pages of docs/samples, again")

// What documentation shows as a run is what the program prints: each block that
// begins with "$ mailtrace", in pages of docs/questions; the page in the README;
// and the text pages of docs/samples.
func TestRunsInDocs(t *testing.T) {
	t.Chdir("../..")
	run := func(args ...string) string {
		return strings.TrimRight(runWith(t, testEnvironment(), "", args...).out, "\n") + "\n"
	}
	check := func(file, got, want string) {
		t.Helper()
		if got == want {
			return
		}
		if *updateRuns {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		t.Errorf("%s is not what the program prints; refresh it with\n\tgo test ./cmd/mailtrace -run TestRunsInDocs -update-runs", file)
	}
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	pages, _ := filepath.Glob("docs/questions/*.md")
	runs := 0
	for _, file := range pages {
		text := read(file)
		var b strings.Builder
		rest := text
		for {
			before, after, ok := strings.Cut(rest, "```\n$ mailtrace ")
			b.WriteString(before)
			if !ok {
				break
			}
			line, block, _ := strings.Cut(after, "\n")
			_, behind, ok := strings.Cut(block, "```\n")
			if !ok {
				t.Fatalf("%s: a block does not end", file)
			}
			b.WriteString("```\n$ mailtrace " + line + "\n" + run(strings.Fields(line)...) + "```\n")
			rest = behind
			runs++
		}
		check(file, text, b.String())
		if name := filepath.Base(file); name != "README.md" && !strings.Contains(read("docs/questions/README.md"), "("+name+")") {
			t.Errorf("docs/questions/README.md does not list %s", name)
		}
	}
	if runs < 10 {
		t.Errorf("only %d runs in docs/questions", runs)
	}
	samples, _ := filepath.Glob("docs/samples/*.eml")
	for _, file := range samples {
		name := strings.TrimSuffix(file, ".eml")
		text, _ := os.ReadFile(name + ".txt") // a new sample has none yet
		check(name+".txt", string(text), run("analyze", "--fail-on", "never", "--dns", "zone:"+name+".zone", file))
	}
	readme := read("README.md")
	before, after, ok := strings.Cut(readme, "All of it fits on one screen:\n\n```\n")
	_, behind, ok2 := strings.Cut(after, "```\n")
	if !ok || !ok2 {
		t.Fatal("README.md has no page")
	}
	page := run("analyze", "--fail-on", "never", "--dns", "zone:examples/bt.zone", "examples/bt.eml")
	check("README.md", readme, before+"All of it fits on one screen:\n\n```\n"+page+"```\n"+behind)
}
