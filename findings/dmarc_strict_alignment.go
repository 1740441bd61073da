package findings

import (
	"slices"

	"github.com/mailtrace/mailtrace/report"
)

var dmarcStrictAlignment = &Rule{
	Code:      "dmarc-strict-alignment",
	RestsOn:   wholeHeader,
	Group:     GroupDMARC,
	Title:     "Fails only because of strict alignment (aspf=s or adkim=s)",
	Severity:  report.Medium,
	Since:     "0.1",
	Needs:     aFailure,
	Causes:    []Cause{{Rank: bySender + 120, Status: report.SenderMisconfigured, When: dmarcFails}},
	SymptomOf: []*Rule{heloSPFUnaligned},
	Refs:      []string{"RFC 9989 §4.4", "RFC 9989 §4.7"},
	Doc: `
## What happened
SPF or DKIM passes for a domain of the author's own organisation, but the DMARC record asks for the very same domain (aspf=s, adkim=s). A subdomain is
not the same, so DMARC fails.

## How it is proved
With relaxed alignment, the default, the same message passes.

## What looks like it
A pass for a foreign organisation fails under relaxed alignment too: dmarc-spf-unaligned, dmarc-dkim-unaligned.

## What to do
Owner of the domain: remove aspf=s or adkim=s, or let every system sign with exactly the domain in From.
`,
	Find: func(f *Facts) []report.Finding {
		only := strictOnly(f)
		if len(only) == 0 || f.DMARC.Discovered.Record == nil {
			return nil
		}
		rec := f.DMARC.Discovered.Record
		tag := ""
		switch {
		case rec.StrictSPF && rec.StrictDKIM:
			tag = "adkim=s and aspf=s"
		case rec.StrictDKIM:
			tag = "adkim=s"
		default:
			tag = "aspf=s"
		}
		x := report.Finding{
			Hop:         index(f, borderHop(f)),
			Confidence:  report.Proved,
			AtFault:     senderAt(f),
			Parts:       report.Say("%s passes and is of the same organisation as %v, but the DMARC record asks for the same domain (%s)", domainList(only), report.DomainRef(f.FromDomain), tag),
			AdviceParts: report.Say("owner of %v: remove %s from the record, or sign with d=%v", report.DomainRef(f.FromDomain), tag, report.DomainRef(f.FromDomain)),
			Evidence:    append(dmarcRecord(f), computed("RFC 9989 §4.4", "strict: fail; relaxed: pass by %s", domainList(only))),
		}
		if mark := trustedAtBorder(f, "dmarc"); mark != nil {
			x.Evidence = append(x.Evidence, claim(f, mark))
		}
		return []report.Finding{x}
	},
}

// strictOnly are the domains that pass and would be aligned in relaxed mode, by
// either way to find the organisational domain, where DMARC fails.
func strictOnly(f *Facts) []string {
	if f.DMARC == nil || f.DMARC.Result != "fail" {
		return nil
	}
	out := slices.Clone(f.DMARC.StrictOnly)
	if f.DMARC7489 != nil && f.DMARC7489.Result == "fail" {
		for _, d := range f.DMARC7489.StrictOnly {
			if !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	if len(out) > 4 {
		out = out[:4]
	}
	return out
}
