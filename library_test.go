package mailtrace_test

import (
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// publicPackages are the folders of the packages that an importer can use.
func publicPackages(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{if ne .Name \"main\"}}{{.ImportPath}}{{end}}", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for p := range strings.FieldsSeq(string(out)) {
		if !strings.Contains(p+"/", "/internal/") {
			dirs = append(dirs, path.Join(".", strings.TrimPrefix(p, module)))
		}
	}
	if len(dirs) < 30 {
		t.Fatalf("only these packages: %q", dirs)
	}
	return dirs
}

// Every public package is introduced, says what of it is stable, and shows how
// it is used by an example that runs.
func TestPackagesAreIntroduced(t *testing.T) {
	stable := regexp.MustCompile(`(?m)^(Stable|Not stable)\b`)
	for _, dir := range publicPackages(t) {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		introduction, runs := "", false
		for _, name := range files {
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(name, "_test.go") {
				for _, e := range doc.Examples(f) {
					runs = runs || e.Output != ""
				}
			} else if f.Doc != nil {
				introduction += f.Doc.Text()
			}
		}
		if !strings.HasPrefix(introduction, "Package ") || len(introduction) < 100 {
			t.Errorf("%s: no introduction: %q", dir, introduction)
		}
		if !stable.MatchString(introduction) {
			t.Errorf("%s: the introduction has no paragraph that begins with Stable or Not stable", dir)
		}
		if !runs {
			t.Errorf("%s: no example with an output", dir)
		}
	}
}

// cited are the sections of standards that comments and pages name.
var (
	cited   = regexp.MustCompile(`RFC (\d+)((?:,? (?:and )?(?:§ ?[\dA-Z][\dA-Z.]*|app(?:endix|\.) ?[A-Z][\dA-Z.]*))+)`)
	section = regexp.MustCompile(`(?:§ ?|app(?:endix|\.) ?)([\dA-Z][\dA-Z.]*)`)
	// A citation may go on in the next line of a comment.
	lineEnd = regexp.MustCompile(`\n\s*(?://)? ?`)
)

// Every section of an RFC that is cited stands in testdata/rfcs.txt.
func TestCitations(t *testing.T) {
	text, err := os.ReadFile("testdata/rfcs.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]map[string]bool{}
	unverified := 0
	for line := range strings.Lines(string(text)) {
		rfc, list, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		rfc, open := strings.CutPrefix(rfc, "unverified ")
		known[rfc] = map[string]bool{}
		for s := range strings.FieldsSeq(list) {
			for _, one := range run(t, s) {
				known[rfc][one] = true
			}
		}
		if open {
			unverified += len(known[rfc])
		}
	}
	t.Logf("%d sections are cited of RFCs that were not held against their text", unverified)
	n := 0
	err = fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != "." || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if ext := path.Ext(name); d.IsDir() || ext != ".go" && ext != ".md" && ext != ".json" && ext != ".jsonl" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		flat := lineEnd.ReplaceAllString(string(text), " ")
		for _, m := range cited.FindAllStringSubmatch(flat, -1) {
			for _, s := range section.FindAllStringSubmatch(m[2], -1) {
				n++
				if at := strings.TrimRight(s[1], "."); !known[m[1]][at] {
					t.Errorf("%s: RFC %s has no section %s", name, m[1], at)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if t.Logf("%d citations", n); n < 500 {
		t.Errorf("only %d citations were found", n)
	}
}

// run is the sections from 4.1.1 to 4.1.3 for "4.1.1-4.1.3".
func run(t *testing.T, s string) []string {
	t.Helper()
	first, last, many := strings.Cut(s, "-")
	if !many {
		return []string{s}
	}
	above := first[:strings.LastIndexByte(first, '.')+1]
	from, errA := strconv.Atoi(strings.TrimPrefix(first, above))
	to, errB := strconv.Atoi(strings.TrimPrefix(last, above))
	if errA != nil || errB != nil || to < from {
		t.Fatalf("testdata/rfcs.txt: %s", s)
	}
	var out []string
	for ; from <= to; from++ {
		out = append(out, above+strconv.Itoa(from))
	}
	return out
}
