package dns

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mailtrace/mailtrace/internal/guard"
)

// Defaults and limits of Cache.
const (
	DefaultCacheEntries = 100_000
	DefaultErrorTTL     = 30 * time.Second

	maxPositiveTTL = 24 * time.Hour
	maxNegativeTTL = 3 * time.Hour // RFC 2308 §5
)

// CacheOptions bounds a [Cache]. All may be zero.
type CacheOptions struct {
	// MaxEntries is how many outcomes are kept, zero is DefaultCacheEntries.
	// The one that was not asked for longest goes first.
	MaxEntries int
	// Now tells the time. Without it answers are kept for good, whatever their
	// TTL, and failures only where ErrorTTL is positive, which suits one short run.
	Now func() time.Time
	// ErrorTTL is how long it is kept that servers failed (RFC 9520 §3.2: at
	// most five minutes); zero is DefaultErrorTTL, a negative value not at all.
	ErrorTTL time.Duration
}

// Cache remembers what a resolver answered, for as long as the TTL allows. A
// question that is under way is not asked twice: who asks it meanwhile waits
// for the same answer. It is made by [NewCache].
//
// An answer keeps the TTL that it came with.
type Cache struct {
	resolver Resolver
	max      int
	now      func() time.Time
	errorTTL time.Duration

	mu      sync.Mutex
	entries map[Question]*cached
	newest  cached // of the ring of entries, by last use
	flights map[Question]*flight
	stats   CacheStats
}

// CacheStats counts what a [Cache] did.
type CacheStats struct {
	Hits    uint64 // answered from memory
	Joined  uint64 // waited for a question that was under way
	Misses  uint64 // asked
	Evicted uint64 // dropped to make room
}

// Question is what is asked for: a canonical name and a type.
type Question struct {
	Name string
	Type Type
}

type outcome struct {
	answer Answer
	err    error
}

type cached struct {
	q          Question
	out        outcome
	expires    time.Time // zero: never
	prev, next *cached
}

// flight is a question under way. It goes on until it is answered or nobody
// waits for it any more, so that one who gives up does not fail the others.
type flight struct {
	done    chan struct{}
	out     outcome
	fault   error // a panic of the resolver, for those who wait
	waiting int
	cancel  context.CancelFunc
}

// NewCache returns a cache in front of a resolver.
func NewCache(r Resolver, o CacheOptions) *Cache {
	c := &Cache{
		resolver: OrOff(r),
		max:      o.MaxEntries,
		now:      o.Now,
		errorTTL: o.ErrorTTL,
		entries:  make(map[Question]*cached),
		flights:  make(map[Question]*flight),
	}
	if c.max <= 0 {
		c.max = DefaultCacheEntries
	}
	if c.errorTTL == 0 && c.now != nil {
		c.errorTTL = DefaultErrorTTL
	}
	c.newest.prev, c.newest.next = &c.newest, &c.newest
	return c
}

// Stats returns the counts so far.
func (c *Cache) Stats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// Lookup answers from memory, or asks.
func (c *Cache) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	name, bad := CheckName(name, t)
	if bad != nil {
		return Answer{}, bad
	}
	if ctx.Err() != nil {
		return Answer{}, CancelledBy(ctx, name, t)
	}
	q := Question{name, t}
	var now time.Time
	if c.now != nil {
		now = c.now()
	}
	c.mu.Lock()
	if e := c.entries[q]; e != nil {
		if e.expires.IsZero() || now.Before(e.expires) {
			c.touch(e)
			c.stats.Hits++
			out := e.out
			c.mu.Unlock()
			return out.answer, out.err
		}
		c.drop(e)
	}
	f := c.flights[q]
	if f == nil {
		// What the caller's context carries is kept, its end is not.
		fctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		f = &flight{done: make(chan struct{}), cancel: cancel}
		c.flights[q] = f
		c.stats.Misses++
		go c.fly(fctx, q, f)
	} else {
		c.stats.Joined++
	}
	f.waiting++
	c.mu.Unlock()

	select {
	case <-f.done:
		if f.fault != nil {
			panic(f.fault)
		}
		return f.out.answer, f.out.err
	case <-ctx.Done():
	}
	c.mu.Lock()
	if f.waiting--; f.waiting == 0 {
		f.cancel()
		if c.flights[q] == f {
			delete(c.flights, q) // the next to ask begins again
		}
	}
	c.mu.Unlock()
	return Answer{}, CancelledBy(ctx, name, t)
}

// CancelledBy is the failure of a question whose context ended.
func CancelledBy(ctx context.Context, name string, t Type) *Error {
	return &Error{Name: name, Type: t, Failure: Cancelled, Err: context.Cause(ctx)}
}

// fly asks, and hands the outcome to all who wait.
func (c *Cache) fly(ctx context.Context, q Question, f *flight) {
	defer f.cancel()
	f.fault = guard.Run(func() { f.out.answer, f.out.err = c.resolver.Lookup(ctx, q.Name, q.Type) })
	keep, life := c.life(f.out)
	keep = keep && f.fault == nil
	c.mu.Lock()
	if c.flights[q] == f {
		delete(c.flights, q)
	}
	if keep {
		e := &cached{q: q, out: f.out}
		if c.now != nil {
			e.expires = c.now().Add(life)
		}
		c.add(e)
	}
	c.mu.Unlock()
	close(f.done)
}

// life is how long an outcome may be kept, if at all.
func (c *Cache) life(out outcome) (keep bool, d time.Duration) {
	if out.err != nil {
		var e *Error
		return c.errorTTL > 0 && errors.As(out.err, &e) && e.Asked(), c.errorTTL
	}
	if c.now == nil {
		return true, 0
	}
	d = time.Duration(out.answer.TTL) * time.Second
	if out.answer.Status == Success {
		d = min(d, maxPositiveTTL)
	} else {
		d = min(d, maxNegativeTTL)
	}
	return d > 0, d
}

func (c *Cache) add(e *cached) {
	if old := c.entries[e.q]; old != nil {
		c.drop(old)
	}
	for len(c.entries) >= c.max {
		c.drop(c.newest.prev)
		c.stats.Evicted++
	}
	c.entries[e.q] = e
	c.link(e)
}

func (c *Cache) link(e *cached) {
	e.prev, e.next = &c.newest, c.newest.next
	e.prev.next, e.next.prev = e, e
}

func (c *Cache) touch(e *cached) {
	e.prev.next, e.next.prev = e.next, e.prev
	c.link(e)
}

func (c *Cache) drop(e *cached) {
	e.prev.next, e.next.prev = e.next, e.prev
	delete(c.entries, e.q)
}
