package dkim

import (
	"strings"
	"testing"
)

// checkTags holds a parsed tag list against the text that it came from.
func checkTags(t *testing.T, s string, tags []Tag, err error) {
	t.Helper()
	if len(tags) > MaxTags {
		t.Fatalf("%d tags", len(tags))
	}
	if err != nil {
		if e := err.(*TagError); e.Offset < 0 || e.Offset > len(s) || e.Text == "" {
			t.Fatalf("error %+v in %q", e, s)
		}
	}
	last := -1
	for _, tag := range tags {
		if tag.Offset <= last || !strings.HasPrefix(s[tag.Offset:], tag.Name) || !strings.Contains(s[tag.Offset:], tag.Value) {
			t.Fatalf("%+v in %q", tag, s)
		}
		if _, trimmed := trimFWS(tag.Value); trimmed != tag.Value {
			t.Fatalf("blanks around the value of %+v", tag)
		}
		last = tag.Offset
	}
}
