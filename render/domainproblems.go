package render

import (
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// problems shows the findings: in full those of medium severity and above, at
// full detail all; a line each of the others.
func (p *page) problems(d *report.Domain, detail Detail) {
	records := suggestions(d)
	checks := checksOf(d)
	small := false
	for i := range d.Findings {
		f := &d.Findings[i]
		if detail != Full && (f.Severity == report.Low || f.Severity == report.Info) {
			if !small {
				p.blank()
				small = true
			}
			p.hang(pad(word(f.Severity), 7)+" ", 8, join(": ", Clean(f.Code), Clean(f.Message)))
			continue
		}
		own := *f
		own.AtFault = report.Party{} // it is the domain, of which all of this is
		own.Confidence = ""
		p.finding(&own)
		// What to publish stands under the first problem of its check.
		check := checks[f.Code]
		if strings.HasPrefix(f.Code, "spf-helo") {
			check = "helo"
		}
		for _, r := range records[check] {
			p.hang("        "+p.styled("publish", green)+"   ", 18, r)
		}
		delete(records, check)
	}
}

// checksOf tells the check of each code.
func checksOf(d *report.Domain) map[string]string {
	out := map[string]string{}
	for i := range d.Problems {
		out[d.Problems[i].Code] = d.Problems[i].Check
	}
	return out
}

// suggestions sorts the records to publish by check; those of other names are
// for HELO.
func suggestions(d *report.Domain) map[string][]string {
	out := map[string][]string{}
	for l := range strings.Lines(d.Suggested) {
		l = Clean(strings.TrimRight(l, "\r\n"))
		name, rest, ok := strings.Cut(l, " ")
		if !ok || strings.HasPrefix(l, ";") {
			continue
		}
		check := ""
		switch {
		case strings.HasPrefix(name, "_dmarc."):
			check = "dmarc"
		case strings.HasPrefix(name, "_mta-sts."):
			check = "mta_sts"
		case strings.HasPrefix(name, "_smtp._tls."):
			check = "tls_rpt"
		case strings.HasPrefix(rest, "IN MX "):
			check = "mx"
		case strings.HasPrefix(rest, `IN TXT "v=spf1`) && strings.TrimSuffix(name, ".") == d.Domain:
			check = "spf"
		case strings.HasPrefix(rest, `IN TXT "v=spf1`):
			check = "helo"
		}
		out[check] = append(out[check], l)
	}
	return out
}

// suggested shows the piece of a zone file as it is, so that it can be copied:
// its lines are not broken. What is not a record becomes a comment, whatever a
// saved report holds.
func (p *page) suggested(d *report.Domain) {
	p.blank()
	if d.Suggested == "" {
		p.line(p.styled("To publish", bold), "  nothing")
		return
	}
	p.line(p.styled("To publish", bold))
	for l := range strings.Lines(d.Suggested) {
		p.line(zoneLine(l))
	}
}

// zoneLine is a line of a piece of a zone file; what is not a record becomes a
// comment.
func zoneLine(l string) string {
	l = Clean(strings.TrimRight(l, "\r\n"))
	if name, rest, _ := strings.Cut(l, " "); !strings.HasPrefix(l, ";") && !(strings.HasSuffix(name, ".") && strings.HasPrefix(rest, "IN ")) {
		l = "; " + l
	}
	return l
}

// worst is the worst severity of the problems of a check; "" where there is
// none.
func worst(d *report.Domain, check string) string {
	best := -1
	for i := range d.Problems {
		if d.Problems[i].Check != check {
			continue
		}
		if s := report.SeverityRank(d.Problems[i].Severity); s >= 0 && (best < 0 || s < best) {
			best = s
		}
	}
	if best < 0 {
		return ""
	}
	return severities[best]
}
