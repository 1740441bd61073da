package findings

import "testing"

// TestVerdict holds the one answer to what the findings of a message mean
// together.
func TestVerdict(t *testing.T) {
	for _, e := range examples(t, "testdata/verdict/verdict.txt") {
		t.Run(e.name, func(t *testing.T) {
			_, v, _ := judge(t, e)
			root := "none"
			if v.RootCause != nil {
				root = *v.RootCause
			}
			if len(e.want) != 2 {
				t.Fatal("want a status and a root cause")
			}
			if v.Status != e.want[0] || root != e.want[1] {
				t.Errorf("%s, root cause %s; want %s, %s (%s)", v.Status, root, e.want[0], e.want[1], v.Summary)
			}
		})
	}
}
