package findings

import (
	"github.com/mailtrace/mailtrace/headers"
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
Exchange Online writes addresses from 10.0.0.0/8 for its own servers: that is a habit, not a link. Pools of addresses, where the public one
varies. Relays in between that wrote no Received field.

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
				Parts:       report.Say("%v (%v) is %v outside: %v has its inner address, %v saw it under its public one", report.HostRef(p.Host), p.Inside, outsideName(f, p), report.HopRef(f.Hops[p.Older].Index), report.HopRef(f.Hops[p.Newer].Index)),
				AdviceParts: report.Words("none needed"),
				Evidence:    []report.Evidence{hop(f, p.Newer), hop(f, p.Older)},
			})
		}
		return out
	},
}

// outsideName is what the next server saw of a machine: "smtpe1.example.org
// (203.0.113.79)".
func outsideName(f *Facts, p headers.NATPair) report.Text {
	h := &f.Hops[p.Newer]
	name := h.RDNS
	if name == "" {
		name = h.Helo
	}
	if name == "" || p.SameName {
		return report.Say("%v", p.Public)
	}
	return report.Say("%v (%v)", report.HostRef(name), p.Public)
}
