package received

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestDialectTables finds every dialect in the source and asks that it stands
// in exactly one table.
func TestDialectTables(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("dialects.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	for _, path := range files {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^var (\w+) = dialect\{`).FindAllSubmatch(source, -1) {
			name := string(m[1])
			if name == "grammar" || name == "unparsed" {
				continue
			}
			declared++
			if n := len(regexp.MustCompile(`&`+name+`\b`).FindAll(table, -1)); n != 1 {
				t.Errorf("%s: %s stands %d times in the tables", path, name, n)
			}
		}
	}
	if declared != len(signed)+len(shaped) {
		t.Errorf("%d dialects declared, %d in the tables", declared, len(signed)+len(shaped))
	}
	t.Logf("%d signed, %d shaped", len(signed), len(shaped))
}
