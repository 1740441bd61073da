package bulk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func numbers(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// Results keep the order of the input, however long each takes.
func TestRunOrder(t *testing.T) {
	for _, jobs := range []int{-1, 1, 2, 7, 50} {
		const n = 200
		var got []int
		err := Run(t.Context(), jobs, numbers(n), func(_ context.Context, i int) int {
			time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
			return i * i
		}, func(v int) error {
			got = append(got, v)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want := make([]int, n)
		for i := range want {
			want[i] = i * i
		}
		if !slices.Equal(got, want) {
			t.Errorf("jobs %d: %v", jobs, got)
		}
	}
}

// One slow item does not make the others pile up in memory.
func TestRunBounded(t *testing.T) {
	const jobs = 3
	var taken atomic.Int64
	release := make(chan struct{})
	in := func(yield func(int) bool) {
		for i := range 1000 {
			taken.Add(1)
			if !yield(i) {
				return
			}
		}
	}
	go func() {
		// The others come to rest while the first one waits.
		for before := int64(-1); ; time.Sleep(20 * time.Millisecond) {
			now := taken.Load()
			if now == before {
				break
			}
			before = now
		}
		if n := taken.Load(); n > window*jobs+jobs+2 {
			t.Errorf("%d items taken while the first was under way", n)
		}
		close(release)
	}()
	n := 0
	err := Run(t.Context(), jobs, in, func(_ context.Context, i int) int {
		if i == 0 {
			<-release
		}
		return i
	}, func(int) error { n++; return nil })
	if err != nil || n != 1000 {
		t.Errorf("%d results, %v", n, err)
	}
}

// As they are ready, all come once, and a slow one holds nothing up.
func TestRunUnordered(t *testing.T) {
	for _, jobs := range []int{-1, 2, 7} {
		const n = 200
		got := map[int]int{}
		first := -1
		release := make(chan struct{})
		err := RunUnordered(t.Context(), jobs, numbers(n), func(_ context.Context, i int) int {
			if i == 0 && jobs > 1 {
				<-release
			}
			return i
		}, func(i int) error {
			if first < 0 {
				first = i
				close(release)
			}
			got[i]++
			return nil
		})
		if err != nil || len(got) != n || jobs > 1 && first == 0 {
			t.Errorf("jobs %d: %d results, the first is %d, %v", jobs, len(got), first, err)
		}
	}
	stop := errors.New("disk full")
	if err := RunUnordered(t.Context(), 4, numbers(10_000), func(_ context.Context, i int) int { return i }, func(int) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := RunUnordered(ctx, 4, numbers(10_000), func(_ context.Context, i int) int { return i }, func(int) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	defer func() {
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "oh no") {
			t.Errorf("recovered %v", v)
		}
	}()
	_ = RunUnordered(t.Context(), 4, numbers(10_000), func(context.Context, int) int { panic("oh no") }, func(int) error { return nil })
}

func TestRunEmitError(t *testing.T) {
	stop := errors.New("disk full")
	n := 0
	err := Run(t.Context(), 4, numbers(10_000), func(_ context.Context, i int) int { return i }, func(i int) error {
		n++
		if i == 5 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	if n != 6 {
		t.Errorf("%d results emitted", n)
	}
}

func TestRunCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err := Run(ctx, 4, numbers(1_000_000), func(_ context.Context, i int) int { return i }, func(int) error {
		if n++; n == 10 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after %d", err, n)
	}
}

func TestRunNothing(t *testing.T) {
	if err := Run(t.Context(), 4, numbers(0), func(_ context.Context, i int) int { return i }, func(int) error { return nil }); err != nil {
		t.Error(err)
	}
}

func BenchmarkRun(b *testing.B) {
	b.ReportAllocs()
	err := Run(context.Background(), 4, numbers(b.N), func(_ context.Context, i int) int { return i }, func(int) error { return nil })
	if err != nil {
		b.Fatal(err)
	}
}
