package findings

import (
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

var replyToDiverges = &Rule{
	Code:      "reply-to-diverges",
	Group:     GroupSpoofing,
	Title:     "Replies go to another organisation",
	Severity:  report.Low,
	Since:     "0.1",
	SymptomOf: []*Rule{spoofAuthenticatedPlatform, listFromMunged, directSpoof, directSpoofOwnDomain},
	Refs:      []string{"RFC 5322 §3.6.2"},
	Doc: `
## What happened
Answers to the message leave the author's organisation: Reply-To is in another domain than From.

## How it is proved
The two fields. Nothing says that it is meant badly.

## What looks like it
Lists, newsletters, ticket systems and services that send for others do this by design: messages that show one of them are left out. People
who prefer another mailbox.

## What to do
Recipient: look at the address before answering with anything that matters.
`,
	Find: func(f *Facts) []report.Finding {
		mb, i := replyTo(f)
		if mb == nil || f.FromDomain == "" || sameOrganisation(f, mb.Domain) || sameLabel(f.FromDomain, mb.Domain) || bulk(f) || resent(f) || f.IsReport() {
			return nil
		}
		org := mailname.Org(mb.Domain)
		if org == "" || org == mailname.Org(mailFromDomain(f)) || replyToRecipient(f, mb.Address) {
			return nil
		}
		for _, v := range signers(f) {
			if mailname.Org(v.domain) == org {
				return nil // that organisation signed the message
			}
		}
		return []report.Finding{{
			Confidence:  report.Likely,
			AtFault:     report.Party{Role: report.RoleUnknown},
			Parts:       report.Say("the author is in %v, answers go to %s", report.DomainRef(f.FromDomain), mb.Address),
			AdviceParts: report.Words("recipient: look at the address before answering"),
			Evidence:    []report.Evidence{field(f, f.Msg.First("From")), field(f, i)},
		}}
	},
}

// replyToRecipient reports whether answers go to the recipients themselves, as
// forms on web pages have it.
func replyToRecipient(f *Facts, addr string) bool {
	for _, r := range f.Recipients {
		if mailname.SameOrg(domainPart(r), domainPart(addr)) {
			return true
		}
	}
	return false
}
