package findings

import (
	"github.com/mailtrace/mailtrace/report"
)

var spfRecheckedOnInternalRelay = &Rule{
	Code:     "spf-rechecked-on-internal-relay",
	RestsOn:  newestFields,
	Group:    GroupWrongPlace,
	Title:    "SPF evaluated against a private address",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aVerdict,
	AtBorder: true,
	Causes:   []Cause{{Rank: wrongPlace + 60, Status: report.CheckedInWrongPlace, When: always}},
	Refs:     []string{"RFC 7208 §2.5", "RFC 1918"},
	Doc: `
## What happened
An inner server or filter evaluated SPF, and the client that it saw was another server of the same network, with an address
that does not exist on the Internet (10.x, 172.16–31.x, 192.168.x, fc00::/7 …). No SPF record can allow it.

## How it is proved
The address in the verdict is private, and the border below it saw the sender's real address.

## What looks like it
A user's own computer submitting mail from the local network: auth-submission-checked. A border that sees only the address of
a load balancer: spf-checked-behind-nat.

## What to do
Recipient: list the internal networks as trusted in the inner server's SPF check, or check SPF at the border only.
`,
	Find: func(f *Facts) []report.Finding {
		return find(f, internalRelay, func(m misplaced) report.Finding {
			role := report.RoleRecipient
			if m.run != f.LastRun() {
				role = report.RoleIntermediary
			}
			return report.Finding{
				AtFault:     report.Party{Role: role, Host: byName(f, m.hop)},
				Parts:       report.Say("SPF was checked inside %v, by %v (%v) against the private address %s.%s", report.DomainRef(m.run.Name()), report.HostRef(byName(f, m.hop)), report.HopRef(f.Hops[m.hop].Index), m.claim.IP, m.would(f)),
				AdviceParts: report.Say("exempt internal addresses from the SPF check on %v, or check only at %v", report.HostRef(byName(f, m.hop)), report.HostRef(byName(f, m.run.Border))),
			}
		})
	},
}
