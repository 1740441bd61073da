package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// strictSchema is the published schema that also refuses keys which it does
// not describe.
func strictSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	return strict(t, "../../docs/report.schema.json")
}

func strict(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defs := doc.(map[string]any)["$defs"].(map[string]any)
	for _, d := range defs {
		d.(map[string]any)["additionalProperties"] = false
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("strict.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("strict.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Reports of real messages keep to the published schema, down to the last key,
// show in every format, and come out the same again.
func TestCases(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(corpus.Path(t, "cases"), "*", "message.eml"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	schema := strictSchema(t)
	for _, file := range dirs {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			args := []string{"--dns", "zone:" + filepath.Join(dir, "zone.txt"), file}
			json := runWith(t, testEnvironment(), "", append([]string{"analyze", "--json"}, args...)...)
			if json.code == exitUsage {
				t.Fatalf("exit %d: %s", json.code, json.errout)
			}
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(json.out)))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(v); err != nil {
				t.Error(err)
			}
			again := runWith(t, testEnvironment(), "", append([]string{"analyze", "--json"}, args...)...)
			if again.out != json.out {
				t.Error("the same message gives another report the second time")
			}
			text := runWith(t, testEnvironment(), "", append([]string{"analyze", "-v"}, args...)...)
			shown := runWith(t, testEnvironment(), json.out, "show", "-v", "-")
			if text.out != shown.out || text.code != shown.code || text.code != json.code {
				t.Errorf("exit %d, %d and %d; the saved report shows\n%s\nand not\n%s", json.code, text.code, shown.code, shown.out, text.out)
			}
		})
	}
	t.Logf("%d messages", len(dirs))
}

// mailtrace spf --json is the spf object of a report.
func TestSPFSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/report.schema.json#/$defs/spf")
	if err != nil {
		t.Fatal(err)
	}
	zone := write(t, t.TempDir(), "a.zone", "example.com. IN TXT \"v=spf1 include:b.example -all\"\nb.example. IN TXT \"v=spf1 a -all\"\n")
	for _, flags := range [][]string{{}, {"--trace"}} {
		got := runWith(t, testEnvironment(), "", append([]string{"spf", "--json", "--dns", "zone:" + zone, "--ip", "192.0.2.1", "--from", "a@example.com"}, flags...)...)
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(got.out)))
		if err != nil {
			t.Fatalf("%v in %s%s", err, got.out, got.errout)
		}
		if err := schema.Validate(v); err != nil {
			t.Error(err)
		}
	}
}
