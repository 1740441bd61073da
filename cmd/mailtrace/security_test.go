package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace"
)

var updateSecurity = flag.Bool("update-security", false, "write the table of bounds into SECURITY.md")

const (
	boundsBegin = "<!-- bounds -->\n"
	boundsEnd   = "<!-- end of bounds -->\n"
)

// SECURITY.md gives the bounds that the code has.
func TestSecurityPage(t *testing.T) {
	const page = "../../SECURITY.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("| what | at most | constant or flag, and what happens there |\n|---|--:|---|\n")
	for _, l := range append(mailtrace.Limits(), inputLimits()...) {
		fmt.Fprintf(&want, "| %s | %s | %s |\n", l.What, amount(l), l.Where)
	}
	before, rest, ok := strings.Cut(string(text), boundsBegin)
	got, after, ok2 := strings.Cut(rest, boundsEnd)
	if !ok || !ok2 {
		t.Fatal("SECURITY.md has no place for the table")
	}
	if got == want.String() {
		return
	}
	if !*updateSecurity {
		t.Fatal("SECURITY.md is not what the code says; run go test ./cmd/mailtrace -run TestSecurityPage -update-security")
	}
	if err := os.WriteFile(page, []byte(before+boundsBegin+want.String()+boundsEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func amount(l mailtrace.Limit) string {
	switch {
	case l.Most == 1:
		return "1 " + strings.TrimSuffix(l.Unit, "s")
	case l.Unit == "bytes" && l.Most >= 1<<30 && l.Most%(1<<30) == 0:
		return fmt.Sprintf("%d GB", l.Most>>30)
	case l.Unit == "bytes" && l.Most >= 1<<20 && l.Most%(1<<20) == 0:
		return fmt.Sprintf("%d MB", l.Most>>20)
	case l.Unit == "bytes" && l.Most%(1<<10) == 0:
		return fmt.Sprintf("%d KB", l.Most>>10)
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", l.Most, l.Unit))
}

// Every bound that a package names for others stands in the table. What begins
// with a small letter bounds something inside of one of these.
func TestSecurityTableIsComplete(t *testing.T) {
	where := " "
	for _, l := range append(mailtrace.Limits(), inputLimits()...) {
		where += l.Where + " "
	}
	found := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch name := d.Name(); {
			case name == "testdata", name == "internal", name == "cmd", name == "examples", path != "../.." && strings.HasPrefix(name, "."):
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range f.Decls {
			g, ok := decl.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				for _, name := range s.(*ast.ValueSpec).Names {
					if n := name.Name; strings.HasPrefix(n, "Max") || strings.HasPrefix(n, "DefaultMax") {
						found++
						if !regexp.MustCompile(`\b` + f.Name.Name + `\.` + n + `\b`).MatchString(where) {
							t.Errorf("%s.%s (%s) is not in the table of SECURITY.md: add it to mailtrace.Limits or inputLimits", f.Name.Name, n, path)
						}
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 60 {
		t.Errorf("only %d bounds found", found)
	}
}
