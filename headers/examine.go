package headers

import (
	"context"

	"github.com/mailtrace/mailtrace/headers/authres"
	"github.com/mailtrace/mailtrace/message"
)

// Examine gathers all facts about a message, stage by stage. It never fails:
// what could not be asked or read is in Facts.Gaps.
//
// This is the only place that gives a stage its value. Each is made by one
// function from the values before it.
func Examine(ctx context.Context, m *message.Message, o Options) *Facts {
	c := Facts{Msg: m, Options: o, ask: newAsker(ctx, o.Resolver), trust: newTrustList(o.Trust), verdicts: authres.All(m), lazy: new(lazy)}
	c.ask.lean = o.Lean
	c.Path = pathOf(c)
	c.Authors = authorsOf(c)
	c.verdicts = unmaskedVerdicts(c)
	c.askAhead()
	c.Custody = custodyOf(c)
	c.Claims = claimsOf(c)
	c.Borders = bordersOf(c)
	if why := c.MissingClient(); why != "" {
		c.ask.addGap(Gap{"the client at the border", why})
	}
	c.Signatures = signaturesOf(ctx, c)
	c.Evaluations = evaluationsOf(ctx, c)
	c.Claims = weighedClaims(c)
	c.Signatures = bracketsAnew(c)
	c.Background = backgroundOf(c)
	c.Contents = contentsOf(c)
	c.Gaps = c.ask.gaps
	return &c
}
