package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

var authenticatedSubmission = &Rule{
	Code:     "authenticated-submission",
	Group:    GroupPath,
	Title:    "Origin is an authenticated user session",
	Severity: report.Info,
	Since:    "0.1",
	Quiet:    true,
	Refs:     []string{"RFC 6409 §4.3", "RFC 3848 §1"},
	Doc: `
## What happened
The path begins with a user who logged in at the server: what lies before is the user's own machine.

## How it is proved
The server wrote the login down: ESMTPA or ESMTPSA, an authenticated sender, a mailbox session (mapi). Below the recipient's border it is
the word of the sender's server.

## What looks like it
Anybody can write such a field below the border. A valid signature of the server's domain makes it believable.

## What to do
Nothing. SPF says nothing of the user's address, and need not. Where the message is abuse: the owner of the server resets the account.
`,
	Find: func(f *Facts) []report.Finding {
		for k := range f.Hops {
			h := &f.Hops[k]
			if !h.Auth && !strings.EqualFold(h.With, "mapi") {
				continue
			}
			if k > 0 && f.Observed(k) && f.LastRun().Border != k || strings.Contains(strings.ToUpper(h.With), "LMTP") {
				continue // servers that log in to each other
			}
			who := "a user"
			if h.AuthUser != "" {
				who = h.AuthUser
			}
			return []report.Finding{{
				Hop:         index(f, k),
				Confidence:  told(f, k, report.Strong),
				AtFault:     nobody,
				Parts:       report.Say("%v (%v) took the message from %s who had logged in, at %v", report.HostRef(byName(f, k)), report.HopRef(h.Index), who, clientRef(f, k)),
				AdviceParts: report.Words("none needed"),
				Evidence:    []report.Evidence{hop(f, k)},
			}}
		}
		if i := firstOf(f, "X-Authenticated-Sender", "X-AuthUser", "X-Authenticated-User"); i >= 0 && strings.TrimSpace(f.Msg.Value(i)) != "" {
			return []report.Finding{{
				Confidence:  report.Likely,
				AtFault:     nobody,
				Parts:       report.Say("the sender's server says that %s had logged in", strings.TrimSpace(f.Msg.Value(i))),
				AdviceParts: report.Words("none needed"),
				Evidence:    []report.Evidence{field(f, i)},
			}}
		}
		return nil
	},
}
