package findings

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

var directSpoofOwnDomain = &Rule{
	Code:     "direct-spoof-own-domain",
	RestsOn:  wholeHeader | noSignature | noForwarder,
	Group:    GroupSpoofing,
	Title:    "Outside source uses the recipient's own domain",
	Severity: report.Critical,
	Since:    "0.1",
	Needs:    aFailure,
	AtBorder: true,
	Causes:   []Cause{{Rank: bySender + 80, Status: report.SpoofSuspected, When: notAuthenticated}},
	Refs:     []string{"RFC 9989 §2.1", "RFC 7208 §2.6.4"},
	Doc: `
## What happened
Somebody outside writes as one of the recipient's own users: the author's domain is the recipient's.

## How it is proved
The message came straight from outside, from an address that the domain's own SPF record does not allow and whose name is not of the
organisation, without a valid signature of the domain. Exchange Online says the same as compauth=fail with reason 010 or 6xx.

## What looks like it
Own mail that left and came back through a forwarder or a list: self-spoof-filter. Printers and programs of the organisation that
deliver straight to the recipient's server, and services that send for it and were forgotten in the record: their addresses have the
organisation's names, or their owner knows them.

## What to do
Recipient: enforce DMARC for the own domain at the own border (p=reject), allow own devices by address or login, and close anonymous direct
delivery to the tenant.
`,
	Find: func(f *Facts) []report.Finding {
		b := borderHop(f)
		own := mailname.Org(f.FromDomain)
		if b < 0 || own == "" || headers.Service(f.FromDomain) || f.IsReport() || !ownDomain(f, own) && compauth(f) == nil || !straight(f) || ownSource(f) != "" || !headers.Public(f.Hops[b].IP) || dmarcPasses(f) {
			return nil
		}
		h := &f.Hops[b]
		if h.Auth || mailname.Org(h.RDNS) == own {
			return nil
		}
		s, known := spfAtBorder(f)
		comp := compauth(f)
		if known && (s.result == "pass" || s.result == "temperror") && sameOrganisation(f, s.domain) {
			return nil
		}
		// Another domain's pass is what services that send for the owner have:
		// third-party-sender-unaligned. They do not write to a user in the user's own
		// name, unsigned, against an enforced policy. What the DNS does not answer may
		// be a pass.
		foreign := known && (s.result == "pass" || s.result == "temperror") && comp == nil
		if known && s.null && comp == nil || foreign && (!toHimself(f) || len(f.DKIM) > 0 || bulk(f) || enforced(f) == "") {
			return nil
		}
		failed := known && (s.result == "fail" || s.result == "softfail") && sameOrganisation(f, s.domain)
		dmarcFails := f.Border.DMARC == "fail"
		if !failed && !dmarcFails && comp == nil {
			return nil
		}
		recipient := f.LastRun().Name()
		if !ownDomain(f, own) {
			recipient = own // as the receiver says, which knows for whom it took the message
		}
		x := report.Finding{
			Hop:         index(f, b),
			Confidence:  report.Strong,
			AtFault:     report.Party{Role: report.RoleSender, Host: fromHost(f, b)},
			Parts:       report.Say("%v is outside and writes as %v to %s itself (%v); nothing of %v vouches for it", report.HostRef(fromHost(f, b)), report.DomainRef(f.FromDomain), recipient, report.HopRef(h.Index), report.DomainRef(own)),
			AdviceParts: report.Say("%s: treat as forged; enforce p=reject for the own domain at the border, and take mail of it only from own hosts and logins", recipient),
			Evidence:    []report.Evidence{hop(f, b)},
		}
		if i := f.Msg.First("From"); i >= 0 {
			x.Evidence = append(x.Evidence, field(f, i))
		}
		if known {
			x.Evidence = append(x.Evidence, s.evidence(f)[1:]...)
		}
		if comp != nil {
			x.Evidence = append(x.Evidence, claim(f, comp))
		}
		if c := claimAt(f, b, "dmarc"); c != nil {
			x.Evidence = append(x.Evidence, claim(f, c))
		}
		// A record that does not say no may have forgotten its own system.
		if known && s.result != "fail" && comp == nil || foreign || !known {
			x.Severity = report.High
			if !dmarcFails || enforced(f) == "" {
				x.Confidence = report.Likely
			}
		}
		return []report.Finding{x}
	},
}

// toHimself reports whether the author is the one recipient.
func toHimself(f *Facts) bool {
	rcpt := f.LastRun().Rcpt
	if rcpt == "" && len(f.Recipients) > 0 {
		rcpt = f.Recipients[0]
	}
	return len(f.From) == 1 && rcpt != "" && strings.EqualFold(f.From[0].Address, rcpt)
}

// ownDomain reports whether an organisation is that of the recipient: of the
// address for which its border received the message.
func ownDomain(f *Facts, org string) bool {
	r := f.LastRun()
	if r.Rcpt != "" {
		return mailname.Org(domainPart(r.Rcpt)) == org
	}
	return len(f.Recipients) > 0 && mailname.Org(domainPart(f.Recipients[0])) == org || slices.Contains(r.Orgs, org)
}

// straight reports whether the message came to the recipient's border from its
// source, with nothing in between that could have broken what was whole.
func straight(f *Facts) bool {
	last := f.LastRun()
	if last == nil || last.Border < 0 || last.NAT {
		return false
	}
	// What stands below an invented line is not a path.
	for i := 1; i < len(f.Runs) && f.Runs[i].Contradicted == ""; i++ {
		if i > 1 || f.Runs[i].Role == headers.Intermediary || f.Runs[i].Border >= 0 {
			return false
		}
	}
	for i := range f.DKIM {
		if sameOrganisation(f, f.DKIM[i].Domain) && f.DKIM[i].HeaderSignature != "unchecked" {
			return false // broken on the way, or a replay, but not made up
		}
	}
	return !resent(f)
}

// compauth is Exchange Online's verdict that a message forges the tenant's own
// domain, nil without it.
func compauth(f *Facts) *headers.Claim {
	return firstClaim(f, "compauth", trusted, func(c *headers.Claim) bool {
		return c.Result == "fail" && (c.Reason == "010" || len(c.Reason) == 3 && strings.HasPrefix(c.Reason, "6"))
	})
}
