package findings

import (
	"cmp"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// spfPermerror makes the finding for an evaluation at the border that ended in
// permerror for one of these reasons. Where the DNS was not asked the border's
// own verdict must do, and it tells the reason only in its comment: said picks
// the words.
func spfPermerror(f *Facts, say func(*spf.Evaluation) (message, advice report.Text), said func(comment string) bool, codes ...spf.Reason) []report.Finding {
	s, ok := spfAtBorder(f)
	if !ok && len(f.Hops) == 0 && f.SPF != nil {
		// No path, but the client's address was given.
		s, ok = borderSPF{hop: -1, result: string(f.SPF.Result), domain: f.SPF.Domain, eval: f.SPF}, true
	}
	if !ok && f.SPF == nil {
		// A list's own server is the last that met the sender.
		for i := 1; i < len(f.Runs); i++ {
			r := &f.Runs[i]
			if c := claimAt(f, r.Border, "spf"); r.Role == headers.Intermediary && r.Border >= 0 && c != nil && c.Normal == "permerror" {
				out := permerrorNoted(f, borderSPF{hop: r.Border, result: c.Normal, domain: c.Domain, claim: c}, said)
				for n := range out {
					out[n].Severity = report.Low // it is testimony
				}
				return out
			}
		}
	}
	if !ok || s.result != "permerror" {
		return nil
	}
	if s.eval == nil {
		return permerrorNoted(f, s, said)
	}
	e := s.eval
	for _, c := range codes {
		if e.Code != c {
			continue
		}
		message, advice := say(e)
		x := report.Finding{
			Hop:         index(f, s.hop),
			Confidence:  report.Proved,
			AtFault:     senderAt(f),
			Parts:       message,
			AdviceParts: advice,
			Evidence:    []report.Evidence{computed("RFC 7208 §4.6", "%s: %s", evaluated(e), e.Reason)},
		}
		if f.DMARC != nil && f.DMARC.Result == "pass" {
			x.Severity = report.Medium
		}
		if len(e.Records) > 1 {
			for _, r := range e.Records {
				x.Evidence = append(x.Evidence, record(e.Domain, "TXT", r))
			}
		} else {
			x.Evidence = append(x.Evidence, spfRecord(e)...)
		}
		x.Evidence = append(x.Evidence, placeOfError(e)...)
		if s.claim != nil {
			if s.claim.Normal == "pass" {
				// QUIRK: some receivers do not count lookups, or read on after an
				// error: they pass what the standard does not.
				x.Parts = x.Parts.Add(report.Say("; %s was more lenient and wrote %s", cmp.Or(s.claim.Writer, "the receiver"), s.claim.Result)...)
			}
			x.Evidence = append(x.Evidence, claim(f, s.claim))
		}
		return []report.Finding{x}
	}
	return nil
}

// permerrorNoted is the finding where only the receiver's verdict is known.
func permerrorNoted(f *Facts, s borderSPF, said func(string) bool) []report.Finding {
	if s.claim == nil || !said(strings.ToLower(s.claim.Comment+" "+s.claim.Reason)) {
		return nil
	}
	return []report.Finding{{
		Hop:         index(f, s.hop),
		Confidence:  report.Likely,
		AtFault:     senderAt(f),
		Parts:       report.Say("%s wrote that the SPF record of %s ends in permerror: %s", cmp.Or(s.claim.Writer, "the receiver"), cmp.Or(s.domain, "the sender"), cmp.Or(s.claim.Comment, s.claim.Reason)),
		AdviceParts: report.Say("owner of %s: have the record evaluated and correct it", cmp.Or(s.domain, "the domain")),
		Evidence:    []report.Evidence{claim(f, s.claim), hop(f, s.hop)},
	}}
}

// Words in the comments of receivers on a permerror.
func saysLookups(comment string) bool {
	return !saysVoids(comment) && strings.Contains(comment, "lookup") &&
		(strings.Contains(comment, "too many") || strings.Contains(comment, "limit") || strings.Contains(comment, "maximum") || strings.Contains(comment, "exceed"))
}

func saysVoids(comment string) bool { return strings.Contains(comment, "void") }

func saysSyntax(comment string) bool {
	for _, w := range []string{"syntax", "invalid", "unknown mechanism", "multiple", "two or more", "more than one", "parse", "interpret", "junk"} {
		if strings.Contains(comment, w) {
			return !saysLookups(comment) && !saysVoids(comment)
		}
	}
	return false
}

// placeOfError shows the term at which an evaluation ended in an error.
func placeOfError(e *spf.Evaluation) []report.Evidence {
	var path []string
	for n := e.Tree; n != nil; {
		var next *spf.Node
		for _, c := range n.Children {
			if c.Outcome == "error" || c.Kind == "record" && (c.Outcome == "permerror" || c.Outcome == "temperror") {
				next = c
			}
		}
		if next != nil && next.Kind != "record" && next.Term != "" {
			path = append(path, next.Term)
		}
		n = next
	}
	if len(path) == 0 {
		return nil
	}
	return []report.Evidence{computed("RFC 7208 §4.6.4", "the evaluation ended at %s, after %d lookups of which %d were void", strings.Join(path, " > "), e.Lookups, e.VoidLookups)}
}

// maxVoidsNamed bounds the names that a finding lists.
const maxVoidsNamed = 6

// voidTerms are the terms whose question came back empty.
func voidTerms(e *spf.Evaluation) []string {
	var out []string
	seen := 0
	var walk func(n *spf.Node)
	walk = func(n *spf.Node) {
		if n == nil || len(out) == maxVoidsNamed {
			return
		}
		if n.Kind != "record" && n.Kind != "name" && n.Question != "" && n.VoidLookups > seen && len(n.Children) == 0 {
			out = append(out, n.Term)
		}
		for _, c := range n.Children {
			walk(c)
		}
		seen = max(seen, n.VoidLookups)
	}
	walk(e.Tree)
	return out
}

// problemDomain is the domain whose record is at fault.
func problemDomain(e *spf.Evaluation) string {
	if e.Problem != "" {
		return e.Problem
	}
	return e.Domain
}
