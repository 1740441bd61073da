package findings

import (
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var forwardSRSApplied = &Rule{
	Code:     "forward-srs-applied",
	Group:    GroupForwarding,
	Title:    "Forwarder rewrote the envelope sender (SRS)",
	Severity: report.Info,
	Since:    "0.1",
	Causes:   []Cause{{Rank: residual + 10, Status: report.Unauthenticated, When: dmarcFails}},
	Refs:     []string{"RFC 7960 §3.2.1", "RFC 9989 §4.4"},
	Doc: `
## What happened
A forwarder put its own domain into the envelope sender, in the form of the Sender Rewriting Scheme. SPF passes for the
forwarder. It says nothing about the author any more, so DMARC depends on DKIM alone.

## How it is proved
The envelope sender has the form SRS0=…, SRS1=… or bounces+SRS=…, and the original domain in it is the one that arrived at the
forwarder.

## What looks like it
Other encoded senders (VERP, BATV) look similar. A pass by SRS says nothing about the author: a forwarder rewrites forged mail too.

## What to do
Nothing. The author's domain should sign with DKIM.
`,
	Find: func(f *Facts) []report.Finding {
		if f.MailFrom == nil {
			return nil
		}
		s, ok := headers.ParseSRS(*f.MailFrom)
		if !ok {
			return nil
		}
		x := report.Finding{
			Hop:         index(f, borderHop(f)),
			Confidence:  report.Likely,
			AtFault:     report.Party{Role: "none", Host: fromHost(f, borderHop(f))},
			Parts:       report.Say("the forwarder %s rewrote the envelope sender (%s); SPF speaks for the forwarder, DMARC depends on DKIM", report.DomainRef(s.Forwarder), s.Scheme),
			AdviceParts: report.Words("none needed; the author's domain should sign with DKIM"),
		}
		if o := s.Original(); o != "" {
			x.Parts = report.Say("the forwarder %s rewrote the envelope sender of %s (%s); SPF speaks for the forwarder, DMARC depends on DKIM", report.DomainRef(s.Forwarder), report.MailboxRef(o), s.Scheme)
		}
		if i := f.Msg.First("Return-Path"); i >= 0 && f.MailFromBasis == "return-path" {
			x.Evidence = append(x.Evidence, field(f, i))
		}
		if k := borderHop(f); k >= 0 {
			x.Evidence = append(x.Evidence, hop(f, k))
		}
		if f.SPF != nil {
			x.Evidence = append(x.Evidence, computed("RFC 7208 §4.1", "%s", evaluated(f.SPF)))
			if f.SPF.Result == spf.Pass {
				x.Confidence = report.Strong
			}
		}
		if days, ok := s.Age(f.At); ok {
			x.Evidence = append(x.Evidence, computed("", "the time stamp %s in the address is %d day(s) before delivery", s.Stamp, days))
			if days >= -2 && days <= 2 && x.Confidence == report.Strong {
				x.Confidence = report.Proved
			}
		}
		return []report.Finding{x}
	},
}
