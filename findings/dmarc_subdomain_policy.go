package findings

import (
	"fmt"

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
			Confidence: report.Proved,
			AtFault:    report.Party{Role: "none", Host: e.Discovered.Domain},
			Message: fmt.Sprintf("%s has no DMARC record of its own; that of %s applies with %s=%s",
				f.FromDomain, e.Discovered.Domain, e.PolicyTag, e.Policy),
			Advice:   fmt.Sprintf("owner of %s: publish a record at _dmarc.%s if that domain sends mail; otherwise see that %s is as strict as you mean it", e.Discovered.Domain, f.FromDomain, e.PolicyTag),
			Evidence: dmarcRecord(f),
		}
		if e.PolicyTag == "np" {
			x.Message += ", for " + f.FromDomain + " does not exist"
			if o := f.DMARC7489; o != nil && o.Policy != e.Policy {
				x.Message += fmt.Sprintf("; receivers of RFC 7489 go by %s=%s", o.PolicyTag, o.Policy)
			}
		}
		x.Evidence = append(x.Evidence, computed("RFC 9989 §4.10.1", "dmarc of %s: %s; %s=%s applies", f.FromDomain, e.Result, e.PolicyTag, e.Policy))
		return []report.Finding{x}
	},
}
