package main

import (
	"context"
	"sync"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/guard"
)

// canary tries a live resolver once a run: with a name that must exist, and one
// that must not (RFC 6761 §6.4). A resolver that denies all names, or gives an
// address for every name, as the networks of hotels and filters do, would turn
// into the sender's fault.
type canary struct {
	res    dns.Resolver
	once   sync.Once
	denies bool // says that .com does not exist
	makes  bool // gives an address for a name that does not exist
	server string
}

const (
	mustExist    = "com."
	mustNotExist = "mailtrace-canary.invalid."
	canaryWait   = 3 * time.Second
)

// probe says what is wrong with the resolver, "" where nothing is. answered says
// that it gave records for other names: a server of a few zones denies .com too.
func (k *canary) probe(ctx context.Context, answered bool) string {
	k.once.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, canaryWait)
		defer cancel()
		var wait guard.Group
		wait.Go(func() {
			if a, err := k.res.Lookup(ctx, mustExist, dns.TypeNS); err == nil && len(a.Records) == 0 {
				// A network with a root of its own is not a liar.
				if root, err := k.res.Lookup(ctx, ".", dns.TypeNS); err != nil || len(root.Records) == 0 {
					k.denies, k.server = true, a.Server
				}
			}
		})
		var made dns.Answer
		wait.Go(func() {
			if a, err := k.res.Lookup(ctx, mustNotExist, dns.TypeA); err == nil {
				made = a
			}
		})
		wait.Wait()
		if len(made.Records) > 0 {
			k.makes, k.server = true, made.Server
		}
	})
	who := "the name server"
	if k.server != "" {
		who += " " + k.server
	}
	const hint = ": its answers are not to be believed, and that is your own resolver, not the sender's; --dns IP names another"
	switch {
	case k.makes:
		return who + " gives an address for a name that does not exist" + hint
	case k.denies && !answered:
		return who + " says of every name that it does not exist, of .com too" + hint
	}
	return ""
}
