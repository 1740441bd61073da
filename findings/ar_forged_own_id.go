package findings

import (
	"cmp"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var arForgedOwnID = &Rule{
	Code:     "ar-forged-own-id",
	RestsOn:  wholeHeader,
	Group:    GroupTrust,
	Title:    "A verdict in the recipient's own name came from outside",
	Severity: report.Critical,
	Since:    "0.1",
	Needs:    aVerdict,
	Causes:   []Cause{{Rank: deception + 20, Status: report.SpoofSuspected, When: notAuthenticated}},
	Refs:     []string{"RFC 8601 §5", "RFC 8601 §7.1"},
	Doc: `
## What happened
Somebody outside wrote an Authentication-Results or Received-SPF field in the name of the recipient's own server, to make the
message look verified.

## How it is proved
The field stands below the Received field with which the recipient's border took the message in, so it was there before; and it
judges an address that is not the border's client, or the server that it names wrote its real verdict above, or the sender's
signature covers it.

## What looks like it
Mail that left the organisation and came back carries real verdicts of its own server. A sample whose fields were put into
another order by an export.

## What to do
Receiver: delete fields that carry your own authserv-id when mail comes in from outside; RFC 8601 requires it.
`,
	Find: func(f *Facts) []report.Finding {
		var forged []*headers.Claim
		for c := range claims(f, "") {
			if c.Trust == headers.Forged {
				forged = append(forged, c)
			}
		}
		if len(forged) == 0 {
			return nil
		}
		b := borderHop(f)
		x := report.Finding{
			Hop:         index(f, b),
			Confidence:  report.Proved,
			AtFault:     report.Party{Role: report.RoleSender, Host: fromHost(f, b)},
			Parts:       report.Say("a verdict in the name of %s came with the message from %v: %s", report.HostRef(cmp.Or(forged[0].Writer, "the recipient")), clientRef(f, b), forged[0].Why),
			AdviceParts: report.Say("%v: delete fields with your own authserv-id when mail comes in (RFC 8601 §5)", report.HostRef(byName(f, b))),
		}
		seen := map[int]bool{}
		for _, c := range forged {
			if !seen[c.Field] && len(x.Evidence) < 6 {
				seen[c.Field] = true
				x.Evidence = append(x.Evidence, claim(f, c))
			}
		}
		x.Evidence = append(x.Evidence, hop(f, b))
		return []report.Finding{x}
	},
}
