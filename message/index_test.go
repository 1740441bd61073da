package message

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The index gives what a scan of all fields gives.
func TestIndex(t *testing.T) {
	test := func(raw string) {
		t.Helper()
		m := Parse([]byte(raw))
		bare := &Message{Raw: m.Raw, Fields: m.Fields}
		names := map[string]bool{"nothing": true, "": true}
		for i := range m.Fields {
			names[m.Name(i)] = true
			names[strings.ToUpper(m.Name(i))] = true
		}
		for name := range names {
			var want []int
			for i := range m.Fields {
				if m.Is(i, name) {
					want = append(want, i)
				}
			}
			first, last := -1, -1
			if len(want) > 0 {
				first, last = want[0], want[len(want)-1]
			}
			for _, m := range []*Message{m, bare} {
				if got := m.All(name); !slices.Equal(got, want) || m.Count(name) != len(want) || m.First(name) != first || m.Last(name) != last {
					t.Fatalf("%q: All %v, Count %d, First %d, Last %d; want %v", name, got, m.Count(name), m.First(name), m.Last(name), want)
				}
			}
			p := m.Picker()
			for k := len(want) - 1; k >= 0; k-- {
				if got := p.Take(name, -1); got != want[k] {
					t.Fatalf("%q: Take %d, want %d", name, got, want[k])
				}
			}
			if got := p.Take(name, -1); got != -1 {
				t.Fatalf("%q: Take %d from nothing", name, got)
			}
		}
	}
	test("")
	test("A: 1\nb: 2\na: 3\nA : 4\nc: 5\n\n")
	test("\xff\xfe: 1\n\xff\xff: 2\n\xc5\xbf: 3\ns: 4\n\n")
	var many strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&many, "X-%d: %d\nx-%d: again\n", i%1000, i, i%700)
	}
	test(many.String())
}
