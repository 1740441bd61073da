package findings

import (
	"time"

	"github.com/mailtrace/mailtrace/report"
)

var softwareOutdated = &Rule{
	Code:     "software-outdated",
	RestsOn:  deliveryTime,
	Group:    GroupPath,
	Title:    "A hop discloses unsupported or vulnerable software",
	Severity: report.Low,
	Since:    "0.1",
	Quiet:    true,
	Refs:     []string{"RFC 5321 §4.4"},
	Doc: `
## What happened
A server on the path named a version whose maker had already ended support when the message passed: known holes are no longer closed.

## How it is proved
The version in the server's own Received field, the maker's date, and the time stamp of the hop. Only the maker's ordinary support
counts; extended programmes that cost money can't be seen. Whatever the age of the message, its own time is what counts.

## What looks like it
Exchange Online of 2013 to 2017 shows 15.0 and 15.1, which are not an Exchange Server. Distributions repair old versions of Exim and Postfix
without changing the number, so those are not judged.

## What to do
Operator of the host: upgrade. Hiding the version closes no hole.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for _, o := range f.OutdatedSoftware() {
			x := report.Finding{
				Hop:         index(f, o.Hop),
				Confidence:  report.Likely,
				AtFault:     operatorOf(f, o.Hop),
				Parts:       report.Say("%v (%v) ran %s (%s); its maker's support ended on %s", report.HostRef(byName(f, o.Hop)), report.HopRef(f.Hops[o.Hop].Index), o.Product, o.Version, o.Ended.Format(time.DateOnly)),
				AdviceParts: report.Say("operator of %v: upgrade", report.HostRef(byName(f, o.Hop))),
				Evidence:    []report.Evidence{hop(f, o.Hop), computed("", "%s: support ended %s", o.Source, o.Ended.Format(time.DateOnly))},
			}
			out = append(out, x)
		}
		return out
	},
}
