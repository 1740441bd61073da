package findings

import (
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var arMissingAuthservID = &Rule{
	Code:     "ar-missing-authserv-id",
	Group:    GroupTrust,
	Title:    "Authentication-Results without a server's name",
	Severity: report.Info,
	Since:    "0.1",
	Needs:    aVerdict,
	Quiet:    true,
	Refs:     []string{"RFC 8601 §2.2"},
	Doc: `
## What happened
The field begins with a result and does not say who wrote it, as Exchange Online does. Its writer can only be told from its place.

## How it is proved
The field's first word is a method, and the next Received field below is a Microsoft host's.

## What looks like it
Anybody can write such a field. The variant "dkim=none … dmarc=none action=none" without spf is what the sender's own tenant stamps on the way out, and
is not a failure.

## What to do
Nothing, where the writer is a service. If the server is yours, let it put its name in front of the results.
`,
	Find: func(f *Facts) []report.Finding {
		for c := range claims(f, "") {
			if c.Header != "Authentication-Results" || c.AuthservID != "" || c.Hop < 0 {
				continue
			}
			x := report.Finding{
				Hop:         index(f, c.Hop),
				Confidence:  report.Strong,
				AtFault:     report.Party{Role: "none", Host: c.Writer},
				Parts:       report.Say("Authentication-Results without a server's name; by its place it is %v's (%v)", report.HostRef(c.Writer), report.HopRef(f.Hops[c.Hop].Index)),
				AdviceParts: report.Words("none needed"),
				Evidence:    []report.Evidence{claim(f, c), hop(f, c.Hop)},
			}
			if c.Trust != headers.Trusted {
				x.Confidence = report.Likely
			}
			return []report.Finding{x}
		}
		return nil
	},
}
