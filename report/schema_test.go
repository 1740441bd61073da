package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mailtrace/mailtrace/report"
)

const (
	schemaFile = "../docs/report.schema.json"
	docFile    = "../docs/json.md"
)

var update = flag.Bool("update", false, "write docs/json.md anew from the schema")

// node is a part of the schema, as far as these tests read it.
type node struct {
	Description string           `json:"description"`
	Type        any              `json:"type"`
	Ref         string           `json:"$ref"`
	OneOf       []*node          `json:"oneOf"`
	Items       *node            `json:"items"`
	Properties  map[string]*node `json:"properties"`
	Required    []string         `json:"required"`
	Enum        []any            `json:"enum"`
	Const       any              `json:"const"`
	Format      string           `json:"format"`
	Defs        map[string]*node `json:"$defs"`
}

func load(t *testing.T) (*node, []byte) {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var n node
	if err := json.Unmarshal(text, &n); err != nil {
		t.Fatal(err)
	}
	return &n, text
}

// target follows the reference of a key to the definition that it names.
func (n *node) target() (name string, nullable bool) {
	ref := n.Ref
	for _, o := range n.OneOf {
		if o.Ref != "" {
			ref = o.Ref
		}
		if o.Type == "null" {
			nullable = true
		}
	}
	return strings.TrimPrefix(ref, "#/$defs/"), nullable
}

func (n *node) types() []string {
	switch t := n.Type.(type) {
	case string:
		return []string{t}
	case []any:
		var out []string
		for _, v := range t {
			out = append(out, v.(string))
		}
		return out
	}
	return nil
}

// The structs and the schema have the same keys, in types that fit, and every
// key is described.
func TestSchemaKeys(t *testing.T) {
	s, _ := load(t)
	seen := map[string]bool{}
	var compare func(name string, typ reflect.Type)
	compare = func(name string, typ reflect.Type) {
		if seen[name] {
			return
		}
		seen[name] = true
		def := s.Defs[name]
		if def == nil {
			t.Errorf("%s: the schema has no definition %q", typ, name)
			return
		}
		if def.Description == "" {
			t.Errorf("%s has no description", name)
		}
		var keys []string
		for i := range typ.NumField() {
			f := typ.Field(i)
			key, option, _ := strings.Cut(f.Tag.Get("json"), ",")
			if key == "" || key == "-" {
				t.Errorf("%s.%s has no key", typ, f.Name)
				continue
			}
			keys = append(keys, key)
			k := def.Properties[key]
			if k == nil {
				t.Errorf("%s.%s: the schema lacks it", name, key)
				continue
			}
			if k.Description == "" {
				t.Errorf("%s.%s has no description", name, key)
			}
			if required := slices.Contains(def.Required, key); required == (option == "omitempty") {
				t.Errorf("%s.%s: required %v, but the tag says %q", name, key, required, option)
			}
			kind, nullable := f.Type, false
			if kind.Kind() == reflect.Pointer {
				kind, nullable = kind.Elem(), option != "omitempty"
			}
			want := ""
			switch {
			case kind == reflect.TypeFor[time.Time]():
				want = "string"
				if k.Format != "date-time" {
					t.Errorf("%s.%s: a time without the format", name, key)
				}
			case kind.Kind() == reflect.String:
				want = "string"
			case kind.Kind() == reflect.Int, kind.Kind() == reflect.Uint32:
				want = "integer"
			case kind.Kind() == reflect.Float64:
				want = "number"
			case kind.Kind() == reflect.Bool:
				want = "boolean"
			case kind.Kind() == reflect.Slice:
				want = "array"
				elem := kind.Elem()
				if elem.Kind() == reflect.Pointer {
					elem = elem.Elem()
				}
				if elem.Kind() == reflect.Struct && k.Items != nil {
					ref, _ := k.Items.target()
					compare(ref, elem)
				}
			case kind.Kind() == reflect.Struct:
				ref, null := k.target()
				if null != nullable {
					t.Errorf("%s.%s: null in the schema: %v, in the struct: %v", name, key, null, nullable)
				}
				compare(ref, kind)
				continue
			}
			types := []string{want}
			if nullable {
				types = append(types, "null")
			}
			if got := k.types(); !slices.Equal(got, types) {
				t.Errorf("%s.%s: type %v, want %v", name, key, got, types)
			}
		}
		for key := range def.Properties {
			if !slices.Contains(keys, key) {
				t.Errorf("%s.%s: the struct lacks it", name, key)
			}
		}
		for _, key := range def.Required {
			if def.Properties[key] == nil {
				t.Errorf("%s: required key %s is not described", name, key)
			}
		}
	}
	compare("report", reflect.TypeFor[report.Report]())
	for name := range s.Defs {
		if !seen[name] {
			t.Errorf("definition %s is not used", name)
		}
	}
}

// The schema itself is a valid one, takes a report, and refuses what is none.
func TestSchemaValidates(t *testing.T) {
	s, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	test := func(name string, change func(map[string]any), ok bool) {
		t.Helper()
		text, err := os.ReadFile("../render/testdata/rechecked.json")
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		change(v.(map[string]any))
		if err := s.Validate(v); (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	test("a report", func(map[string]any) {}, true)
	test("a key more", func(r map[string]any) { r["later"] = 1 }, true)
	test("a key less", func(r map[string]any) { delete(r, "gaps") }, false)
	test("null for a list", func(r map[string]any) { r["hops"] = nil }, false)
	test("no border", func(r map[string]any) { r["border"] = nil }, true)
	test("schema 2", func(r map[string]any) { r["schema"] = 2 }, false)
	test("a status of its own", func(r map[string]any) { r["verdict"].(map[string]any)["status"] = "fine" }, false)
	test("no hop at fault", func(r map[string]any) { r["verdict"].(map[string]any)["hop"] = nil }, true)
	test("a wrong type", func(r map[string]any) { r["source"].(map[string]any)["bytes"] = "1" }, false)
}

// docs/json.md says the same as the schema, because it is made from it.
func TestSchemaDoc(t *testing.T) {
	s, text := load(t)
	got := document(s, text)
	if *update {
		if err := os.WriteFile(docFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(docFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what %s says; run go test ./report -update", docFile, schemaFile)
	}
}

const intro = `# The JSON report

` + "`mailtrace analyze --json`" + ` writes one document a message, ` + "`--format jsonl`" + ` one line a message. This page is made from
[report.schema.json](report.schema.json) (JSON Schema, draft 2020-12), which a program can check reports against.

- Times are RFC 3339 with zone.
- A fact that is absent is null or missing, never an empty guess. A list is never null.
- Keys may be added within schema 1. None is renamed or dropped.
- Result words are those of RFC 8601 §2.7.
- Text from a message or from the DNS is kept as it came, escaped where a terminal could obey it.

"Always" says whether a key is always there. To read the verdicts of many messages:

` + "```" + `
mailtrace analyze --format jsonl Maildir/ | jq -r '[.source.path, .verdict.status, .verdict.root_cause] | @tsv'
` + "```" + `
`

// document writes the page: one table for each definition.
func document(s *node, text []byte) []byte {
	var b bytes.Buffer
	b.WriteString(intro)
	for _, name := range ordered(text, "$defs") {
		def := s.Defs[name]
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| key | type | always | meaning |\n|---|---|---|---|\n", name, def.Description)
		for _, key := range ordered(text, "$defs", name, "properties") {
			k := def.Properties[key]
			always := ""
			if slices.Contains(def.Required, key) {
				always = "yes"
			}
			meaning := k.Description
			var words []string
			for _, v := range k.Enum {
				if v != nil {
					words = append(words, fmt.Sprintf("`%v`", v))
				}
			}
			if len(words) > 0 {
				meaning += " One of " + strings.Join(words, ", ") + "."
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", key, typeName(k), always, meaning)
		}
	}
	return b.Bytes()
}

func typeName(k *node) string {
	if ref, null := k.target(); ref != "" {
		link := fmt.Sprintf("[%s](#%s)", ref, ref)
		if null {
			link += " or null"
		}
		return link
	}
	types := k.types()
	if types[0] == "array" {
		return "list of " + typeName(k.Items)
	}
	if k.Format == "date-time" {
		types[0] = "time"
	}
	return strings.Join(types, " or ")
}

// ordered returns the keys of the object at a path of the schema in the order
// in which they are written, which maps do not keep.
func ordered(text []byte, path ...string) []string {
	for _, p := range path {
		var m map[string]json.RawMessage
		if err := json.Unmarshal(text, &m); err != nil {
			panic(err)
		}
		text = m[p]
	}
	d := json.NewDecoder(bytes.NewReader(text))
	var keys []string
	if _, err := d.Token(); err != nil {
		panic(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			panic(err)
		}
		keys = append(keys, key.(string))
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			panic(err)
		}
	}
	return keys
}
