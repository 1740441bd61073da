package findings

import (
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/report"
)

var dkimKeyMissing = &Rule{
	Code:     "dkim-key-missing",
	RestsOn:  wholeHeader,
	Group:    GroupKeys,
	Title:    "No DKIM key at the selector",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aSignature,
	Causes: []Cause{
		{Rank: bySender + 140, Status: report.SenderMisconfigured, When: signerSent, Of: theAuthors},
		{Rank: bySender + 180, Status: report.Unauthenticated, When: notAuthenticated, Of: theAuthors},
	},
	Refs: []string{"RFC 6376 §6.1.2"},
	Doc: `
## What happened
The signature names a key that the DNS does not have: the name selector._domainkey.domain does not exist or holds no key.

## How it is proved
The DNS answers that there is no such record. A DNS failure is not that answer and is never reported as this.

## What looks like it
A key that was there at delivery and has been retired since: dkim-key-rotated. A forged signature with an invented selector.

## What to do
Sender: publish the key, or fix the CNAME to the service that signs. Keep retired keys for a week after the last signature.
`,
	Find: func(f *Facts) []report.Finding {
		return keyFindings(f, dkim.ReasonKeyMissing, func(s *dkim.Signature) (report.Text, report.Text) {
			return report.Say("the signature of %s names the key %s, and the DNS has no key there", report.DomainRef(s.Domain), report.DomainRef(s.KeyName)),
				report.Say("%s: publish the key at %s, or sign with a selector that is published", report.DomainRef(s.Domain), report.DomainRef(s.KeyName))
		})
	},
}
