package secondopinion

import (
	"context"
	"errors"
	"net"
	"sync"

	blitiri "blitiri.com.ar/go/spf"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/spf"
)

// SPF asks blitiri.com.ar/go/spf for a second opinion over the same
// resolver. note is what the library gives as its reason. The error is as in
// spf.Check: a question that could not be put.
//
// The library keeps the limits of the standard, whatever Options say. Where it
// differs, see [SPFDifference].
func SPF(ctx context.Context, res dns.Resolver, q spf.Query) (result spf.Result, note string, err error) {
	if !q.IP.IsValid() {
		return "", "", errors.New("the query has no client address")
	}
	asked := &noting{Resolver: dns.OrOff(res)}
	ip := q.IP.Unmap().WithZone("")
	sender := q.MailFrom
	if q.Identity == spf.Helo {
		sender = ""
	}
	r, reason := blitiri.CheckHostWithSender(net.IP(ip.AsSlice()), q.Helo, sender,
		blitiri.WithContext(ctx), blitiri.WithResolver(dns.Std{Resolver: asked}))
	if reason != nil {
		note = reason.Error()
	}
	if asked.err != nil {
		return "", note, asked.err
	}
	return spf.Result(r), note, nil
}

// noting keeps the first question that was not asked. The library knows only
// failures of servers.
type noting struct {
	dns.Resolver
	mu  sync.Mutex
	err error
}

func (n *noting) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	a, err := n.Resolver.Lookup(ctx, name, t)
	var e *dns.Error
	if err != nil && (!errors.As(err, &e) || !e.Asked() && e.Failure != dns.BadName) {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.err == nil {
			n.err = err
		}
	}
	return a, err
}
