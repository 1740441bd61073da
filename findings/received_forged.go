package findings

import (
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var receivedForged = &Rule{
	Code:     "received-forged",
	RestsOn:  wholeHeader,
	Group:    GroupTrust,
	Title:    "Received line below the border is invented",
	Severity: report.High,
	Since:    "0.1",
	Needs:    anEarlierRun,
	Causes:   []Cause{{Rank: deception + 30, Status: report.SpoofSuspected, When: func(f *Facts) bool { what, _ := tied(f); return what == "" && notAuthenticated(f) }}},
	Refs:     []string{"RFC 5321 §4.4", "RFC 5321 §7.6"},
	Doc: `
## What happened
The sender put invented Received fields under the real ones, to give the message a history that it does not have.

## How it is proved
By contradiction: the field names a server of the recipient as its writer, but the next newer field, which that server wrote,
shows a foreign client and not the recipient's server; or the fields can't have come one after the other.

## What looks like it
Mail that really was in the recipient's organisation and came back. Odd but real appliances, and clocks that are wrong.

## What to do
Receiver: ignore everything below the border's Received field.
`,
	Find: func(f *Facts) []report.Finding {
		b := borderHop(f)
		for i := 1; i < len(f.Runs); i++ {
			r := &f.Runs[i]
			if r.Contradicted == "" {
				continue
			}
			newer := f.Runs[i-1].Border
			// Alone it may be an alias that we do not know; with a forged verdict
			// beside it there is no doubt.
			severity, confidence := report.Medium, report.Likely
			for c := range claims(f, "") {
				if c.Trust == headers.Forged {
					severity, confidence = "", report.Strong
				}
			}
			return []report.Finding{{
				Severity:    severity,
				Hop:         index(f, b),
				Confidence:  confidence,
				AtFault:     report.Party{Role: report.RoleSender, Host: fromHost(f, b)},
				Parts:       report.Say("invented Received fields: %v", r.Contradicted),
				AdviceParts: report.Say("ignore the Received fields below hop %v", itoa(f.Hops[newer].Index)),
				Evidence:    []report.Evidence{hop(f, r.Last), hop(f, newer)},
			}}
		}
		return nil
	},
}
