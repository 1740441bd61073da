package findings

import (
	"github.com/mailtrace/mailtrace/report"
)

var spfCheckedOnFilterLoopback = &Rule{
	Code:     "spf-checked-on-filter-loopback",
	Group:    GroupWrongPlace,
	Title:    "Content filter re-injection judged as if it came from outside",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aVerdict,
	AtBorder: true,
	Causes:   []Cause{{Rank: wrongPlace + 50, Status: report.CheckedInWrongPlace, When: always}},
	Refs:     []string{"RFC 7208 §2.5"},
	Doc: `
## What happened
A content filter handed the message back to its own server over the loopback address, and SPF was evaluated on that second
entry.

## How it is proved
The verdict is on 127.0.0.0/8 or ::1, and the Received field below it shows the re-injection.

## What looks like it
Webmail or list software that really submits on the loopback address: its own mail has no border below.

## What to do
Recipient: switch SPF off on the port that the filter hands mail back to (Postfix: no milters and no policy service on the
10025 listener).
`,
	Find: func(f *Facts) []report.Finding {
		return find(f, filterLoopback, func(m misplaced) report.Finding {
			role := report.RoleRecipient
			if m.run != f.LastRun() {
				role = report.RoleIntermediary
			}
			return report.Finding{
				AtFault:     report.Party{Role: role, Host: byName(f, m.hop)},
				Parts:       report.Say("SPF was checked when a content filter handed the message back to %v (%v), on %s.%s", report.HostRef(byName(f, m.hop)), report.HopRef(f.Hops[m.hop].Index), m.claim.IP, m.would(f)),
				AdviceParts: report.Say("do not check SPF on the port of %v that the filter hands mail back to", report.HostRef(byName(f, m.hop))),
			}
		})
	},
}
