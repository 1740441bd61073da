package mailtrace_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/internal/corpus"
	"github.com/mailtrace/mailtrace/report"
)

// trueAccusations are the findings of severity high or above on real mail that
// were read and found to be right; docs/realworld.md says why.
var trueAccusations = map[string][]string{
	"Report-ID- 949348866075514174.eml": {"spf-rechecked-behind-border"},
}

// TestRealMail analyses real messages from their headers alone. Each gets a
// report that can be written down, and none an accusation that was not read by
// a person and found to be right.
func TestRealMail(t *testing.T) {
	count := 0
	for _, folder := range []string{"corpora/realworld", "corpora/authres/deltachat-providers/headers"} {
		dir := corpus.Path(t, folder)
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, ".json") || strings.Contains(d.Name(), "LICENSE") {
				return err
			}
			count++
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			r, err := mailtrace.AnalyzeBytes(context.Background(), raw, mailtrace.Options{Path: path})
			if err != nil {
				t.Errorf("%s: %v", path, err)
				return nil
			}
			if _, err := json.Marshal(r); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			for _, x := range r.Findings {
				if x.Severity != report.Critical && x.Severity != report.High {
					continue
				}
				right := false
				for name, codes := range trueAccusations {
					for _, c := range codes {
						right = right || strings.HasSuffix(path, name) && c == x.Code
					}
				}
				if !right {
					t.Errorf("%s: %s %s: %s", filepath.Base(path), x.Severity, x.Code, x.Message)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d messages", count)
}
