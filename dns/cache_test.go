package dns_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/dnstest"
)

// counting counts the questions that reach a resolver.
type counting struct {
	Resolver
	n atomic.Int32
}

func (c *counting) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	c.n.Add(1)
	return c.Resolver.Lookup(ctx, name, t)
}

func TestCache(t *testing.T) {
	base := &counting{Resolver: answers{
		"a.test A":    Answer{Status: Success, TTL: 60},
		"zero.test A": Answer{Status: Success},
		"none.test A": Answer{Status: NoData, TTL: 10},
		"long.test A": Answer{Status: Success, TTL: 1 << 31},
		"neg.test A":  Answer{Status: NXDomain, TTL: 1 << 31},
		"fail.test A": &Error{Failure: ServFail},
		"gone.test A": &Error{Failure: NotRecorded},
	}}
	clock := time.Unix(0, 0)
	c := NewCache(base, CacheOptions{Now: func() time.Time { return clock }})
	test := func(name string, later time.Duration, asks int32) {
		t.Helper()
		before := base.n.Load()
		clock = clock.Add(later)
		c.Lookup(context.Background(), name, TypeA)
		if got := base.n.Load() - before; got != asks {
			t.Errorf("%s: asked %d times, want %d", name, got, asks)
		}
	}
	test("a.test", 0, 1)
	test("A.test.", 0, 0)
	test("a.test", 59*time.Second, 0)
	test("a.test", time.Second, 1)
	test("zero.test", 0, 1)
	test("zero.test", 0, 1)
	test("none.test", 0, 1)
	test("none.test", 9*time.Second, 0)
	test("none.test", time.Second, 1)
	test("nosoa.test", 0, 1) // RFC 2308 §5
	test("nosoa.test", 0, 1)
	test("long.test", 0, 1)
	test("long.test", MaxPositiveTTL-1, 0)
	test("long.test", 1, 1)
	test("neg.test", 0, 1)
	test("neg.test", MaxNegativeTTL-1, 0)
	test("neg.test", 1, 1)
	test("fail.test", 0, 1)
	test("fail.test", DefaultErrorTTL-1, 0)
	test("fail.test", 1, 1)
	test("gone.test", 0, 1) // ours, not the server's
	test("gone.test", 0, 1)
	if s := c.Stats(); s.Misses != uint64(base.n.Load()) || s.Hits != 6 {
		t.Errorf("%+v", s)
	}

	// without a clock
	base.n.Store(0)
	c = NewCache(base, CacheOptions{})
	test("zero.test", 0, 1)
	test("zero.test", time.Hour, 0)
	test("fail.test", 0, 1)
	test("fail.test", 0, 1)

	// and with failures that are kept
	base.n.Store(0)
	c = NewCache(base, CacheOptions{ErrorTTL: 1})
	test("fail.test", 0, 1)
	test("fail.test", time.Hour, 0)
}

func TestCacheEvicts(t *testing.T) {
	base := &counting{Resolver: mustZone(t, "*.test. A 192.0.2.1\n")}
	c := NewCache(base, CacheOptions{MaxEntries: 3})
	ask := func(names ...string) {
		for _, n := range names {
			c.Lookup(context.Background(), n+".test", TypeA)
		}
	}
	ask("a", "b", "c", "a", "d") // d drops b, which was not asked for longest
	before := base.n.Load()
	ask("a", "c", "d")
	if got := base.n.Load(); got != before {
		t.Errorf("asked %d times for what should be kept", got-before)
	}
	ask("b")
	if got := base.n.Load(); got != before+1 {
		t.Error("b was kept")
	}
	for i := range 100 {
		ask(fmt.Sprint("n", i))
	}
	if c.Entries() != 3 || c.Stats().Evicted != 102 {
		t.Errorf("%d entries, %+v", c.Entries(), c.Stats())
	}
}

// blocking answers when it is told to, or when its context ends.
type blocking struct {
	n    atomic.Int32
	free chan struct{}
}

func (b *blocking) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	b.n.Add(1)
	select {
	case <-b.free:
		return Answer{Name: name, Type: t, Status: Success}, nil
	case <-ctx.Done():
		return Answer{}, CancelledBy(ctx, name, t)
	}
}

func TestCacheFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := &blocking{free: make(chan struct{})}
		c := NewCache(base, CacheOptions{})
		leader, cancel := context.WithCancel(context.Background())
		results := make(chan string, 4)
		var wg sync.WaitGroup
		ask := func(ctx context.Context) {
			wg.Go(func() { results <- dnstest.Show(c.Lookup(ctx, "a.test", TypeA)) })
			synctest.Wait()
		}
		ask(leader)
		ask(context.Background())
		ask(context.Background())
		cancel()
		if got := <-results; got != "cancelled" {
			t.Errorf("the one who gave up got %s", got)
		}
		close(base.free)
		wg.Wait()
		for range 2 {
			if got := <-results; got != "noerror" {
				t.Errorf("one who waited got %s", got)
			}
		}
		if base.n.Load() != 1 {
			t.Errorf("asked %d times", base.n.Load())
		}
		if s := c.Stats(); s.Misses != 1 || s.Joined != 2 {
			t.Errorf("%+v", s)
		}

		// When nobody waits any more the question is given up, and the next one
		// begins again.
		base = &blocking{free: make(chan struct{})}
		c = NewCache(base, CacheOptions{})
		only, cancel := context.WithCancel(context.Background())
		ask(only)
		cancel()
		if got := <-results; got != "cancelled" {
			t.Errorf("got %s", got)
		}
		synctest.Wait() // a flight that went on would be found here
		ask(context.Background())
		close(base.free)
		if got := <-results; got != "noerror" || base.n.Load() != 2 {
			t.Errorf("got %s, asked %d times", got, base.n.Load())
		}
		wg.Wait()
	})
}

func TestCacheConcurrent(t *testing.T) {
	c := NewCache(mustZone(t, "*.test. A 192.0.2.1\n"), CacheOptions{MaxEntries: 10})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 200 {
				name := fmt.Sprintf("n%d.test", (i*w)%20)
				if a, err := c.Lookup(context.Background(), name, TypeA); err != nil || a.Name != name || len(a.Records) != 1 {
					t.Errorf("%s: %+v %v", name, a, err)
				}
			}
		})
	}
	wg.Wait()
}
