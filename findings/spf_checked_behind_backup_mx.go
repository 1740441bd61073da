package findings

import (
	"github.com/mailtrace/mailtrace/report"
)

var spfCheckedBehindBackupMX = &Rule{
	Code:     "spf-checked-behind-backup-mx",
	RestsOn:  newestFields,
	Group:    GroupWrongPlace,
	Title:    "Primary checked SPF on mail handed over by its own secondary MX",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aVerdict,
	AtBorder: true,
	Causes:   []Cause{{Rank: wrongPlace + 40, Status: report.CheckedInWrongPlace, When: always, Of: theAuthors}},
	Refs:     []string{"RFC 7208 §2.5", "RFC 7208 app. F"},
	Doc: `
## What happened
The sender delivered to the secondary mail exchanger of the recipient's domain. That handed the message to the primary, which
evaluated SPF against the secondary and not against the sender.

## How it is proved
The address in the verdict belongs to an MX host of the recipient's domain, and the client that the secondary saw is allowed
by the sender's record.

## What looks like it
Spammers like secondary exchangers: where the client of the secondary fails too, the place of the check decides nothing, and this
is said for information only.

## What to do
Recipient: list the secondaries as trusted relays in the primary's SPF check and run the same checks on the secondaries, or do
without a secondary.
`,
	Find: func(f *Facts) []report.Finding {
		return find(f, backupMX, func(m misplaced) report.Finding {
			return report.Finding{
				AtFault:     report.Party{Role: report.RoleRecipient, Host: byName(f, m.hop)},
				Parts:       report.Say("the primary %v (%v) checked SPF on its own secondary MX %v.%s", report.HostRef(byName(f, m.hop)), report.HopRef(f.Hops[m.hop].Index), clientRef(f, m.hop), m.would(f)),
				AdviceParts: report.Say("make %v a trusted relay in the SPF check of %v", report.HostRef(fromHost(f, m.hop)), report.HostRef(byName(f, m.hop))),
			}
		})
	},
}
