package findings

import (
	"github.com/mailtrace/mailtrace/report"
)

var dmarcDKIMUnaligned = &Rule{
	Code:     "dmarc-dkim-unaligned",
	RestsOn:  wholeHeader,
	Group:    GroupDMARC,
	Title:    "DKIM passes for another organisation",
	Severity: report.Medium,
	Since:    "0.1",
	Causes: []Cause{
		{Rank: bySender + 260, Status: report.SenderMisconfigured, When: dmarcFails, Of: ownersFault},
		{Rank: bySender + 275, Status: report.Unauthenticated, When: dmarcFails},
	},
	SymptomOf: []*Rule{thirdPartySenderUnaligned, spoofAuthenticatedPlatform, dkimReplaySuspected},
	Refs:      []string{"RFC 9989 §4.4", "RFC 6376 §3.5"},
	Doc: `
## What happened
The message carries a valid DKIM signature, but of another organisation than the author's: the mail service signs with a domain of its own. For
DMARC such a signature does not count.

## How it is proved
A signature verifies; its d= is not of the organisation of From; no signature of that organisation is there.

## What looks like it
A mailing list signs what it sends with its own domain: then the author's signature was broken or taken out on the way, and the author did nothing wrong.

## What to do
Sender: enable DKIM for the own domain at the mail service. Microsoft 365 signs with TENANT.onmicrosoft.com and Google Workspace with
a name below gappssmtp.com until that is done.
`,
	Find: func(f *Facts) []report.Finding {
		result, mark := borderDMARC(f)
		if f.FromDomain == "" || forwarded(f) || resent(f) || signedByAuthor(f) || borderHop(f) < 0 {
			return nil
		}
		var foreign []voucher
		for _, v := range signers(f) {
			if v.aligned || sameOrganisation(f, v.domain) || alignsRelaxed(f, v.domain) {
				return nil
			}
			foreign = append(foreign, v)
		}
		if len(foreign) == 0 || result != "fail" && result != "pass" {
			return nil
		}
		var names []string
		for _, v := range foreign {
			if len(names) < 4 {
				names = append(names, v.domain)
			}
		}
		x := report.Finding{
			Hop:         index(f, borderHop(f)),
			Confidence:  report.Strong,
			AtFault:     report.Party{Role: report.RoleUnknown, Host: fromHost(f, borderHop(f))},
			Parts:       report.Say("the valid signature is of %s, not of the organisation of %v: DKIM does nothing for DMARC", domainList(names), report.DomainRef(f.FromDomain)),
			AdviceParts: report.Say("recipient: the signature says nothing of the author; ask %v whether it sends through %s", report.DomainRef(f.FromDomain), domainList(names)),
		}
		if what, _ := tied(f); what != "" {
			x.AtFault = senderAt(f)
			x.AdviceParts = report.Say("%v: enable DKIM for your own domain at the service that sends your mail", report.DomainRef(f.FromDomain))
		}
		if result == "pass" {
			// By SPF alone: the first forward breaks it.
			x.Severity = report.Low
			x.Parts = x.Parts.Add(report.Words("; it passes by SPF alone, which no forward survives")...)
		}
		for _, v := range foreign {
			if len(x.Evidence) < 4 {
				x.Evidence = append(x.Evidence, field(f, v.field))
			}
		}
		if live(f) && f.DMARC != nil {
			x.Confidence = report.Proved
			x.Evidence = append(x.Evidence, computed("RFC 9989 §4.4", "%s is not aligned with %v", domainList(names), report.DomainRef(f.FromDomain)))
		}
		if mark != nil {
			x.Evidence = append(x.Evidence, claim(f, mark))
		}
		return []report.Finding{x}
	},
}
