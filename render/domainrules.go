package render

import (
	"cmp"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// spoofs says what becomes of forged mail: by RFC 9989, and by RFC 7489 where
// that differs.
func (p *page) spoofs(d *report.Domain) {
	type row struct{ mark, from, text string }
	var rows []row
	fromW := 0
	policies := map[string]string{} // by RFC 9989
	for i := range d.DMARC.Spoofs {
		s := &d.DMARC.Spoofs[i]
		text := Clean(s.Text)
		if s.Method == "rfc9989" {
			policies[s.From] = s.Policy
		} else {
			if policy, ok := policies[s.From]; ok && policy == s.Policy {
				continue
			}
			text = "by " + standardName(s.Method) + ": " + text
		}
		from := Clean(s.From)
		if s.From == "domain" {
			from = Clean(d.Domain)
		}
		fromW = max(fromW, min(width(from), p.width/3))
		rows = append(rows, row{spoofMark(s), from, text})
	}
	if len(rows) == 0 {
		return
	}
	if n := len(rows); n == 3 && rows[1].text == rows[2].text && rows[1].mark == rows[2].mark {
		// The same for all is said once.
		if rows[0].text == rows[1].text && rows[0].mark == rows[1].mark {
			rows[0].from, rows = rows[0].from+" and below", rows[:1]
		} else {
			rows[1].from, rows = "subdomains", rows[:2]
		}
		fromW = 0
		for _, r := range rows {
			fromW = max(fromW, min(width(r.from), p.width/3))
		}
	}
	p.blank()
	p.line(p.styled("Forged mail", bold), " in the name of")
	for _, r := range rows {
		lead := "  " + p.styled(r.mark, domainMarkStyle(r.mark)) + " "
		if width(r.from) > fromW {
			p.hang(lead, 4, r.from+"  "+r.text)
			continue
		}
		p.hang(lead+pad(r.from, fromW+2), 4+fromW+2, r.text)
	}
}

func spoofMark(s *report.SpoofEffect) string {
	switch {
	case s.Policy == "reject" || s.Policy == "quarantine":
		return markGood
	case s.Unknown:
		return markUnknown
	}
	return markBad
}

// ruleMark is the mark of a rule's state.
func ruleMark(state string) string {
	switch state {
	case "pass":
		return markGood
	case "fail":
		return markBad
	}
	return markUnknown
}

// bulkRules shows a checklist.
func (p *page) bulkRules(heading string, rules []report.BulkRule) {
	if len(rules) == 0 {
		return
	}
	p.blank()
	p.line(p.styled(heading, bold))
	for i := range rules {
		r := &rules[i]
		mark := ruleMark(r.State)
		receivers := make([]string, len(r.Receivers))
		for j, s := range r.Receivers {
			receivers[j] = Clean(s)
		}
		scope := ""
		if r.Scope == "bulk" {
			scope = "bulk mail"
		}
		p.hang("  "+p.styled(mark, domainMarkStyle(mark))+" ", 4,
			join(": ", Clean(r.Rule), Clean(r.Why)))
		p.hang("      ", 6, join(", ", strings.Join(receivers, ", "), scope, "since "+cmp.Or(Clean(r.Since), "?"))+"; "+Clean(r.Source))
	}
}
