package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenOversignedHeaderAdded = &Rule{
	Code:     "dkim-broken-oversigned-header-added",
	Group:    GroupBroken,
	Title:    "A header field was added that the signer had signed as absent",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aBrokenSignature,
	Causes:   []Cause{{Rank: onTheWay + 120, Status: report.BrokenInTransit, When: brokenOnTheWay, Of: theAuthors}},
	Refs:     []string{"RFC 6376 §5.4.2", "RFC 6376 §8.15"},
	Doc: `
## What happened
The signer named a field in h= more often than it occurred, which signs that no other may be there. Somebody on the way added one, often a list
its List-… fields or Sender.

## How it is proved
With the added field taken out the signature verifies.

## What looks like it
The same evidence with a second From or Subject is an attack that the signature held off: look at which field it is.

## What to do
Sender: sign twice only From, To, Subject, Date, Reply-To and MIME fields, never List-… or Sender, which lists have to add. Who added it: leave
out the field.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for _, c := range changes(f, repair.FieldAdded) {
			x, ok := c.finding(f, "do not add the field to mail that is signed against it")
			if !ok {
				continue
			}
			name := c.edit.Field
			switch n := strings.ToLower(name); {
			case n == "from" || n == "subject":
				x.Parts = x.Parts.Add(report.Say(" (a second %s is what attackers add: treat the message with care)", name)...)
			case strings.HasPrefix(n, "list-") || n == "sender" || strings.HasPrefix(n, "resent-"):
				x.AdviceParts = x.AdviceParts.Add(report.Say("; %s: do not name %s in h= where it does not occur, lists have to add it", report.DomainRef(c.sig.Domain), name)...)
			}
			out = append(out, x)
		}
		return merge(out)
	},
}
