package mailtrace_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fenced are the blocks of a page that a name in backquotes and a colon
// announce, by that name.
func fenced(t *testing.T, page string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, m := range regexp.MustCompile("(?ms)`([\\w/.-]+)`:\n\n```\\w*\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		files[m[1]] = m[2]
	}
	return files
}

// walk is a copy of a package's folder beside those of its files that a
// walk-through adds.
type walk struct {
	root    string            // the copy of the tree
	dir     string            // of the package in it
	overlay map[string]string // files of the tree: those of the copy
}

// newWalk copies the folders and adds files from CONTRIBUTING.md to them.
func newWalk(t *testing.T, dir string, also []string, names ...string) *walk {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a package again")
	}
	w := &walk{root: t.TempDir(), overlay: map[string]string{}}
	w.dir = filepath.Join(w.root, dir)
	for _, d := range append(also, dir) {
		if err := os.CopyFS(filepath.Join(w.root, d), os.DirFS(d)); err != nil {
			t.Fatal(err)
		}
	}
	files := fenced(t, "CONTRIBUTING.md")
	for _, name := range names {
		text, ok := files[name]
		if !ok {
			t.Fatalf("CONTRIBUTING.md does not give %s", name)
		}
		if _, err := os.Stat(name); err == nil {
			t.Fatalf("%s is there already: the walk-through needs another example", name)
		}
		if err := os.WriteFile(filepath.Join(w.root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		w.replace(t, name)
	}
	return w
}

// replace has the file of the copy stand for that of the tree.
func (w *walk) replace(t *testing.T, name string) {
	t.Helper()
	abs, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	w.overlay[abs] = filepath.Join(w.root, name)
}

// test runs tests of the package in its copy, built with what was added or, as
// a generator that comes first must, without.
func (w *walk) test(t *testing.T, added bool, args ...string) {
	t.Helper()
	bin := filepath.Join(w.root, "test.exe")
	if added {
		w.build(t, "test", "-c", "-vet=off", "-o", bin)
	} else {
		plain := &walk{root: w.root, dir: w.dir}
		plain.build(t, "test", "-c", "-vet=off", "-o", bin)
	}
	cmd := exec.Command(bin, args...)
	cmd.Dir = w.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", args, err, tail(out))
	}
}

// build runs a go command on the package with what was added to it.
func (w *walk) build(t *testing.T, args ...string) {
	t.Helper()
	rel, err := filepath.Rel(w.root, w.dir)
	if err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(map[string]any{"Replace": w.overlay})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(w.root, "overlay.json")
	if err := os.WriteFile(overlay, list, 0o644); err != nil {
		t.Fatal(err)
	}
	args = append(args, "-overlay", overlay, "./"+filepath.ToSlash(rel))
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go %q: %v\n%s", args, err, out)
	}
}

func tail(out []byte) []byte {
	const most = 4000
	return out[max(0, len(out)-most):]
}

// generators are the tests that go generate runs in a package, in order.
func generators(t *testing.T, dir string) [][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var list [][]string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^//go:generate go test \. -run (\S+) -update$`).FindAllSubmatch(text, -1) {
			list = append(list, []string{"-test.run", string(m[1]), "-update"})
		}
	}
	if len(list) == 0 {
		t.Fatalf("%s generates nothing", dir)
	}
	return list
}

// The program in the README compiles.
func TestReadmeProgram(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	programs := regexp.MustCompile("(?ms)^```go\n(package main\n.*?)^```$").FindAllSubmatch(text, -1)
	if len(programs) == 0 {
		t.Fatal("README.md holds no program")
	}
	for _, p := range programs {
		w := &walk{root: t.TempDir(), overlay: map[string]string{}}
		w.dir = filepath.Join(w.root, "examples/readme")
		if err := os.MkdirAll(w.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.dir, "main.go"), p[1], 0o644); err != nil {
			t.Fatal(err)
		}
		w.replace(t, "examples/readme/main.go")
		w.build(t, "build", "-o", os.DevNull)
	}
}

// One file and its examples are a new finding: the generated pages have it, and
// all tests of the catalogue hold.
func TestContributeFinding(t *testing.T) {
	w := newWalk(t, "findings", []string{"docs"}, "findings/precedence_junk.go", "findings/testdata/precedence_junk.txt")
	g := generators(t, "findings")
	w.test(t, false, g[0]...) // the list of rules, by the source alone
	w.replace(t, "findings/catalogue.go")
	for _, args := range g[1:] {
		w.test(t, true, args...)
	}
	page, err := os.ReadFile(filepath.Join(w.root, "docs/findings.md"))
	if err != nil || !bytes.Contains(page, []byte("### precedence-junk\n")) {
		t.Errorf("docs/findings.md has no chapter of the new finding (%v)", err)
	}
	w.test(t, true, "-test.run", "^(TestOneFile|TestDocs|TestCauses|TestCatalogue|TestExamples|TestEvidence|TestQuotedWordForWord)$")
}

// One file and its samples are a new dialect.
func TestContributeDialect(t *testing.T) {
	w := newWalk(t, "headers/received", nil, "headers/received/foomail.go", "headers/received/testdata/foomail.txt")
	w.test(t, false, generators(t, "headers/received")[0]...)
	w.replace(t, "headers/received/tables.go")
	w.test(t, true, "-test.run", "^(TestDialectTables|TestDialects|TestSamplesClaimedOnce)$")
}

// One file of data is a new recipe.
func TestContributeRecipe(t *testing.T) {
	w := newWalk(t, "fix", nil, "fix/recipes/foomail.json")
	w.test(t, true)
	if !strings.Contains(fenced(t, "CONTRIBUTING.md")["fix/recipes/foomail.json"], `"certainty": "vendor's text"`) {
		t.Error("the example gives a command without the vendor's word")
	}
}
