package words

import (
	"regexp"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/report"
)

// Every word of the report's vocabulary is explained, in a few sentences.
func TestWords(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range All() {
		if seen[w.Name] {
			t.Errorf("%s is there twice", w.Name)
		}
		seen[w.Name] = true
		n := len(regexp.MustCompile(`[.:] [A-Z-]|\.$`).FindAllString(w.Text, -1))
		if n < 2 || n > 6 || len(w.Text) > 520 {
			t.Errorf("%s: %d sentences, %d bytes", w.Name, n, len(w.Text))
		}
		if w.See != "" && !regexp.MustCompile(`^RFC \d+( §[\d.]+)?(, RFC \d+( §[\d.]+)?)*$`).MatchString(w.See) {
			t.Errorf("%s: see %q", w.Name, w.See)
		}
	}
	for _, name := range strings.Fields("spf dkim dmarc arc alignment border claimed observed testimony trusted untrusted forged gap fork hop compauth " +
		strings.Join([]string{report.Authenticated, report.BrokenInTransit, report.CheckedInWrongPlace, report.SenderMisconfigured, report.SpoofSuspected,
			report.Unauthenticated, report.Undetermined, report.Proved, report.Strong, report.Likely, report.Hint}, " ")) {
		if !seen[name] {
			t.Errorf("%s is not explained", name)
		}
	}
	if w, ok := Find("Checked in wrong_place"); !ok || w.Name != report.CheckedInWrongPlace {
		t.Error("a word with blanks is not found")
	}
	if _, ok := Find("nothing"); ok {
		t.Error("found what is not there")
	}
}
