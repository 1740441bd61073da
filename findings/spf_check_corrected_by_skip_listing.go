package findings

import (
	"github.com/mailtrace/mailtrace/report"
)

var spfCheckCorrectedBySkipListing = &Rule{
	Code:     "spf-check-corrected-by-skip-listing",
	Group:    GroupWrongPlace,
	Title:    "Check behind a gateway, but on the right address",
	Severity: report.Info,
	Since:    "0.1",
	Needs:    aVerdict,
	Refs:     []string{"RFC 7208 §2.5"},
	Doc: `
## What happened
Exchange Online looked behind the gateway that handed the message over (Enhanced Filtering for Connectors, skip listing) and evaluated SPF on the address that the
gateway had received it from.

## How it is proved
X-MS-Exchange-ExternalOriginalInternetSender or X-MS-Exchange-SkipListedInternetSender names the client of the recipient's true border.

## What looks like it
Mail from another tenant carries the other tenant's value of the same field.

## What to do
Nothing; this is said so that the gateway's address in the header raises no alarm.
`,
	Find: func(f *Facts) []report.Finding {
		border := f.ClientIP(f.LastRun())
		b := borderHop(f)
		if !border.IsValid() || b < 0 {
			return nil
		}
		for c := range claims(f, "") {
			if c.Method != skipListing || c.IP != border || f.LastRun().Last == f.LastRun().Border {
				continue
			}
			return []report.Finding{{
				Hop:         index(f, b),
				Confidence:  report.Strong,
				AtFault:     report.Party{Role: "none", Host: c.Writer},
				Parts:       report.Say("the check behind the gateway was made on the right address, %s, which brought the message to %v (%v)", c.IP, report.HostRef(byName(f, b)), report.HopRef(f.Hops[b].Index)),
				AdviceParts: report.Words("none needed"),
				Evidence:    []report.Evidence{claim(f, c), hop(f, b)},
			}}
		}
		return nil
	},
}

// skipListing is the method under which the addresses that Exchange Online
// looked behind its connectors for are read.
const skipListing = "skip-listing"
