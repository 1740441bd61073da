package findings

import (
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var forwardMultiHop = &Rule{
	Code:     "forward-multi-hop",
	RestsOn:  wholeHeader,
	Group:    GroupForwarding,
	Title:    "More than one forward in a row",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    anEarlierRun,
	Refs:     []string{"RFC 7960 §3.2.1"},
	Doc: `
## What happened
The message was delivered and sent on two or more times before it arrived. Every leg is one more place at which SPF is judged on the wrong
host and the content can change.

## How it is proved
Two or more organisations on the path received it for an address of their own and sent it on to another.

## What looks like it
Aliases inside one organisation, and a list followed by one forward.

## What to do
User: forward straight to the final mailbox.
`,
	Find: func(f *Facts) []report.Finding {
		var names []string
		x := report.Finding{Confidence: report.Strong, AtFault: report.Party{Role: report.RoleIntermediary}}
		for i := len(f.Runs) - 1; i > 0; i-- {
			r := &f.Runs[i]
			if r.Role != headers.Intermediary || r.Border < 0 || r.Rcpt == "" || r.Contradicted != "" {
				continue
			}
			names = append(names, r.Name())
			x.Evidence = append(x.Evidence, hop(f, r.Border))
			x.Hop = index(f, r.Border)
			x.AtFault.Host = byName(f, r.Border)
		}
		if len(names) < 2 {
			return nil
		}
		if f.DMARC != nil && f.DMARC.Result == "pass" {
			x.Severity = report.Info
		}
		x.Parts = report.Say("the message was forwarded %d times: by %s", len(names), domainList(names))
		x.AdviceParts = report.Words("forward straight to the final mailbox")
		return []report.Finding{x}
	},
}
