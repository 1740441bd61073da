package findings

import (
	"slices"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

var displayNameSpoof = &Rule{
	Code:      "display-name-spoof",
	Group:     GroupSpoofing,
	Title:     "Trusted name, foreign address",
	Severity:  report.High,
	Since:     "0.1",
	SymptomOf: []*Rule{listFromMunged},
	Refs:      []string{"RFC 5322 §3.4", "RFC 9989 §2.4"},
	Doc: `
## What happened
The name beside the author's address is itself an e-mail address, of another organisation. Programs that show only the name show the false one.

## How it is proved
The display name in From holds an address whose domain is not that of the author's address. Where it is the recipient's own domain, it
was made for this recipient.

## What looks like it
Lists and groups that put themselves into From ("via"), helpdesks and document services that write for somebody: they name that person in Reply-To
or Sender. People who keep their old address as their name.

## What to do
Recipient: show the address beside the name, mark mail from outside, and refuse own addresses in display names of outside mail.
`,
	Find: func(f *Facts) []report.Finding {
		addr, name := nameAddress(f)
		if addr == "" || f.FromDomain == "" || sameOrganisation(f, addr) || onBehalf(name) || resent(f) ||
			namesAddress(f, addr, "Reply-To", "Sender", "X-Original-From", "X-Original-Sender", "Resent-From") {
			return nil
		}
		x := report.Finding{
			Severity:    report.Low,
			Confidence:  report.Likely,
			AtFault:     report.Party{Role: report.RoleSender, Host: f.FromDomain},
			Parts:       report.Say("the author shows the name %v, but the address is %s", report.QuoteRef(addr), report.MailboxRef(f.From[0].Address)),
			AdviceParts: report.Words("recipient: go by the address, not by the name"),
			Evidence:    []report.Evidence{field(f, f.Msg.First("From"))},
		}
		if slices.Contains(f.Protected(), mailname.Org(domainPart(addr))) && !bulk(f) {
			x.Severity, x.Confidence = "", report.Strong
			x.Parts = x.Parts.Add(report.Say("; %v is the recipient's own domain", domainPart(addr))...)
			if dmarcPasses(f) {
				x.Confidence = report.Likely // a service may write for that person
			}
			if selfMail(f, addr) {
				// People who write to themselves from another mailbox.
				x.Severity, x.Confidence = report.Medium, report.Likely
			}
		}
		return []report.Finding{x}
	},
}

// selfMail reports whether the address in the name is the recipient's own.
func selfMail(f *Facts, addr string) bool {
	return len(f.Recipients) > 0 && slices.Contains(f.Recipients, addr)
}
