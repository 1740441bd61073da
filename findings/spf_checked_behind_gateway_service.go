package findings

import (
	"github.com/mailtrace/mailtrace/report"
)

var spfCheckedBehindGatewayService = &Rule{
	Code:     "spf-checked-behind-gateway-service",
	RestsOn:  newestFields,
	Group:    GroupWrongPlace,
	Title:    "Mailbox host judged the security gateway that sits in front of it",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aVerdict,
	AtBorder: true,
	Causes:   []Cause{{Rank: wrongPlace + 30, Status: report.CheckedInWrongPlace, When: always, Of: theAuthors}},
	Refs:     []string{"RFC 7208 §2.5", "RFC 7208 app. F"},
	Doc: `
## What happened
The recipient's MX points to a mail security gateway. The gateway received the message from the sender, then handed it to the
mailbox host, which evaluated SPF against the gateway.

## How it is proved
The gateway is an MX of the recipient's domain, or received the message for the recipient; the address in the verdict is the
gateway's; the client that the gateway saw is allowed by the sender's record.

## What looks like it
A gateway that the sender uses for its outgoing mail: then the sender's record should allow it. With Enhanced Filtering, the
mailbox host names the sender's address itself and this is not reported.

## What to do
Recipient: switch on Enhanced Filtering for Connectors (skip listing), or make the gateway a trusted ARC sealer, or accept
mail from the gateway only and check SPF and DMARC there.
`,
	Find: func(f *Facts) []report.Finding {
		return find(f, gatewayService, func(m misplaced) report.Finding {
			return report.Finding{
				AtFault:     report.Party{Role: report.RoleRecipient, Host: fromHost(f, m.hop)},
				Parts:       report.Say("the mailbox host %v (%v) checked SPF on the gateway %v that receives the recipient's mail.%s", report.HostRef(byName(f, m.hop)), report.HopRef(f.Hops[m.hop].Index), clientRef(f, m.hop), m.would(f)),
				AdviceParts: report.Say("let %v look behind %v (Enhanced Filtering for Connectors, trusted relays), or check SPF only at the gateway", report.HostRef(byName(f, m.hop)), report.HostRef(fromHost(f, m.hop))),
			}
		})
	},
}
