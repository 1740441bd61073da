package findings

import (
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenHeaderNormalised = &Rule{
	Code:      "dkim-broken-header-normalised",
	Group:     GroupBroken,
	Title:     "Address, date or MIME field rewritten after signing",
	Severity:  report.High,
	Since:     "0.1",
	Needs:     aBrokenSignature,
	Causes:    []Cause{{Rank: onTheWay + 90, Status: report.BrokenInTransit, When: brokenOnTheWay, Of: theAuthors}},
	SymptomOf: []*Rule{dkimBrokenTNEFConversion},
	Refs:      []string{"RFC 6376 §3.7", "RFC 5321 §6.4"},
	Doc: `
## What happened
A relay wrote a header field in another way that means the same: quotes around a name, blanks or another order in an address list, a date in
another form, parameters of Content-Type. The signature covers the letters, not the meaning.

## How it is proved
With the field written back as it was the signature verifies.

## What looks like it
A new author's address in From is another matter: dkim-broken-from-rewritten.

## What to do
Relay: switch off the rewriting of header fields for mail that passes through. Sender: write fields as servers would write them, and leave To
and Cc out of h= if need be.
`,
	Find: func(f *Facts) []report.Finding {
		return changeFindings(f, "do not rewrite header fields of mail that passes through", repair.HeaderNormalised)
	},
}
