package findings

import (
	"fmt"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenUnlocated = &Rule{
	Code:     "dkim-broken-unlocated",
	RestsOn:  wholeHeader,
	Group:    GroupBroken,
	Title:    "Signature broken, the change was not identified",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aBrokenSignature,
	Causes:   []Cause{{Rank: bySender + 300, Status: report.BrokenInTransit, When: brokenOnTheWay, Of: theAuthors}},
	Refs:     []string{"RFC 6376 §6.1.3"},
	Doc: `
## What happened
The signature does not verify, and none of the changes that servers are known to make, nor two of them together, explains it.

## How it is proved
The failed verification. The stretch of the path on which it happened lies between the last server that found the signature whole and the first
that did not; where none wrote anything, it is open.

## What looks like it
A copy that was damaged when it was saved or exported. A signature that was never valid: dkim-broken-at-source.

## What to do
Compare with the sender's copy; ask those who are named. Get the raw message from the server.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for i := range f.DKIM {
			s, b := &f.DKIM[i], f.Bracket(i)
			if b == nil || f.Repair(i) != nil || atSource(b) && b.Broken != nil || otherKey(f, i) || missingTrace(f, s) != "" && s.HeaderSignature == dkim.Mismatch || rotatedSince(f, i) {
				continue
			}
			if s.BodyHash == dkim.Mismatch {
				if k, _, _ := storeHop(f, b); k >= 0 || removed(f) != "" {
					continue
				}
			}
			if intactOnArrival(f, i) != nil {
				continue // changed after delivery: verdict-conflict-with-live
			}
			x := locate(f, b)
			x.Confidence = report.Likely
			x.Severity = brokenSeverity(f, i)
			if x.Severity == "" && authorsOwn(f, i) == yes && enforced(f) != "" {
				// The author's key made it, and DMARC fell with it: no guess, though who
				// changed what is not known.
				x.Severity, x.Confidence = report.High, report.Strong
			}
			if x.Severity == report.Medium {
				x.Severity = report.Low // nothing fell, and nothing is known
			}
			what := "the body"
			switch {
			case s.BodyHash != dkim.Mismatch:
				what = "a signed header field"
			case s.HeaderSignature == dkim.Mismatch:
				what = "body and header"
			}
			x.Parts = report.Say("%s changed after %v had signed the message%s; what the change was is not known", what, report.DomainRef(s.Domain), between(f, b))
			x.AdviceParts = report.Words("compare with the sender's copy, and get the raw message from the server")
			if x.AtFault.Host != "" {
				x.AdviceParts = report.Say("%s: see what changes messages there; compare with the sender's copy", report.HostRef(x.AtFault.Host))
			}
			if b.Intact == nil && b.IntactSet == 0 {
				x.Parts = x.Parts.Add(report.Words("; nothing shows that the signature was ever valid")...)
				if b.Broken == nil || !b.Single() {
					x.AtFault = report.Party{Role: report.RoleUnknown}
					x.AdviceParts = report.Words("compare with the sender's copy, and get the raw message from the server")
				}
			}
			notWhole(&x, absentUsual(f, i))
			x.Evidence = append([]report.Evidence{field(f, s.Field), computed("RFC 6376 §6.1.3", "%s", s.Reason)}, x.Evidence...)
			out = append(out, x)
		}
		return out
	},
}

// between says on which stretch a change was made.
func between(f *Facts, b *headers.Bracket) string {
	s := ""
	switch {
	case b.Intact != nil && b.Intact.Hop >= 0:
		s = fmt.Sprintf(", between %s (hop %d: pass)", byName(f, b.Intact.Hop), f.Hops[b.Intact.Hop].Index)
	case b.First > 0 && b.First <= len(f.Hops):
		s = fmt.Sprintf(", between %s (hop %d)", byName(f, b.First-1), f.Hops[b.First-1].Index)
	case b.Broken != nil:
		return fmt.Sprintf(", before %s (hop %d: fail)", byName(f, b.Broken.Hop), f.Hops[b.Broken.Hop].Index)
	default:
		return ""
	}
	if b.Broken != nil {
		return s + fmt.Sprintf(" and %s (hop %d: fail)", byName(f, b.Broken.Hop), f.Hops[b.Broken.Hop].Index)
	}
	return s + " and the copy at hand"
}

// rotatedSince reports whether dkim-key-rotated explains the broken signature.
func rotatedSince(f *Facts, i int) bool {
	s := &f.DKIM[i]
	return s.Code == dkim.ReasonSignature && s.BodyHash == dkim.Match && passedThen(f, s) != nil
}
