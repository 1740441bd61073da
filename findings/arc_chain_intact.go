package findings

import (
	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/report"
)

var arcChainIntact = &Rule{
	Code:     "arc-chain-intact",
	Group:    GroupARC,
	Title:    "ARC chain verifies",
	Severity: report.Info,
	Since:    "0.1",
	Needs:    anARCSet,
	Refs:     []string{"RFC 8617 §5.2"},
	Doc: `
## What happened
Servers on the way sealed what they had found, and every seal verifies: their statements came through unchanged and in order.

## How it is proved
All seals and the newest message signature verify with the keys of their domains, and the sets are complete.

## What looks like it
Valid is not trustworthy. Anybody can seal, a spammer as well, and a seal proves only who said something. The receiver decides whom it
believes.

## What to do
Nothing. A receiver can put the forwarders that it knows on its list of trusted sealers.
`,
	Find: func(f *Facts) []report.Finding {
		c := f.ARC
		if c == nil || c.Result != arc.Pass || len(c.Sets) == 0 {
			return nil
		}
		x := report.Finding{
			Confidence:  report.Proved,
			AtFault:     report.Party{Role: "none"},
			AdviceParts: report.Words("none needed; a receiver that knows the sealers can trust what they say"),
			Evidence:    []report.Evidence{computed("RFC 8617 §5.2", "%s", setsLine(c))},
		}
		var who []string
		for i := range c.Sets {
			s := &c.Sets[i]
			if i == 4 {
				who = append(who, "others")
				break
			}
			name := sealerName(f, s)
			if t := testimony(f, s); t != "" {
				name += " (" + t + ")"
			}
			who = append(who, name)
			x.Evidence = append(x.Evidence, setEvidence(f, s)[0])
		}
		x.Hop = index(f, f.SealerHop(newestSet(c)))
		x.Parts = report.Say("the ARC chain verifies; it was sealed by %s", list(who))
		if c.OldestPass > 0 {
			x.Parts = x.Parts.Add(report.Say("; the message was changed before set %d was sealed", c.OldestPass)...)
		}
		return []report.Finding{x}
	},
}
