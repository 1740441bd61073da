package findings

import (
	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/report"
)

var arcTestimonyRecoversCause = &Rule{
	Code:     "arc-testimony-recovers-cause",
	Group:    GroupARC,
	Title:    "A sealer on the way states that the message was authenticated there",
	Severity: report.Info,
	Since:    "0.1",
	Needs:    anARCSet,
	Refs:     []string{"RFC 8617 §4.1.1", "RFC 8617 §7.2"},
	Doc: `
## What happened
At the end DMARC fails; a server on the way sealed that it passed when the message came in there. So the message was in order at first, and
what happened after that sealer, or at it, broke it.

## How it is proved
The seal over ARC-Authentication-Results verifies: the sealer wrote that. Whether it is true hangs on the sealer.

## What looks like it
ARC-Authentication-Results without a seal that verifies are worth nothing: anybody could have written them.

## What to do
Nothing for this alone; see the finding that names the change.
`,
	Find: func(f *Facts) []report.Finding {
		c := f.ARC
		if c == nil || f.FromDomain == "" || f.Border.DMARC != "fail" && f.Delivery.DMARC != "fail" {
			return nil
		}
		for i := range c.Sets {
			s := &c.Sets[i]
			if s.SealResult != "pass" || !sealsBelowHold(c, i) {
				continue
			}
			if setResult(f, s, "dmarc") != "pass" && !dkimOfAuthor(f, s) {
				continue
			}
			k := f.SealerHop(s)
			x := report.Finding{
				Hop:         index(f, k),
				Confidence:  report.Strong,
				AtFault:     report.Party{Role: "none", Host: sealerName(f, s)},
				Parts:       report.Say("%s sealed that the message was in order when it came in there (%s); at the end DMARC of %v fails", report.HostRef(sealerName(f, s)), testimony(f, s), report.DomainRef(f.FromDomain)),
				AdviceParts: report.Words("none needed for this alone; what broke it lies at that server or behind it"),
				Evidence:    append(setEvidence(f, s), computed("RFC 8617 §5.2", "the seal of set %d verifies", s.Instance)),
			}
			if c := lastClaim(f, "dmarc"); c != nil {
				x.Evidence = append(x.Evidence, claim(f, c))
			}
			return []report.Finding{x}
		}
		return nil
	},
}

// sealsBelowHold reports whether no seal below set n was shown to be wrong: each
// of them is part of what the seal of n signs.
func sealsBelowHold(c *arc.Chain, n int) bool {
	for i := 0; i < n; i++ {
		if c.Sets[i].SealResult == "fail" {
			return false
		}
	}
	return true
}

// dkimOfAuthor reports whether a set says that a signature of the author's
// organisation passed.
func dkimOfAuthor(f *Facts, s *arc.Set) bool {
	for _, c := range f.SetClaims(s) {
		if c.Method == "dkim" && c.Normal == "pass" && sameOrganisation(f, c.Domain) {
			return true
		}
	}
	return false
}
