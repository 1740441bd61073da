package findings

import (
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/report"
)

var dkimKeyWeak = &Rule{
	Code:     "dkim-key-weak",
	Group:    GroupKeys,
	Title:    "RSA key below 1024 bits, or below today's 2048",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aSignature,
	Refs:     []string{"RFC 8301 §3.2"},
	Doc: `
## What happened
The signing key is short, or an Ed25519 key is a point of small order. Under 1024 bits it can be factored, and receivers must not accept it; under 2048 bits it is below
what signers should use today.

## How it is proved
The length of the modulus in the key record; the point in an Ed25519 record. With a point of small order one constant signature verifies over
every message (RFC 8032 lets a verifier take it), so that anybody can sign.

## What looks like it
Test keys, marked t=y. A key of 1024 bits is below the advice but still accepted everywhere.

## What to do
Sender: sign with a 2048-bit RSA key, with Ed25519 beside it if you like.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		seen := map[string]bool{}
		for i := range f.DKIM {
			s := &f.DKIM[i]
			if s.KeyType == "ed25519" && !seen[s.KeyName] {
				if k, _ := dkim.ParseKey(s.KeyRecord); k.SmallOrder {
					seen[s.KeyName] = true
					x := dkimFinding(f, s)
					x.Severity = report.Critical
					x.Parts = report.Say("the key %s is a point of small order: one constant signature fits every message, so anybody can sign for %v", report.DomainRef(s.KeyName), report.DomainRef(s.Domain))
					x.AdviceParts = report.Say("%v: take the record down and make a new key", report.DomainRef(s.Domain))
					x.Evidence = append(x.Evidence, computed("RFC 8032 §5.1.7", "%s: Ed25519, small order", report.DomainRef(s.KeyName)))
					out = append(out, x)
				}
				continue
			}
			if s.KeyType != "rsa" || s.KeyBits == 0 || s.KeyBits >= 2048 || seen[s.KeyName] {
				continue
			}
			seen[s.KeyName] = true
			x := dkimFinding(f, s)
			x.Parts = report.Say("the key %s has %d bits; signers should use 2048", report.DomainRef(s.KeyName), s.KeyBits)
			x.AdviceParts = report.Say("%v: replace the key by one of 2048 bits", report.DomainRef(s.Domain))
			x.Severity = report.Low
			if s.KeyBits < dkim.MinKeyBits {
				x.Severity = report.Critical
				x.Parts = report.Say("the key %s has %d bits: it can be factored, so anybody can sign for %v, and receivers must not accept it", report.DomainRef(s.KeyName), s.KeyBits, report.DomainRef(s.Domain))
				if s.KeyTesting {
					x.Severity = report.Medium
					x.Parts = x.Parts.Add(report.Words("; it is marked as a test (t=y)")...)
				}
			}
			x.Evidence = append(x.Evidence, computed("RFC 8301 §3.2", "%s: RSA, %d bits", report.DomainRef(s.KeyName), s.KeyBits))
			out = append(out, x)
		}
		return out
	},
}
