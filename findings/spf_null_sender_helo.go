package findings

import (
	"cmp"

	"github.com/mailtrace/mailtrace/report"
)

var spfNullSenderHelo = &Rule{
	Code:     "spf-null-sender-helo",
	RestsOn:  wholeHeader,
	Group:    GroupSPF,
	Title:    "Bounce or notification judged by its HELO name",
	Severity: report.Low,
	Since:    "0.1",
	AtBorder: true,
	Causes: []Cause{{Rank: bySender + 340, Status: report.Unauthenticated, When: func(f *Facts) bool {
		// That a bounce comes from a name without record is how most do; a person's
		// receipt gets lost by it.
		return f.Border.SPF != "pass" && notAuthenticated(f) && !(f.Border.SPF == "none" && f.IsReport() && !f.IsReceipt())
	}}},
	SymptomOf: []*Rule{heloSPFUnaligned},
	Refs:      []string{"RFC 7208 §2.4", "RFC 7208 §2.3"},
	Doc: `
## What happened
The envelope sender is empty, as it must be for bounces and notifications. SPF then checks the name by which the server introduced itself (HELO), and for
that it does not pass.

## How it is proved
The envelope sender is the null one, the verdict names the HELO identity, and the record of the HELO name gives the result.

## What looks like it
A failed check of the author's domain: that was not checked at all. Servers that introduce themselves by an internal name (.local) can
never pass.

## What to do
Sender: introduce the server by its full public name, and publish v=spf1 a -all for it.
`,
	Find: func(f *Facts) []report.Finding {
		s, ok := spfAtBorder(f)
		if !ok || !s.null || s.result == "temperror" {
			return nil
		}
		helo := cmp.Or(s.domain, f.Helo)
		x := report.Finding{
			Hop:         index(f, s.hop),
			Confidence:  s.confidence(),
			AtFault:     senderAt(f),
			Parts:       report.Say("the envelope sender is empty, so SPF was checked for the HELO name %s: %s", report.HostRef(cmp.Or(helo, "of the client")), s.result),
			AdviceParts: report.Say("operator of %s: introduce it by its full public name and publish v=spf1 a -all there", report.HostRef(cmp.Or(helo, "the client"))),
			Evidence:    s.evidence(f),
		}
		if i := f.Msg.First("Return-Path"); i >= 0 && f.MailFromBasis == "return-path" {
			x.Evidence = append(x.Evidence, field(f, i))
		}
		if s.result == "pass" || dmarcPasses(f) {
			x.Severity = report.Info
			x.AdviceParts = report.Words("none needed")
		}
		return []report.Finding{x}
	},
}
