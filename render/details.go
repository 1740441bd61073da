package render

import (
	"cmp"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/report"
)

// Bounds of the SPF tree as it is shown. An evaluation stays far below them.
const (
	maxTreeDepth = 24
	maxTreeNodes = 2000
)

// SPF writes one evaluation for people, at full detail with its tree.
func SPF(w io.Writer, s *report.SPF, o Options) error {
	p := newPage(o)
	mark, st := markOf(s.Result)
	p.hang(p.styled(mark, st)+" ", 2, join(" ", "spf", word(s.Result), "for", cmp.Or(Clean(s.Domain), "no domain"),
		"from", Clean(s.ClientIP)))
	if o.Detail != Verdict {
		p.hang("  ", 2, spfDetail(s))
		if s.Record != "" {
			p.hang("  record   ", 11, Clean(s.Record))
		}
		if s.Explanation != "" {
			p.hang("  explains ", 11, Clean(s.Explanation))
		}
		p.line("  ", plural(s.Lookups, "lookup"), ", ", strconv.Itoa(s.VoidLookups), " void")
	}
	if o.Detail == Full {
		p.tree("", s.Tree)
	}
	_, err := w.Write(p.Bytes())
	return err
}

func (p *page) details(r *report.Report) {
	p.message(&r.Message)
	if r.SPF != nil {
		p.tree("SPF evaluation", r.SPF.Tree)
	}
	p.matrix(r)
	p.claims(r)
	p.arcSets(r.ARC)
	p.crossChecks(r)
	p.answers(r)
}

// message shows what the message says of itself.
func (p *page) message(m *report.Message) {
	var from []string
	for _, a := range m.From {
		from = append(from, join(" ", Clean(a.Name), "<"+Clean(a.Address)+">"))
	}
	sender := ""
	if m.MailFrom != nil {
		sender = "<" + Clean(*m.MailFrom) + ">"
		if m.MailFromBasis != "" {
			sender += " (" + Clean(m.MailFromBasis) + ")"
		}
	}
	var to []string
	for _, a := range m.RcptTo {
		to = append(to, "<"+Clean(a)+">")
	}
	var rows [][]string
	for _, row := range [][]string{
		{"From", strings.Join(from, ", ")},
		{"MAIL FROM", sender},
		{"RCPT TO", strings.Join(to, ", ")},
		{"Subject", Clean(m.Subject)},
		{"Date", Clean(m.Date)},
		{"Message-ID", Clean(m.MessageID)},
	} {
		if row[1] != "" {
			rows = append(rows, row)
		}
	}
	p.table("Message", rows)
}

// tree shows the records and terms of an evaluation in the order of the
// record: outcome, question, answer, and the lookups used up so far.
func (p *page) tree(heading string, root *report.SPFNode) {
	if root == nil {
		return
	}
	if heading != "" {
		p.blank()
		p.line(p.styled(heading, bold))
	}
	nodes := 0
	var walk func(n *report.SPFNode, depth int)
	walk = func(n *report.SPFNode, depth int) {
		if n == nil {
			return
		}
		if nodes++; nodes > maxTreeNodes || depth > maxTreeDepth {
			if nodes == maxTreeNodes+1 || depth == maxTreeDepth+1 {
				p.line(strings.Repeat(" ", 4+2*depth), "…")
			}
			return
		}
		p.node(n, 4+2*depth)
		for _, c := range n.Children {
			walk(c, depth+1)
		}
	}
	walk(root, 0)
}

func (p *page) node(n *report.SPFNode, column int) {
	mark, st := markNeutral, faint
	switch n.Outcome {
	case "match", "pass":
		mark, st = markGood, green
	case "error", "fail", "softfail", "permerror", "temperror":
		mark, st = markBad, red
	}
	term := Clean(n.Term)
	if n.Kind == "record" {
		term = join(": ", Clean(n.Domain), cmp.Or(term, "no record"))
	}
	outcome := word(n.Outcome)
	if n.Outcome == "not evaluated" {
		outcome = "not reached"
	}
	lookups := ""
	if n.Lookups > 0 {
		lookups = plural(n.Lookups, "lookup") + " so far"
		if n.VoidLookups > 0 {
			lookups += ", " + strconv.Itoa(n.VoidLookups) + " void"
		}
		lookups = "(" + lookups + ")"
	}
	// Of a record the line says the answer already.
	asked := n.Question != "" && (n.Kind != "record" || !strings.Contains(n.Answer, n.Term))
	if asked || n.Kind != "include" && n.Kind != "redirect" {
		p.hang(strings.Repeat(" ", column)+p.styled(mark, st)+" ", column+2, join("  ", term, outcome))
	} else {
		p.hang(strings.Repeat(" ", column)+p.styled(mark, st)+" ", column+2, join("  ", term, outcome, lookups))
	}
	if asked {
		p.hang(strings.Repeat(" ", column+4), column+4,
			join(" ", join(": ", Clean(n.Question), cmp.Or(Clean(n.Answer), "no answer")), lookups))
	}
	if n.Note != "" {
		p.hang(strings.Repeat(" ", column+4), column+4, Clean(n.Note))
	}
}

func (p *page) matrix(r *report.Report) {
	var rows [][]string
	for _, c := range r.SPFMatrix {
		mark, _ := markOf(c.Result)
		rows = append(rows, []string{"hop " + strconv.Itoa(c.Hop), mark + " " + word(c.Result), Clean(c.ClientIP), Clean(c.Domain), Clean(c.Matched)})
	}
	p.table("SPF at every public hop", rows)
}

func (p *page) claims(r *report.Report) {
	var rows [][]string
	for i := range r.Claims {
		c := &r.Claims[i]
		hop := ""
		if c.Hop != nil {
			hop = "hop " + strconv.Itoa(*c.Hop)
		}
		said := Clean(c.Reason)
		if c.Comment != "" {
			said = join(" ", said, "("+Clean(c.Comment)+")")
		}
		mark, _ := markOf(c.Result)
		rows = append(rows, []string{
			"line " + strconv.Itoa(c.Line), hop, word(c.Trust),
			mark + " " + word(c.Method) + " " + word(c.Result),
			Clean(c.Domain), Clean(c.ClientIP),
			join(" ", Clean(c.Header)+",", "by", cmp.Or(Clean(c.Writer), Clean(c.AuthservID), "nobody named")+":", said),
		})
	}
	for _, row := range rows {
		row[len(row)-1] = strings.TrimSuffix(row[len(row)-1], ":")
	}
	p.table("Claims", rows)
}

func (p *page) arcSets(a *report.ARC) {
	if a == nil {
		return
	}
	var rows [][]string
	for _, s := range a.Sets {
		said := join(", ", result("spf", s.Results.SPF), result("dkim", s.Results.DKIM), result("dmarc", s.Results.DMARC))
		rows = append(rows, []string{
			"i=" + strconv.Itoa(s.Instance), Clean(s.Domain),
			"cv " + word(s.CV), "seal " + word(s.Seal), "message " + word(s.MessageSignature),
			join("; ", said, Clean(s.Reason)),
		})
	}
	p.table("ARC sets", rows)
}

func result(method, said string) string {
	if said == "" {
		return ""
	}
	return method + " " + word(said)
}

func (p *page) crossChecks(r *report.Report) {
	var rows [][]string
	for _, c := range r.CrossChecks {
		agrees := "agrees"
		if !c.Agrees {
			agrees = "DIFFERS"
		}
		rows = append(rows, []string{word(c.Method), word(c.Result), agrees, Clean(c.Library) + " " + Clean(c.Version), Clean(c.Note)})
	}
	p.table("Second opinion", rows)
}

func (p *page) answers(r *report.Report) {
	var rows [][]string
	for i := range r.DNS {
		a := &r.DNS[i]
		values := make([]string, len(a.Values))
		for j, v := range a.Values {
			values[j] = Clean(v)
		}
		status := word(a.Status)
		if a.Authenticated {
			status += ", AD"
		}
		ttl := ""
		if a.TTL > 0 {
			ttl = (time.Duration(a.TTL) * time.Second).String()
		}
		rows = append(rows, []string{Clean(a.Name), word(a.Type), status, ttl, strings.Join(values, " | ")})
	}
	p.table("DNS answers", rows)
}
