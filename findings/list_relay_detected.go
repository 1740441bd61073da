package findings

import (
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

var listRelayDetected = &Rule{
	Code:     "list-relay-detected",
	Group:    GroupForwarding,
	Title:    "Mailing list re-sent the message",
	Severity: report.Info,
	Since:    "0.1",
	Quiet:    true,
	Causes:   []Cause{{Rank: residual + 20, Status: report.Unauthenticated, When: dmarcFails}},
	Refs:     []string{"RFC 7960 §3.2.3", "RFC 2919 §2"},
	Doc: `
## What happened
Mailing list software took the message, put its own bounce address into the envelope sender and sent copies to its members.
SPF speaks for the list from there on.

## How it is proved
List fields (List-Id, List-Post, X-BeenThere) name the domain of the host that brought the message, and the envelope sender is in that
domain.

## What looks like it
Newsletters carry List-Unsubscribe and List-Id too, but their author and their list are the same organisation.

## What to do
Nothing for this alone. Where the list changes messages, see dkim-broken-subject-tag, dkim-broken-footer and list-from-munged.
`,
	Find: func(f *Facts) []report.Finding {
		l := findList(f)
		if l == nil {
			return nil
		}
		x := report.Finding{
			Hop:         index(f, l.hop),
			Confidence:  report.Strong,
			AtFault:     report.Party{Role: "none", Host: fromHost(f, l.hop)},
			Parts:       report.Say("the mailing list %s sent this copy on (%v), with its own envelope sender %s", report.DomainRef(l.name), report.HopRef(f.Hops[l.hop].Index), report.MailboxRef(l.sender)),
			AdviceParts: report.Words("none needed for this alone"),
			Evidence:    []report.Evidence{field(f, l.field), hop(f, l.hop)},
		}
		if i := f.Msg.First("Return-Path"); i >= 0 {
			x.Evidence = append(x.Evidence, field(f, i))
		}
		if f.SPF != nil {
			x.Evidence = append(x.Evidence, computed("RFC 7208 §4.1", "%s", evaluated(f.SPF)))
			if f.SPF.Result == "pass" {
				x.Confidence = report.Proved
			}
		}
		return []report.Finding{x}
	},
}

// mailingList is a list that took part in the message's way.
type mailingList struct {
	name   string // "talk.lists.example.net"
	domain string
	sender string // its envelope sender
	field  int    // the list field
	hop    int    // hop at which its copy reached the recipient's organisation
}

// listFields name a list, the surest first.
var listFields = []string{"List-Id", "X-BeenThere", "List-Post", "Mailing-List"}

// foreignAuthor reports whether an author belongs to another organisation than
// the list.
func foreignAuthor(f *Facts, list string) bool {
	for _, a := range f.FromOthers {
		if !mailname.SameOrg(a, list) {
			return true
		}
	}
	return false
}

// findList tells a mailing list from a newsletter: the list's domain is that of
// the envelope sender, and the message came to the list from outside. nil where
// there is no list.
func findList(f *Facts) *mailingList {
	b := borderHop(f)
	if f.MailFrom == nil || *f.MailFrom == "" || b < 0 {
		return nil
	}
	bounce := domainPart(*f.MailFrom)
	for _, name := range listFields {
		i := f.Msg.First(name)
		if i < 0 {
			continue
		}
		l := headers.ListName(f.Msg.Value(i))
		d := domainPart(l)
		if d == "" || !mailname.SameOrg(d, bounce) {
			continue
		}
		// The message was written to the list, or the list received it from
		// outside: a newsletter's author and list are one organisation.
		through := len(f.Runs) > 1 && f.Runs[1].Role == headers.Intermediary
		if !through && !(foreignAuthor(f, d) && (toList(f) || handedOver(f))) {
			continue
		}
		return &mailingList{name: l, domain: d, sender: *f.MailFrom, field: i, hop: b}
	}
	return nil
}
