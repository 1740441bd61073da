package findings

import (
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var spfPermerrorSyntax = &Rule{
	Code:     "spf-permerror-syntax",
	RestsOn:  noSignature,
	Group:    GroupSPF,
	Title:    "SPF record cannot be interpreted",
	Severity: report.High,
	Since:    "0.1",
	AtBorder: true,
	Causes:   []Cause{{Rank: bySender + 10, Status: report.SenderMisconfigured, When: spfMends}},
	Refs:     []string{"RFC 7208 §4.5", "RFC 7208 §4.6", "RFC 7208 §5.2"},
	Doc: `
## What happened
The sender's SPF record, or one that it includes, has a syntax error, exists twice, or points to a domain without record.
Receivers answer permerror: the record does not protect and does not authorise.

## How it is proved
The record itself, with the place of the error.

## What looks like it
Modifiers that nobody knows are legal and are not an error.

## What to do
Sender, or the owner of the included record: correct it; join several records into one.
`,
	Find: func(f *Facts) []report.Finding {
		return spfPermerror(f, func(e *spf.Evaluation) (report.Text, report.Text) {
			switch e.Code {
			case spf.ReasonMultiple:
				return report.Say("%s publishes several SPF records: permerror in place of a verdict", report.DomainRef(problemDomain(e))),
					report.Say("%s: join the records into one", report.DomainRef(problemDomain(e)))
			case spf.ReasonIncludeNone, spf.ReasonRedirectNone:
				return report.Say("the SPF record of %s refers to %s, which has none: permerror in place of a verdict", report.DomainRef(e.Domain), report.DomainRef(problemDomain(e))),
					report.Say("%s: remove the reference to %s", report.DomainRef(e.Domain), report.DomainRef(problemDomain(e)))
			}
			return report.Say("the SPF record of %s cannot be interpreted: %s", report.DomainRef(problemDomain(e)), e.Reason),
				report.Say("%s: correct the record", report.DomainRef(problemDomain(e)))
		}, saysSyntax, spf.ReasonSyntax, spf.ReasonMultiple, spf.ReasonIncludeNone, spf.ReasonRedirectNone, spf.ReasonRecordTooLong)
	},
}
