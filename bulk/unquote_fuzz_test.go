package bulk

import (
	"bytes"
	"testing"
)

// FuzzUnquote: unquoting takes one ">" of each quoted line, and nothing else.
func FuzzUnquote(f *testing.F) {
	f.Add([]byte("a\n>From b\n>>From c\n> From d\n"))
	f.Add([]byte(">From a"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		want := make([]byte, 0, len(raw))
		for line := range bytes.Lines(raw) {
			if rest := bytes.TrimLeft(line, ">"); len(rest) < len(line) && bytes.HasPrefix(rest, []byte("From ")) {
				line = line[1:]
			}
			want = append(want, line...)
		}
		if got := Unquote(bytes.Clone(raw)); !bytes.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
	})
}
