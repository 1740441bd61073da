package findings

import (
	"cmp"

	"github.com/mailtrace/mailtrace/report"
)

var heloSPFUnaligned = &Rule{
	Code:     "helo-spf-unaligned",
	RestsOn:  wholeHeader,
	Group:    GroupSPF,
	Title:    "Bounce passes SPF on HELO, but HELO does not align with From",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aFailure,
	AtBorder: true,
	Causes: []Cause{
		{Rank: bySender + 100, Status: report.SenderMisconfigured, When: func(f *Facts) bool { return dmarcFails(f) && heloOfAuthor(f) }},
		{Rank: bySender + 110, Status: report.Unauthenticated, When: dmarcFails},
	},
	SymptomOf: []*Rule{spoofAuthenticatedPlatform},
	Refs:      []string{"RFC 7208 §2.4", "RFC 9989 §4.4"},
	Doc: `
## What happened
A bounce has no envelope sender, so SPF was checked for the HELO name of the server, and passed. But that name is not aligned with the domain in From,
in the mode that the DMARC record asks for, and the bounce is not signed. DMARC fails.

## How it is proved
The null sender, the pass for the HELO name, and alignment worked out by the published record.

## What looks like it
Some implementations of DMARC leave HELO out for a null sender and say fail even where it is aligned. A forwarded bounce carries the HELO of
the forwarder.

## What to do
Sender: sign bounces with DKIM, use relaxed alignment (no aspf=s), or name the host below the domain in From.
`,
	Find: func(f *Facts) []report.Finding {
		s, ok := spfAtBorder(f)
		result, mark := borderDMARC(f)
		if !ok || !s.null || s.result != "pass" || result != "fail" || f.FromDomain == "" || resent(f) {
			return nil
		}
		for _, v := range signers(f) {
			if v.aligned {
				return nil
			}
		}
		helo := cmp.Or(s.domain, f.Helo)
		x := report.Finding{
			Hop:         index(f, s.hop),
			Confidence:  s.confidence(),
			AtFault:     report.Party{Role: report.RoleSender, Host: fromHost(f, borderHop(f)), Organisation: f.FromDomain},
			Parts:       report.Say("the bounce passes SPF for its HELO name %v, but that is of another organisation than %v: DMARC fails", report.HostRef(helo), report.DomainRef(f.FromDomain)),
			AdviceParts: report.Say("owner of %v: sign bounces with DKIM for that domain, or name the sending host below it", report.DomainRef(f.FromDomain)),
			Evidence:    s.evidence(f),
		}
		if heloOfAuthor(f) {
			x.Parts = report.Say("the bounce passes SPF for its HELO name %v, but the DMARC record of %v asks for exactly that domain (aspf=s): DMARC fails", report.HostRef(helo), report.DomainRef(f.FromDomain))
			x.AdviceParts = report.Say("owner of %v: sign bounces with DKIM, or remove aspf=s from the record", report.DomainRef(f.FromDomain))
		}
		x.Evidence = append(x.Evidence, dmarcRecord(f)...)
		if mark != nil {
			x.Evidence = append(x.Evidence, claim(f, mark))
		}
		return []report.Finding{x}
	},
}

// heloOfAuthor reports whether the HELO name that was checked is of the
// author's organisation.
func heloOfAuthor(f *Facts) bool {
	s, ok := spfAtBorder(f)
	return ok && s.null && sameOrganisation(f, cmp.Or(s.domain, f.Helo))
}
