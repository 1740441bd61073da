package findings

import (
	"fmt"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/report"
)

var dkimKeyMalformed = &Rule{
	Code:     "dkim-key-malformed",
	Title:    "DKIM key record unusable",
	Severity: report.High,
	Refs:     []string{"RFC 6376 §3.6.1"},
	Doc: `
## What happened
There is a record at the selector, but no key can be read from it: bad base64, a wrong type, other text at the name.

## How it is proved
The record, with the place of the error.

## What looks like it
A DNS interface that shows backslashes before semicolons need not have published them.

## What to do
Sender: publish the key again as one TXT record; strings of 255 bytes are joined without blanks.
`,
	Find: func(f *Facts) []report.Finding {
		out := keyFindings(f, dkim.ReasonKeyMalformed, func(s *dkim.Signature) (string, string) {
			return fmt.Sprintf("the record at %s is not a usable key: %s", s.KeyName, s.Reason),
				fmt.Sprintf("%s: publish the key at %s again", s.Domain, s.KeyName)
		})
		return append(out, keyFindings(f, dkim.ReasonKeyMismatch, func(s *dkim.Signature) (string, string) {
			return fmt.Sprintf("the key at %s does not allow this signature: %s", s.KeyName, s.Reason),
				fmt.Sprintf("%s: make key and signature agree", s.Domain)
		})...)
	},
}
