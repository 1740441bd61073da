// Command mutate changes the judging code in one small place at a time, and
// sees whether a test notices: a change that none notices shows a line that
// nothing holds. It writes nothing into the tree.
//
//	go run ./internal/mutate [-n 60] [-seed 1] [-limit 20m] [-tests "./headers ./findings ."] DIR...
//
// The directories are those of the packages to change, ./headers and ./findings
// where none is given. Exit 1 where more than a tenth survives.
package main

import (
	"bytes"
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
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	n := flag.Int("n", 60, "mutants to try")
	seed := flag.Int64("seed", 1, "which of them: the same seed draws the same")
	limit := flag.Duration("limit", 20*time.Minute, "stop then; what was tried counts")
	each := flag.Duration("each", 2*time.Minute, "time for the tests of one mutant")
	tests := flag.String("tests", "./headers ./findings .", "packages whose tests are asked")
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
	var sites []site
	for _, d := range dirs {
		found, err := sitesIn(d)
		if err != nil {
			return err
		}
		sites = append(sites, found...)
	}
	if len(sites) == 0 {
		return errors.New("nothing to change: give directories with Go files")
	}
	slices.SortFunc(sites, func(a, b site) int { return bytes.Compare(a.draw(seed), b.draw(seed)) })
	tmp, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	// Where the tests fail as it is, they tell nothing.
	if out, err := exec.Command("go", append([]string{"test", "-vet=off"}, tests...)...).CombinedOutput(); err != nil {
		return fmt.Errorf("the tests fail on the code as it is:\n%s", out)
	}
	tried, killed := 0, 0
	for _, s := range sites {
		if tried == n || ctx.Err() != nil {
			break
		}
		src, what, err := s.mutant()
		if err != nil {
			return err
		}
		switch verdict, err := try(tmp, s.path, src, each, tests); {
		case err != nil:
			return err
		case verdict == unbuildable:
			continue
		case verdict == caught:
			killed++
		default:
			fmt.Printf("survives: %s: %s\n", s.where, what)
		}
		tried++
		fmt.Fprintf(os.Stderr, "\r%d of %d killed", killed, tried)
	}
	fmt.Fprintln(os.Stderr)
	fmt.Printf("%d of %d mutants killed, of %d places, seed %d\n", killed, tried, len(sites), seed)
	if killed*10 < tried*9 {
		return fmt.Errorf("%d of %d survive", tried-killed, tried)
	}
	return nil
}

// site is one place that can be changed: the k-th of its file.
type site struct {
	path, where string
	k           int
}

// draw is the place's lot: for one seed all lots lie in one order.
func (s site) draw(seed int64) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %d", seed, s.where, s.k))
	return sum[:]
}

// sitesIn lists the places of a package's code, its tests left out.
func sitesIn(dir string) ([]site, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var out []site
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
			out = append(out, site{path, fset.Position(c.pos).String(), k})
		}
	}
	return out, nil
}

// change is one edit of a syntax tree.
type change struct {
	pos  token.Pos
	what string
	do   func()
}

var swaps = map[token.Token][]token.Token{
	token.LAND: {token.LOR}, token.LOR: {token.LAND},
	token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
	token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
	token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
	token.ADD: {token.SUB}, token.SUB: {token.ADD},
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
				out = append(out, change{n.OpPos, fmt.Sprintf("%s becomes %s", was, op), func() { n.Op = op }})
			}
		case *ast.IfStmt:
			cond := n.Cond
			out = append(out, change{n.Pos(), "the condition is turned round", func() { n.Cond = &ast.UnaryExpr{Op: token.NOT, X: &ast.ParenExpr{X: cond}} }})
		case *ast.Ident:
			if n.Name == "true" || n.Name == "false" {
				was := n.Name
				now := map[string]string{"true": "false", "false": "true"}[was]
				out = append(out, change{n.Pos(), was + " becomes " + now, func() { n.Name = now }})
			}
		case *ast.BlockStmt:
			for i, s := range n.List {
				switch s := s.(type) {
				case *ast.BranchStmt:
					out = append(out, change{s.Pos(), s.Tok.String() + " goes", func() { n.List = slices.Delete(slices.Clone(n.List), i, i+1) }})
				case *ast.AssignStmt:
					if s.Tok != token.DEFINE {
						out = append(out, change{s.Pos(), "the assignment goes", func() { n.List = slices.Delete(slices.Clone(n.List), i, i+1) }})
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

// mutant is the file with the change made.
func (s site) mutant() (src []byte, what string, err error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, s.path, nil, parser.ParseComments)
	if err != nil {
		return nil, "", err
	}
	c := changes(file)[s.k]
	c.do()
	var b bytes.Buffer
	if err := format.Node(&b, fset, file); err != nil {
		return nil, "", err
	}
	return b.Bytes(), c.what, nil
}

type outcome int

const (
	unnoticed outcome = iota
	caught
	unbuildable
)

// try runs the tests with one file replaced, one package after the other.
func try(tmp, path string, src []byte, each time.Duration, tests []string) (outcome, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return 0, err
	}
	with, overlay := filepath.Join(tmp, "mutant.go"), filepath.Join(tmp, "overlay.json")
	if err := os.WriteFile(with, src, 0o600); err != nil {
		return 0, err
	}
	raw, err := json.Marshal(map[string]any{"Replace": map[string]string{abs: with}})
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(overlay, raw, 0o600); err != nil {
		return 0, err
	}
	for _, pkg := range tests {
		ctx, cancel := context.WithTimeout(context.Background(), each)
		out, err := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-failfast", "-vet=off", "-timeout", each.String(), pkg).CombinedOutput()
		cancel()
		switch {
		case err != nil && bytes.Contains(out, []byte("[build failed]")):
			return unbuildable, nil
		case err != nil:
			return caught, nil // a test failed, or it ran on and on
		}
	}
	return unnoticed, nil
}
