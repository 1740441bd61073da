package mailtrace

import (
	"context"
	"sync"

	"github.com/mailtrace/mailtrace/dns"
)

// memo asks every question of one message once. The engines ask independently
// of one another, and a report must not rest on two different answers to the
// same question.
type memo struct {
	res  dns.Resolver
	mu   sync.Mutex
	seen map[memoKey]memoAnswer
}

type memoKey struct {
	name string
	t    dns.Type
}

type memoAnswer struct {
	ans dns.Answer
	err error
}

// Lookup implements dns.Resolver.
func (m *memo) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	k := memoKey{dns.Canonical(name), t}
	m.mu.Lock()
	got, ok := m.seen[k]
	m.mu.Unlock()
	if ok {
		return got.ans, got.err
	}
	ans, err := m.res.Lookup(ctx, name, t)
	m.mu.Lock()
	if m.seen == nil {
		m.seen = map[memoKey]memoAnswer{}
	}
	m.seen[k] = memoAnswer{ans, err}
	m.mu.Unlock()
	return ans, err
}
