package findings

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

var openRelaySuspected = &Rule{
	Code:     "open-relay-suspected",
	RestsOn:  wholeHeader,
	Group:    GroupPath,
	Title:    "Host relayed from an unknown client to an outside recipient without AUTH",
	Severity: report.High,
	Since:    "0.1",
	Needs:    anEarlierRun,
	Refs:     []string{"RFC 5321 §7.8", "RFC 2505 §2.1"},
	Doc: `
## What happened
A server took a message from a stranger and passed it on to the outside, without a login that shows: it relays for everybody, or somebody
uses a stolen account.

## How it is proved
It can't be proved from the header. The client has a public address outside the server's organisation and introduces itself by no mail server's name, the server is
for neither sender nor recipient, no login is written down, and nothing authenticates the author in the end.

## What looks like it
Users who write through their own provider: many servers, Exchange among them, do not write logins down. Web interfaces of sending
services. Forwarding, where the server receives for an earlier recipient.

## What to do
Operator of the server: test it for open relaying, and look in its log for the login behind this message; rotate stolen credentials.
`,
	Find: func(f *Facts) []report.Finding {
		if dmarcPasses(f) || f.FromDomain == "" || resent(f) {
			return nil
		}
		for i := len(f.Runs) - 1; i > 0; i-- {
			r := &f.Runs[i]
			if r.Border < 0 || r.Contradicted != "" || r.NAT {
				continue
			}
			h := &f.Hops[r.Border]
			if !strangeClient(f, r) || len(r.Orgs) == 0 || slices.ContainsFunc(r.Orgs, func(o string) bool {
				return o == mailname.Org(f.FromDomain) || o == mailname.Org(mailFromDomain(f)) || o == mailname.Org(domainPart(h.For)) && h.For != ""
			}) {
				continue
			}
			// Nothing may vouch for the sender in the end.
			s, ok := spfAtBorder(f)
			if !ok || s.result == "pass" || s.result == "temperror" {
				continue
			}
			x := report.Finding{
				Hop:         index(f, r.Border),
				Confidence:  report.Likely,
				AtFault:     report.Party{Role: report.RoleIntermediary, Host: byName(f, r.Border)},
				Parts:       report.Say("%v (%v) took the message from %v, which shows no login, and passed it on to %s; it serves neither sender nor recipient", report.HostRef(byName(f, r.Border)), report.HopRef(h.Index), clientRef(f, r.Border), f.Runs[i-1].Name()),
				AdviceParts: report.Say("operator of %v: test for open relaying; look in the log for the login behind this message", report.HostRef(byName(f, r.Border))),
				Evidence:    append([]report.Evidence{hop(f, r.Border), hop(f, f.Runs[i-1].First)}, s.evidence(f)[1:]...),
			}
			switch {
			case !showsAuth(h):
				x.Severity, x.Confidence = report.Medium, report.Hint
			case s.result == "fail" && sameOrganisation(f, s.domain):
				// Nor is it a relay that the author's domain means to send.
				x.Confidence = report.Strong
			}
			return []report.Finding{x}
		}
		return nil
	},
}

// strangeClient reports whether the client at the border of a run is not a mail
// server: a public address that calls itself by a bare word or by an address.
func strangeClient(f *Facts, r *headers.Run) bool {
	h := &f.Hops[r.Border]
	if !headers.Public(h.IP) || h.Auth || h.Local || h.Fetched || h.Helo == "" {
		return false
	}
	if org := mailname.Org(h.RDNS); org != "" && slices.Contains(r.Orgs, org) {
		return false // the provider's own customer
	}
	helo := strings.Trim(h.Helo, "[]")
	return !strings.Contains(helo, ".") || strings.Trim(helo, "0123456789.") == ""
}

// showsAuth reports whether servers of this kind write a login down.
func showsAuth(h *headers.Hop) bool {
	switch h.Family {
	case "postfix", "exim", "sendmail", "opensmtpd", "haraka", "mox", "maddy", "stalwart", "chasquid":
		return true
	}
	return false
}
