package mailtrace_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "github.com/mailtrace/mailtrace"

// levels is who may import whom: a package imports only from the levels below
// its own, never sideways. A name that ends in /... stands for all packages
// below it.
var levels = [][]string{
	{"internal/memo", "internal/pattern", "internal/rsapub"},
	{"internal/corpus", "internal/fieldtext", "internal/mask", "internal/damage", "internal/guard", "internal/mailname", "internal/rsapub/fast"},
	{"internal/outlook", "bulk/archive", "message/mailbox"},
	{"message", "dns", "report"},
	{"dns/internal/..."},
	{"dns/live", "dns/zonefile", "dns/dnssec", "dns/doh", "internal/unanswered"},
	{"spf", "dkim", "dmarc"},
	{"headers/received", "headers/authres", "headers/services", "arc", "dkim/repair", "redact", "compare", "fix", "words"},
	{"headers", "domain", "paste", "internal/secondopinion"},
	{"findings", "receiver"},
	{".", "bulk", "render"},
	{"web/desk", "web/page"},
	{"web", "web/wasm"},
	{"cmd/mailtrace", "examples/...", "internal/mutate", "internal/growth"},
}

// outside names the modules that only some packages may import: their types
// must not spread.
var outside = map[string][]string{
	"github.com/miekg/dns":           {"dns/internal", "dns/live", "dns/zonefile", "dns/dnssec"},
	"blitiri.com.ar/go/spf":          {"internal/secondopinion"},
	"github.com/emersion/go-msgauth": {"internal/secondopinion"},
	"github.com/spf13":               {"cmd/mailtrace"},
	"golang.org/x/term":              {"cmd/mailtrace"},
	"github.com/klauspost/compress":  {"bulk/archive"},
	"github.com/ulikunitz/xz":        {"bulk/archive"},
	"github.com/BurntSushi/toml":     {"cmd/mailtrace"},
	"filippo.io/bigmod":              {"internal/rsapub/fast"},
}

// bare names the packages that mail servers import: beside each other they need
// the standard library and golang.org/x only.
var bare = []string{"spf", "dkim", "dkim/repair", "dmarc", "arc", "headers/authres", "headers/received", "message", "message/mailbox", "dns"}

func TestProtocolPackagesAreBare(t *testing.T) {
	args := []string{"list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}"}
	for _, p := range bare {
		args = append(args, "./"+p)
	}
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, module+"/spf") {
		t.Fatalf("go list names no package: %q", out)
	}
	for _, d := range deps {
		if !strings.HasPrefix(d, module+"/") && !strings.HasPrefix(d, "golang.org/x/") {
			t.Errorf("a protocol package needs %s", d)
		}
	}
}

// ambient is what takes something of the machine without being given it:
// clock, environment, network, chance. A name that ends in * is a prefix; an
// empty list is the whole package.
var ambient = map[string][]string{
	"time":         {"Now", "Since", "Until"},
	"os":           {"Getenv", "LookupEnv", "Environ", "ExpandEnv"},
	"net":          {"Lookup*", "DefaultResolver"},
	"math/rand":    {},
	"math/rand/v2": {},
}

// mayBeAmbient lists where that is the job.
var mayBeAmbient = []string{"options.go", "cmd/...", "web", "web/...", "examples/...", "internal/corpus"}

func TestImportsGoDown(t *testing.T) {
	for _, p := range checkImports(t, source(t)) {
		t.Error(p)
	}
}

func TestNothingAmbient(t *testing.T) {
	for _, p := range checkAmbient(t, source(t)) {
		t.Error(p)
	}
}

// source is the tree of this module.
func source(t *testing.T) fs.FS {
	t.Helper()
	tree := os.DirFS(".")
	if _, err := fs.Stat(tree, "message/message.go"); err != nil {
		t.Fatalf("this is not the root of the module: %v", err)
	}
	return tree
}

// The checks find what they are for, and leave alone what looks like it.
func TestStructureChecks(t *testing.T) {
	test := func(check func(testing.TB, fs.FS) []string, file, source string, want ...string) {
		t.Helper()
		got := check(t, fstest.MapFS{file: {Data: []byte(source)}})
		if len(got) != len(want) {
			t.Errorf("%s: got %q, want %q", file, got, want)
			return
		}
		for i := range got {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("%s: got %q, want %q", file, got[i], want[i])
			}
		}
	}
	imports := func(pkg string, paths ...string) string {
		s := "package " + pkg + "\n"
		for _, p := range paths {
			s += "import _ " + strconv.Quote(p) + "\n"
		}
		return s
	}
	test(checkImports, "findings/a.go", imports("findings", module+"/headers", module+"/spf", "strings"))
	test(checkImports, "spf/a.go", imports("spf", module+"/findings"), "spf/a.go imports findings, which is above it")
	test(checkImports, "spf/a.go", imports("spf", module+"/dkim"), "spf/a.go imports dkim, which is beside it")
	test(checkImports, "report/a.go", imports("report", module), "report/a.go imports ., which is above it")
	test(checkImports, "mailtrace.go", imports("mailtrace", module+"/findings"))
	test(checkImports, "mailtrace.go", imports("mailtrace", module+"/render"), "beside it")
	test(checkImports, "cmd/mailtrace/a.go", imports("main", module, module+"/cmd/mailtrace/internal/x"))
	test(checkImports, "cmd/mailtrace/internal/x/a.go", imports("x", module+"/spf"))
	test(checkImports, "render/a.go", imports("render", module+"/cmd/mailtrace/internal/x"), "above it")
	test(checkImports, "examples/first/a.go", imports("main", module+"/dns", module))
	test(checkImports, "newthing/a.go", imports("newthing", "strings"), "newthing has no place in the levels")
	test(checkImports, "spf/a.go", imports("spf", module+"/newthing"), "newthing has no place in the levels")
	test(checkImports, "spf/a_test.go", imports("spf", module+"/findings"))
	test(checkImports, "spf/testdata/a.go", imports("spf", module+"/findings"))
	test(checkImports, "spf/a.go", imports("spf", "github.com/miekg/dns"), "spf/a.go imports github.com/miekg/dns")
	test(checkImports, "dns/live/a.go", imports("live", "github.com/miekg/dns"))

	test(checkAmbient, "spf/a.go", "package spf\nimport \"time\"\nvar x = time.Now()", "spf/a.go:3: time.Now")
	test(checkAmbient, "spf/a.go", "package spf\nimport \"time\"\nvar now = time.Now", "time.Now")
	test(checkAmbient, "spf/a.go", "package spf\nimport clock \"time\"\nvar x = clock.Since", "time.Since")
	test(checkAmbient, "spf/a.go", "package spf\nimport . \"time\"\nvar x = Now()", "imports time with a dot")
	test(checkAmbient, "spf/a.go", "package spf\nimport \"time\"\nvar x = time.Second")
	test(checkAmbient, "spf/a.go", "package spf\nvar time struct{ Now int }\nvar x = time.Now")
	test(checkAmbient, "a.go", "package mailtrace\nimport \"os\"\nvar x, y = os.Getenv(\"A\"), os.Environ()", "os.Getenv", "os.Environ")
	test(checkAmbient, "dns/a.go", "package dns\nimport \"net\"\nvar x, y = net.LookupTXT, net.DefaultResolver", "net.LookupTXT", "net.DefaultResolver")
	test(checkAmbient, "dns/a.go", "package dns\nimport \"net\"\nvar x net.Dialer")
	test(checkAmbient, "dns/a.go", "package dns\nimport \"math/rand/v2\"\nvar x = rand.Int()", "math/rand/v2")
	test(checkAmbient, "dns/a.go", "package dns\nimport \"crypto/rand\"\nvar x = rand.Reader")
	test(checkAmbient, "dns/a_test.go", "package dns\nimport \"time\"\nvar x = time.Now()")
	test(checkAmbient, "cmd/mailtrace/a.go", "package main\nimport \"time\"\nvar x = time.Now()")
	test(checkAmbient, "examples/first/a.go", "package main\nimport \"os\"\nvar x = os.Getenv(\"A\")")
}

// checkImports reads the import clauses of the source and reports those that
// do not go down.
func checkImports(t testing.TB, tree fs.FS) []string {
	var problems []string
	each(t, tree, parser.ImportsOnly, func(file string, _ *token.FileSet, f *ast.File) {
		from := path.Dir(file)
		own := level(from)
		if own < 0 {
			problems = append(problems, fmt.Sprintf("%s: %s has no place in the levels", file, from))
			return
		}
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			for prefix, allowed := range outside {
				if p == prefix || strings.HasPrefix(p, prefix+"/") {
					if !slices.ContainsFunc(allowed, func(a string) bool { return from == a || strings.HasPrefix(from, a+"/") }) {
						problems = append(problems, fmt.Sprintf("%s imports %s, which only %v may", file, p, allowed))
					}
				}
			}
			if p != module && !strings.HasPrefix(p, module+"/") {
				continue
			}
			to := strings.TrimPrefix(strings.TrimPrefix(p, module), "/")
			if to == "" {
				to = "."
			}
			// What lies below internal belongs to the package that it is below.
			if owner, _, ok := strings.Cut(to, "/internal/"); ok && (from == owner || strings.HasPrefix(from, owner+"/")) {
				continue
			}
			// And it may build on its owner, where that does not import it.
			if owner, _, ok := strings.Cut(from, "/internal/"); ok && to == owner {
				continue
			}
			switch l := level(to); {
			case l < 0:
				problems = append(problems, fmt.Sprintf("%s: %s has no place in the levels", file, to))
			case l > own:
				problems = append(problems, fmt.Sprintf("%s imports %s, which is above it", file, to))
			case l == own && own > 0:
				problems = append(problems, fmt.Sprintf("%s imports %s, which is beside it", file, to))
			}
		}
	})
	return problems
}

// level returns the level of a package folder, -1 where it has none.
func level(dir string) int {
	dir, _, _ = strings.Cut(dir, "/internal/")
	for i, names := range levels {
		if matches(names, dir) {
			return i
		}
	}
	return -1
}

func matches(names []string, dir string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		below, ok := strings.CutSuffix(n, "...")
		return n == dir || ok && strings.HasPrefix(dir, below)
	})
}

// checkAmbient walks the syntax trees and reports what takes from the machine
// where it must be given.
func checkAmbient(t testing.TB, tree fs.FS) []string {
	var problems []string
	each(t, tree, parser.SkipObjectResolution, func(file string, set *token.FileSet, f *ast.File) {
		if matches(mayBeAmbient, path.Dir(file)) || matches(mayBeAmbient, file) {
			return
		}
		names := map[string]string{} // local name: import path
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			list, watched := ambient[p]
			if !watched {
				continue
			}
			if len(list) == 0 {
				problems = append(problems, fmt.Sprintf("%s imports %s", file, p))
				continue
			}
			name := path.Base(p)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			if name == "." {
				problems = append(problems, fmt.Sprintf("%s imports %s with a dot", file, p))
			}
			names[name] = p
		}
		if len(names) == 0 {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := s.X.(*ast.Ident)
			if !ok {
				return true
			}
			p, ok := names[x.Name]
			if !ok {
				return true
			}
			if slices.ContainsFunc(ambient[p], func(a string) bool {
				prefix, ok := strings.CutSuffix(a, "*")
				return a == s.Sel.Name || ok && strings.HasPrefix(s.Sel.Name, prefix)
			}) {
				problems = append(problems, fmt.Sprintf("%s:%d: %s.%s", file, set.Position(s.Pos()).Line, p, s.Sel.Name))
			}
			return true
		})
	})
	return problems
}

// each parses every file of the tree that is compiled into a package.
func each(t testing.TB, tree fs.FS, mode parser.Mode, visit func(string, *token.FileSet, *ast.File)) {
	t.Helper()
	err := fs.WalkDir(tree, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name == "testdata" || p != "." && strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(tree, p)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, p, text, mode)
		if err != nil {
			return err
		}
		visit(p, set, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
