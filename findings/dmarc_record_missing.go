package findings

import (
	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/report"
)

var dmarcRecordMissing = &Rule{
	Code:     "dmarc-record-missing",
	Group:    GroupDMARC,
	Title:    "No DMARC policy found",
	Severity: report.Low,
	Since:    "0.1",
	Refs:     []string{"RFC 9989 §4.10", "RFC 7489 §6.6.3"},
	Doc: `
## What happened
Neither the author's domain nor a domain above it publishes a DMARC record. Receivers have no policy to apply, so mail forged in this name meets no
resistance.

## How it is proved
The DNS was asked at every name where a record may stand, by the tree walk of RFC 9989 and by the public suffix list of RFC 7489, and answered
that there is none.

## What looks like it
A DNS error is not absence. A record that is there but can't be used is dmarc-record-invalid. Exchange Online writes bestguesspass for such
domains: dmarc-bestguess.

## What to do
Owner of the domain: publish v=DMARC1; p=none; rua=mailto:… at _dmarc below the domain, read the reports, then enforce.
`,
	Find: func(f *Facts) []report.Finding {
		if !noRecord(f.DMARC) || f.DMARC7489 != nil && !noRecord(f.DMARC7489) || f.StrayDMARC != nil {
			return nil
		}
		x := report.Finding{
			Confidence:  report.Strong,
			AtFault:     report.Party{Role: report.RoleSender, Host: f.FromDomain},
			Parts:       report.Say("%v publishes no DMARC record, nor does a domain above it", report.DomainRef(f.FromDomain)),
			AdviceParts: report.Say("owner of %v: publish a record at _dmarc.%v, first with p=none and an address for reports", report.DomainRef(f.FromDomain), report.DomainRef(f.DMARC.From)),
		}
		if f.DMARC7489 != nil {
			x.Confidence = report.Proved
		}
		for i, q := range f.DMARC.Discovered.Queries {
			if i == 4 {
				break
			}
			x.Evidence = append(x.Evidence, record(q.Name, "TXT", q.Answer))
		}
		if len(x.Evidence) == 0 {
			x.Evidence = append(x.Evidence, computed("RFC 9989 §4.10", "%s", f.DMARC.Reason))
		}
		if c := trustedAtBorder(f, "dmarc"); c != nil {
			x.Evidence = append(x.Evidence, claim(f, c))
		}
		return []report.Finding{x}
	},
}

// noRecord reports whether an evaluation found that there is no record at all.
func noRecord(e *dmarc.Evaluation) bool {
	return e != nil && e.Result == dmarc.None && e.Discovered.Record == nil && len(e.Discovered.Invalid) == 0
}
