package dkim_test

import (
	"context"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/secondopinion"
	"github.com/mailtrace/mailtrace/message"
)

func init() {
	dkim.ErrCrossLimit = secondopinion.ErrLimit
	dkim.CrossCheck = func(ctx context.Context, res dns.Resolver, m *message.Message) ([]dkim.CrossResult, error) {
		got, err := secondopinion.DKIM(ctx, res, m)
		var out []dkim.CrossResult
		for _, c := range got {
			out = append(out, dkim.CrossResult{
				Field: c.Field, Result: c.Result, Reason: c.Reason, Agrees: c.Agrees,
				Difference: func(m *message.Message, s *dkim.Signature) string { return secondopinion.DKIMDifference(m, s, c) },
			})
		}
		return out, err
	}
}
