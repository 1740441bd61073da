package findings

import (
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenBanner = &Rule{
	Code:     "dkim-broken-banner",
	Group:    GroupBroken,
	Title:    "Warning banner put in front of the body after signing",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aBrokenSignature,
	Causes:   []Cause{{Rank: onTheWay + 60, Status: report.BrokenInTransit, When: brokenOnTheWay, Of: theAuthors}},
	Refs:     []string{"RFC 6376 §3.7", "RFC 7960 §4.1.3"},
	Doc: `
## What happened
A gateway, mostly the recipient's own, put a notice such as “This message came from outside” at the top of the text. A system behind it that
checks DKIM again finds the body changed.

## How it is proved
With the block at the top taken out the body has the hash that was signed.

## What looks like it
A banner put in after the last check harms nothing: it is reported as information only.

## What to do
Recipient: verify first and put the banner in last, or use the mail program's own mark for outside mail. Systems behind the gateway: believe its
verdict instead of checking again.
`,
	Find: func(f *Facts) []report.Finding {
		return changeFindings(f, "verify first and put banners in last; systems behind must believe that verdict instead of checking again", repair.Banner)
	},
}
