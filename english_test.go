package mailtrace_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// unidiomatic are words that read as a translation, or that make people of
// servers, with what to write in their place.
var unidiomatic = []struct {
	find    *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`\bmend(s|ing)?\b`), "fix, repair"},
	{regexp.MustCompile(`\banew\b`), "again"},
	{regexp.MustCompile(`\ban own\b`), "its own, one of your own"},
	{regexp.MustCompile(`\b(bears?|bore|borne)( \w+)? out\b`), "confirm"},
	{regexp.MustCompile(`\b(he|his|him|himself)\b`), "it, its; the sender, the operator"},
}

// plain are the packages whose literals and comments are held to that, and the
// pages beside docs/questions and docs/findings.md.
var plain = []string{"findings", "render", "fix", "receiver", "words", "report", "compare", "web/desk"}

// Texts that people read are plain English: Go string literals and comments,
// recipes, pages.
func TestPlainEnglish(t *testing.T) {
	check := func(place, text string) {
		for _, u := range unidiomatic {
			if at := u.find.FindStringIndex(text); at != nil {
				t.Errorf("%s: %q: write %s", place, text[max(0, at[0]-30):min(len(text), at[1]+30)], u.instead)
			}
		}
	}
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	err := fs.WalkDir(os.DirFS("."), ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir() || strings.Contains(file, "testdata/"):
			return err
		case strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") && slices.Contains(plain, path.Dir(file)):
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, file, read(file), parser.ParseComments)
			if err != nil {
				return err
			}
			place := func(p token.Pos) string { return file + ":" + strconv.Itoa(set.Position(p).Line) }
			for _, c := range f.Comments {
				check(place(c.Pos()), c.Text())
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
					check(place(l.Pos()), l.Value)
				}
				return true
			})
		case strings.HasPrefix(file, "fix/recipes/"), strings.HasPrefix(file, "docs/questions/"),
			file == "README.md", file == "CONTRIBUTING.md", file == "ARCHITECTURE.md", file == "docs/findings.md", file == "docs/borders.md", file == "docs/repair.md":
			check(file, read(file))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
