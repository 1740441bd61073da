package render

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

var severities = []string{report.Critical, report.High, report.Medium, report.Low, report.Info}

// findings shows the causes in full and their symptoms as names under them; at
// full detail every finding in full.
func (p *page) findings(r *report.Report, detail Detail) {
	shown, symptoms := causes(r.Findings)
	for i := range r.Findings {
		if detail == Full || shown[i] {
			p.finding(r, &r.Findings[i], symptoms[i])
		}
	}
}

// causes says for each finding whether it is shown in its own right, and which
// codes follow from it. A finding whose cause is in the report too is a
// symptom. Of findings that name each other in a ring the first is shown.
func causes(fs []report.Finding) (shown []bool, symptoms [][]string) {
	shown, symptoms = make([]bool, len(fs)), make([][]string, len(fs))
	at := map[string][]int{} // code: findings that it causes
	present := map[string]bool{}
	for i := range fs {
		present[fs[i].Code] = true
		for _, c := range fs[i].Because {
			at[c] = append(at[c], i)
		}
	}
	reached := make([]bool, len(fs))
	follow := func(root int) {
		queue, seen := []string{fs[root].Code}, map[string]bool{fs[root].Code: true}
		for len(queue) > 0 {
			for _, i := range at[queue[0]] {
				reached[i] = true
				if c := fs[i].Code; !seen[c] {
					seen[c] = true
					symptoms[root] = append(symptoms[root], c)
					queue = append(queue, c)
				}
			}
			queue = queue[1:]
		}
	}
	for i := range fs {
		if !slices.ContainsFunc(fs[i].Because, func(c string) bool { return c != fs[i].Code && present[c] }) {
			shown[i], reached[i] = true, true
			follow(i)
		}
	}
	for i := range fs {
		if !reached[i] {
			shown[i] = true
			follow(i)
		}
	}
	return shown, symptoms
}

func (p *page) finding(r *report.Report, f *report.Finding, symptoms []string) {
	p.blank()
	severity, code := word(f.Severity), Clean(f.Code)
	where := ""
	if f.Hop != nil {
		where = "hop " + strconv.Itoa(*f.Hop)
	}
	host, role := Clean(f.AtFault.Host), word(f.AtFault.Role)
	switch {
	case role == "none" || role == "":
		where = join(", ", where, host)
	case host == "":
		where = join(", ", where, role)
	default:
		where = join(", ", where, host+" ("+role+")")
	}
	head, tail := pad(severity, 7)+" ", join("   ", code, word(f.Confidence))
	lead := p.styled(head, severityStyle(f.Severity))
	switch whole := join("   ", tail, where); {
	case width(head)+width(whole) <= p.width:
		p.line(lead, p.styled(code, bold), strings.TrimPrefix(whole, code))
	case width(head)+width(tail) <= p.width:
		p.line(lead, p.styled(code, bold), strings.TrimPrefix(tail, code))
		p.hang("        ", 8, where)
	default:
		p.hang(lead, width(head), whole)
	}
	message := Clean(f.Message)
	if summary := Clean(r.Verdict.Summary); message != "" && !strings.Contains(summary, strings.TrimSuffix(message, ".")) {
		p.hang("        ", 8, message)
	}
	p.evidence(f.Evidence)
	if f.Advice != "" {
		p.hang("        "+p.styled("fix", green)+"       ", 18, Clean(f.Advice))
	}
	if len(symptoms) > 0 {
		names := make([]string, len(symptoms))
		for i, s := range symptoms {
			names[i] = Clean(s)
		}
		p.hang("        because of it: ", 23, strings.Join(names, ", "))
	}
	if causes := f.Because; len(causes) > 0 && len(symptoms) == 0 {
		names := make([]string, len(causes))
		for i, s := range causes {
			names[i] = Clean(s)
		}
		p.hang("        because of ", 19, strings.Join(names, ", "))
	}
}

func (p *page) evidence(list []report.Evidence) {
	const column, placeW = 18, 12
	room := max(p.width-column, minWidth/2)
	texts, places := make([]string, len(list)), make([]string, len(list))
	beside := 0 // column of the places, after the widest text that leaves them room
	for i, e := range list {
		texts[i] = Clean(e.Text)
		if e.DNS != "" && !strings.HasPrefix(e.Text, e.DNS) {
			texts[i] = join(": ", Clean(e.DNS), texts[i])
		}
		switch {
		case e.Line != nil:
			places[i] = "line " + strconv.Itoa(*e.Line)
		case e.Ref != "":
			places[i] = Clean(e.Ref)
		}
		if w := width(texts[i]); places[i] != "" && w+2+max(placeW, width(places[i])) <= room {
			beside = max(beside, w)
		}
	}
	for i, e := range list {
		kind := e.Kind
		switch kind {
		case report.EvidenceHeader, report.EvidenceDNS, report.EvidenceComputed:
		default:
			kind = ""
		}
		lead := "        " + pad(kind, 9) + " "
		text := texts[i]
		if kind != e.Kind {
			lead, text = "        ", join(": ", word(e.Kind), text)
		}
		switch {
		case places[i] == "":
		case width(text) <= beside && beside+2+width(places[i]) <= room:
			text = pad(text, beside) + "  " + places[i]
		default:
			text += " (" + places[i] + ")"
		}
		p.hang(lead, width(lead), text)
	}
}

// closing counts the findings that are shown in their own right and names the
// page to read next.
func (p *page) closing(r *report.Report) {
	p.blank()
	shown, _ := causes(r.Findings)
	var counts []string
	next := ""
	for _, s := range severities {
		n := 0
		for i := range r.Findings {
			if shown[i] && r.Findings[i].Severity == s {
				n++
				if next == "" {
					next = r.Findings[i].Code
				}
			}
		}
		if n > 0 {
			counts = append(counts, strconv.Itoa(n)+" "+s)
		}
	}
	if len(counts) == 0 {
		text := "no findings"
		if len(r.Gaps) > 0 {
			text += ", " + plural(len(r.Gaps), "gap")
		}
		p.line(text)
		return
	}
	if c := r.Verdict.RootCause; c != nil {
		next = *c
	}
	p.hang("", 0, strings.Join(counts, ", ")+". mailtrace explain "+Clean(next))
}
