package main

import (
	"context"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/dnssec"
	"github.com/mailtrace/mailtrace/domain"
)

// rootTime bounds the first question, so that a dead server shows soon.
const rootTime = 4 * time.Second

// validate returns the function that domain.Options.DNSSEC wants, or nil where
// the servers do not hand on what validation needs: a forwarder that leaves out
// signatures would make every signed zone look forged. The root zone, which is
// signed, shows it.
func (c *cli) validate(ctx context.Context, raw dns.RawSource) func(context.Context, string) (status, reason string) {
	if raw == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, rootTime)
	defer cancel()
	v := dnssec.NewValidator(raw, dnssec.ValidatorOptions{Now: c.now, Anchors: c.anchors})
	if root, err := v.Validate(ctx, ".", dns.TypeNS); err != nil || root.Security != dnssec.Secure {
		return nil
	}
	return domain.Validated(v)
}
