package mailtrace

import (
	"context"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/internal/outlook"
	"github.com/mailtrace/mailtrace/paste"
)

// Sight reads off what one message shows of the network of its reader: what
// mailtrace learn adds up. Damaged pastes show nothing. The error is that of
// Analyze.
func Sight(ctx context.Context, raw []byte, o Options) (_ *headers.Sighting, err error) {
	defer guard.Catch(&err)
	if err := o.settle(); err != nil {
		return nil, err
	}
	if len(raw) > MaxMessage {
		return nil, ErrTooLarge
	}
	if outlook.Is(raw) {
		m, err := outlook.Read(raw)
		if err != nil {
			return nil, err
		}
		raw, o.HeadersOnly = m.Headers, true
	}
	mended := paste.Mend(raw)
	m := mended.Parse()
	if len(m.Fields) == 0 {
		return nil, ErrNotMessage
	}
	if !mended.Exact() {
		return &headers.Sighting{}, nil
	}
	limit, cancel := within(ctx, o.TimeLimit)
	b := newBudget(limit, dns.OrOff(o.Resolver))
	defer b.work.Wait()
	defer cancel()
	f := headers.Examine(ctx, m, headers.Options{
		Resolver: b, Trust: o.Trust, At: o.At, Now: o.Now, HeadersOnly: o.HeadersOnly, Repair: RepairOff, Copy: copyOf(mended),
	})
	s := f.Sight()
	return &s, nil
}
