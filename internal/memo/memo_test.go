package memo

import (
	"strings"
	"sync"
	"testing"
)

func TestMemo(t *testing.T) {
	var m Memo[int]
	calls := 0
	length := func(s string) int { calls++; return len(s) }
	for range 3 {
		if got := m.Get("four", length); got != 4 {
			t.Fatalf("got %d", got)
		}
	}
	if calls != 1 {
		t.Errorf("worked out %d times", calls)
	}
	long := strings.Repeat("x", maxText+1)
	m.Get(long, length)
	m.Get(long, length)
	if calls != 3 {
		t.Errorf("a long text is kept")
	}
	// Texts that share a place do not get each other's values.
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 4 * slots {
				text := strings.Repeat("y", (i+n)%700)
				if got := m.Get(text, func(s string) int { return len(s) }); got != len(text) {
					t.Errorf("%d for a text of %d", got, len(text))
					return
				}
			}
		}()
	}
	wg.Wait()
}
