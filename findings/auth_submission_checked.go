package findings

import (
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var authSubmissionChecked = &Rule{
	Code:     "auth-submission-checked",
	Group:    GroupWrongPlace,
	Title:    "SPF applied to an authenticated submission",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aVerdict,
	Causes:   []Cause{{Rank: wrongPlace + 90, Status: report.CheckedInWrongPlace, When: notAuthenticated}},
	Refs:     []string{"RFC 7208 §2.5", "RFC 6409 §3"},
	Doc: `
## What happened
A user logged in to a mail server and handed over a message. The server's filter evaluated SPF on the user's own address, as if that were a mail server.

## How it is proved
The hop says that its client was authenticated, and a verdict that did not pass is about that client's address.

## What looks like it
A forged mark of authentication below the border. A stolen account.

## What to do
Operator of the submission server: do not check SPF in authenticated sessions.
`,
	Find: func(f *Facts) []report.Finding {
		for c := range claims(f, "") {
			if c.Method != "spf" || c.Hop < 0 || c.Trust == headers.Forged || c.Trust == headers.Untrusted || !f.Hops[c.Hop].Auth {
				continue
			}
			h := &f.Hops[c.Hop]
			if c.Normal == "pass" || c.Normal == "" || c.Normal == "none" || !c.IP.IsValid() || c.IP != h.IP {
				continue
			}
			x := report.Finding{
				Hop:         index(f, c.Hop),
				Confidence:  report.Strong,
				AtFault:     report.Party{Role: report.RoleSender, Host: byName(f, c.Hop)},
				Parts:       report.Say("%v (%v) checked SPF on %v, a user who had logged in", report.HostRef(byName(f, c.Hop)), report.HopRef(h.Index), clientRef(f, c.Hop)),
				AdviceParts: report.Say("do not check SPF in authenticated sessions on %v", report.HostRef(byName(f, c.Hop))),
				Evidence:    []report.Evidence{claim(f, c), hop(f, c.Hop)},
			}
			if f.Observed(c.Hop) {
				x.AtFault.Role = report.RoleRecipient
			} else {
				x.Confidence = report.Likely
			}
			return []report.Finding{x}
		}
		return nil
	},
}
