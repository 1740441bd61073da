package findings

import (
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

var spoofAuthenticatedPlatform = &Rule{
	Code:     "spoof-authenticated-platform",
	Group:    GroupSpoofing,
	Title:    "All checks pass, identity still false",
	Severity: report.High,
	Since:    "0.1",
	Refs:     []string{"RFC 9989 §2.4"},
	Doc: `
## What happened
The message is genuine by all checks: it really comes from the platform or the mailbox that it names. But answers go to an address that was
made to look like somebody else's. That is how accounts of sending services, document platforms and stolen mailboxes are misused.

## How it is proved
It can't be proved from a header. DMARC passes, and Reply-To is in a domain that imitates the recipient's or the author's: the same letters but
for one that looks alike, or the whole name in front of another domain.

## What looks like it
Newsletters and ticket systems with Reply-To elsewhere are ordinary: without an imitated name nothing is said.

## What to do
Recipient: do not answer; ask the author by another way. Report the abuse to the platform with its ids (Feedback-ID, X-SG-EID, Message-ID).
`,
	Find: func(f *Facts) []report.Finding {
		if !dmarcPasses(f) {
			return nil
		}
		mb, i := replyTo(f)
		if mb == nil || sameOrganisation(f, mb.Domain) {
			return nil
		}
		for _, p := range append(f.Protected(), f.FromDomain) {
			like := headers.LooksLike(mb.Domain, p)
			if like == headers.Unlike {
				continue
			}
			x := report.Finding{
				Confidence:  report.Likely,
				AtFault:     report.Party{Role: report.RoleSender, Host: f.FromDomain},
				Parts:       report.Say("DMARC of %v passes, but answers go to %s, whose domain imitates %s (%s)", report.DomainRef(f.FromDomain), mb.Address, mailname.Org(p), like),
				AdviceParts: report.Say("recipient: do not answer; report the message to %v with its Message-ID", report.DomainRef(f.FromDomain)),
				Evidence:    []report.Evidence{field(f, f.Msg.First("From")), field(f, i), computed("RFC 9989 §5.3", "dmarc of %v: pass", report.DomainRef(f.FromDomain))},
			}
			if like == headers.OneLetter {
				x.Confidence = report.Hint
			}
			return []report.Finding{x}
		}
		return nil
	},
}
