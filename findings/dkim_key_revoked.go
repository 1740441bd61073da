package findings

import (
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/report"
)

var dkimKeyRevoked = &Rule{
	Code:     "dkim-key-revoked",
	RestsOn:  wholeHeader,
	Group:    GroupKeys,
	Title:    "DKIM key published with empty p=",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aSignature,
	Causes: []Cause{
		{Rank: bySender + 150, Status: report.SenderMisconfigured, When: signerSent, Of: theAuthors},
		{Rank: bySender + 190, Status: report.Unauthenticated, When: notAuthenticated, Of: theAuthors},
	},
	Refs: []string{"RFC 6376 §3.6.1"},
	Doc: `
## What happened
The owner of the domain revoked the key: its record has an empty p=. Signatures with it are void.

## How it is proved
The key record in the DNS: its p= is there and empty.

## What looks like it
A key revoked after delivery: the verdict of that time then says pass, and dkim-key-rotated is reported.

## What to do
Sender: sign with the current selector. If you do not sign with this one any more, somebody else has the private key.
`,
	Find: func(f *Facts) []report.Finding {
		return keyFindings(f, dkim.ReasonKeyRevoked, func(s *dkim.Signature) (report.Text, report.Text) {
			return report.Say("the key %s is revoked (empty p=), but the message is signed with it", report.DomainRef(s.KeyName)),
				report.Say("%s: sign with a selector whose key is valid", report.DomainRef(s.Domain))
		})
	},
}
