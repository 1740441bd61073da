package findings

import (
	"cmp"

	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/report"
)

var dmarcOrgdomainMethodDiffers = &Rule{
	Code:     "dmarc-orgdomain-method-differs",
	Group:    GroupDMARC,
	Title:    "Receivers of RFC 7489 and RFC 9989 come to different results",
	Severity: report.Medium,
	Since:    "0.1",
	Causes:   []Cause{{Rank: bySender + 280, Status: report.SenderMisconfigured, When: dmarcFails}},
	Refs:     []string{"RFC 9989 §4.10", "RFC 7489 §3.2"},
	Doc: `
## What happened
Receivers find the organisation behind a domain in two ways: the older by a list of public suffixes, the newer by walking up the DNS. For this message
the two ways lead to different records or to a different answer on alignment.

## How it is proved
Both were computed, with the questions that each asks.

## What looks like it
Receivers that hold an old copy of the list, or that have cached an older answer. A wildcard TXT record at _dmarc distorts the walk.

## What to do
Owner of the domain: publish a record at the organisational domain (with psd=n where it is meant to be one), and sign with exactly the domain in From.
`,
	Find: func(f *Facts) []report.Finding {
		walk, list := f.DMARC, f.DMARC7489
		if walk == nil || list == nil || !dmarcDecided(walk) || !dmarcDecided(list) {
			return nil
		}
		otherRecord := walk.Discovered.Domain != list.Discovered.Domain
		otherOrg := walk.Discovered.Org != "" && list.Discovered.Org != "" && walk.Discovered.Org != list.Discovered.Org
		if !otherRecord && !otherOrg {
			return nil
		}
		x := report.Finding{
			Confidence:  report.Proved,
			AtFault:     report.Party{Role: report.RoleSender, Host: f.FromDomain},
			AdviceParts: report.Say("owner of %v: publish a DMARC record at the organisational domain and sign with d=%v", report.DomainRef(f.FromDomain), report.DomainRef(f.FromDomain)),
			Evidence: []report.Evidence{
				computed("RFC 9989 §4.10", "tree walk: record of %s, organisation %s: %s, policy %s", cmp.Or(walk.Discovered.Domain, "nobody"), cmp.Or(walk.Discovered.Org, "not needed"), walk.Result, cmp.Or(string(walk.Policy), "none")),
				computed("RFC 7489 §3.2", "public suffix list: record of %s, organisation %s: %s, policy %s", cmp.Or(list.Discovered.Domain, "nobody"), cmp.Or(list.Discovered.Org, "not needed"), list.Result, cmp.Or(string(list.Policy), "none")),
			},
		}
		switch {
		case walk.Result != list.Result:
			x.Parts = report.Say("DMARC of %v is %s for receivers that walk the DNS (RFC 9989) and %s for those that use the public suffix list (RFC 7489)", report.DomainRef(f.FromDomain), walk.Result, list.Result)
		case walk.Result == dmarc.Fail && walk.Policy != list.Policy:
			x.Severity = report.Low
			x.Parts = report.Say("the policy for %v is %s for receivers that walk the DNS (RFC 9989) and %s for those that use the public suffix list (RFC 7489)", report.DomainRef(f.FromDomain), walk.Policy, list.Policy)
		default:
			return nil
		}
		for i, q := range walk.Discovered.Queries {
			if i == 4 {
				break
			}
			x.Evidence = append(x.Evidence, record(q.Name, "TXT", q.Answer))
		}
		return []report.Finding{x}
	},
}

// dmarcDecided reports whether an evaluation came to an answer, "no record"
// included.
func dmarcDecided(e *dmarc.Evaluation) bool {
	return e.Result == dmarc.Pass || e.Result == dmarc.Fail || e.Result == dmarc.None
}
