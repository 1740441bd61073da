package findings

import (
	"github.com/mailtrace/mailtrace/report"
)

var spfCheckedBehindNAT = &Rule{
	Code:     "spf-checked-behind-nat",
	RestsOn:  newestFields,
	Group:    GroupWrongPlace,
	Title:    "The border server never saw the client's address",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aVerdict,
	AtBorder: true,
	Causes:   []Cause{{Rank: wrongPlace + 10, Status: report.CheckedInWrongPlace, When: always}},
	Refs:     []string{"RFC 7208 §2.5", "RFC 7208 §4.1"},
	Doc: `
## What happened
Something in front of the recipient's mail server (NAT, a load balancer, a TCP proxy) replaces the address of every client by
one of its own. The server evaluates SPF on that address, and every sender fails.

## How it is proved
The first server of the recipient shows a private client address, yet the client calls itself by a name of another
organisation and brings mail from there. The sender's true address is nowhere in the message, so nothing can be said about
what SPF would have been.

## What looks like it
A real internal relay below, with a border server of its own: spf-rechecked-on-internal-relay.

## What to do
Recipient: hand the client's address on with the PROXY protocol (Postfix postscreen_upstream_proxy_protocol, Exim
hosts_proxy), use transparent mode, or do not translate source addresses on port 25.
`,
	Find: func(f *Facts) []report.Finding {
		return find(f, behindNAT, func(m misplaced) report.Finding {
			return report.Finding{
				Confidence:  report.Strong,
				AtFault:     report.Party{Role: report.RoleRecipient, Host: byName(f, m.hop)},
				Parts:       report.Say("the border server %v (%v) never saw the client's address: SPF was checked on %s, an inner address that stands for %v", report.HostRef(byName(f, m.hop)), report.HopRef(f.Hops[m.hop].Index), m.claim.IP, report.HostRef(fromHost(f, m.hop))),
				AdviceParts: report.Say("hand the client's address to %v by the PROXY protocol, or do not translate source addresses on port 25", report.HostRef(byName(f, m.hop))),
			}
		})
	},
}
