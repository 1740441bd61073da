package findings

import (
	"github.com/mailtrace/mailtrace/report"
)

var dkimKeyTesting = &Rule{
	Code:     "dkim-key-testing",
	Group:    GroupKeys,
	Title:    "Key is marked as a test (t=y)",
	Severity: report.Low,
	Since:    "0.1",
	Needs:    aSignature,
	Refs:     []string{"RFC 6376 §3.6.1"},
	Doc: `
## What happened
The key record says t=y: the domain is testing DKIM. A receiver must not treat mail whose signature fails otherwise than unsigned mail.

## How it is proved
The tag t=y of the key record.

## What looks like it
The flag does not make a delivery fail. A signature that verifies counts for DMARC, test or not.

## What to do
Sender: take t=y out of the record once signing works.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		seen := map[string]bool{}
		for i := range f.DKIM {
			s := &f.DKIM[i]
			if !s.KeyTesting || seen[s.KeyName] {
				continue
			}
			seen[s.KeyName] = true
			x := dkimFinding(f, s)
			x.Parts = report.Say("the key %s is marked as a test (t=y): where its signatures fail, the mail counts as unsigned", report.DomainRef(s.KeyName))
			x.AdviceParts = report.Say("%v: take t=y out of the key record once signing works", report.DomainRef(s.Domain))
			out = append(out, x)
		}
		return out
	},
}
