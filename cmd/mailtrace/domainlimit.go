package main

import (
	"context"

	"github.com/mailtrace/mailtrace/dns"
)

// maxUnderWay is how many questions of a run are under way at a time, however
// many domains are worked on. Above it servers and sockets begin to drop
// packets, and each lost one costs a time-out.
const maxUnderWay = 256

// limited bounds the questions under way.
type limited struct {
	dns.Resolver
	slots chan struct{}
}

func limit(r dns.Resolver, n int) dns.Resolver {
	return limited{r, make(chan struct{}, n)}
}

// Lookup implements dns.Resolver.
func (l limited) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
		return l.Resolver.Lookup(ctx, name, t)
	case <-ctx.Done():
		return dns.Answer{}, &dns.Error{Name: name, Type: t, Failure: dns.Cancelled, Err: context.Cause(ctx)}
	}
}
