package render

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

var severities = report.Severities()

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

// finding is one finding in full.
func (p *page) finding(f *report.Finding) {
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
	head, tail := pad(severity, 8)+" ", join("   ", code, word(f.Confidence))
	lead := p.styled(head, severityStyle(f.Severity))
	switch whole := join("   ", tail, where); {
	case width(head)+width(whole) <= p.width:
		p.line(lead, p.styled(code, bold), strings.TrimPrefix(whole, code))
	case width(head)+width(tail) <= p.width:
		p.line(lead, p.styled(code, bold), strings.TrimPrefix(tail, code))
		p.hang("         ", 9, where)
	default:
		p.hang(lead, width(head), whole)
	}
	if f.Message != "" {
		p.hang("         ", 9, Clean(f.Message))
	}
	for i, x := range f.Reasons {
		label := "why"
		if i > 0 {
			label = ""
		}
		p.labelled(label, bold, Clean(x.Text))
	}
	if f.Advice != "" {
		p.labelled("do", green, Clean(f.Advice))
	}
	p.evidence(f.Evidence)
	if len(f.Because) > 0 {
		names := make([]string, len(f.Because))
		for i, s := range f.Because {
			names[i] = Clean(s)
		}
		p.labelled("follows", faint, "from "+strings.Join(names, ", "))
	}
}

// evidence shows what a finding rests on. A header field is quoted once, and
// then referred to by its line.
func (p *page) evidence(list []report.Evidence) {
	for _, e := range list {
		text := Clean(e.Text)
		if e.DNS != "" && !strings.HasPrefix(e.Text, e.DNS) {
			text = join(": ", Clean(e.DNS), text)
		}
		label, place := "computed", ""
		switch e.Kind {
		case report.EvidenceHeader:
			label = "header"
		case report.EvidenceDNS:
			label = "dns"
		case report.EvidenceComputed:
		default:
			label, text = "", join(": ", word(e.Kind), text)
		}
		switch {
		case e.Line != nil:
			label = "line " + strconv.Itoa(*e.Line)
			if p.quoted[*e.Line] {
				name, _, _ := strings.Cut(text, ":")
				text = name + ", quoted above"
			} else if p.quoted != nil {
				p.quoted[*e.Line] = true
			}
		case e.Ref != "":
			place = Clean(e.Ref)
		}
		if place != "" {
			text += " (" + place + ")"
		}
		p.labelled(label, faint, text)
	}
}
