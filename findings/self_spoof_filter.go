package findings

import (
	"cmp"
	"regexp"
	"slices"
	"sync"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

var selfSpoofFilter = &Rule{
	Code:     "self-spoof-filter",
	RestsOn:  wholeHeader | noSignature | noForwarder,
	Group:    GroupForwarding,
	Title:    "Receiver discards outside mail that claims its own domain",
	Severity: report.High,
	Since:    "0.1",
	Causes:   []Cause{{Rank: misuse + 30, Status: report.BrokenInTransit, When: notAuthenticated}},
	Refs:     []string{"RFC 7208 app. D", "RFC 7960 §3.2.1"},
	Doc: `
## What happened
The receiver refuses or marks mail from outside whose author or envelope sender is in one of its own domains. Here the message
really was its own user's: it left the organisation, passed through a forwarder or a list, and came back.

## How it is proved
The oldest part of the path lies in the receiver's organisation, the newest too, and another organisation in between brought
the message back; or a bounce says in words that the sender's domain is not accepted from outside, and the returned original
shows where it was made.

## What looks like it
A real forgery of the receiver's domain has no hop inside it and no valid signature of it: direct-spoof-own-domain.

## What to do
Receiver: accept such mail where a DKIM signature of the own domain verifies, or where a known forwarder rewrote the envelope sender.
Forwarder: rewrite the envelope sender (SRS). User: write to the final address directly.
`,
	Find: func(f *Facts) []report.Finding {
		if x, ok := bouncedOwnMail(f); ok {
			return []report.Finding{x}
		}
		if x, ok := ownMailReturned(f); ok {
			return []report.Finding{x}
		}
		return nil
	},
}

// ownMailReturned: the path starts and ends in one organisation with another in
// between, and the end held the message to be a forgery.
func ownMailReturned(f *Facts) (report.Finding, bool) {
	n := len(f.Runs)
	if n < 3 || f.FromDomain == "" {
		return report.Finding{}, false
	}
	first, last := &f.Runs[n-1], f.LastRun()
	own := mailname.Org(f.FromDomain)
	if own == "" || !slices.Contains(last.Orgs, own) || !slices.Contains(first.Orgs, own) || last.Border < 0 {
		return report.Finding{}, false
	}
	var bad *headers.Claim
	for c := range claims(f, "") {
		if c.Trust == headers.Trusted && (c.Method == "spf" || c.Method == "dmarc" || c.Method == "compauth") && (c.Normal == "fail" || c.Result == "fail") {
			bad = c
			break
		}
	}
	if bad == nil {
		return report.Finding{}, false
	}
	return report.Finding{
		Hop:         index(f, last.Border),
		Confidence:  report.Strong,
		AtFault:     report.Party{Role: report.RoleRecipient, Host: byName(f, last.Border)},
		Parts:       report.Say("the message left %v, came back through %v and was held to be a forgery of its own domain by %v (%v)", report.DomainRef(own), clientRef(f, last.Border), report.HostRef(byName(f, last.Border)), report.HopRef(f.Hops[last.Border].Index)),
		AdviceParts: report.Say("%v: accept mail of the own domain whose DKIM signature verifies; the forwarder: rewrite the envelope sender", report.DomainRef(last.Name())),
		Evidence: []report.Evidence{
			claim(f, bad), hop(f, last.Border), hop(f, first.First),
		},
	}, true
}

// ownDomainRefusal matches the words in which servers refuse mail that claims
// their own domain.
var ownDomainRefusal = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(not accepted from outside|own domain|sender address rejected.*(outside|own|not owned|local)|` +
		`(local|internal) (domain|sender|address).{0,40}(outside|external|not allowed|denied|reject)|spoof|claims? to (be|come) from (us|this|our)|you are not .{0,20}allowed .{0,20}our domain|not permitted to send .{0,30}own)`)
})

// bouncedOwnMail: a bounce says that the recipient's server does not take its
// own domain from outside.
func bouncedOwnMail(f *Facts) (report.Finding, bool) {
	if f.DSN == nil {
		return report.Finding{}, false
	}
	for _, r := range f.DSN.Recipients {
		if !ownDomainRefusal().MatchString(r.Diagnostic) {
			continue
		}
		refuser := domainPart(r.Final)
		if len(f.Embedded) == 0 {
			if x, ok := noticeOfOwnMail(f, &r, refuser); ok {
				return x, true
			}
		}
		for _, p := range f.Embedded {
			author := p.FromDomain()
			if author == "" || !mailname.SameOrg(author, refuser) {
				continue
			}
			x := report.Finding{
				Confidence:  report.Likely,
				AtFault:     report.Party{Role: report.RoleRecipient, Host: r.RemoteMTA},
				Parts:       report.Say("%s refused a message of %s that %s brought back from outside: it takes no mail of its own domain from other servers", cmp.Or(r.RemoteMTA, refuser), author, cmp.Or(f.DSN.ReportingMTA, "a forwarder")),
				AdviceParts: report.Say("%s: accept mail of the own domain whose DKIM signature verifies; %s: rewrite the envelope sender when forwarding", refuser, cmp.Or(f.DSN.ReportingMTA, "the forwarder")),
				Evidence: []report.Evidence{
					replied(r.Diagnostic, "RFC 3464 §2.3.6"),
					computed("RFC 3464 §2.1", "the returned message is from %s", author),
				},
			}
			if p.MadeIn(mailname.Org(author)) {
				x.Confidence = report.Strong
				x.Evidence = append(x.Evidence, computed("", "the returned message was made inside %s", mailname.Org(author)))
			}
			return x, true
		}
	}
	return report.Finding{}, false
}

// noticeOfOwnMail: nothing of the refused message is there, but the bounce says
// with which envelope sender it was given, or was sent to that sender.
func noticeOfOwnMail(f *Facts, r *headers.DSNRecipient, refuser string) (report.Finding, bool) {
	sender := domainPart(r.MailFrom)
	if sender == "" && len(f.Recipients) > 0 {
		sender = domainPart(f.Recipients[0])
	}
	if sender == "" || !mailname.SameOrg(sender, refuser) {
		return report.Finding{}, false
	}
	by := cmp.Or(f.DSN.ReportingMTA, "a forwarder")
	return report.Finding{
		Confidence:  report.Likely,
		AtFault:     report.Party{Role: report.RoleRecipient, Host: r.RemoteMTA},
		Parts:       report.Say("%s refused a message of %s that %s brought from outside: it takes no mail of its own domain from other servers", cmp.Or(r.RemoteMTA, refuser), sender, by),
		AdviceParts: report.Say("%s: accept mail of the own domain whose DKIM signature verifies; %s: rewrite the envelope sender when forwarding", refuser, cmp.Or(f.DSN.ReportingMTA, "the forwarder")),
		Evidence: []report.Evidence{
			replied(r.Diagnostic, "RFC 5321 §4.2"),
			computed("", "envelope sender and recipient of the refused message are of %s", mailname.Org(refuser)),
		},
	}, true
}
