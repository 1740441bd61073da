package findings

import (
	"github.com/mailtrace/mailtrace/report"
)

var natPairInferred = &Rule{
	Code:     "nat-pair-inferred",
	Group:    GroupPath,
	Title:    "Internal interface and public address belong to the same host",
	Severity: report.Info,
	Since:    "0.1",
	Quiet:    true,
	Refs:     []string{"RFC 5321 §4.4", "RFC 1918 §3"},
	Doc: `
## What happened
One machine was seen from inside, by a private address, and from outside, by a public one: its traffic is translated on the way out, or
it stands in two networks.

## How it is proved
A Received field names its own server by a private address, and the next newer one saw its client under a public address, with a name of the same
organisation. Several messages that show the same pair make it certain.

## What looks like it
Pools of addresses, where the public one varies. Relays in between that wrote no Received field.

## What to do
Nothing. Whoever draws the network takes both for one host; whoever minds that outsiders can do so strips the inner fields at the edge.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for _, p := range f.NATPairs() {
			out = append(out, report.Finding{
				Hop:         index(f, p.Newer),
				Confidence:  report.Likely,
				AtFault:     nobody,
				Parts:       report.Say("%s has the inner address %s (%v) and appears outside as %s (%v)", p.Host, p.Inside, report.HopRef(f.Hops[p.Older].Index), p.Public, report.HopRef(f.Hops[p.Newer].Index)),
				AdviceParts: report.Words("none needed"),
				Evidence:    []report.Evidence{hop(f, p.Newer), hop(f, p.Older)},
			})
		}
		return out
	},
}
