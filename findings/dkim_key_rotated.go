package findings

import (
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/report"
)

var dkimKeyRotated = &Rule{
	Code:     "dkim-key-rotated",
	RestsOn:  deliveryTime,
	Group:    GroupKeys,
	Title:    "Key changed since signing",
	Severity: report.Info,
	Since:    "0.1",
	Needs:    aBrokenSignature | aVerdict,
	Refs:     []string{"RFC 6376 §6.1.2"},
	Doc: `
## What happened
At delivery the signature verified; today the key is gone or another one is in its place.

## How it is proved
A trusted verdict of the time says pass. Today the name holds no key, or the body still matches its hash and the signature does not
verify with the key of today.

## What looks like it
A header field changed after delivery looks the same as another key.

## What to do
Nothing: the verdict of delivery counts. To prove old mail, keep old keys.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for i := range f.DKIM {
			s := &f.DKIM[i]
			gone := s.Code == dkim.ReasonKeyMissing || s.Code == dkim.ReasonKeyRevoked || s.Code == dkim.ReasonKeyMalformed
			// Where the change of the message is known, the key is the same.
			other := rotatedSince(f, i) && f.Repair(i) == nil
			c := passedThen(f, s)
			if c == nil || !gone && !other {
				continue
			}
			x := dkimFinding(f, s)
			x.AtFault.Role = "none"
			x.Confidence = report.Strong
			x.Parts = report.Say("the signature of %v verified at delivery; the key at %s has changed since", report.DomainRef(s.Domain), report.DomainRef(s.KeyName))
			if other && !otherKey(f, i) {
				x.Confidence = report.Likely
				x.Parts = x.Parts.Add(report.Words(" (or a signed field has)")...)
			}
			x.AdviceParts = report.Words("none needed; the verdict of delivery counts")
			x.Evidence = append(x.Evidence, claim(f, c), computed("RFC 6376 §6.1.2", "today: %s", s.Reason))
			out = append(out, x)
		}
		return out
	},
}
