package domain

import (
	"encoding/csv"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// eachCall calls f for each method call in the source files of a pattern.
func eachCall(t *testing.T, pattern string, f func(method string, call *ast.CallExpr)) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files, %v", pattern, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
					f(sel.Sel.Name, call)
				}
			}
			return true
		})
	}
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// The table and the source name the same codes.
func TestTableIsTheSource(t *testing.T) {
	used := map[string]bool{}
	eachCall(t, "*.go", func(method string, call *ast.CallExpr) {
		if method == "add" && len(call.Args) >= 3 {
			if code, ok := literal(call.Args[0]); ok {
				used[code] = true
			}
		}
	})
	for _, n := range notes {
		used[n.code] = true
	}
	used["spf-permerror-syntax"], used[spfRemark] = true, true
	seen := map[string]bool{}
	for _, p := range Problems() {
		if seen[p.Code] {
			t.Errorf("%s stands twice in the table", p.Code)
		}
		seen[p.Code] = true
		if !used[p.Code] {
			t.Errorf("%s is in the table, but nothing finds it", p.Code)
		}
		if p.Title == "" || p.Advice == "" || p.Source == "" || p.Severity == "" {
			t.Errorf("%s: a column is empty", p.Code)
		}
		if strings.HasSuffix(p.Title, ".") || strings.HasSuffix(p.Advice, ".") {
			t.Errorf("%s ends with a full stop", p.Code)
		}
	}
	for code := range used {
		if !seen[code] {
			t.Errorf("%s is found, but not in the table", code)
		}
	}
}

// Codes that the catalogue of message findings has too mean the same there.
func TestTitlesOfTheCatalogue(t *testing.T) {
	f, err := os.Open(corpus.Path(t, "knowledge/catalogue.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for _, row := range rows {
		for _, p := range Problems() {
			if p.Code == row[1] {
				same++
				if p.Title != row[2] {
					t.Errorf("%s: %q here, %q in the catalogue", p.Code, p.Title, row[2])
				}
			}
		}
	}
	t.Logf("%d of %d codes are of the catalogue", same, len(problems))
	if same == 0 {
		t.Error("none is of the catalogue")
	}
}

// Each text that spf.Lint notes has its code. The texts are read from the
// source, with verbs in the place of values.
func TestNotesOfLint(t *testing.T) {
	var texts []string
	collect := func(format string) {
		format = strings.NewReplacer("%%", "%", "%.80q", "X", "%s", "X", "%d", "9", "%q", "X").Replace(format)
		texts = append(texts, format)
	}
	eachCall(t, "../spf/lint*.go", func(method string, call *ast.CallExpr) {
		switch method {
		case "at": // domain, term, isError, format
			if format, ok := literal(call.Args[3]); ok && format != "%s" {
				collect(format)
			}
		case "idle": // domain, term, format
			if format, ok := literal(call.Args[2]); ok {
				collect(format)
			}
		case "Sprintf":
			if format, ok := literal(call.Args[0]); ok && !strings.Contains(format, "is not held against") && !strings.Contains(format, "counting ends here") {
				collect(format)
			}
		}
	})
	// Texts of published.problem, which include and redirect show.
	texts = append(texts, "x.example does not exist", "x.example has no SPF record", "x.example has 2 SPF records; only one is allowed",
		"the record of x.example has 99999 bytes; the bound is 16384", `"x" is a single label`, `"x y" is not a domain name`,
		"neither all nor redirect: clients that nothing matches get neutral")
	if len(texts) < 30 {
		t.Fatalf("only %d texts found in the source of spf", len(texts))
	}
	for _, text := range texts {
		if code, _ := classify(spf.Note{Text: text}); code == spfRemark {
			t.Errorf("no code for the note %q", text)
		}
	}
	for _, n := range notes {
		if !slices.ContainsFunc(texts, func(s string) bool { return like(s, n.text) }) && n.text != "there is no domain to check" {
			t.Errorf("%q fits no note of spf.Lint", n.text)
		}
	}
}

// A text or code without a row is shown all the same.
func TestNotInTheTables(t *testing.T) {
	test := func(n spf.Note, want string) {
		t.Helper()
		code, _ := classify(n)
		if code != want {
			t.Errorf("%+v: %s, want %s", n, code, want)
		}
		s := &section{}
		s.add(code, at{}, "%s", n.Text)
		if len(s.problems) != 1 || s.problems[0].Message != n.Text {
			t.Errorf("%+v is not shown: %+v", n, s.problems)
		}
	}
	test(spf.Note{Text: "something new"}, spfRemark)
	test(spf.Note{Text: "something new", Error: true}, "spf-permerror-syntax")
	if k := kind("no-such-code"); k.Code != "no-such-code" || k.Title == "" || k.Severity == "" {
		t.Errorf("%+v", k)
	}
}

// Of many problems of one kind some are listed, the others counted.
func TestManyAlike(t *testing.T) {
	s := &section{check: &report.DomainCheck{}}
	for i := range MaxProblems + 10 {
		part := &section{}
		part.add("spf-unreachable-term", at{}, "a%d is never reached", i)
		s.take(part)
	}
	s.add("spf-ptr", at{}, "ptr is slow")
	s.finish()
	if len(s.problems) != MaxAlike+2 || len(s.gaps) != 0 {
		t.Fatalf("%d problems, gaps %v", len(s.problems), s.gaps)
	}
	if got, want := s.problems[MaxAlike].Message, "178 more of the same kind as: a31 is never reached"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if s.problems[MaxAlike+1].Code != "spf-ptr" {
		t.Errorf("the other kind is %q", s.problems[MaxAlike+1].Code)
	}
}

// No selector stands twice, and each can be asked for.
func TestCommonSelectors(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range CommonSelectors() {
		low := strings.ToLower(s.Name)
		if seen[low] {
			t.Errorf("%s stands twice", s.Name)
		}
		seen[low] = true
		if s.Provider == "" || s.Source == "" {
			t.Errorf("%s has no provider or source", s.Name)
		}
	}
}
