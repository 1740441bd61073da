package findings

import (
	"cmp"
	"strings"

	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/report"
)

var dmarcLocalOverride = &Rule{
	Code:     "dmarc-local-override",
	Group:    GroupDMARC,
	Title:    "Receiver did not follow the published policy",
	Severity: report.Info,
	Since:    "0.1",
	Needs:    aVerdict,
	Quiet:    true,
	Refs:     []string{"RFC 9989 §5.4", "RFC 9989 §7.4"},
	Doc: `
## What happened
The receiver found that DMARC fails and the owner of the domain asks for quarantine or refusal, and delivered the message all the same. Or DMARC
passed and the receiver acted as if it had not.

## How it is proved
The receiver's own verdict names the result and what it did: dis=none, action=none, action=oreject.

## What looks like it
With p=none, or where sp=none applies, nothing was overridden. Before 2023 Microsoft 365 wrote oreject by default. A gateway in front of Microsoft 365
switches the policy off on purpose.

## What to do
Often nothing: RFC 9989 leaves it to the receiver, and asks not to refuse on DMARC alone. Receiver: look through allow lists; known forwarders are better
honoured by ARC than by rules that skip the filter.
`,
	Find: func(f *Facts) []report.Finding {
		for c := range claims(f, "dmarc", trusted) {
			if c.Normal != "fail" && c.Normal != "pass" {
				continue
			}
			if c.Normal == "fail" && c.Hop == borderHop(f) && ownPass(f) != "" {
				continue // its own mistake: verdict-conflict-with-live
			}
			policy, basis := policyAsked(f, c.Policy)
			action := strings.ToLower(c.Action)
			domain := cmp.Or(f.FromDomain, c.Domain, "the author's domain")
			x := report.Finding{
				Hop:        index(f, c.Hop),
				Confidence: report.Strong,
				AtFault:    report.Party{Role: report.RoleRecipient, Host: cmp.Or(c.Writer, byName(f, c.Hop))},
				Evidence:   []report.Evidence{claim(f, c)},
			}
			switch {
			case c.Normal == "fail" && (policy == "reject" || policy == "quarantine") && (action == "none" || action == "oreject" || action == "oquarantine"):
				x.Parts = report.Say("%s found that DMARC of %v fails, and did not follow p=%s (%s)", report.HostRef(x.AtFault.Host), report.DomainRef(domain), policy, action)
				x.AdviceParts = report.Words("receiver: nothing, if that was meant; otherwise look through allow lists and the setting that honours DMARC policies")
			case c.Normal == "pass" && (action == "quarantine" || action == "reject"):
				x.Severity = report.Medium
				x.Parts = report.Say("%s found that DMARC of %v passes, and still treated the message as if it failed (%s)", report.HostRef(x.AtFault.Host), report.DomainRef(domain), action)
				x.AdviceParts = report.Words("receiver: look for the local rule that does this")
			default:
				continue
			}
			if basis {
				x.Confidence = report.Proved
				x.Evidence = append(x.Evidence, dmarcRecord(f)...)
			}
			for o := range claims(f, "compauth", trusted) {
				x.Evidence = append(x.Evidence, claim(f, o))
				break
			}
			return []report.Finding{x}
		}
		return nil
	},
}

// policyAsked is what the owner asks for mail that fails: by the record, or else as
// the verdict notes it; basis says that the record tells.
func policyAsked(f *Facts, noted string) (policy string, basis bool) {
	if e := f.DMARC; e != nil && e.Discovered.Record != nil {
		p := e.Policy
		if e.Discovered.Record.Testing || e.Discovered.Record.Percent < 100 {
			p = dmarc.PolicyNone // some receivers are asked for less: nothing is shown
		}
		return string(p), true
	}
	return strings.ToLower(noted), false
}
