package spf

import (
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
)

// node adds a node below parent, where a tree is asked for and MaxNodes is not
// reached. All methods of a nil *Node do nothing.
func (e *evaluator) node(parent *Node, n Node) *Node {
	if !e.opt.Tree {
		return nil
	}
	if e.nodes >= MaxNodes {
		e.cut = true
		return nil
	}
	e.nodes++
	if parent != nil {
		parent.Children = append(parent.Children, &n)
	}
	return &n
}

func (e *evaluator) termNode(parent *Node, t *Term, outcome string) *Node {
	if parent == nil {
		return nil
	}
	return e.node(parent, Node{Term: t.Text, Kind: t.Kind, Position: t.Position, Outcome: outcome,
		Lookups: e.lookups, VoidLookups: e.voids})
}

// termNodes adds the terms from the index on as not evaluated, those with
// errors as such.
func (e *evaluator) termNodes(parent *Node, rec *Record, from int, errs []Note) {
	if parent == nil {
		return
	}
	for i := from; i < len(rec.Terms); i++ {
		t := &rec.Terms[i]
		n := e.termNode(parent, t, "not evaluated")
		if n == nil {
			return
		}
		if t.Bad {
			n.Outcome = "error"
			for len(errs) > 0 && errs[0].Position <= t.Position+len(t.Text) {
				n.note(errs[0].Text)
				errs = errs[1:]
			}
		}
	}
}

// child finds the node of a term.
func (n *Node) child(t *Term) *Node {
	if n != nil {
		for _, c := range n.Children {
			if c.Position == t.Position && c.Kind == t.Kind {
				return c
			}
		}
	}
	return nil
}

func (n *Node) set(outcome string, e *evaluator) {
	if n != nil {
		n.Outcome, n.VoidLookups = outcome, e.voids
	}
}

func (n *Node) note(text string) {
	switch {
	case n == nil || text == "":
	case n.Note == "":
		n.Note = text
	default:
		n.Note += "; " + text
	}
}

func (n *Node) asked(name string, t dns.Type, ans dns.Answer, end *verdict) {
	if n != nil {
		n.Question = name + " " + t.String()
		n.Answer = answerLine(ans, end)
	}
}

// answerLine is Node.Answer. An SPF record is the Term of its node, so other
// TXT records are only counted.
func answerLine(ans dns.Answer, end *verdict) string {
	if end != nil {
		if end.err != nil {
			return why(end.err)
		}
		return end.detail[strings.LastIndexByte(end.detail, ' ')+1:]
	}
	if len(ans.Records) == 0 {
		return string(ans.Status)
	}
	var values []string
	others := 0
	for i := range ans.Records {
		r := &ans.Records[i]
		value := ""
		switch {
		case r.Type == dns.TypeTXT && IsRecord(r.Text):
			value = strconv.Quote(r.Text[:min(len(r.Text), MaxMacroValue)])
		case r.Type == dns.TypeTXT:
			others++
			continue
		case r.Type == dns.TypeMX:
			value = strconv.Itoa(int(r.Pref)) + " " + r.Host + "."
		case r.Addr.IsValid():
			value = r.Addr.String()
		default:
			value = r.Host
		}
		if len(values) == MaxAnswer {
			values = append(values, "and "+strconv.Itoa(len(ans.Records)-i)+" more")
			break
		}
		values = append(values, value)
	}
	switch {
	case others == 1:
		values = append(values, "1 other TXT record")
	case others > 1:
		values = append(values, strconv.Itoa(others)+" other TXT records")
	}
	return strings.Join(values, ", ")
}

// String prints the tree, one line a node. The form is for people; programs
// read the fields.
func (n *Node) String() string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	n.print(&b, "")
	return b.String()
}

func (n *Node) print(b *strings.Builder, indent string) {
	b.WriteString(indent)
	if n.Kind == "record" {
		b.WriteString(n.Domain)
	} else {
		b.WriteString(printable(n.Term))
	}
	b.WriteString(": ")
	b.WriteString(n.Outcome)
	if n.Lookups > 0 || n.VoidLookups > 0 {
		b.WriteString(" [lookups " + strconv.Itoa(n.Lookups))
		if n.VoidLookups > 0 {
			b.WriteString(", void " + strconv.Itoa(n.VoidLookups))
		}
		b.WriteString("]")
	}
	if n.Question != "" {
		b.WriteString(" " + printable(n.Question) + " = " + printable(n.Answer))
	}
	if n.Note != "" {
		b.WriteString(" (" + printable(n.Note) + ")")
	}
	b.WriteByte('\n')
	for _, c := range n.Children {
		c.print(b, indent+"  ")
	}
}

// printable escapes what is not visible ASCII: the text comes from the DNS.
func printable(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			q := strconv.QuoteToASCII(s)
			return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
		}
	}
	return s
}
