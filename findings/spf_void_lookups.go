package findings

import (
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var spfVoidLookups = &Rule{
	Code:     "spf-void-lookups",
	Group:    GroupSPF,
	Title:    "SPF record asks for more than 2 names that do not exist",
	Severity: report.Medium,
	Since:    "0.1",
	AtBorder: true,
	Causes:   []Cause{{Rank: bySender + 30, Status: report.SenderMisconfigured, When: spfMends}},
	Refs:     []string{"RFC 7208 §4.6.4"},
	Doc: `
## What happened
More than two terms of the sender's SPF record ask the DNS for names that do not exist or have no such records. Receivers that
enforce the limit answer permerror.

## How it is proved
The evaluation, with the names that came back empty.

## What looks like it
The limit is a SHOULD and can be configured, so other receivers may have passed the same message.

## What to do
Sender: delete the terms whose names are gone.
`,
	Find: func(f *Facts) []report.Finding {
		found := spfPermerror(f, func(e *spf.Evaluation) (report.Text, report.Text) {
			which := ""
			if terms := voidTerms(e); len(terms) > 0 {
				which = " (" + list(terms) + ")"
			}
			return report.Say("the SPF record of %s asks for more than 2 names that do not exist%s: permerror in place of a verdict", report.DomainRef(e.Domain), which),
				report.Say("%s: delete the terms of the record whose names no longer exist", report.DomainRef(e.Domain))
		}, saysVoids, spf.ReasonVoidLimit)
		if dmarcPasses(f) {
			for i := range found {
				found[i].Severity = report.Low
			}
		}
		return found
	},
}
