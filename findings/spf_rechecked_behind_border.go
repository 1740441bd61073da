package findings

import (
	"github.com/mailtrace/mailtrace/report"
)

var spfRecheckedBehindBorder = &Rule{
	Code:     "spf-rechecked-behind-border",
	Group:    GroupWrongPlace,
	Title:    "SPF evaluated again after the recipient's border already passed it",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aVerdict,
	AtBorder: true,
	Causes:   []Cause{{Rank: wrongPlace + 20, Status: report.CheckedInWrongPlace, When: always}},
	Refs:     []string{"RFC 7208 §2.5", "RFC 7208 app. F"},
	Doc: `
## What happened
The message entered the recipient's organisation at its border server, from a host that the sender's SPF record allows.
It then went over the recipient's own relays to another system of the same recipient, usually a cloud tenant. That system
evaluated SPF again, against the relay that handed it the message. The sender's record can't list that relay, so SPF fails,
and with it DMARC, unless a DKIM signature survived the relays.

## How it is proved
Two results for the same envelope domain: pass for the client of the border, not pass for a relay of the recipient. The relay
belongs to the recipient: its name, its reverse DNS, the recipient's own SPF record, or the order of the Received fields say so.

## What looks like it
A forward to another organisation (the recipient's address changes): that is forward-without-srs. A gateway service in front
of the mailbox: spf-checked-behind-gateway-service.

## What to do
Recipient: exempt the relays in the second system (trusted networks, an inbound connector by certificate or address, Enhanced
Filtering for Connectors), or check only at the border. Keep body and headers unchanged on the relays, so that DKIM survives.
Sender: sign with DKIM for the From domain, so that one broken check is not fatal. The SPF record is right as it is.
`,
	Find: func(f *Facts) []report.Finding {
		return find(f, behindBorder, func(m misplaced) report.Finding {
			server := byName(f, m.hop)
			return report.Finding{
				AtFault:     report.Party{Role: report.RoleRecipient, Host: fromHost(f, m.hop)},
				Parts:       report.Say("SPF was checked again behind the border, by %v (%v) against the recipient's own relay %v.%s", report.HostRef(server), report.HopRef(f.Hops[m.hop].Index), clientRef(f, m.hop), m.would(f)),
				AdviceParts: report.Say("make %v a trusted relay of %v, or check SPF only at %v", report.HostRef(fromHost(f, m.hop)), report.HostRef(server), report.HostRef(byName(f, m.run.Border))),
			}
		})
	},
}
