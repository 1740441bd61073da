package findings

import (
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var spfPermerrorLookupLimit = &Rule{
	Code:     "spf-permerror-lookup-limit",
	RestsOn:  noSignature,
	Group:    GroupSPF,
	Title:    "SPF record needs more than 10 DNS lookups",
	Severity: report.High,
	Since:    "0.1",
	AtBorder: true,
	Causes:   []Cause{{Rank: bySender + 20, Status: report.SenderMisconfigured, When: spfMends}},
	Refs:     []string{"RFC 7208 §4.6.4"},
	Doc: `
## What happened
The evaluation of the sender's SPF record reached the limit of 10 terms that cause DNS lookups (include, a, mx, ptr, exists,
redirect; those inside includes count too). It ends in permerror, as if there were no record.

## How it is proved
The evaluation, counted term by term; the tree (mailtrace spf --trace) shows at which term the eleventh lookup falls.

## What looks like it
A receiver that does not count, or a sending address that an early term allows, gets pass from the same record. Verdicts that
differ between receivers are explained by that.

## What to do
Sender: take out includes that are not used any more, replace a and mx by ip4 and ip6, give each service its own subdomain.
Copying addresses out of includes by hand goes stale.
`,
	Find: func(f *Facts) []report.Finding {
		return spfPermerror(f, func(e *spf.Evaluation) (report.Text, report.Text) {
			return report.Say("the SPF record of %s needs more than 10 DNS lookups: permerror in place of a verdict", report.DomainRef(e.Domain)),
				report.Say("%s: bring the record down to 10 lookups: drop unused includes, replace a and mx by ip4 and ip6", report.DomainRef(e.Domain))
		}, saysLookups, spf.ReasonLookupLimit, spf.ReasonMXLimit, spf.ReasonDepth)
	},
}
