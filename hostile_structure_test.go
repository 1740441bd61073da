package mailtrace_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// What hostile input makes of a habit that is harmless elsewhere is looked for
// in the source itself: offsets of a changed copy, goroutines whose panic ends
// the process, reads without a bound.

func TestOffsetsOfTheSameText(t *testing.T) {
	for _, p := range checkOffsets(t, source(t)) {
		t.Error(p)
	}
}

func TestGoroutinesAreGuarded(t *testing.T) {
	for _, p := range checkGoroutines(t, source(t)) {
		t.Error(p)
	}
}

func TestReadsAreBounded(t *testing.T) {
	for _, p := range checkReads(t, source(t)) {
		t.Error(p)
	}
}

// The checks find what they are for, and leave alone what looks like it.
func TestHostileStructureChecks(t *testing.T) {
	test := func(check func(testing.TB, fs.FS) []string, file, source string, want ...string) {
		t.Helper()
		got := check(t, fstest.MapFS{file: {Data: []byte(source)}})
		if len(got) != len(want) {
			t.Errorf("%s: got %q, want %q", source, got, want)
			return
		}
		for i := range got {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("%s: got %q, want %q", source, got[i], want[i])
			}
		}
	}
	fn := func(body string) string {
		return "package p\nimport (\"strings\"; \"bytes\"; \"sync\"; \"io\"; \"os\")\nfunc f(s string, b []byte) {\n" + body + "\n}\n"
	}
	test(checkOffsets, "p/a.go", fn(`i := strings.Index(strings.ToLower(s), "x"); _ = s[i:]`), "p/a.go:4")
	test(checkOffsets, "p/a.go", fn(`if i := strings.Index(strings.ToLower(s), "x"); i > 0 { _ = s[:i] }`), "p/a.go:4")
	test(checkOffsets, "p/a.go", fn("low := strings.ToUpper(s)\ni := strings.LastIndexByte(low, 'x')\n_ = s[i+1:]"), "p/a.go:6")
	test(checkOffsets, "p/a.go", fn("low := bytes.ToLower(b)\n_ = b[bytes.Index(low, nil):]"), "p/a.go:5")
	test(checkOffsets, "p/a.go", fn("low := strings.ToValidUTF8(s, \"?\")\nfor i, c := range low { _, _ = s[i], c }"), "p/a.go:5")
	test(checkOffsets, "p/a.go", fn("low := strings.ToLower(s)\ni := strings.Index(low, \"x\")\n_ = low[i:]"))
	test(checkOffsets, "p/a.go", fn("i := strings.Index(s, \"x\")\n_ = s[i:]\n_ = strings.ToLower(s)"))
	test(checkOffsets, "p/a.go", fn(`s = strings.ToLower(s); i := strings.Index(s, "x"); _ = s[i:]`))

	test(checkGoroutines, "p/a.go", fn("go f(s, b)"), "p/a.go:4")
	test(checkGoroutines, "p/a.go", fn("var wg sync.WaitGroup; wg.Wait()"), "sync.WaitGroup")
	test(checkGoroutines, "p/a.go", fn("go func() { err := guard.Run(func() {}); _ = err }()"))
	test(checkGoroutines, "internal/guard/a.go", fn("var wg sync.WaitGroup; go f(s, b)"))

	test(checkReads, "cmd/mailtrace/a.go", fn("_, _ = os.ReadFile(s)"), "os.ReadFile")
	test(checkReads, "p/a.go", fn("_, _ = io.ReadAll(nil)"), "io.ReadAll")
	test(checkReads, "p/a.go", fn("_, _ = io.ReadAll(io.LimitReader(nil, 1))"))
	test(checkReads, "cmd/mailtrace/a.go", fn("_, _ = io.Copy(nil, bound(nil, 1))"))
	test(checkReads, "cmd/mailtrace/a.go", fn("_, _ = io.Copy(nil, nil)"), "io.Copy")
	test(checkReads, "cmd/mailtrace/a.go", fn("_, _ = os.Open(s); _, _ = os.Create(s)"), "os.Open", "os.Create")
	test(checkReads, "cmd/mailtrace/bounded.go", fn("_, _ = os.Open(s)"))
}

// changes are functions whose result may have other offsets than what they are
// given.
var changes = []string{"ToLower", "ToUpper", "ToTitle", "ToValidUTF8", "Map", "ReplaceAll", "Replace", "Title"}

// checkOffsets finds offsets into the changed copy of a text that are used on
// another text, within one function.
func checkOffsets(t testing.TB, tree fs.FS) []string {
	var problems []string
	each(t, tree, parser.SkipObjectResolution, func(file string, set *token.FileSet, f *ast.File) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				problems = append(problems, offsets(file, set, fn)...)
			}
		}
	})
	return problems
}

func offsets(file string, set *token.FileSet, fn *ast.FuncDecl) []string {
	copies := map[string]bool{}     // variables that hold a changed copy
	places := map[string]ast.Node{} // offsets into one, and the text that they are of
	text := map[string]string{}
	changed := func(e ast.Expr) bool {
		call, ok := e.(*ast.CallExpr)
		if !ok {
			id, ok := e.(*ast.Ident)
			return ok && copies[id.Name]
		}
		s, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !slices.Contains(changes, s.Sel.Name) {
			return false
		}
		x, ok := s.X.(*ast.Ident)
		return ok && (x.Name == "strings" || x.Name == "bytes")
	}
	index := func(e ast.Expr) (of string, ok bool) {
		call, isCall := e.(*ast.CallExpr)
		if !isCall || len(call.Args) == 0 {
			return "", false
		}
		s, isSel := call.Fun.(*ast.SelectorExpr)
		if !isSel || !strings.Contains(s.Sel.Name, "Index") || !changed(call.Args[0]) {
			return "", false
		}
		if id, ok := call.Args[0].(*ast.Ident); ok {
			of = id.Name
		}
		return of, true
	}
	var problems []string
	bad := func(n ast.Node) {
		problems = append(problems, fmt.Sprintf("%s:%d: an offset of a changed copy used on another text", file, set.Position(n.Pos()).Line))
	}
	use := func(x ast.Expr, parts ...ast.Expr) {
		id, ok := x.(*ast.Ident)
		if !ok {
			return
		}
		for _, part := range parts {
			if part == nil {
				continue
			}
			found := false
			ast.Inspect(part, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.Ident:
					found = found || places[n.Name] != nil && text[n.Name] != id.Name
				case *ast.CallExpr:
					of, ok := index(n)
					found = found || ok && of != id.Name
				}
				return true
			})
			if found {
				bad(x)
				return
			}
		}
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if len(n.Lhs) != len(n.Rhs) {
				break
			}
			for i, l := range n.Lhs {
				id, ok := l.(*ast.Ident)
				if !ok || id.Name == "_" {
					continue
				}
				of, isIndex := index(n.Rhs[i])
				copies[id.Name] = changed(n.Rhs[i])
				delete(places, id.Name)
				if isIndex {
					places[id.Name], text[id.Name] = n, of
				}
			}
		case *ast.RangeStmt:
			if x, ok := n.X.(*ast.Ident); ok && copies[x.Name] {
				if k, ok := n.Key.(*ast.Ident); ok && k.Name != "_" {
					places[k.Name], text[k.Name] = n, x.Name
				}
			}
		case *ast.SliceExpr:
			use(n.X, n.Low, n.High)
		case *ast.IndexExpr:
			use(n.X, n.Index)
		}
		return true
	})
	return problems
}

// checkGoroutines finds goroutines outside of package guard that do not begin
// with it, and groups that are not its.
func checkGoroutines(t testing.TB, tree fs.FS) []string {
	var problems []string
	each(t, tree, parser.SkipObjectResolution, func(file string, set *token.FileSet, f *ast.File) {
		dir := path.Dir(file)
		if dir == "internal/guard" || strings.HasPrefix(dir, "examples/") || strings.HasSuffix(dir, "test") || file == "dns/cache.go" {
			return // packages of tests; of the cache, the one goroutine runs its resolver by guard.Run
		}
		ast.Inspect(f, func(n ast.Node) bool {
			at := func() string { return fmt.Sprintf("%s:%d: ", file, set.Position(n.Pos()).Line) }
			switch n := n.(type) {
			case *ast.GoStmt:
				guarded := false
				ast.Inspect(n.Call, func(n ast.Node) bool {
					s, ok := n.(*ast.SelectorExpr)
					if ok {
						x, ok := s.X.(*ast.Ident)
						guarded = guarded || ok && x.Name == "guard"
					}
					return true
				})
				if !guarded {
					problems = append(problems, at()+"a goroutine whose panic nobody catches: take guard.Group")
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && (x.Name == "sync" && n.Sel.Name == "WaitGroup" || x.Name == "errgroup") {
					problems = append(problems, at()+x.Name+"."+n.Sel.Name+" in place of guard.Group")
				}
			}
			return true
		})
	})
	return problems
}

// checkReads finds reads that go on as long as the input does.
func checkReads(t testing.TB, tree fs.FS) []string {
	var problems []string
	each(t, tree, parser.SkipObjectResolution, func(file string, set *token.FileSet, f *ast.File) {
		if strings.HasPrefix(file, "examples/") {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			s, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := s.X.(*ast.Ident)
			if !ok {
				return true
			}
			name, from := x.Name+"."+s.Sel.Name, 0
			switch name {
			case "os.Open", "os.OpenFile", "os.Create", "os.WriteFile":
				// An os.Open of a named pipe waits for its other side.
				if strings.HasPrefix(file, "cmd/mailtrace/") && file != "cmd/mailtrace/bounded.go" && file != "cmd/mailtrace/written.go" {
					problems = append(problems, fmt.Sprintf("%s:%d: %s may wait for ever: take cli.openFile or cli.createFile", file, set.Position(n.Pos()).Line, name))
				}
				return true
			case "os.ReadFile":
				problems = append(problems, fmt.Sprintf("%s:%d: %s has no bound: take cli.readFile", file, set.Position(n.Pos()).Line, name))
				return true
			case "io.ReadAll":
			case "io.Copy":
				from = 1
			default:
				return true
			}
			if arg, ok := call.Args[from].(*ast.CallExpr); ok {
				switch fn := arg.Fun.(type) {
				case *ast.Ident:
					ok = fn.Name == "bound"
				case *ast.SelectorExpr:
					ok = fn.Sel.Name == "LimitReader" || fn.Sel.Name == "MaxBytesReader"
				}
				if ok {
					return true
				}
			}
			problems = append(problems, fmt.Sprintf("%s:%d: %s without a bound", file, set.Position(n.Pos()).Line, name))
			return true
		})
	})
	return problems
}
