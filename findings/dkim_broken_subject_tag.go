package findings

import (
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenSubjectTag = &Rule{
	Code:     "dkim-broken-subject-tag",
	Group:    GroupBroken,
	Title:    "Subject changed after signing",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aBrokenSignature,
	Causes:   []Cause{{Rank: onTheWay + 40, Status: report.BrokenInTransit, When: brokenOnTheWay, Of: theAuthors}},
	Refs:     []string{"RFC 6376 §3.7", "RFC 7960 §4.1.3"},
	Doc: `
## What happened
A list, a spam filter or a gateway put a tag such as [list], [SPAM] or EXTERNAL into the Subject, or wrote its encoded words again. The sender had
signed the Subject, so the signature does not verify any more.

## How it is proved
The body is the one that was signed, and with the tag taken out the signature verifies: nothing else was changed. Who did it shows from the last
server that found the signature whole and the first that found it broken.

## What looks like it
A tag that the author wrote, as in an answer to a tagged message: then the signature covers it.

## What to do
Who tags: leave the Subject alone and use a field of your own or List-Id; or take over responsibility with a From and a signature of your own, and seal with
ARC. Receiver: verify first, tag afterwards.
`,
	Find: func(f *Facts) []report.Finding {
		return changeFindings(f, "do not change the Subject of signed mail; mark it in a field of your own, or verify first and tag last", repair.SubjectTag)
	},
}
