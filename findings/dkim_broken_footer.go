package findings

import (
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenFooter = &Rule{
	Code:     "dkim-broken-footer",
	Group:    GroupBroken,
	Title:    "Text appended to the body after signing",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aBrokenSignature,
	Causes:   []Cause{{Rank: onTheWay + 50, Status: report.BrokenInTransit, When: brokenOnTheWay, Of: theAuthors}},
	Refs:     []string{"RFC 6376 §3.7", "RFC 7960 §4.1.3"},
	Doc: `
## What happened
A list, a virus scanner or a company's disclaimer put text at the end of the message. The body is not the one that was signed any more.

## How it is proved
The header signature verifies, so the body hash in it is the signer's; with the text at the end taken off the body has that hash. Where the
header was changed too, the hash alone shows it.

## What looks like it
A signature with l= passes in spite of a footer: dkim-body-length-limited. A footer that the sender's own server put in before signing is signed.

## What to do
Who appends: stop it, or take over responsibility with a From and a signature of your own, and seal with ARC. Sender with disclaimers: append first, sign
last.
`,
	Find: func(f *Facts) []report.Finding {
		return changeFindings(f, "do not append text to signed mail, or take over responsibility with a From, a signature and an ARC seal of your own", repair.Footer)
	},
}
