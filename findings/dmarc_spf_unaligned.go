package findings

import (
	"github.com/mailtrace/mailtrace/report"
)

var dmarcSPFUnaligned = &Rule{
	Code:     "dmarc-spf-unaligned",
	RestsOn:  wholeHeader,
	Group:    GroupDMARC,
	Title:    "SPF passes for another organisation",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aFailure,
	AtBorder: true,
	Causes: []Cause{
		{Rank: bySender + 265, Status: report.SenderMisconfigured, When: dmarcFails, Of: ownersFault},
		{Rank: bySender + 270, Status: report.Unauthenticated, When: dmarcFails},
	},
	SymptomOf: []*Rule{thirdPartySenderUnaligned, spoofAuthenticatedPlatform, directSpoof},
	Refs:      []string{"RFC 9989 §4.4", "RFC 9989 §5.3"},
	Doc: `
## What happened
SPF passes, but for the domain of the envelope sender, and that belongs to another organisation than the address in From. For DMARC such a pass
does not count: it says who sends bounces where, not who wrote. Nothing else vouches for the author.

## How it is proved
SPF of the envelope sender at the border passes; its organisational domain is not that of From; no signature of the author's
organisation verifies; DMARC fails.

## What looks like it
A forwarder that rewrites the envelope sender (forward-srs-applied) and a mailing list with a bounce address of its own give the same picture. Then
the author did nothing wrong. A forger with a domain of their own also passes SPF for it: authority to use From is not shown.

## What to do
Sender: have the service use a return path under the author's domain, or better, sign with DKIM for it. If no service was ever asked to send for
you: somebody uses your name; p=reject is what helps.
`,
	Find: func(f *Facts) []report.Finding {
		s, ok := spfAtBorder(f)
		result, mark := borderDMARC(f)
		if !ok || s.null || s.result != "pass" || s.domain == "" || f.FromDomain == "" || sameOrganisation(f, s.domain) || forwarderOnPath(f) || alignsRelaxed(f, s.domain) {
			return nil
		}
		if result != "fail" && (result != "none" || f.Border.DKIM == "pass") {
			return nil
		}
		x := report.Finding{
			Hop:         index(f, s.hop),
			Confidence:  s.confidence(),
			AtFault:     report.Party{Role: report.RoleUnknown, Host: fromHost(f, s.hop)},
			Parts:       report.Say("SPF passes for %v, the domain of the envelope sender, which is not of the organisation of %v; DMARC of %v can't pass by it", report.DomainRef(s.domain), report.DomainRef(f.FromDomain), report.DomainRef(f.FromDomain)),
			AdviceParts: report.Say("recipient: treat it as forged, unless %v says that %v sends for it", report.DomainRef(f.FromDomain), clientRef(f, s.hop)),
			Evidence:    append(s.evidence(f), computed("RFC 9989 §5.3", "dmarc of %v: %s; the envelope sender is of %v", report.DomainRef(f.FromDomain), result, report.DomainRef(s.domain))),
		}
		switch what, ev := tied(f); {
		case result == "none":
			// No policy fails, but nothing vouches for the author either.
			x.Severity = report.Low
			x.Parts = report.Say("SPF passes for %v, the domain of the envelope sender, which is not of the organisation of %v: it does not vouch for the author, nor does anything else", report.DomainRef(s.domain), report.DomainRef(f.FromDomain))
		case what != "" && (f.AuthorSPF != nil && f.AuthorSPF.Result == "pass" || ownSource(f) != ""):
			x.AtFault = senderAt(f)
			x.Parts = x.Parts.Add(report.Say("; the client is the author's own, or meant to send: %v", what)...)
			x.AdviceParts = report.Say("%v: set up DKIM for %v at %v, and a return path below it", report.DomainRef(f.FromDomain), report.DomainRef(f.FromDomain), clientRef(f, s.hop))
			x.Evidence = append(x.Evidence, ev...)
		case (what == "" || enforced(f) != "") && !forwarded(f):
			// Whoever it is, no word of theirs makes it milder.
			x.Severity = report.High
		}
		if mark != nil {
			x.Evidence = append(x.Evidence, claim(f, mark))
		}
		x.Evidence = append(x.Evidence, dmarcRecord(f)...)
		return []report.Finding{x}
	},
}

// alignsRelaxed reports whether our evaluation found a domain to be of the
// author's organisation by either method: what fails then is strict alignment.
func alignsRelaxed(f *Facts, domain string) bool {
	for _, d := range strictOnly(f) {
		if d == domain {
			return true
		}
	}
	return false
}
