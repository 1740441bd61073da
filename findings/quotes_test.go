package findings

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/report"
)

// TestQuotedWordForWord looks up what the findings of all examples quote: a
// field stands in the message at the line that is named, a record in the zone,
// word for word but for blanks.
func TestQuotedWordForWord(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("testdata", "*.txt"))
	fields, records := 0, 0
	for _, path := range files {
		for _, e := range examples(t, path) {
			found, _, _ := judge(t, e)
			lines := strings.Split(e.eml, "\n")
			zone := oneBlank(strings.ReplaceAll(strings.ReplaceAll(e.zone, `" "`, ""), `\;`, ";"))
			for _, x := range found {
				where := filepath.Base(path) + " " + e.name + " " + x.Code
				for _, ev := range x.Evidence {
					text := strings.TrimSuffix(ev.Text, "…")
					switch {
					case ev.Kind == report.EvidenceHeader:
						fields++
						if ev.Line == nil {
							// What a bounce tells: it stands in the body.
							if !strings.Contains(oneBlank(e.eml), text) {
								t.Errorf("%s: %q is not in the message", where, text)
							}
							continue
						}
						if *ev.Line < 1 || *ev.Line > len(lines) {
							t.Errorf("%s: %q is quoted of line %d", where, text, *ev.Line)
							continue
						}
						if ev.Field == nil {
							// Hidden in the middle of a line.
							if !strings.Contains(oneBlank(lines[*ev.Line-1]), text) {
								t.Errorf("%s: line %d does not hold %q", where, *ev.Line, text)
							}
							continue
						}
						name, value, _ := strings.Cut(text, ": ")
						from := oneBlank(strings.Join(lines[*ev.Line-1:], "\n"))
						if !strings.HasPrefix(from, name) || !strings.HasPrefix(strings.TrimSpace(strings.TrimLeft(from[len(name):], ": ")), strings.TrimSpace(value)) {
							t.Errorf("%s: line %d is not %q", where, *ev.Line, text)
						}
					case ev.Kind == report.EvidenceDNS && strings.HasPrefix(strings.ToLower(text), "v="):
						records++
						if !strings.Contains(zone, oneBlank(text)) && !strings.Contains(e.zone, "mailtrace-dns") {
							t.Errorf("%s: %q is not in the zone", where, text)
						}
					}
				}
			}
		}
	}
	if fields < 1000 || records < 100 {
		t.Errorf("only %d fields and %d records are quoted in all examples", fields, records)
	}
}

func oneBlank(s string) string { return strings.Join(strings.Fields(s), " ") }
