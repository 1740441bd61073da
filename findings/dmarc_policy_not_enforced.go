package findings

import (
	"fmt"

	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/report"
)

var dmarcPolicyNotEnforced = &Rule{
	Code:     "dmarc-policy-not-enforced",
	Group:    GroupDMARC,
	Title:    "Failing mail is not blocked: p=none, t=y or pct",
	Severity: report.Low,
	Since:    "0.1",
	Needs:    aFailure,
	Refs:     []string{"RFC 9989 §4.7", "RFC 7489 §6.6.4"},
	Doc: `
## What happened
DMARC fails for this message, and the owner of the domain asks receivers for nothing, or for less than the policy seems to say: p=none is a stage
of observation, t=y lowers the policy by one step, pct spares a part of the mail.

## How it is proved
The record that applies to the author's domain.

## What looks like it
This is not why the message fails; it is only why the failure has no effect. t=y is known to receivers of RFC 9989 only, pct to
those of RFC 7489 only.

## What to do
Owner of the domain: read the reports, bring all own senders in order, then go to p=quarantine or p=reject and drop pct.
`,
	Find: func(f *Facts) []report.Finding {
		e := f.DMARC
		if e == nil || e.Discovered.Record == nil || e.Result != dmarc.Fail || e.PolicyTag != "p" {
			return nil
		}
		rec := e.Discovered.Record
		what := ""
		switch {
		case e.Policy == dmarc.PolicyNone:
			what = "p=none: receivers are asked to do nothing"
		case rec.Testing && rec.Percent < 100:
			what = fmt.Sprintf("p=%s with t=y and pct=%d: receivers of RFC 9989 go by %s, those of RFC 7489 spare %d of 100 messages", e.Policy, rec.Percent, e.Policy.Lower(), 100-rec.Percent)
		case rec.Testing:
			what = fmt.Sprintf("p=%s with t=y: receivers of RFC 9989 go by %s, those of RFC 7489 by %s", e.Policy, e.Policy.Lower(), e.Policy)
		case rec.Percent < 100:
			what = fmt.Sprintf("p=%s with pct=%d: receivers of RFC 7489 spare %d of 100 messages, those of RFC 9989 none", e.Policy, rec.Percent, 100-rec.Percent)
		default:
			return nil
		}
		x := report.Finding{
			Confidence:  report.Proved,
			AtFault:     report.Party{Role: report.RoleSender, Host: e.Discovered.Domain},
			Parts:       report.Say("DMARC fails, but %v asks for less than a refusal (%s)", report.DomainRef(e.Discovered.Domain), what),
			AdviceParts: report.Say("owner of %v: once the reports show your own mail in order, enforce the policy", report.DomainRef(e.Discovered.Domain)),
			Evidence:    append(dmarcRecord(f), computed("RFC 9989 §5.4", "dmarc of %v: %s; asked of the receiver: %s", report.DomainRef(f.FromDomain), e.Result, e.Disposition)),
		}
		if rec.Percent < 100 || rec.Testing {
			x.AdviceParts = report.Say("owner of %v: drop pct and t from the record; they mean different things to different receivers", report.DomainRef(e.Discovered.Domain))
		}
		return []report.Finding{x}
	},
}
