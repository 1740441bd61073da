package findings

import (
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenRefold = &Rule{
	Code:     "dkim-broken-refold",
	Group:    GroupBroken,
	Title:    "Signed header field folded again under simple canonicalization",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aBrokenSignature,
	Causes:   []Cause{{Rank: onTheWay + 100, Status: report.BrokenInTransit, When: brokenOnTheWay, Of: theAuthors}},
	Refs:     []string{"RFC 6376 §3.4.1", "RFC 6376 §3.4.2"},
	Doc: `
## What happened
A relay broke a long header field at other places, or changed its blanks. The sender signs by simple canonicalization, to which every blank
counts; by relaxed it would still verify.

## How it is proved
With the old folding put back the signature verifies; and as relaxed, header and copy are equal.

## What looks like it
Blanks put into address lists where none were: that breaks relaxed signatures as well, see dkim-broken-header-normalised.

## What to do
Sender: sign with c=relaxed/relaxed. Relay: leave header fields as they are.
`,
	Find: func(f *Facts) []report.Finding {
		return changeFindings(f, "leave header fields as they are; sender: sign with c=relaxed/relaxed", repair.Refold)
	},
}
