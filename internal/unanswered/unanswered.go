// Package unanswered leaves questions of the DNS without an answer, for tests: what
// is said then must not be what an answer would have said.
package unanswered

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/mailtrace/mailtrace/dns"
)

// Some leaves a half to a fifth of the questions without an answer, always the same
// ones of a seed.
func Some(r dns.Resolver, seed int) dns.Resolver {
	return dns.FromFunc(func(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
		name = dns.Canonical(name)
		h := fnv.New64a()
		fmt.Fprint(h, seed, name, t)
		if h.Sum64()>>40%uint64(2+seed%4) == 0 {
			return dns.Answer{}, &dns.Error{Name: name, Type: t, Failure: dns.Timeout, Server: "192.0.2.53:53"}
		}
		return r.Lookup(ctx, name, t)
	})
}
