package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/report"
)

var arcMalformed = &Rule{
	Code:     "arc-malformed",
	RestsOn:  wholeHeader,
	Group:    GroupARC,
	Title:    "Structure of the ARC chain breaks the rules",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    anARCSet,
	Refs:     []string{"RFC 8617 §4", "RFC 8617 §5.2"},
	Doc: `
## What happened
The ARC fields do not make a chain: an instance is missing or there twice, the first seal does not say cv=none or a later one not cv=pass, or
a tag is not allowed. The chain counts as failed, whatever its signatures are.

## How it is proved
The ARC fields themselves, by the rules for their numbers and tags.

## What looks like it
Microsoft's servers were seen to seal the first set with cv=pass: a defect, no attack. A header of which a part was cut off looks broken
too.

## What to do
Sealer: update the software. Receiver: treat the chain as failed.
`,
	Find: func(f *Facts) []report.Finding {
		c := f.ARC
		if c == nil || c.Result != arc.Fail || c.Code != arc.ReasonStructure && c.Code != arc.ReasonTooMany {
			return nil
		}
		if f.Msg.First("ARC-Seal") < 0 && f.Msg.First("ARC-Message-Signature") < 0 {
			return nil // nobody sealed: verdicts without a chain, or an extract of the header
		}
		x := report.Finding{
			Confidence:  report.Proved,
			AtFault:     report.Party{Role: report.RoleUnknown},
			Parts:       report.Say("the ARC chain breaks the rules: %v", c.Reason),
			AdviceParts: report.Words("sealer: update the software that seals; receiver: treat the chain as failed"),
		}
		if s := setAt(c, c.FailedInstance); s != nil {
			x.Hop = index(f, f.SealerHop(s))
			x.AtFault = sealerParty(f, s)
			x.Parts = report.Say("ARC set %d, by %s, breaks the rules: %s", s.Instance, report.HostRef(sealerName(f, s)), strings.Join(someOf(s.Problems, 3), "; "))
			x.AdviceParts = report.Say("%s: update the software that seals; receiver: treat the chain as failed", report.HostRef(sealerName(f, s)))
			x.Evidence = setEvidence(f, s)
		}
		for i, p := range c.Problems {
			if i < 3 && p.Field >= 0 {
				x.Evidence = append(x.Evidence, field(f, p.Field))
			}
		}
		if dmarcPasses(f) {
			x.Severity = report.Low
		}
		x.Evidence = append(x.Evidence, computed("RFC 8617 §5.2", "%s", c.Reason))
		return []report.Finding{x}
	},
}

func someOf(items []string, n int) []string {
	if len(items) > n {
		return items[:n]
	}
	return items
}
