package findings

import (
	"github.com/mailtrace/mailtrace/report"
)

var spfSoftfailOrNeutral = &Rule{
	Code:     "spf-softfail-or-neutral",
	RestsOn:  wholeHeader,
	Group:    GroupSPF,
	Title:    "SPF makes no firm statement on the client",
	Severity: report.Low,
	Since:    "0.1",
	AtBorder: true,
	Causes:   []Cause{{Rank: bySender + 320, Status: report.Unauthenticated, When: spfMends}},
	SymptomOf: []*Rule{
		directSpoof, directSpoofOwnDomain, forgottenSender, forwardWithoutSRS, spfIPv6Uncovered, dkimReplaySuspected,
		spfPassForOwnRelay,
	},
	Refs: []string{"RFC 7208 §2.6.2", "RFC 7208 §2.6.5", "RFC 7208 §8.2"},
	Doc: `
## What happened
The SPF record of the envelope sender's domain does not name the client and ends in ~all (softfail) or ?all (neutral), or in nothing at all. That is
neither a pass nor a refusal.

## How it is proved
The record gives this result for the address of the border's client.

## What looks like it
A fail. Few receivers refuse mail for a softfail; some filters treat it as a fail. For DMARC all three are the same: no pass.

## What to do
Nothing where an aligned DKIM signature passes; ~all together with DMARC is sound practice. Otherwise find out whether the client is
yours, and add it or let it be.
`,
	Find: func(f *Facts) []report.Finding {
		s, ok := spfAtBorder(f)
		if !ok || s.null || s.result != "softfail" && s.result != "neutral" {
			return nil
		}
		x := report.Finding{
			Hop:         index(f, s.hop),
			Confidence:  s.confidence(),
			AtFault:     senderAt(f),
			Parts:       report.Say("SPF of %v is %s for %v (%v): the record neither allows the client nor refuses it%s", report.DomainRef(s.domain), s.result, clientRef(f, s.hop), report.HopRef(f.Hops[s.hop].Index), decidedBy(s)),
			AdviceParts: report.Say("owner of %v: if the client is yours, add it to the record; sign with DKIM in any case", report.DomainRef(s.domain)),
			Evidence:    s.evidence(f),
		}
		if client, _ := tied(f); client == "" && f.Border.DMARC != "fail" {
			// Nothing shows whose it is: then this is a question to the owner.
			x.AdviceParts = report.Say("owner of %v: if the client is yours, add it to the record, and sign with DKIM in any case; if it is not, somebody writes in your name, and a DMARC policy stops that", report.DomainRef(s.domain))
		}
		if dmarcPasses(f) {
			x.Severity = report.Info
			x.AdviceParts = report.Words("none needed: DMARC passes by DKIM")
		}
		return []report.Finding{x}
	},
}

// decidedBy names the term that decided, where there is one.
func decidedBy(s borderSPF) string {
	if s.eval == nil || s.eval.Matched == "" {
		return ""
	}
	return " (" + s.eval.Matched + ")"
}
