package findings

import (
	"fmt"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenLineEndings = &Rule{
	Code:     "dkim-broken-line-endings",
	Group:    GroupBroken,
	Title:    "Blanks, line ends or dots of the body altered",
	Severity: report.Medium,
	Since:    "0.1",
	Causes:   []Cause{{Rank: onTheWay + 110, Status: report.BrokenInTransit, When: dmarcFails, Of: theAuthors}},
	Refs:     []string{"RFC 6376 §3.4.3", "RFC 6376 §5.3"},
	Doc: `
## What happened
Blanks at line ends, blank lines at the end, line ends themselves, “>From ” or doubled dots differ from what was signed. Nobody sees it; under
simple canonicalization of the body it breaks the signature.

## How it is proved
With these put back the body has the hash that was signed.

## What looks like it
Very often not the mail was changed but the copy at hand: mail programs, mbox files and editors all do this when they store or export.

## What to do
First get the raw message from the server and look again. Sender: sign with c=relaxed/relaxed.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for _, c := range changes(f, dkim.LineEndings) {
			x, ok := c.finding(f, "pass the body on as it is")
			if !ok {
				continue
			}
			x.Advice = fmt.Sprintf("look at the raw message on the server first: saving and exporting does this too; %s: sign with c=relaxed/relaxed", c.sig.Domain)
			if c.where.Broken == nil {
				// No server found it broken: the copy is the first suspect.
				x.Severity = report.Low
				x.AtFault = report.Party{Role: report.RoleUnknown}
				x.Hop = nil
				x.Message = strings.Replace(x.Message, who(f, c.where)+" changed the message", "the copy at hand, or a server on the way, differs from the message", 1)
			}
			out = append(out, x)
		}
		return merge(out)
	},
}
