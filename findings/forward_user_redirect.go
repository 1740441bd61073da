package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/message/mailbox"
	"github.com/mailtrace/mailtrace/report"
)

var forwardUserRedirect = &Rule{
	Code:     "forward-user-redirect",
	Group:    GroupForwarding,
	Title:    "User-level redirect or resend",
	Severity: report.Info,
	Since:    "0.1",
	Refs:     []string{"RFC 5322 §3.6.6"},
	Doc: `
## What happened
A mailbox rule or its user sent the message on, with From as it was. For authentication that is a forward; a mailbox
program often rebuilds the content besides, and that breaks signatures. Who forwards a meeting in Outlook does so too: From stays the
organiser, and Sender is the one who forwards.

## How it is proved
Resent-From and Resent-To, or the loop mark that Exchange adds when an inbox rule redirects. Of a meeting: it is the author's own, as ORGANIZER
in the invitation or Exchange's calendar field says, and what passes at the border is of the domain in Sender. All that could be made up, so
nothing gets milder by it.

## What looks like it
Some lists and moderators resend too.

## What to do
User: let the server forward (with SRS), or forward as attachment.
`,
	Find: func(f *Facts) []report.Finding {
		for _, name := range []string{"X-MS-Exchange-Inbox-Rules-Loop", "Resent-From"} {
			i := f.Msg.First(name)
			if i < 0 {
				continue
			}
			x := report.Finding{
				Hop:         index(f, borderHop(f)),
				Confidence:  report.Likely,
				AtFault:     report.Party{Role: "none"},
				Parts:       report.Say("the message was sent on by a user or a mailbox rule: %v %v", f.Msg.Name(i), f.Msg.Value(i)),
				AdviceParts: report.Words("let the server forward, or forward as attachment"),
				Evidence:    []report.Evidence{field(f, i)},
			}
			if name == "Resent-From" {
				for _, more := range []string{"Resent-To", "Resent-Date"} {
					if k := f.Msg.First(more); k >= 0 {
						x.Evidence = append(x.Evidence, field(f, k))
						x.Confidence = report.Strong
					}
				}
			} else {
				x.Confidence = report.Strong
			}
			return []report.Finding{x}
		}
		if x, ok := forwardedMeeting(f); ok {
			return []report.Finding{x}
		}
		return nil
	},
}

// forwardedMeeting looks for an invitation that one of the invited sent on in the
// organiser's name: Sender is somebody else, for whose domain SPF or DKIM passes.
func forwardedMeeting(f *Facts) (report.Finding, bool) {
	s := f.Msg.First("Sender")
	if s < 0 || len(f.From) != 1 || dmarcPasses(f) {
		return report.Finding{}, false
	}
	all := mailbox.Parse(f.Msg.Value(s))
	if len(all) != 1 || mailname.Org(all[0].Domain) == "" || sameOrganisation(f, all[0].Domain) {
		return report.Finding{}, false
	}
	by, org := all[0], mailname.Org(all[0].Domain)
	mark := f.Msg.First("X-MS-Exchange-Calendar-Originator-Id")
	if mark < 0 && !strings.EqualFold(f.Organizer, f.From[0].Address) {
		return report.Finding{}, false
	}
	x := report.Finding{
		Hop:         index(f, borderHop(f)),
		Confidence:  report.Likely,
		AtFault:     report.Party{Role: "none", Host: by.Domain},
		AdviceParts: report.Say("%s: forward the meeting as attachment, or have the organiser invite; the domain of the organiser has nothing to set up for this", by.Address),
		Evidence:    []report.Evidence{field(f, s), field(f, f.Msg.First("From"))},
	}
	passes := ""
	if b, ok := spfAtBorder(f); ok && b.result == "pass" && !b.null && mailname.Org(b.domain) == org {
		passes = "SPF"
		x.Evidence = append(x.Evidence, b.evidence(f)...)
	}
	for _, v := range signers(f) {
		if mailname.Org(v.domain) == org {
			passes = "DKIM"
			x.Evidence = append(x.Evidence, field(f, v.field))
			break
		}
	}
	if passes == "" {
		return report.Finding{}, false
	}
	if mark >= 0 {
		x.Evidence = append(x.Evidence, field(f, mark))
	}
	x.Parts = report.Say("%s, for whose domain %s passes, seems to have forwarded the meeting invitation of %s: From is still the organiser, Sender the one who forwarded", by.Address, passes, f.From[0].Address)
	return x, true
}
