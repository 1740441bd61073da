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
	{regexp.MustCompile(`\bmend(s|ing|ed)?\b`), "fix, repair"},
	{regexp.MustCompile(`\banew\b`), "again"},
	{regexp.MustCompile(`\ban own\b`), "its own, one of your own"},
	{regexp.MustCompile(`\b(bears?|bore|borne)( \w+)? out\b`), "confirm"},
	{regexp.MustCompile(`\b(he|his|him|himself)\b`), "it, its; the sender, the operator"},
	{isNo, "is not a"},
}

// isNo is a noun that something is not. "There is no" and "is no longer" are
// English.
var isNo = regexp.MustCompile(`\b(is|are|was|were) no [\w%"-]+`)

// fine are beginnings of what isNo finds, or the word before it, that are English.
var fine = regexp.MustCompile(`^\S+ no (longer|more|matter|doubt|reason|need|room|way|such|use|point|harm|loss|better|different|later|earlier|fewer|less|place|one|saying|worse|good|help)\b`)

// plain are the packages whose literals and comments are held to that, and the
// pages beside docs/questions and docs/findings.md.
var plain = []string{
	".", "arc", "bulk", "cmd/mailtrace", "compare", "dkim", "dkim/repair", "dmarc", "dns", "dns/dnssec", "dns/doh", "dns/live", "dns/zonefile", "headers", "headers/authres", "headers/received", "redact",
	"domain", "findings", "fix", "message", "message/mailbox", "paste", "receiver", "render", "report", "spf", "web", "web/desk", "words",
}

// Texts that people read are plain English: Go string literals and comments,
// recipes, pages.
func TestPlainEnglish(t *testing.T) {
	check := func(place, text string) {
		for _, u := range unidiomatic {
			for _, at := range u.find.FindAllStringIndex(text, -1) {
				if u.find == isNo && (fine.MatchString(text[at[0]:]) || strings.HasSuffix(strings.ToLower(text[:at[0]]), "there ") || strings.HasSuffix(strings.ToLower(text[:at[0]]), "there\n")) {
					continue
				}
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
				// A docstring begins with the name of what it is about.
				text := c.Text()
				if strings.HasPrefix(text, "mend") {
					_, text, _ = strings.Cut(text, " ")
				}
				check(place(c.Pos()), text)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if _, ok := n.(*ast.Field); ok {
					return false // the keys of JSON stay as they are
				}
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
