package findings

import (
	"fmt"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

var localInjection = &Rule{
	Code:     "local-injection",
	RestsOn:  wholeHeader,
	Group:    GroupPath,
	Title:    "Created on the server itself (script, webmail, API)",
	Severity: report.Info,
	Since:    "0.1",
	Quiet:    true,
	Refs:     []string{"RFC 5321 §4.4", "RFC 3848 §1"},
	Doc: `
## What happened
No mail client connected: a program on the server, a web page or an API made the message there.

## How it is proved
The oldest Received field says so (a user id, local, HTTP, a pickup directory), or the program left its own field, such as
X-PHP-Originating-Script.

## What looks like it
Filters and lists put messages back by the same way, as user 0 or mail; then the line is not the oldest. Delivery to a local mailbox is no
injection either.

## What to do
Nothing. Where the message is abuse: the owner of the script or of the user id stops it.
`,
	Find: func(f *Facts) []report.Finding {
		for _, name := range []string{"X-PHP-Originating-Script", "X-PHP-Script"} {
			if i := f.Msg.First(name); i >= 0 {
				x := injected(f, fmt.Sprintf("the script %s made the message on the server", strings.TrimSpace(f.Msg.Value(i))))
				x.Evidence = append(x.Evidence, field(f, i))
				return []report.Finding{x}
			}
		}
		if len(f.Hops) == 0 {
			return nil
		}
		h := &f.Hops[0]
		web := strings.HasPrefix(strings.ToUpper(h.With), "HTTP")
		if strings.EqualFold(h.With, "mapi") || !h.Local && !web || h.FromNetwork || h.Auth || h.OwnHost || h.Fetched || strings.Contains(strings.ToUpper(h.With), "LMTP") {
			return nil
		}
		how := "a program handed the message over on the server"
		switch {
		case web:
			how = "the message was made through a web interface or an API"
		case h.UID != "":
			how = "a program of user " + h.UID + " made the message on the server"
		}
		return []report.Finding{injected(f, how)}
	},
}

func injected(f *Facts, how string) report.Finding {
	x := report.Finding{
		Confidence:  report.Likely,
		AtFault:     nobody,
		Parts:       report.Words(how),
		AdviceParts: report.Words("none needed; if it is abuse, the owner of the server stops the program"),
	}
	if len(f.Hops) > 0 {
		x.Hop = index(f, 0)
		x.Confidence = told(f, 0, report.Strong)
		x.Parts = report.Say("%s: %v (hop 1)", how, report.HostRef(byName(f, 0)))
		x.Evidence = []report.Evidence{hop(f, 0)}
	}
	return x
}
