package findings

import (
	"github.com/mailtrace/mailtrace/report"
)

var forwardUserRedirect = &Rule{
	Code:     "forward-user-redirect",
	Group:    GroupForwarding,
	Title:    "User-level redirect or resend",
	Severity: report.Info,
	Since:    "0.1",
	Refs:     []string{"RFC 5322 §3.6.6"},
	Doc: `
## What happened
A mailbox rule or its user sent the message on, with From as it was. For authentication that is a forward; a mailbox
program often rebuilds the content besides, and that breaks signatures.

## How it is proved
Resent-From and Resent-To, or the loop mark that Exchange adds when an inbox rule redirects.

## What looks like it
Some lists and moderators resend too.

## What to do
User: let the server forward (with SRS), or forward as attachment.
`,
	Find: func(f *Facts) []report.Finding {
		for _, name := range []string{"X-MS-Exchange-Inbox-Rules-Loop", "Resent-From"} {
			i := f.Msg.First(name)
			if i < 0 {
				continue
			}
			x := report.Finding{
				Hop:         index(f, borderHop(f)),
				Confidence:  report.Likely,
				AtFault:     report.Party{Role: "none"},
				Parts:       report.Say("the message was sent on by a user or a mailbox rule: %v %v", f.Msg.Name(i), f.Msg.Value(i)),
				AdviceParts: report.Words("let the server forward, or forward as attachment"),
				Evidence:    []report.Evidence{field(f, i)},
			}
			if name == "Resent-From" {
				for _, more := range []string{"Resent-To", "Resent-Date"} {
					if k := f.Msg.First(more); k >= 0 {
						x.Evidence = append(x.Evidence, field(f, k))
						x.Confidence = report.Strong
					}
				}
			} else {
				x.Confidence = report.Strong
			}
			return []report.Finding{x}
		}
		return nil
	},
}
