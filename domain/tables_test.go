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
	eachNode(t, pattern, func(n ast.Node) {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
				f(sel.Sel.Name, call)
			}
		}
	})
}

// eachNode calls f for each node of the source files of a pattern.
func eachNode(t *testing.T, pattern string, f func(n ast.Node)) {
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
			if n != nil {
				f(n)
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
	for _, code := range noteCodes {
		used[code] = true
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

// noteTexts are the codes of the texts of spf.Lint: the code of the first row
// whose text the note has at its beginning ("text…"), its end ("…text") or
// inside ("…text…").
var noteTexts = [...]struct{ text, code string }{
	{"…for a client that nothing matches before; the limit is…", "spf-permerror-lookup-limit"},
	{"void lookup …", "spf-void-lookups"},
	{"a loop: …", "spf-include-loop"},
	{"nested deeper than …", "spf-include-loop"},
	{"…MX records; mx may use…", "spf-mx-limit"},
	{"…does not exist", "spf-include-none"},
	{"…has no SPF record", "spf-include-none"},
	{"…SPF records; only one is allowed", "spf-include-none"},
	{"…bytes; the bound is…", "spf-include-none"},
	{"…is a single label", "spf-include-none"},
	{"…is not a domain name", "spf-include-none"},
	{"there is no domain to check", "spf-include-none"},
	{"depends on the message; not followed", "spf-macro-target"},
	{"…cannot be asked for", "spf-void-term"},
	{"…has no address: a void lookup", "spf-void-term"},
	{"…has no MX record: a void lookup", "spf-void-term"},
	{"…has no address; some receivers count that as a void lookup", "spf-void-term"},
	{"…has a null MX (RFC 7505), which matches nothing", "spf-useless-term"},
	{"…lets nobody pass, so this never matches", "spf-useless-term"},
	{"matches nothing: …", "spf-useless-term"},
	{"a private address: …", "spf-useless-term"},
	{"…is included already, by…", "spf-redundant-term"},
	{"…which is included", "spf-redundant-term"},
	{"the same network as …", "spf-redundant-term"},
	{"lies in …", "spf-redundant-term"},
	{"stands twice in the record", "spf-redundant-term"},
	{"never reached: …", "spf-unreachable-term"},
	{"not used: …", "spf-unreachable-term"},
	{"lets every client pass", "spf-overbroad-pass"},
	{"covers every address", "spf-overbroad-pass"},
	{"covers a very large network", "spf-overbroad-pass"},
	{"neither all nor redirect…", "spf-softfail-or-neutral"},
	{"makes no statement on any other client", "spf-softfail-or-neutral"},
	{"%{p} is slow…", "spf-ptr"},
	{"ptr is slow…", "spf-ptr"},
	{"no modifier of RFC 7208…", "spf-unknown-modifier"},
	{"has host bits…", "spf-host-bits"},
	{"…the answer may not fit one UDP packet of 512", "spf-record-long"},
	{"…no explanation is given", "spf-explanation-broken"},
}

// like reports whether text fits a row of noteTexts.
func like(text, pattern string) bool {
	const gap = "…"
	inner := strings.TrimSuffix(strings.TrimPrefix(pattern, gap), gap)
	open, more := strings.HasPrefix(pattern, gap), strings.HasSuffix(pattern, gap)
	switch {
	case open && more:
		return strings.Contains(text, inner)
	case open:
		return strings.HasSuffix(text, inner)
	case more:
		return strings.HasPrefix(text, inner)
	}
	return text == inner
}

// The kind that spf.Lint gives a note leads to the code of its text. Kinds and
// texts are read from the source, with verbs in the place of values.
func TestNotesOfLint(t *testing.T) {
	kinds := kindsOfNotes(t)
	if len(kinds) != len(noteCodes) {
		t.Errorf("%d kinds in the source of spf, %d here", len(kinds), len(noteCodes))
	}
	var texts []string
	check := func(kind ast.Expr, format string) {
		t.Helper()
		text := strings.NewReplacer("%%", "%", "%.80q", "X", "%s", "X", "%d", "9", "%q", "X").Replace(format)
		texts = append(texts, text)
		code, _ := classify(spf.Note{Text: text, Kind: kinds[name(kind)]})
		i := slices.IndexFunc(noteTexts[:], func(n struct{ text, code string }) bool { return like(text, n.text) })
		if code == spfRemark || i < 0 || noteTexts[i].code != code {
			t.Errorf("%q is of the code %s", text, code)
		}
	}
	eachNode(t, "../spf/lint*.go", func(n ast.Node) {
		switch n := n.(type) {
		case *ast.CallExpr: // domain, term, kind, format
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && (sel.Sel.Name == "at" || sel.Sel.Name == "bad") {
				if format, ok := literal(n.Args[3]); ok && format != "%s" {
					check(n.Args[2], format)
				}
			}
		case *ast.CompositeLit:
			if name(n.Type) != "Note" {
				return
			}
			var text, kind ast.Expr
			for _, e := range n.Elts {
				switch e := e.(*ast.KeyValueExpr); name(e.Key) {
				case "Text":
					text = e.Value
				case "Kind":
					kind = e.Value
				}
			}
			if call, ok := text.(*ast.CallExpr); ok && len(call.Args) > 0 {
				text = call.Args[0]
			}
			if format, ok := literal(text); ok {
				check(kind, format)
			}
		}
	})
	// Texts that come from elsewhere: of the limits, and of published.problem, which
	// include and redirect show.
	kind := func(k string) ast.Expr { return ast.NewIdent(k) }
	check(kind("NoteLookups"), "lookup %d of %d for a client that nothing matches before; the limit is %d%s")
	check(kind("NoteVoidLookups"), "void lookup %d of %d; receivers may stop at %d (void: %s)")
	for _, text := range [...]string{"x.example does not exist", "x.example has no SPF record", "x.example has 2 SPF records; only one is allowed",
		"the record of x.example has 99999 bytes; the bound is 16384", `"x" is a single label`, `"x y" is not a domain name`, "there is no domain to check"} {
		check(kind("NoteNoRecord"), text)
	}
	if len(texts) < 30 {
		t.Fatalf("only %d texts found in the source of spf", len(texts))
	}
	for _, n := range noteTexts {
		if !slices.ContainsFunc(texts, func(s string) bool { return like(s, n.text) }) {
			t.Errorf("%q fits no note of spf.Lint", n.text)
		}
	}
}

// kindsOfNotes are the kinds that package spf declares, by their names.
func kindsOfNotes(t *testing.T) map[string]spf.NoteKind {
	kinds := map[string]spf.NoteKind{}
	eachNode(t, "../spf/spf.go", func(n ast.Node) {
		if v, ok := n.(*ast.ValueSpec); ok && name(v.Type) == "NoteKind" {
			text, _ := literal(v.Values[0])
			kinds[v.Names[0].Name] = spf.NoteKind(text)
			if noteCodes[spf.NoteKind(text)] == "" {
				t.Errorf("no code for %s", v.Names[0].Name)
			}
		}
	})
	return kinds
}

// name is that of an identifier, "" for anything else.
func name(e ast.Expr) string {
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return ""
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
