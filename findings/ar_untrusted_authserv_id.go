package findings

import (
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var arUntrustedAuthservID = &Rule{
	Code:     "ar-untrusted-authserv-id",
	RestsOn:  wholeHeader,
	Group:    GroupTrust,
	Title:    "Authentication-Results from somebody else",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aVerdict,
	Quiet:    true,
	Refs:     []string{"RFC 8601 §5", "RFC 8601 §7.1"},
	Doc: `
## What happened
A field with verdicts came with the message from outside. It may be what an earlier server on the sender's side wrote, or made up; it is
not the recipient's and says nothing that can be relied on.

## How it is proved
The field stands below the Received field of the recipient's border, and its name is not the recipient's.

## What looks like it
Providers whose servers write under another name than their hosts have.

## What to do
Nothing. Software that reads such fields must be told which names to trust.
`,
	Find: func(f *Facts) []report.Finding {
		b := borderHop(f)
		if b < 0 {
			return nil
		}
		seen := map[int]bool{}
		var x report.Finding
		for c := range claims(f, "") {
			if c.Header != "Authentication-Results" || c.AuthservID == "" || c.Trust != headers.Untrusted || c.Field < f.Hops[b].Field || seen[c.Field] {
				continue
			}
			seen[c.Field] = true
			if len(x.Parts) == 0 {
				x = report.Finding{
					Severity:    report.Info,
					Hop:         index(f, b),
					Confidence:  report.Strong,
					AtFault:     report.Party{Role: "none", Host: c.AuthservID},
					Parts:       report.Say("verdicts in the name of %s came with the message; they are not %v's and count for nothing", report.HostRef(c.AuthservID), report.DomainRef(f.LastRun().Name())),
					AdviceParts: report.Words("ignore them; trust only the names of your own servers"),
				}
				// Where the message itself is in doubt, made-up verdicts are part of
				// the picture.
				if f.DMARC != nil && f.DMARC.Result == "fail" && c.Normal == "pass" {
					x.Severity = ""
				}
			}
			if len(x.Evidence) < 4 {
				x.Evidence = append(x.Evidence, claim(f, c))
			}
		}
		if len(x.Parts) == 0 {
			return nil
		}
		x.Evidence = append(x.Evidence, hop(f, b))
		return []report.Finding{x}
	},
}
