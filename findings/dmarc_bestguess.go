package findings

import (
	"cmp"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var dmarcBestguess = &Rule{
	Code:     "dmarc-bestguess",
	Group:    GroupDMARC,
	Title:    "Receiver invented a result for a domain without record",
	Severity: report.Info,
	Since:    "0.1",
	Needs:    aVerdict,
	Refs:     []string{"RFC 8601 §2.7.1", "RFC 9989 §5.3"},
	Doc: `
## What happened
The author's domain publishes no record, and the receiver wrote what the outcome would have been with a usual one: dmarc=bestguesspass of
Exchange Online, or SPF by a “best guess record”.

## How it is proved
The word stands in the verdict, and the DNS has no record.

## What looks like it
A pass. It is none: no owner of a domain asked for it, and no other receiver will find it.

## What to do
Owner of the domain: publish a record.
`,
	Find: func(f *Facts) []report.Finding {
		for c := range claims(f, "") {
			if c.Method != "dmarc" && c.Method != "spf" || !bestGuess(c) || c.Normal != "pass" && c.Result != "bestguesspass" || c.Trust != headers.Trusted && c.Trust != headers.Testimony {
				continue
			}
			domain := c.Domain
			if domain == "" && c.Method == "dmarc" {
				domain = f.FromDomain
			}
			x := report.Finding{
				Hop:         index(f, c.Hop),
				Confidence:  report.Strong,
				AtFault:     report.Party{Role: "none", Host: c.Writer},
				Parts:       report.Say("%s wrote %s=%s for %s: its own guess for a domain without record, not a pass", report.HostRef(cmp.Or(c.Writer, "a receiver")), c.Method, c.Result, cmp.Or(domain, "the sender")),
				AdviceParts: report.Say("owner of %s: publish a record, so that receivers need not guess", cmp.Or(domain, "the domain")),
				Evidence:    []report.Evidence{claim(f, c)},
			}
			switch {
			case c.Trust == headers.Testimony:
				x.Confidence = report.Likely
			case c.Method == "dmarc" && f.DMARC != nil:
				x.Evidence = append(x.Evidence, computed("RFC 9989 §4.10", "dmarc of %v: %s", report.DomainRef(f.FromDomain), f.DMARC.Result))
				x.Confidence = report.Likely
				if noRecord(f.DMARC) {
					x.Confidence = report.Proved
				}
			case c.Method == "spf" && f.SPF != nil:
				x.Evidence = append(x.Evidence, computed("RFC 7208 §4.5", "%s", evaluated(f.SPF)))
				x.Confidence = report.Likely
				if f.SPF.Result == "none" {
					x.Confidence = report.Proved
				}
			}
			return []report.Finding{x}
		}
		return nil
	},
}
