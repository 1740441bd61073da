package findings

import (
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/report"
)

var dkimIdentityMismatch = &Rule{
	Code:     "dkim-identity-mismatch",
	RestsOn:  wholeHeader,
	Group:    GroupKeys,
	Title:    "i= is outside of d=, or below it although the key says t=s",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aSignature,
	Causes:   []Cause{{Rank: bySender + 220, Status: report.SenderMisconfigured, When: dmarcFails, Of: theAuthors}},
	Refs:     []string{"RFC 6376 §3.5", "RFC 6376 §3.6.1"},
	Doc: `
## What happened
The signature names an identity (i=) that its domain (d=) can't speak for: one of another domain, or of a subdomain although the key is
strict (t=s). Receivers must not accept it, however well it was computed.

## How it is proved
The tags i= and d= of the signature, and t=s of the key record.

## What looks like it
An international domain name once in Unicode and once in its ASCII form is the same name.

## What to do
Sender: leave i= out, or put it at d= itself.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for i := range f.DKIM {
			s := &f.DKIM[i]
			strict := strictIdentity(s)
			if s.Code != dkim.ReasonDomain && !strict {
				continue
			}
			x := dkimFinding(f, s)
			x.Severity = weight(f, i)
			x.Parts = report.Say("the signature of %v is made for the identity %s, which is not in that domain", report.DomainRef(s.Domain), report.MailboxRef(s.Identity))
			ref := "RFC 6376 §3.5"
			if strict {
				x.Parts = report.Say("the signature of %v is made for the identity %s, but the key allows %v alone (t=s)", report.DomainRef(s.Domain), report.MailboxRef(s.Identity), report.DomainRef(s.Domain))
				ref = "RFC 6376 §3.6.1"
			}
			x.AdviceParts = report.Say("%v: leave i= out of the signature, or put it at %v", report.DomainRef(s.Domain), report.DomainRef(s.Domain))
			x.Evidence = append(x.Evidence, computed(ref, "%s", s.Reason))
			if c := failedThen(f, s); c != nil {
				x.Evidence = append(x.Evidence, claim(f, c))
			}
			disown(s, &x)
			out = append(out, x)
		}
		return out
	},
}

// strictIdentity reports whether a key with t=s rejects the signature because
// i= lies below d=.
func strictIdentity(s *dkim.Signature) bool {
	if s.Code != dkim.ReasonKeyMismatch || s.KeyRecord == "" {
		return false
	}
	k, _ := dkim.ParseKey(s.KeyRecord)
	return k.Strict && domainPart(s.Identity) != s.Domain
}
