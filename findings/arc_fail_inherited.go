package findings

import (
	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/report"
)

var arcFailInherited = &Rule{
	Code:     "arc-fail-inherited",
	Group:    GroupARC,
	Title:    "An earlier sealer already found the ARC chain broken",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    anARCSet,
	Refs:     []string{"RFC 8617 §5.1.2", "RFC 8617 §5.2"},
	Doc: `
## What happened
A sealer on the way found the chain broken and said so (cv=fail). From there on the chain is lost for good; no later server can repair
it, and none of them is to blame.

## How it is proved
The newest seal says cv=fail. The oldest message signature that does not fit tells after whom the message was changed.

## What looks like it
A later seal with cv=pass above one with cv=fail is a mistake of that sealer: arc-malformed.

## What to do
Look at what lies between the last sealer who found the chain in order and the one who did not.
`,
	Find: func(f *Facts) []report.Finding {
		c := f.ARC
		if c == nil || c.Result != arc.Fail || c.Code != arc.ReasonInherited {
			return nil
		}
		s := setAt(c, c.FailedInstance)
		if s == nil {
			return nil
		}
		k := f.SealerHop(s)
		x := report.Finding{
			Hop:         index(f, k),
			Confidence:  report.Proved,
			AtFault:     report.Party{Role: report.RoleUnknown},
			Parts:       report.Say("%s already found the ARC chain broken when it sealed set %d (cv=fail); later servers can't fix that", report.HostRef(sealerName(f, s)), s.Instance),
			AdviceParts: report.Words("see what changed the message before that sealer"),
			Evidence:    append(setEvidence(f, s), computed("RFC 8617 §5.2", "%s", setsLine(c))),
		}
		if dmarcPasses(f) {
			x.Severity = report.Low
		}
		if s.SealResult != "pass" {
			x.Confidence = report.Strong // nothing shows that it is the sealer who says so
		}
		if before := setAt(c, s.Instance-1); before != nil {
			from := f.SealerHop(before)
			x.Parts = x.Parts.Add(report.Say("; the sealer before was %s", report.HostRef(sealerName(f, before)))...)
			x.AdviceParts = report.Say("see what changed the message between %s and %s", report.HostRef(sealerName(f, before)), report.HostRef(sealerName(f, s)))
			x.Evidence = append(x.Evidence, setEvidence(f, before)[0])
			// One server between them, of neither's organisation.
			if from >= 0 && k-1 > from && byName(f, k-1) == byName(f, from+1) && f.RunOf(k-1) != f.RunOf(k) && f.RunOf(k-1) != f.RunOf(from) {
				x.Hop = index(f, k-1)
				x.AtFault = report.Party{Role: role(f.RunOf(k - 1)), Host: byName(f, k-1)}
			}
		}
		return []report.Finding{x}
	},
}
