package headers

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// makers are the files that make the value of each stage; nobody else writes to
// it or to what it holds.
var makers = map[string][]string{
	"Facts":       {"examine.go"},
	"Path":        {"path.go", "masked.go"},
	"Hop":         {"path.go", "masked.go"},
	"Authors":     {"mailboxes.go", "masked.go", "hidden.go"},
	"Custody":     {"custody.go"},
	"Step":        {"custody.go"},
	"Other":       {"custody.go"},
	"Borders":     {"borders.go", "envelope.go", "roles.go", "handover.go", "evaluations.go", "masked.go"},
	"Run":         {"borders.go", "envelope.go", "roles.go", "handover.go", "evaluations.go", "masked.go"},
	"Claim":       {"claims.go", "forgery.go"},
	"Signatures":  {"signatures.go", "bracket.go", "repair.go", "body.go", "pasted.go"},
	"Bracket":     {"bracket.go"},
	"Evaluations": {"evaluations.go"},
	"Cell":        {"evaluations.go"},
	"Background":  {"background.go", "ipv4side.go", "authorspf.go", "nullmx.go", "helo.go", "dnssec.go"},
	"Contents":    {"embedded.go", "bounce.go", "notice.go", "reply.go", "carried.go", "calendar.go"},
}

// No stage writes another stage's value.
func TestStagesAreTheirOwn(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	src := map[string]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		src[name] = string(b)
	}
	for _, p := range writes(t, src) {
		t.Error(p)
	}
	for stage, list := range makers {
		for _, name := range list {
			if src[name] == "" {
				t.Errorf("%s is made in %s, which is not there", stage, name)
			}
		}
	}

	// The check finds what it is for.
	const stages = "package headers\ntype Hop struct{ Org string }\ntype Path struct{ Hops []Hop }\ntype Facts struct{ Path }\n"
	bad := map[string]string{
		"path.go":   stages + "func pathOf() Path { var p Path; p.Hops = nil; return p }",
		"claims.go": "package headers\nfunc a(f *Facts) { h := &f.Hops[0]; h.Org = \"x\" }\nfunc b(f *Facts) { f.Hops[0] = Hop{} }\nfunc c(f *Facts) { f.Path = Path{} }\nfunc d() string { var x struct{ Org string }; x.Org = \"\"; return x.Org }",
	}
	if got := writes(t, bad); len(got) != 3 {
		t.Errorf("of three writes to another stage %d are seen: %q", len(got), got)
	}
}

// writes lists the assignments to values of a stage outside of its files. What
// other packages are imported for is not looked at: the stages' types are all
// this package's.
func writes(t *testing.T, src map[string]string) []string {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	names := make([]string, 0, len(src))
	for name := range src {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f, err := parser.ParseFile(fset, name, src[name], parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}}
	conf := types.Config{Importer: emptyPackages{}, Error: func(error) {}}
	pkg, _ := conf.Check("headers", fset, files, info)
	owner := map[*types.Var]string{}
	for stage := range makers {
		obj := pkg.Scope().Lookup(stage)
		if obj == nil {
			continue
		}
		s, ok := obj.Type().Underlying().(*types.Struct)
		if !ok {
			continue
		}
		for i := range s.NumFields() {
			owner[s.Field(i)] = stage
		}
	}
	var out []string
	look := func(e ast.Expr) {
		for e != nil {
			switch x := e.(type) {
			case *ast.SelectorExpr:
				if sel := info.Selections[x]; sel != nil {
					if v, ok := sel.Obj().(*types.Var); ok {
						pos := fset.Position(x.Pos())
						if stage := owner[v]; stage != "" && !slices.Contains(makers[stage], pos.Filename) {
							out = append(out, fmt.Sprintf("%s:%d writes %s of %s, which is made in %s", pos.Filename, pos.Line, x.Sel.Name, stage, strings.Join(makers[stage], ", ")))
							return
						}
					}
				}
				return // only what is written, not what it was reached by
			case *ast.IndexExpr:
				e = x.X
			case *ast.StarExpr:
				e = x.X
			case *ast.ParenExpr:
				e = x.X
			default:
				return
			}
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch s := n.(type) {
			case *ast.AssignStmt:
				if s.Tok != token.DEFINE {
					for _, l := range s.Lhs {
						look(l)
					}
				}
			case *ast.IncDecStmt:
				look(s.X)
			}
			return true
		})
	}
	return out
}

type emptyPackages struct{}

func (emptyPackages) Import(path string) (*types.Package, error) {
	p := types.NewPackage(path, path[strings.LastIndexByte(path, '/')+1:])
	p.MarkComplete()
	return p, nil
}
