package findings

import (
	"cmp"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var spfTemperror = &Rule{
	Code:     "spf-temperror",
	Group:    GroupSPF,
	Title:    "DNS trouble while SPF was checked",
	Severity: report.Low,
	Since:    "0.1",
	Causes: []Cause{
		{Rank: bySender + 40, Status: report.Unauthenticated, When: func(f *Facts) bool { return spfMends(f) && foundNothing(f) != nil }},
		{Rank: bySender + 41, Status: report.Undetermined, When: spfMends},
	},
	Refs: []string{"RFC 7208 §2.6.6", "RFC 7208 §8.6"},
	Doc: `
## What happened
A question that SPF depends on got no answer: a server failed, did not reply in time, or its DNSSEC signatures do not verify. The result is temperror,
which is not a statement on the sender.

## How it is proved
The receiver wrote temperror, or our own evaluation meets the same failure, with the name that does not answer.

## What looks like it
No record (none) and a broken record (permerror) are answers; this is the lack of one. A large tree of includes runs into time-outs again and again.

## What to do
Receiver: put such mail off (451) and do not refuse it. Owner of the name that does not answer: look at its DNS servers and its DNSSEC.
`,
	Find: func(f *Facts) []report.Finding {
		s, ok := spfAtBorder(f)
		if !ok {
			return nil
		}
		ours := s.eval != nil && s.eval.Result == spf.TempError
		var wrote *headers.Claim
		for c := range claims(f, "spf", trusted) {
			if c.Normal == "temperror" && (s.null || c.Identity != "helo") {
				wrote = c
				break
			}
		}
		if !ours && wrote == nil {
			return nil
		}
		x := report.Finding{
			Hop:        index(f, s.hop),
			Confidence: report.Strong,
			AtFault:    report.Party{Role: report.RoleUnknown},
			Evidence:   s.evidence(f),
		}
		if wrote != nil && wrote != s.claim {
			x.Evidence = append(x.Evidence, claim(f, wrote))
		}
		switch {
		case ours:
			x.AtFault = report.Party{Role: report.RoleSender, Host: problemDomain(s.eval)}
			x.Parts = report.Say("SPF of %v can't be evaluated: %s", report.DomainRef(s.domain), s.eval.Reason)
			x.AdviceParts = report.Say("owner of %v: look at the DNS servers of %s; receiver: put such mail off, do not refuse it", report.DomainRef(s.domain), problemDomain(s.eval))
			if wrote == nil {
				x.Confidence = report.Likely
				x.Parts = x.Parts.Add(report.Words("; that is today, at delivery it may have been otherwise")...)
			}
		case s.eval != nil:
			x.Parts = report.Say("%s got no answer from the DNS for SPF of %v; today the result is %s", cmp.Or(wrote.Writer, "the receiver"), report.DomainRef(s.domain), s.result)
			x.AdviceParts = report.Say("none needed if it does not happen again; otherwise look at the resolver of the receiver and the DNS servers of %v", report.DomainRef(s.domain))
		default:
			x.Parts = report.Say("%s got no answer from the DNS for SPF of %s", cmp.Or(wrote.Writer, "the receiver"), cmp.Or(wrote.Domain, "the sender"))
			x.AdviceParts = report.Words("ask the DNS again; if it does not answer, look at the servers of that domain")
		}
		return []report.Finding{x}
	},
}
