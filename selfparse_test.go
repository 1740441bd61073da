package mailtrace_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// sentences are fields that hold a sentence which the program wrote.
var sentences = map[string]bool{
	"Message": true, "Advice": true, "Summary": true, "Basis": true, "Why": true, "Description": true, "Title": true, "Doubt": true,
	"Question": true, "Settle": true, "Meaning": true, "Text": true, "Reason": true, "Note": true, "What": true,
}

// outsiders are fields of such a name that hold what others wrote, or that are
// shown and not read.
var outsiders = map[string]string{
	"domain/mtasts.go p.Text":                      "the policy file as it was fetched",
	"render/domainareas.go p.Text":                 "the policy file, line by line",
	"domain/spf.go t.Text":                         "a term of an SPF record",
	"findings/direct_spoof_own_domain.go c.Reason": "the reason code of compauth",
	"findings/dsn_auth_rejection.go r.Text":        "a server's reply",
	"findings/header_field_hidden.go h.Text":       "a line of the header",
	"headers/bounce.go r.Text":                     "a server's reply",
	"headers/hidden.go h.Text":                     "a line of the header",
	"headers/reply.go r.Text":                      "a server's reply",
	"internal/secondopinion/dkim.go c.Reason":      "the error of another library",
	"render/findings.go e.Text":                    "whether the record shown repeats its question",
}

// A sentence is made from typed parts, and nobody reads it back: no code looks
// for something in a field that holds one.
func TestNobodyReadsSentences(t *testing.T) {
	used := map[string]bool{}
	for _, p := range readSentences(t, source(t), used) {
		t.Error(p)
	}
	for key := range outsiders {
		if !used[key] {
			t.Errorf("%s is not read any more: take it off the list", key)
		}
	}
}

func TestReadSentences(t *testing.T) {
	test := func(body string, want int) {
		t.Helper()
		tree := fstest.MapFS{"findings/x.go": &fstest.MapFile{Data: []byte("package x\n\nfunc f() {\n" + body + "\n}\n")}}
		if got := readSentences(t, tree, map[string]bool{}); len(got) != want {
			t.Errorf("%s: %q", body, got)
		}
	}
	test(`_ = strings.HasPrefix(x.Message, "spf")`, 1)
	test(`_, _, _ = strings.Cut(f.Findings[0].Advice, ": ")`, 1)
	test(`_ = strings.Contains(strings.ToLower(b.Basis), "to")`, 1)
	test(`_ = host.FindString(x.Summary)`, 1)
	test(`_ = x.Message == "" || strings.TrimSpace(x.Message) != ""`, 0)
	test(`_ = strings.HasPrefix(x.Code, "spf")`, 0)
}

// looks are functions that find something in a text.
var looks = map[string]bool{}

func init() {
	for _, n := range strings.Fields("Contains ContainsAny ContainsFunc Count Cut CutPrefix CutSuffix Fields FieldsFunc FieldsSeq HasPrefix HasSuffix Index IndexAny " +
		"IndexByte IndexFunc LastIndex LastIndexByte Split SplitAfter SplitN SplitSeq TrimPrefix TrimSuffix " +
		"FindString FindStringIndex FindStringSubmatch FindAllString FindAllStringIndex FindAllStringSubmatch FindStringSubmatchIndex MatchString ReplaceAllString ReplaceAllStringFunc") {
		looks[n] = true
	}
}

func readSentences(t testing.TB, tree fs.FS, used map[string]bool) []string {
	var problems []string
	each(t, tree, parser.SkipObjectResolution, func(file string, set *token.FileSet, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			fun, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !looks[fun.Sel.Name] {
				return true
			}
			if x, ok := fun.X.(*ast.Ident); ok && x.Name == "slices" {
				return true
			}
			arg := call.Args[0]
			if low, ok := arg.(*ast.CallExpr); ok && len(low.Args) == 1 { // strings.ToLower and the like
				arg = low.Args[0]
			}
			field, ok := arg.(*ast.SelectorExpr)
			if !ok || !sentences[field.Sel.Name] {
				return true
			}
			var b strings.Builder
			_ = printer.Fprint(&b, token.NewFileSet(), field)
			key := file + " " + b.String()
			if used[key] = true; outsiders[key] == "" {
				problems = append(problems, fmt.Sprintf("%s:%d: %s reads a sentence back", file, set.Position(n.Pos()).Line, b.String()))
			}
			return true
		})
	})
	return problems
}
