package render

import "github.com/mailtrace/mailtrace/report"

// Lean is a report for an archive: the verdict with its cause, what SPF, DKIM,
// ARC and DMARC say, the findings in words, and what could not be checked. The
// path, the verdicts of others, evidence, trees and DNS answers are left out. It
// is a report of the same schema; what is left out is empty or missing. r is not
// changed.
func Lean(r *report.Report) *report.Report {
	c := &report.Report{
		Schema: r.Schema, Lean: true, Tool: r.Tool, Source: r.Source, EvaluatedAt: r.EvaluatedAt, EvaluatedAtBasis: r.EvaluatedAtBasis,
		Message: r.Message, Verdict: r.Verdict, Gaps: r.Gaps, Forks: r.Forks, Headline: r.Headline, Collected: r.Collected,
	}
	c.Verdict.Parts, c.Verdict.Believe, c.Verdict.Doubt = nil, nil, nil
	if r.Border != nil {
		border := *r.Border
		border.Basis, border.Parts = "", nil
		c.Border = &border
	}
	if r.SPF != nil {
		spf := *r.SPF
		spf.Tree, spf.Record = nil, ""
		c.SPF = &spf
	}
	if r.DMARC != nil {
		dmarc := *r.DMARC
		dmarc.Record = ""
		c.DMARC = &dmarc
	}
	if r.ARC != nil {
		arc := *r.ARC
		arc.Sets = nil
		c.ARC = &arc
	}
	c.DKIM = append([]report.DKIM(nil), r.DKIM...)
	for i := range c.DKIM {
		d := &c.DKIM[i]
		d.SignedFields = nil
		if d.Repair != nil {
			repair := report.Repair{Proved: d.Repair.Proved, Changes: append([]report.Change(nil), d.Repair.Changes...)}
			for k := range repair.Changes {
				repair.Changes[k].Diff = ""
			}
			d.Repair = &repair
		}
	}
	c.Findings = append([]report.Finding(nil), r.Findings...)
	for i := range c.Findings {
		f := &c.Findings[i]
		f.Parts, f.AdviceParts, f.Reasons, f.Evidence = nil, nil, nil, nil
	}
	for i := range r.Embedded {
		c.Embedded = append(c.Embedded, *Lean(&r.Embedded[i]))
	}
	return c
}
