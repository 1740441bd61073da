package findings

import (
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/report"
)

var dkimKeyMalformed = &Rule{
	Code:     "dkim-key-malformed",
	RestsOn:  wholeHeader,
	Group:    GroupKeys,
	Title:    "DKIM key record unusable",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aSignature,
	Causes: []Cause{
		{Rank: bySender + 160, Status: report.SenderMisconfigured, When: signerSent, Of: theAuthors},
		{Rank: bySender + 200, Status: report.Unauthenticated, When: notAuthenticated, Of: theAuthors},
	},
	Refs: []string{"RFC 6376 §3.6.1", "RFC 6376 §3.6.2.2"},
	Doc: `
## What happened
There is a record at the selector, but no key can be read from it (bad base64, a wrong type, other text at the name), or the key is not for
this signature (another algorithm, hash or service). Or there are several records, and which one counts is undefined.

## How it is proved
The record, with what is wrong in it.

## What looks like it
A DNS interface that shows backslashes before semicolons need not have published them.

## What to do
Sender: publish the key again as one TXT record; strings of 255 bytes are joined without blanks.
`,
	Find: func(f *Facts) []report.Finding {
		out := keyFindings(f, dkim.ReasonKeyMalformed, func(s *dkim.Signature) (report.Text, report.Text) {
			return report.Say("the record at %s is not a usable key: %s", report.DomainRef(s.KeyName), s.Reason),
				report.Say("%s: publish the key at %s again", report.DomainRef(s.Domain), report.DomainRef(s.KeyName))
		})
		forbids := keyFindings(f, dkim.ReasonKeyMismatch, func(s *dkim.Signature) (report.Text, report.Text) {
			if strictIdentity(s) {
				return nil, nil // dkim-identity-mismatch
			}
			return report.Say("the key at %s does not allow this signature: %s", report.DomainRef(s.KeyName), s.Reason),
				report.Say("%s: make key and signature agree", report.DomainRef(s.Domain))
		})
		for _, x := range forbids {
			if len(x.Parts) != 0 {
				out = append(out, x)
			}
		}
		return append(out, severalKeys(f)...)
	},
}

// severalKeys reports names with more than one record. RFC 6376 §3.6.2.2 leaves
// the result undefined: one verifier takes the first, another the last.
func severalKeys(f *Facts) []report.Finding {
	var out []report.Finding
	seen := map[string]bool{}
	for i := range f.DKIM {
		s := &f.DKIM[i]
		if s.KeyRecords < 2 || s.KeyRecord == "" || s.Code == dkim.ReasonKeyMalformed || s.Code == dkim.ReasonKeyMismatch || seen[s.KeyName] {
			continue
		}
		seen[s.KeyName] = true
		x := dkimFinding(f, s)
		x.Severity = report.Low
		if s.HeaderSignature == dkim.Mismatch {
			x.Severity = report.Medium
		}
		x.Parts = report.Say("there are %d TXT records at %s; which of them is the key is undefined, and receivers choose differently", s.KeyRecords, report.DomainRef(s.KeyName))
		x.AdviceParts = report.Say("%v: leave only the key in use at %s", report.DomainRef(s.Domain), report.DomainRef(s.KeyName))
		x.Evidence = append(x.Evidence, computed("RFC 6376 §3.6.2.2", "%d TXT records at %s", s.KeyRecords, report.DomainRef(s.KeyName)))
		out = append(out, x)
	}
	return out
}
