package dmarc

import (
	"context"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// Aligned reports whether two domains are aligned, by [Evaluator.Aligned].
func Aligned(ctx context.Context, res dns.Resolver, a, b string, strict bool, m Method) (bool, error) {
	return Evaluator{}.Aligned(ctx, res, a, b, strict, m)
}

// Aligned reports whether two domains are aligned: equal, or, unless strict, of
// one organisation (RFC 9989 §4.4, RFC 7489 §3.1). Equal names and names
// without a common label are settled without a question. What is not a domain
// name is aligned with nothing.
func (e Evaluator) Aligned(ctx context.Context, res dns.Resolver, a, b string, strict bool, m Method) (bool, error) {
	x, okX := mailname.Normal(a)
	y, okY := mailname.Normal(b)
	if !okX || !okY {
		return false, nil
	}
	if strict {
		return x == y, nil
	}
	return newProber(ctx, res, e.Suffixes).sameOrg(x, y, m)
}

// sameOrg compares two normal names by their organisation.
func (p *prober) sameOrg(a, b string, m Method) (bool, error) {
	if a == b {
		return true, nil
	}
	if unrelated(a, b) {
		return false, nil
	}
	orgA, _, err := p.org(a, m)
	if err != nil {
		return false, err
	}
	// An organisational domain is the name itself or stands above it.
	if !mailname.Within(b, orgA) {
		return false, nil
	}
	orgB, _, err := p.org(b, m)
	return err == nil && orgA == orgB, err
}
