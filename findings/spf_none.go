package findings

import (
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var spfNone = &Rule{
	Code:      "spf-none",
	RestsOn:   wholeHeader,
	Group:     GroupSPF,
	Title:     "Domain of the envelope sender has no SPF record",
	Severity:  report.Low,
	Since:     "0.1",
	AtBorder:  true,
	Causes:    []Cause{{Rank: bySender + 330, Status: report.Unauthenticated, When: spfMends}},
	SymptomOf: []*Rule{forgottenSender, directSpoof, directSpoofOwnDomain},
	Refs:      []string{"RFC 7208 §2.6.1", "RFC 7208 §4.5"},
	Doc: `
## What happened
The domain of the envelope sender publishes no SPF record, so SPF says nothing about the client.

## How it is proved
The DNS was asked for the record and answered that there is none.

## What looks like it
A subdomain does not inherit the record of its parent: the domain in From may well have one. A result shown for the HELO name is
not that of the envelope sender. No answer from the DNS is temperror, not none.

## What to do
Owner of that domain: publish a record; for hosts that send no mail v=spf1 -all.
`,
	Find: func(f *Facts) []report.Finding {
		s, ok := spfAtBorder(f)
		if !ok || s.null || s.result != "none" || s.domain == "" {
			return nil
		}
		x := report.Finding{
			Hop:         index(f, s.hop),
			Confidence:  s.confidence(),
			AtFault:     report.Party{Role: report.RoleSender, Host: s.domain},
			Parts:       report.Say("%v, the domain of the envelope sender, has no SPF record", report.DomainRef(s.domain)),
			AdviceParts: report.Say("owner of %v: publish an SPF record; v=spf1 -all if it sends no mail", report.DomainRef(s.domain)),
			Evidence:    s.evidence(f),
		}
		if s.eval != nil && s.eval.Code == spf.ReasonNXDomain {
			x.Parts = report.Say("%v, the domain of the envelope sender, does not exist", report.DomainRef(s.domain))
			x.AdviceParts = report.Words("sender: use an envelope sender whose domain exists and can take bounces")
		}
		if s.eval != nil {
			x.Evidence = append(x.Evidence, record(s.domain, "TXT", "no SPF record: "+s.eval.Reason))
		}
		if dmarcPasses(f) {
			x.Severity = report.Info
		}
		return []report.Finding{x}
	},
}
