package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// fieldCase is case.json of a folder below testdata/field and
// testdata/field-hostile: a small input, rebuilt from a public report or made for
// this, and what is right about it. Right says why; the tests ask for the
// essence.
type fieldCase struct {
	Title, Right string
	Args         []string
	Stdin        string
	Exit         []int
	JSON         []fieldTest
	Text         struct{ Has, Not []string }
}

// fieldTest is one demand on the JSON that is printed, or on the first row of a
// table: Path leads to a value, which must hold what else is set. Any holds where
// one of its tests does.
type fieldTest struct {
	Path           string
	Is             any
	In             []any
	Not            any
	Has            any
	HasAny         []any
	HasNot         any
	Only           []any // nothing but these
	Empty          *bool
	Match, NoMatch string
	Any            []fieldTest
}

// TestFieldCases runs the program on every field case.
func TestFieldCases(t *testing.T) {
	for _, kind := range []string{"field", "field-hostile"} {
		files, err := filepath.Glob("../../testdata/" + kind + "/*/case.json")
		if err != nil || len(files) == 0 {
			t.Fatalf("no cases of %s: %v", kind, err)
		}
		for _, file := range files {
			t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) { fieldRun(t, file) })
		}
	}
}

func fieldRun(t *testing.T, file string) {
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var c fieldCase
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	if c.Exit == nil && c.JSON == nil && c.Text.Has == nil && c.Text.Not == nil {
		t.Fatal("asks nothing")
	}
	t.Chdir(filepath.Dir(file))
	stdin := []byte{}
	if c.Stdin != "" {
		if stdin, err = os.ReadFile(c.Stdin); err != nil {
			t.Fatal(err)
		}
	}
	o := runWith(t, testEnvironment(), string(stdin), c.Args...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s\n%s", c.Title, c.Right)
		}
	})
	if c.Exit != nil && !slices.Contains(c.Exit, o.code) {
		t.Errorf("exit %d, want one of %v: %s", o.code, c.Exit, o.errout)
	}
	if c.JSON != nil {
		v, err := fieldValue(c.Args, o.out)
		if err != nil {
			t.Fatalf("%v: %.300q %s", err, o.out, o.errout)
		}
		for _, x := range c.JSON {
			if !x.holds(v) {
				want, _ := json.Marshal(x)
				got, _ := json.Marshal(fieldTake(v, x.Path))
				t.Errorf("%s: %.300s, want %s", x.Path, got, want)
			}
		}
	}
	all := o.out + o.errout
	for _, r := range c.Text.Has {
		if !fieldPattern(r).MatchString(all) {
			t.Errorf("the text lacks %s", r)
		}
	}
	for _, r := range c.Text.Not {
		if found := fieldPattern(r).FindString(all); found != "" {
			t.Errorf("the text has %s: %.80q", r, found)
		}
	}
}

func fieldPattern(r string) *regexp.Regexp { return regexp.MustCompile("(?is)" + r) }

// fieldValue is what a command printed: a JSON value, or the first row of a
// table; the first of a list.
func fieldValue(args []string, out string) (any, error) {
	if slices.Contains(args, "csv") {
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil || len(rows) < 2 {
			return nil, err
		}
		row := map[string]any{}
		for i, name := range rows[0] {
			row[name] = rows[1][i]
		}
		return row, nil
	}
	var v any
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&v); err != nil {
		return nil, err
	}
	if list, ok := v.([]any); ok && len(list) > 0 {
		v = list[0]
	}
	return v, nil
}

func (x fieldTest) holds(v any) bool {
	if x.Any != nil {
		return slices.ContainsFunc(x.Any, func(y fieldTest) bool { return y.holds(v) })
	}
	got := fieldTake(v, x.Path)
	one := func(want any) bool { return fieldText(got) == fieldText(want) }
	among := func(want any) bool {
		return slices.ContainsFunc(fieldFlat(got), func(g any) bool { return fieldText(g) == fieldText(want) })
	}
	matches := func(pattern string) bool {
		r := fieldPattern(pattern)
		return slices.ContainsFunc(fieldFlat(got), func(g any) bool { return r.MatchString(fieldText(g)) })
	}
	switch {
	case x.Is != nil:
		return one(x.Is)
	case x.In != nil:
		return slices.ContainsFunc(x.In, one)
	case x.Not != nil:
		return !one(x.Not)
	case x.Has != nil:
		return among(x.Has)
	case x.HasAny != nil:
		return slices.ContainsFunc(x.HasAny, among)
	case x.HasNot != nil:
		return !among(x.HasNot)
	case x.Empty != nil:
		return *x.Empty == (len(fieldFlat(got)) == 0)
	case x.Only != nil:
		return !slices.ContainsFunc(fieldFlat(got), func(g any) bool { return !slices.Contains(x.Only, g) })
	case x.Match != "":
		return matches(x.Match)
	case x.NoMatch != "":
		return !matches(x.NoMatch)
	}
	return false
}

func fieldText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, _ := json.Marshal(v)
	return string(b)
}

func fieldFlat(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var out []any
		for _, x := range v {
			out = append(out, fieldFlat(x)...)
		}
		return out
	}
	return []any{v}
}

// fieldTake follows a path: keys joined by ".", "x[]" for all elements, "x[k=v]"
// and "x[k=v&k2=v2]" for those of these values; @codes, @accusing and @alarming
// for the codes of all findings, of those of severity high and above, of medium
// and above; @words for what the reader is told; @root for the root cause.
func fieldTake(v any, path string) any {
	switch path {
	case "@root":
		return fieldTake(v, "verdict.root_cause")
	case "@codes":
		return fieldTake(v, "findings[].code")
	case "@accusing":
		return append(fieldFlat(fieldTake(v, "findings[severity=high].code")), fieldFlat(fieldTake(v, "findings[severity=critical].code"))...)
	case "@alarming":
		return append(fieldFlat(fieldTake(v, "@accusing")), fieldFlat(fieldTake(v, "findings[severity=medium].code"))...)
	case "@publish":
		var out []any
		s, _ := fieldTake(v, "suggested").(string)
		for l := range strings.Lines(s) {
			if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, ";") {
				out = append(out, l)
			}
		}
		return out
	case "@words":
		var out []any
		for _, f := range fieldFlat(fieldTake(v, "findings[]")) {
			said := fieldFlat([]any{fieldTake(f, "message"), fieldTake(f, "advice")})
			for _, e := range fieldFlat(fieldTake(f, "evidence[]")) {
				said = append(said, fieldFlat([]any{fieldTake(e, "dns"), fieldTake(e, "text")})...)
			}
			var b strings.Builder
			for _, s := range said {
				b.WriteString(fieldText(s) + " | ")
			}
			out = append(out, b.String())
		}
		return append(out, fieldFlat(fieldTake(v, "suggested"))...)
	}
	now, many := []any{v}, false
	for _, part := range fieldSplit(path) {
		key, inner, list := strings.Cut(strings.TrimSuffix(part, "]"), "[")
		var next []any
		for _, c := range now {
			var x any
			switch c := c.(type) {
			case map[string]any:
				x = c[key]
			case []any:
				if i, err := strconv.Atoi(key); err == nil {
					if i < 0 {
						i += len(c)
					}
					if i >= 0 && i < len(c) {
						x = c[i]
					}
				}
			}
			if !list {
				next = append(next, x)
				continue
			}
			many = true
			all, _ := x.([]any)
			for _, e := range all {
				fits := true
				for cond := range strings.SplitSeq(inner, "&") {
					if k, want, ok := strings.Cut(cond, "="); ok {
						o, _ := e.(map[string]any)
						fits = fits && o[k] != nil && fieldText(o[k]) == want
					}
				}
				if fits {
					next = append(next, e)
				}
			}
		}
		now = next
	}
	switch {
	case many:
		return now
	case len(now) > 0:
		return now[0]
	}
	return nil
}

// fieldSplit cuts a path at its dots, not at those in brackets.
func fieldSplit(path string) []string {
	var out []string
	depth, from := 0, 0
	for i, r := range path {
		switch r {
		case '[':
			depth++
		case ']':
			depth--
		case '.':
			if depth == 0 {
				out, from = append(out, path[from:i]), i+1
			}
		}
	}
	return append(out, path[from:])
}
