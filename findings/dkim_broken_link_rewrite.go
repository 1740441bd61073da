package findings

import (
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenLinkRewrite = &Rule{
	Code:     "dkim-broken-link-rewrite",
	Group:    GroupBroken,
	Title:    "Links replaced by a protection service after signing",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aBrokenSignature,
	Causes:   []Cause{{Rank: onTheWay + 70, Status: report.BrokenInTransit, When: brokenOnTheWay, Of: theAuthors}},
	Refs:     []string{"RFC 6376 §3.7", "RFC 7960 §3.2.5"},
	Doc: `
## What happened
A security service replaced the links in the message by its own, which lead on to the old ones. The body is not the one that was signed any
more.

## How it is proved
With the old links decoded and put back the body has the hash that was signed.

## What looks like it
An author who quotes a link that was wrapped in an earlier mail: then the signature covers it.

## What to do
Who rewrites: do it at the last hop, after verification, and leave mail that is forwarded alone.
`,
	Find: func(f *Facts) []report.Finding {
		return changeFindings(f, "rewrite links only at the last hop, after verification, and not in mail that is passed on", repair.LinkRewrite)
	},
}
