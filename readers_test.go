package mailtrace_test

import (
	"context"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/message"
)

// Each note of a parser has a reader: what a message that brings it up is
// reported with holds the note. The notes are read from the source, so a new
// one without an example here fails.
func TestEveryNoteHasAReader(t *testing.T) {
	const received = "Received: from a.example (a.example [198.51.100.1]) by mx.example.org with ESMTP id 1; Mon, 23 Nov 2026 01:38:52 +0000\n"
	const rest = "From: Ann <ann@example.com>\nSubject: x\n\nbody\n"
	from := func(value string) string { return received + "From: " + value + "\nSubject: x\n\nbody\n" }
	results := func(value string) string {
		return received + "Authentication-Results: mx.example.org; " + value + "\n" + rest
	}
	trace := func(value string) string { return "Received: " + value + "\n" + rest }
	many := strings.Repeat("X-A: b\n", 50_001)
	examples := map[string]string{
		// message.NoteKind
		"byte-order-mark": "\ufeff" + rest, "mbox-from-line": "From ann@example.com Mon Nov 23 01:38:52 2026\n" + rest, "leading-blank-line": "\n" + rest,
		"bare-lf": rest, "mixed-line-ends": "X-A: b\r\n" + rest, "bare-cr": "X-A: b\rc\n" + rest, "double-cr": "X-A: b\r\r\n" + rest,
		"nul": "X-A: b\x00\n" + rest, "8bit-header": "X-A: \xe4\n" + rest, "bad-line": received + "X-A: b\nno field\n" + rest, "blank-before-colon": "X-A : b\n" + rest,
		"no-blank-line": "X-A: b\nFrom: a@b.example\nhello there\nfriend\nof\nmine\nand\nof all\n", "header-only": "From: ann@example.com\n", "field-limit": many + rest,
		// received.Note
		"field was longer than MaxField octets and was cut":            trace("from a.example by b.example (" + strings.Repeat("x", 70_000) + "); Mon, 23 Nov 2026 01:38:52 +0000"),
		"field had more words than are read":                           trace("from a.example by b.example " + strings.Repeat("w ", 3000) + "; Mon, 23 Nov 2026 01:38:52 +0000"),
		"comments nested too deeply":                                   trace("from a.example " + strings.Repeat("(", 200) + strings.Repeat(")", 200) + " by b.example; Mon, 23 Nov 2026 01:38:52 +0000"),
		"parentheses do not match":                                     trace("from a.example (x by b.example; Mon, 23 Nov 2026 01:38:52 +0000"),
		"a clause stands twice":                                        trace("from a.example from c.example by b.example with ESMTP with SMTP id 1 id 2; Mon, 23 Nov 2026 01:38:52 +0000"),
		"no semicolon before the date":                                 trace("from a.example (a.example [198.51.100.1]) by b.example with ESMTP id 1 Mon, 23 Nov 2026 01:38:52 +0000"),
		"no date":                                                      trace("from a.example (a.example [198.51.100.1]) by b.example with ESMTP id 1"),
		"date cannot be read":                                          trace("from a.example (a.example [198.51.100.1]) by b.example with ESMTP id 1; the day before"),
		"date without a time zone, read as UTC":                        trace("from a.example (a.example [198.51.100.1]) by b.example with ESMTP id 1; Mon, 23 Nov 2026 01:38:52"),
		"address is an internal code of Google, not an address":        trace("by 2002:a05:6402:1f0a:b0:5c9:1234:5678 with SMTP id x1csp1; Mon, 23 Nov 2026 01:38:52 -0800 (PST)"),
		"two addresses stand for the client: the last is the server's": trace("from a.example ([203.0.113.9]) ([198.51.100.1]) by b.example with ESMTP id 1; Mon, 23 Nov 2026 01:38:52 +0000"),
		// authres.Defect
		"unclosed-comment": results("spf=pass (x smtp.mailfrom=a@b.example"), "unclosed-quote": results(`spf=pass reason="x smtp.mailfrom=a@b.example`),
		"stray-parenthesis": results("spf=pass x) smtp.mailfrom=a@b.example"), "missing-semicolon": results("spf=pass smtp.mailfrom=a@b.example dkim=pass header.d=b.example"),
		"repeated-method":   results("dmarc=pass; dmarc=fail header.from=b.example"),
		"repeated-property": results("spf=pass smtp.mailfrom=a@b.example smtp.mailfrom=c@d.example"),
		// mailbox.Mailbox.Problem
		"a quoted string is not closed":                                     from(`"Ann <ann@example.com>`),
		"no domain":                                                         from("ann"),
		"an angle bracket is not closed":                                    from("Ann <ann@example.com"),
		"a route stands before the address":                                 from("<@r.example:ann@example.com>"),
		"several addresses in one pair of angle brackets":                   from("<ann@example.com,abe@example.com>"),
		"the display name holds an address outside quotes":                  from("abe@example.com <ann@example.com>"),
		"the address stands without angle brackets beside other words":      from("Ann ann@example.com"),
		"several addresses without a comma between them":                    from("ann@example.com abe@example.com"),
		"the display name holds a comma outside quotes":                     from("Alder, Ann <ann@example.com>"),
		"more mailboxes follow, which are not listed":                       from(strings.Repeat("a@example.com, ", 400) + "b@example.com"),
		"an IP address stands where a domain belongs: DMARC does not apply": from("ann@[192.0.2.1]"),
		"the domain cannot be used":                                         from("ann@exa..mple"),
		`several "@"; the last one counts here, but readers differ`:         from("a@b@example.com"),
		`nothing before "@"`:                                                from("<@example.com>"),
	}
	notNotes := map[string]bool{
		"": true,
		// The command refuses such input before, and the library with ErrNotMessage.
		"empty": true, "not-a-message": true,
	}
	var known []string
	for _, k := range noteTypes(t) {
		if k.text {
			known = append(known, constants(t, k.dir, k.name)...)
		}
	}
	for _, dir := range problemFields(t) {
		known = append(known, assigned(t, dir+"/*.go", "problem", "Problem")...)
	}
	if len(known) < 40 {
		t.Fatalf("only %d notes found in the source", len(known))
	}
	for _, note := range known {
		text, ok := examples[note]
		if !ok {
			if !notNotes[note] {
				t.Errorf("no example for the note %q", note)
			}
			continue
		}
		r, err := mailtrace.AnalyzeBytes(context.Background(), []byte(text), mailtrace.Options{})
		if err != nil {
			t.Errorf("%q: %v", note, err)
			continue
		}
		out, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if note == string(message.BadLine) {
			note = "joined-lines" // it is repaired, and told as this repair
		}
		want, _ := json.Marshal(note)
		if !strings.Contains(string(out), string(want)) {
			t.Errorf("nobody reads the note %q", note)
		}
	}
}

// A noteType is a type in which a parser says what deviates.
type noteType struct {
	dir, name string
	text      bool // a string: its constants are the notes
}

// parsers are the packages that read messages: what they note is about a message.
// Those that read records note in structs, whose readers TestEveryNoteIsRead
// looks for.
var parsers = []string{"message", "message/mailbox", "headers/received", "headers/authres"}

// ofRecords are kinds of notes on what a domain publishes: a message brings none
// up. TestNotesOfLint in package domain holds each of them to a reader.
var ofRecords = []string{"spf.NoteKind"}

// noteTypes are the exported types of that kind in the whole tree, by their names.
func noteTypes(t *testing.T) []noteType {
	t.Helper()
	var out []noteType
	each(t, source(t), parser.SkipObjectResolution, func(file string, _ *token.FileSet, f *ast.File) {
		dir := filepath.ToSlash(filepath.Dir(file))
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, s := range g.Specs {
				spec := s.(*ast.TypeSpec)
				name := spec.Name.Name
				if !spec.Name.IsExported() || !slices.ContainsFunc([]string{"Note", "NoteKind", "Defect", "Problem", "Warning"}, func(end string) bool { return strings.HasSuffix(name, end) }) {
					continue
				}
				id, isName := spec.Type.(*ast.Ident)
				text := isName && id.Name == "string"
				if slices.Contains(ofRecords, dir+"."+name) {
					text = false
				} else if text && !slices.Contains(parsers, dir) {
					t.Errorf("%s.%s is a new kind of note: add its package to parsers, and examples", dir, name)
				}
				out = append(out, noteType{dir, name, text})
			}
		}
	})
	return out
}

// problemFields are the packages of parsers with a field "Problem string".
func problemFields(t *testing.T) []string {
	t.Helper()
	var out []string
	each(t, source(t), parser.SkipObjectResolution, func(file string, _ *token.FileSet, f *ast.File) {
		dir := filepath.ToSlash(filepath.Dir(file))
		if !slices.Contains(parsers, dir) || slices.Contains(out, dir) {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if fl, ok := n.(*ast.Field); ok && !slices.Contains(out, dir) {
				id, isName := fl.Type.(*ast.Ident)
				if isName && id.Name == "string" && slices.ContainsFunc(fl.Names, func(n *ast.Ident) bool { return n.Name == "Problem" }) {
					out = append(out, dir)
				}
			}
			return true
		})
	})
	if len(out) == 0 {
		t.Error("no field Problem found")
	}
	return out
}

// TestEveryNoteIsRead: each field of a struct that holds notes (of a type of
// noteTypes, or a list of it) is read in another package than the one that fills it.
func TestEveryNoteIsRead(t *testing.T) {
	kinds := map[string]bool{} // dir.name
	for _, k := range noteTypes(t) {
		kinds[k.dir+"."+k.name] = true
	}
	fields := map[string][]string{} // field name: packages that declare it
	read := map[string]map[string]bool{}
	each(t, source(t), parser.SkipObjectResolution, func(file string, _ *token.FileSet, f *ast.File) {
		dir := filepath.ToSlash(filepath.Dir(file))
		imports := map[string]string{}
		for _, i := range f.Imports {
			p, _ := strconv.Unquote(i.Path.Value)
			if p, ok := strings.CutPrefix(p, module+"/"); ok {
				imports[filepath.Base(p)] = p
			}
		}
		ofKind := func(e ast.Expr) bool {
			if a, ok := e.(*ast.ArrayType); ok {
				e = a.Elt
			}
			switch e := e.(type) {
			case *ast.Ident:
				return kinds[dir+"."+e.Name]
			case *ast.SelectorExpr:
				x, ok := e.X.(*ast.Ident)
				return ok && kinds[imports[x.Name]+"."+e.Sel.Name]
			}
			return false
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.StructType:
				for _, fl := range n.Fields.List {
					for _, name := range fl.Names {
						if name.IsExported() && ofKind(fl.Type) && !slices.Contains(fields[name.Name], dir) {
							fields[name.Name] = append(fields[name.Name], dir)
						}
					}
				}
			case *ast.SelectorExpr:
				if read[n.Sel.Name] == nil {
					read[n.Sel.Name] = map[string]bool{}
				}
				read[n.Sel.Name][dir] = true
			}
			return true
		})
	})
	t.Logf("notes in the fields %v", fields)
	if len(fields) < 4 {
		t.Fatalf("only %d fields with notes found", len(fields))
	}
	for name, dirs := range fields {
		for _, dir := range dirs {
			if strings.HasPrefix(dir, "report") || strings.HasPrefix(dir, "compare") {
				continue // what is printed: their readers are people and programs
			}
			others := 0
			for d := range read[name] {
				if d != dir {
					others++
				}
			}
			if others == 0 {
				t.Errorf("nobody but %s reads its field %s", dir, name)
			}
		}
	}
}

// parse reads the files of a package.
func parse(t *testing.T, pattern string) []*ast.File {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files, %v", pattern, err)
	}
	var out []*ast.File
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

// constants are the texts of the constants of a type.
func constants(t *testing.T, dir, kind string) []string {
	t.Helper()
	var out []string
	for _, f := range parse(t, dir+"/*.go") {
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if id, ok := v.Type.(*ast.Ident); ok && id.Name == kind {
				for _, e := range v.Values {
					if lit, ok := e.(*ast.BasicLit); ok {
						s, _ := strconv.Unquote(lit.Value)
						out = append(out, s)
					}
				}
			}
			return true
		})
	}
	return out
}

// assigned are the texts that a file gives to a variable or field.
func assigned(t *testing.T, file string, names ...string) []string {
	t.Helper()
	var out []string
	is := func(e ast.Expr) bool {
		name := ""
		switch e := e.(type) {
		case *ast.Ident:
			name = e.Name
		case *ast.SelectorExpr:
			name = e.Sel.Name
		}
		for _, n := range names {
			if n == name {
				return true
			}
		}
		return false
	}
	add := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			s, _ := strconv.Unquote(lit.Value)
			out = append(out, s)
		}
	}
	for _, f := range parse(t, file) {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for i, l := range n.Lhs {
					switch {
					case len(n.Lhs) == len(n.Rhs) && is(l):
						add(n.Rhs[i])
					}
				}
			case *ast.KeyValueExpr:
				if is(n.Key) {
					add(n.Value)
				}
			}
			return true
		})
	}
	return out
}
