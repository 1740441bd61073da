package findings

import (
	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/report"
)

var dmarcSubdomainPolicy = &Rule{
	Code:     "dmarc-subdomain-policy",
	Group:    GroupDMARC,
	Title:    "The policy for subdomains (sp or np) decided the outcome",
	Severity: report.Info,
	Since:    "0.1",
	Refs:     []string{"RFC 9989 §4.7", "RFC 9989 §4.10.1"},
	Doc: `
## What happened
The domain in From has no DMARC record of its own. That of the organisation applies, and it has a policy for subdomains (sp), or for
names that do not exist (np), other than its own. DMARC fails, so that policy says what is to be done.

## How it is proved
The record of the organisation; for np the answer that the domain does not exist.

## What looks like it
A record of the subdomain itself. With wildcard DNS every name exists, so np never applies. Receivers of RFC 7489 do not know np; they use sp or p.

## What to do
Nothing, if it is meant so. Otherwise the owner publishes a record at each subdomain that sends, and a strict sp for the rest.
`,
	Find: func(f *Facts) []report.Finding {
		e := f.DMARC
		if e == nil || e.Result != dmarc.Fail || e.PolicyTag != "sp" && e.PolicyTag != "np" {
			return nil
		}
		x := report.Finding{
			Confidence:  report.Proved,
			AtFault:     report.Party{Role: "none", Host: e.Discovered.Domain},
			Parts:       report.Say("%v has no DMARC record of its own; that of %v applies with %s=%s", report.DomainRef(f.FromDomain), report.DomainRef(e.Discovered.Domain), e.PolicyTag, e.Policy),
			AdviceParts: report.Say("owner of %v: publish a record at _dmarc.%v if that domain sends mail; otherwise see that %s is as strict as you mean it", report.DomainRef(e.Discovered.Domain), report.DomainRef(f.FromDomain), e.PolicyTag),
			Evidence:    dmarcRecord(f),
		}
		if e.PolicyTag == "np" {
			x.Parts = x.Parts.Add(report.Say(", for %v does not exist", report.DomainRef(f.FromDomain))...)
			if o := f.DMARC7489; o != nil && o.Policy != e.Policy {
				x.Parts = x.Parts.Add(report.Say("; receivers of RFC 7489 go by %s=%s", o.PolicyTag, o.Policy)...)
			}
		}
		x.Evidence = append(x.Evidence, computed("RFC 9989 §4.10.1", "dmarc of %v: %s; %s=%s applies", report.DomainRef(f.FromDomain), e.Result, e.PolicyTag, e.Policy))
		return []report.Finding{x}
	},
}
