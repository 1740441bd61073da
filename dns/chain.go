package dns

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// Disabled is the resolver of a run without DNS: every question fails with the
// Failure [Off].
type Disabled struct{}

// Lookup fails.
func (Disabled) Lookup(_ context.Context, name string, t Type) (Answer, error) {
	name, bad := CheckName(name, t)
	if bad != nil {
		return Answer{}, bad
	}
	return Answer{}, &Error{Name: name, Type: t, Failure: Off}
}

// Chain asks several resolvers in order: the first that holds the name
// answers. One with a method Has(name string) bool or Has(name string, t Type)
// bool, such as [Zone] and [Replay], is passed over where that says no; any
// other holds every name. The last is asked in any case, so that a lone zone
// is a closed world. A small zone before [Live] plays "what if I published
// this": a CNAME from one into the other is followed.
//
// Without resolvers every question fails with the Failure [Off].
func Chain(resolvers ...Resolver) Resolver {
	switch len(resolvers) {
	case 0:
		return Disabled{}
	case 1:
		return OrOff(resolvers[0])
	}
	c := make(chain, len(resolvers))
	for i, r := range resolvers {
		c[i] = OrOff(r)
	}
	return c
}

type chain []Resolver

// AtOnce tells [AtOnce].
func (Disabled) AtOnce() bool { return true }

// AtOnce tells [AtOnce]: all of them must.
func (c chain) AtOnce() bool {
	for _, r := range c {
		if !AtOnce(r) {
			return false
		}
	}
	return true
}

// holder returns the index of the resolver that answers for a question.
func (c chain) holder(name string, t Type) int {
	for i, r := range c[:len(c)-1] {
		if has(r, name, t) {
			return i
		}
	}
	return len(c) - 1
}

func has(r Resolver, name string, t Type) bool {
	switch r := r.(type) {
	case interface{ Has(string) bool }:
		return r.Has(name)
	case interface{ Has(string, Type) bool }:
		return r.Has(name, t)
	}
	return true
}

// Has reports whether any of the resolvers holds the question.
func (c chain) Has(name string, t Type) bool {
	for _, r := range c {
		if has(r, name, t) {
			return true
		}
	}
	return false
}

func (c chain) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	name, bad := CheckName(name, t)
	if bad != nil {
		return Answer{}, bad
	}
	i := c.holder(name, t)
	got, err := c[i].Lookup(ctx, name, t)
	if err != nil || len(got.CNAMEs) == 0 {
		return got, err
	}
	// The chain of CNAMEs may lead to a name that another resolver holds.
	all := Answer{Name: name, Type: t, TTL: math.MaxUint32, Authenticated: true}
	for {
		all.Authenticated = all.Authenticated && got.Authenticated
		next := ""
		for _, target := range got.CNAMEs {
			if err := all.Follow(target); err != nil {
				return Answer{}, err
			}
			if j := c.holder(target, t); j != i {
				i, next = j, target
				break
			}
		}
		if next == "" || got.Status == Success {
			// What is negative about a name that another one holds does not count.
			all.TTL = min(all.TTL, got.TTL)
		}
		if next == "" {
			break
		}
		if got, err = c[i].Lookup(ctx, next, t); err != nil {
			return Answer{}, ForTarget(err, name, next)
		}
	}
	all.Status, all.Records, all.Server = got.Status, got.Records, got.Server
	return all, nil
}

// ForTarget makes the failure of a question about a CNAME target one of the
// question that led there.
func ForTarget(err error, name, target string) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Name = name
	if out.Err == nil {
		out.Err = errors.New("asked for the CNAME target " + target)
	} else {
		out.Err = fmt.Errorf("asked for the CNAME target %s: %w", target, e.Err)
	}
	return &out
}
