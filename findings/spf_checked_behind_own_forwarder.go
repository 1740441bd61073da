package findings

import (
	"fmt"

	"github.com/mailtrace/mailtrace/report"
)

var spfCheckedBehindOwnForwarder = &Rule{
	Code:     "spf-checked-behind-own-forwarder",
	Group:    GroupWrongPlace,
	Title:    "A forwarding service's second server checks SPF against its first server",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aVerdict,
	AtBorder: true,
	Causes:   []Cause{{Rank: wrongPlace + 100, Status: report.CheckedInWrongPlace, When: notAuthenticated}},
	Refs:     []string{"RFC 7208 §2.5", "RFC 7208 app. F"},
	Doc: `
## What happened
Mail for the forwarding service enters at its first server. Its second server evaluates SPF again, against the first. Every
sender whose record ends in -all fails there and is marked as spam before the message is even forwarded.

## How it is proved
Two servers of one service stand next to each other on the path. The verdict is the second one's, the address is the first
one's; the client that the first one saw is allowed by the sender's record. hMailServer writes no address, only
X-hMailServer-Reason: Blocked by SPF; its Received field shows whom it judged.

## What looks like it
A first server that is the user's own relay. hMailServer numbers its reasons by test, so the text must name SPF.

## What to do
The forwarding service: in hMailServer add the first server to Incoming relays (the first address in the Received fields that
is not a relay is then judged); elsewhere make it a trusted relay. User: have mail sent to the final mailbox directly.
`,
	Find: func(f *Facts) []report.Finding {
		return find(f, ownForwarder, func(m misplaced) report.Finding {
			advice := fmt.Sprintf("make %s a trusted relay of %s", fromHost(f, m.hop), byName(f, m.hop))
			if m.claim.Dialect == "hmailserver" {
				advice = fmt.Sprintf("add %s to Incoming relays of hMailServer on %s", m.claim.IP, byName(f, m.hop))
			}
			return report.Finding{
				AtFault:     report.Party{Role: report.RoleIntermediary, Host: byName(f, m.hop)},
				Parts:       report.Say("%v (%v), the second server of the forwarder %v, checked SPF against the first, %v.%s", report.HostRef(byName(f, m.hop)), report.HopRef(f.Hops[m.hop].Index), report.DomainRef(m.run.Name()), clientRef(f, m.hop), m.would(f)),
				AdviceParts: report.Words(advice),
			}
		})
	},
}
