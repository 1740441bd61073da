// Command mutate changes the judging code in one small place at a time, and
// sees whether a test notices: a change that none notices shows a line that
// nothing holds. It writes nothing into the tree.
//
//	go run ./internal/mutate [-n 60] [-seed 1] [-limit 20m] [-tests "PKG[=TESTS] ..."] DIR...
//
// The directories are those of the packages to change, ./headers and ./findings
// where none is given. All changes are built into one program, each behind a
// switch that the environment turns, so that a mutant costs a run of the tests
// and no build. Exit 1 where more than a tenth survives.
package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// judging are the tests of the facade that hold judgements, the quick ones
// first. The others (structure, reading, growth, speed) can't see these changes.
const judging = "./headers .=^TestJudgements$ ./findings" +
	" .=^(TestCases|TestLayouts|TestSeals.*|TestOrnaments.*|TestLearn|TestNobodyHonestIsAccused)$" +
	" ./cmd/mailtrace=^TestFieldCases$ .=^(TestNoForger.*|TestRealMail)$"

func main() {
	n := flag.Int("n", 60, "mutants to try")
	seed := flag.Int64("seed", 1, "which of them: the same seed draws the same")
	limit := flag.Duration("limit", 20*time.Minute, "stop then; what was tried counts")
	each := flag.Duration("each", 2*time.Minute, "time for the tests of one package on one mutant")
	tests := flag.String("tests", judging, "packages whose tests are asked, in this order; =REGEXP says which of them")
	flag.Parse()
	dirs := flag.Args()
	if len(dirs) == 0 {
		dirs = []string{"./headers", "./findings"}
	}
	if err := run(dirs, *n, *seed, *limit, *each, strings.Fields(*tests)); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(dirs []string, n int, seed int64, limit, each time.Duration, tests []string) error {
	sites, err := sitesIn(dirs)
	if err != nil {
		return err
	}
	if len(sites) == 0 {
		return errors.New("nothing to change: give directories with Go files")
	}
	places := len(sites)
	slices.SortFunc(sites, func(a, b *site) int { return bytes.Compare(a.draw(seed), b.draw(seed)) })
	// Some changes do not compile: others stand by.
	sites = sites[:min(len(sites), n+n/4+1)]
	tmp, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	asked, err := build(ctx, tmp, sites, tests)
	if err != nil {
		return err
	}
	for _, a := range asked {
		// Where the tests fail as it is, they tell nothing.
		if out, err := a.run(ctx, "", each); err != nil {
			return fmt.Errorf("the tests of %s fail on the code as it is: %w\n%s", a.dir, err, out)
		}
	}
	tried, killed := 0, 0
	for id, s := range sites {
		if s.unbuildable {
			continue
		}
		if tried == n || ctx.Err() != nil {
			break
		}
		noticed := false
		for _, a := range asked {
			if _, err := a.run(ctx, strconv.Itoa(id), each); err != nil {
				noticed = true // a test failed, or it ran on and on
				break
			}
		}
		if ctx.Err() != nil {
			break // cut off: nobody knows
		}
		tried++
		if noticed {
			killed++
		} else {
			fmt.Printf("survives: %s: %s\n", s.where, s.what)
		}
		fmt.Fprintf(os.Stderr, "\r%d of %d killed", killed, tried)
	}
	fmt.Fprintln(os.Stderr)
	fmt.Printf("%d of %d mutants killed, of %d places, seed %d\n", killed, tried, places, seed)
	if killed*10 < tried*9 {
		return fmt.Errorf("%d of %d survive", tried-killed, tried)
	}
	return nil
}

// site is one place that can be changed: the k-th of its file.
type site struct {
	path, where, what string
	k                 int
	unbuildable       bool
}

// draw is the place's lot: for one seed all lots lie in one order.
func (s *site) draw(seed int64) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %d", seed, s.where, s.k))
	return sum[:]
}

// sitesIn lists the places of the packages' code, their tests left out.
func sitesIn(dirs []string) ([]*site, error) {
	var out []*site
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
			if err != nil {
				return nil, err
			}
			for k, c := range changes(file) {
				out = append(out, &site{path: path, where: fset.Position(c.pos).String(), what: c.what, k: k})
			}
		}
	}
	return out, nil
}

// change is one edit of a syntax tree. do makes it depend on the switch of that
// number: off, the program is what it was.
type change struct {
	pos  token.Pos
	what string
	do   func(id int)
}

var swaps = map[token.Token][]token.Token{
	token.LAND: {token.LOR}, token.LOR: {token.LAND},
	token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
	token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
	token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
	token.ADD: {token.SUB}, token.SUB: {token.ADD},
}

// switches is the file that each changed package gets.
const switches = `package %s

import "os"

var mutant = os.Getenv("MUTANT")

func mutantOn(id string) bool { return mutant == id }

func mutantSum[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64](id string, a, b T, plus bool) T {
	if plus == mutantOn(id) {
		return a - b
	}
	return a + b
}
`

func on(id int) ast.Expr {
	return &ast.CallExpr{Fun: ast.NewIdent("mutantOn"), Args: []ast.Expr{quoted(id)}}
}

func quoted(id int) ast.Expr {
	return &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(strconv.Itoa(id))}
}

func not(e ast.Expr) ast.Expr {
	return &ast.UnaryExpr{Op: token.NOT, X: &ast.ParenExpr{X: e}}
}

func both(a, b ast.Expr) ast.Expr {
	return &ast.ParenExpr{X: &ast.BinaryExpr{X: a, Op: token.LAND, Y: b}}
}

// swap makes an operator another one while the switch is on. Each side is
// evaluated as often as it was.
func swap(n *ast.BinaryExpr, op token.Token, id int) {
	was := *n
	switch op {
	case token.ADD, token.SUB:
		plus := ast.NewIdent(strconv.FormatBool(was.Op == token.ADD))
		n.X = &ast.CallExpr{Fun: ast.NewIdent("mutantSum"), Args: []ast.Expr{quoted(id), was.X, was.Y, plus}}
		n.Op, n.Y = token.ADD, &ast.BasicLit{Kind: token.INT, Value: "0"}
	default:
		plain := &ast.ParenExpr{X: &ast.BinaryExpr{X: was.X, Op: was.Op, Y: was.Y}}
		other := &ast.ParenExpr{X: &ast.BinaryExpr{X: was.X, Op: op, Y: was.Y}}
		n.X, n.Op, n.Y = both(on(id), other), token.LOR, both(not(on(id)), plain)
	}
}

// changes are all edits of a file, in the order of its text.
func changes(file *ast.File) []change {
	var out []change
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			if n.Tok == token.CONST || n.Tok == token.IMPORT || n.Tok == token.TYPE {
				return false // numbers and names judge nothing
			}
		case *ast.BinaryExpr:
			if lit, ok := n.X.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				return true // text put together
			}
			if n.Op == token.ADD && text(n) {
				return true
			}
			was := n.Op
			for _, op := range swaps[was] {
				out = append(out, change{n.OpPos, fmt.Sprintf("%s becomes %s", was, op), func(id int) { swap(n, op, id) }})
			}
		case *ast.IfStmt:
			out = append(out, change{n.Pos(), "the condition is turned round", func(id int) {
				n.Cond = &ast.BinaryExpr{X: &ast.ParenExpr{X: n.Cond}, Op: token.NEQ, Y: on(id)}
			}})
		case *ast.Ident:
			if n.Name == "true" || n.Name == "false" {
				was := n.Name
				now := map[string]string{"true": "false", "false": "true"}[was]
				out = append(out, change{n.Pos(), was + " becomes " + now, func(id int) {
					n.Name = fmt.Sprintf("(%s != mutantOn(%q))", was, strconv.Itoa(id))
				}})
			}
		case *ast.BlockStmt:
			for i, s := range n.List {
				unless := func(id int) {
					n.List[i] = &ast.IfStmt{Cond: not(on(id)), Body: &ast.BlockStmt{List: []ast.Stmt{n.List[i]}}}
				}
				switch s := s.(type) {
				case *ast.BranchStmt:
					out = append(out, change{s.Pos(), s.Tok.String() + " goes", unless})
				case *ast.AssignStmt:
					if s.Tok != token.DEFINE {
						out = append(out, change{s.Pos(), "the assignment goes", unless})
					}
				}
			}
		}
		return true
	})
	slices.SortStableFunc(out, func(a, b change) int { return int(a.pos - b.pos) })
	return out
}

// text reports whether a sum joins strings, as far as its parts show.
func text(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return text(e.X) || text(e.Y)
	case *ast.BasicLit:
		return e.Kind == token.STRING
	}
	return false
}

// write puts the changed files into tmp, and the list of what they stand for.
func write(tmp string, sites []*site) (overlay string, instead map[string]string, err error) {
	files := map[string][]int{}
	for id, s := range sites {
		if !s.unbuildable {
			files[s.path] = append(files[s.path], id)
		}
	}
	replace, instead := map[string]string{}, map[string]string{}
	put := func(path string, src []byte) error {
		abs, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		to := filepath.Join(tmp, fmt.Sprintf("%d_%s", len(replace), filepath.Base(path)))
		replace[abs], instead[to] = to, path
		return os.WriteFile(to, src, 0o600)
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return "", nil, err
		}
		all := changes(file)
		for _, id := range files[path] {
			all[sites[id].k].do(id)
		}
		var b bytes.Buffer
		// A file of its own positions would put its comments anywhere.
		if err := format.Node(&b, token.NewFileSet(), file); err != nil {
			return "", nil, fmt.Errorf("%s: %w", path, err)
		}
		if err := put(path, b.Bytes()); err != nil {
			return "", nil, err
		}
		own := filepath.Join(filepath.Dir(path), "mutant_switches.go")
		abs, err := filepath.Abs(own)
		if err != nil {
			return "", nil, err
		}
		if replace[abs] == "" {
			if err := put(own, fmt.Appendf(nil, switches, file.Name.Name)); err != nil {
				return "", nil, err
			}
		}
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", nil, err
	}
	overlay = filepath.Join(tmp, "overlay.json")
	return overlay, instead, os.WriteFile(overlay, raw, 0o600)
}

// ask is a built test program, and which of its tests to run.
type ask struct {
	program, dir, tests string
}

func (a ask) run(ctx context.Context, mutant string, each time.Duration) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, each+5*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, a.program, "-test.failfast", "-test.timeout", each.String(), "-test.run", cmp.Or(a.tests, "."))
	c.Dir = a.dir
	c.Env = append(c.Environ(), "MUTANT="+mutant)
	return c.CombinedOutput()
}

// build makes the test programs. Changes that do not compile go, as often as
// the compiler finds one.
func build(ctx context.Context, tmp string, sites []*site, tests []string) ([]ask, error) {
	const rounds = 25
	for range rounds {
		overlay, instead, err := write(tmp, sites)
		if err != nil {
			return nil, err
		}
		var out []ask
		var said []byte
		programs := map[string]string{}
		for _, t := range tests {
			pkg, which, _ := strings.Cut(t, "=")
			if programs[pkg] == "" {
				p := filepath.Join(tmp, fmt.Sprintf("%d.test", len(programs)))
				said, err = exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-gcflags=-e", "-overlay", overlay, "-o", p, pkg).CombinedOutput()
				if err != nil {
					break
				}
				programs[pkg] = p
			}
			out = append(out, ask{programs[pkg], pkg, which})
		}
		if err == nil {
			return out, nil
		}
		if ctx.Err() != nil || !drop(sites, said, instead) {
			return nil, fmt.Errorf("the tests do not build: %w\n%s", err, said)
		}
	}
	return nil, errors.New("the changes do not compile")
}

var (
	complaint = regexp.MustCompile(`(?m)^(\S+\.go):(\d+):`)
	switchOf  = regexp.MustCompile(`mutant(?:On|Sum)\("(\d+)"`)
)

// drop takes out the changes on the lines that the compiler names, or the next
// above such a line.
func drop(sites []*site, said []byte, instead map[string]string) bool {
	some := false
	for _, m := range complaint.FindAllSubmatch(said, -1) {
		for file, path := range instead {
			if filepath.Base(path) != filepath.Base(string(m[1])) && filepath.Base(file) != filepath.Base(string(m[1])) {
				continue
			}
			f, err := os.Open(file)
			if err != nil {
				continue
			}
			src, err := io.ReadAll(io.LimitReader(f, 1<<24))
			f.Close()
			if err != nil {
				continue
			}
			lines := bytes.Split(src, []byte("\n"))
			line, _ := strconv.Atoi(string(m[2]))
			for at := min(line, len(lines)) - 1; at >= 0; at-- {
				found := switchOf.FindAllSubmatch(lines[at], -1)
				for _, f := range found {
					id, _ := strconv.Atoi(string(f[1]))
					sites[id].unbuildable, some = true, true
				}
				if len(found) > 0 {
					break
				}
			}
		}
	}
	return some
}
