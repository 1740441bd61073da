package findings

import (
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenFromRewritten = &Rule{
	Code:      "dkim-broken-from-rewritten",
	Group:     GroupBroken,
	Title:     "From changed after signing, and nobody signed for the new one",
	Severity:  report.High,
	Since:     "0.1",
	Needs:     aBrokenSignature,
	Causes:    []Cause{{Rank: onTheWay + 20, Status: report.BrokenInTransit, When: func(f *Facts) bool { return dmarcFails(f) && len(listFromMunged.Find(f)) == 0 }, Of: theAuthors}},
	SymptomOf: []*Rule{listFromMunged},
	Refs:      []string{"RFC 6376 §3.7", "RFC 7960 §4.1.3.1"},
	Doc: `
## What happened
A gateway or forwarder put another address into From, and left the author's signature, which covers the old one. No signature of the new domain
passes.

## How it is proved
With the From of X-Original-From, Reply-To or X-Google-Original-From put back the signature verifies.

## What looks like it
A list that puts its own address into From and authenticates for it does it right: list-from-munged. A service that signs with its own domain
leaves a valid signature, only not an aligned one.

## What to do
Who rewrites From: sign with the domain of the new address, and take the old signature out or rename it.
`,
	Find: func(f *Facts) []report.Finding {
		if dmarcPasses(f) {
			return nil // whoever took the message over answers for it
		}
		var out []report.Finding
		for _, c := range changes(f, repair.FromRewritten) {
			x, ok := c.finding(f, "sign with the domain of the new From, or leave From alone")
			if !ok || c.sig.Result == dkim.Pass {
				continue
			}
			// The old signature is not aligned with the new From; what fell is the
			// author's authentication.
			if !mailname.SameOrg(c.sig.Domain, f.FromDomain) && f.Border.DMARC == "fail" {
				x.Severity = ""
			}
			x.Confidence = atMost(x.Confidence, report.Strong)
			out = append(out, x)
		}
		return merge(out)
	},
}
