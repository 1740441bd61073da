package findings

import (
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var spfUnauthorisedSender = &Rule{
	Code:     "spf-unauthorised-sender",
	RestsOn:  wholeHeader | noSignature,
	Group:    GroupSPF,
	Title:    "Border client really is not authorised",
	Severity: report.High,
	Since:    "0.1",
	AtBorder: true,
	Causes:   []Cause{{Rank: bySender + 290, Status: report.Unauthenticated, When: spfMends}},
	SymptomOf: []*Rule{
		directSpoof, directSpoofOwnDomain, forgottenSender, thirdPartySenderUnaligned, forwardWithoutSRS,
		spfIPv6Uncovered, dkimReplaySuspected,
	},
	Refs: []string{"RFC 7208 §2.6.4", "RFC 7208 §8.4"},
	Doc: `
## What happened
The host that handed the message to the recipient's organisation is not in the SPF record of the envelope sender's domain. The
check was made in the right place.

## How it is proved
The address in the verdict, where there is one, is that of the border's client, and the record as it is today gives fail for it.

## What looks like it
This alone is not a diagnosis. It comes from a server that the domain's owner forgot (forgotten-sender), from a forwarder
(forward-without-srs), from a service that was never set up (third-party-sender-unaligned), or from a forger (direct-spoof).

## What to do
Sender: if the host is yours, add it to the record or send through a server that is in it. Otherwise nothing.
`,
	Find: func(f *Facts) []report.Finding {
		r := f.LastRun()
		if r == nil || r.Border < 0 || f.Custody.Login || f.SPF == nil || f.SPF.Result != spf.Fail { // SPF says nothing of a user who logged in
			return nil
		}
		// Where the sender is beyond doubt, a failed SPF is a curiosity.
		severity := ""
		if f.DMARC != nil && f.DMARC.Result == "pass" {
			severity = report.Low
		}
		x := report.Finding{
			Hop:         index(f, r.Border),
			Severity:    severity,
			Confidence:  report.Strong,
			AtFault:     report.Party{Role: report.RoleUnknown, Host: fromHost(f, r.Border)},
			Parts:       report.Say("%v, which brought the message to %v (%v), is not in the SPF record of %s", clientRef(f, r.Border), report.DomainRef(r.Name()), report.HopRef(f.Hops[r.Border].Index), report.DomainRef(f.SPF.Domain)),
			AdviceParts: report.Say("if the host is yours, add it to the SPF record of %s", report.DomainRef(f.SPF.Domain)),
			Evidence:    []report.Evidence{hop(f, r.Border), computed("RFC 7208 §2.6.4", "%s", evaluated(f.SPF))},
		}
		if len(f.Runs) > 1 && f.Runs[1].Forwards != "" && !f.Runs[1].Apart {
			x.AdviceParts = report.Words("none for the sender: no record can list the forwarders of others")
		}
		x.Evidence = append(x.Evidence, spfRecord(f.SPF)...)
		if c := claimAt(f, r.Border, "spf"); c != nil {
			if c.Normal == "pass" {
				// The record may have been another then.
				x.Confidence, x.Severity = report.Hint, report.Low
			} else if c.Normal == "fail" && c.Trust == headers.Trusted {
				x.Confidence = report.Proved
			}
			x.Evidence = append(x.Evidence, claim(f, c))
		}
		return []report.Finding{x}
	},
}
