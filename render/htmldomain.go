package render

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// maxDomainRows bounds the domains of a page; maxDomainPages those of which
// the page holds everything.
const (
	maxDomainRows  = 5000
	maxDomainPages = 200
)

// domainView is a domain as the template shows it.
type domainView struct {
	ID, Kind, Mark, Domain, Summary, Line string
	Areas                                 []viewArea
	Spoofs                                []struct{ From, Method, Text string }
	Findings                              []viewFinding
	Suggested                             string
	Tree                                  []viewNode
	Bulk                                  []viewRule
	Gaps                                  []string
	DNS                                   []viewDNS
	DNSLeft                               string
}

type viewArea struct {
	Kind, Mark, Name, Word, Text string
	Lines, More                  []string
}

func markKind(mark string) string {
	switch mark {
	case markWarn, markUnknown:
		return "warn"
	}
	return chipKind(mark)
}

func (v *viewer) domain(d *report.Domain, o DomainOptions) *domainView {
	id := ""
	if v.n > 0 {
		id = "d" + strconv.Itoa(v.n) + "-"
	}
	v.n++
	text, st := counts(d)
	x := &domainView{ID: id, Domain: cmp.Or(Clean(d.Domain), "domain"), Summary: upperFirst(text) + ".", Mark: markGood}
	switch st {
	case red:
		x.Mark = markBad
	case yellow:
		x.Mark = markWarn
	}
	x.Kind = markKind(x.Mark)
	if !d.CheckedAt.IsZero() {
		x.Line = "Checked " + d.CheckedAt.UTC().Format("2 Jan 2006 15:04") + " UTC"
	}
	for _, a := range areas(d) {
		y := viewArea{Kind: markKind(a.mark), Mark: a.mark, Name: a.name, Word: a.word, Text: a.text}
		for _, l := range a.lines {
			y.Lines = append(y.Lines, join(" ", l.mark, l.text))
		}
		for _, l := range a.more {
			y.More = append(y.More, join(" ", l.mark, l.text))
		}
		y.Lines, y.More = y.Lines[:min(len(y.Lines), 200)], y.More[:min(len(y.More), 400)]
		x.Areas = append(x.Areas, y)
	}
	for i, s := range d.DMARC.Spoofs[:min(len(d.DMARC.Spoofs), 20)] {
		// The older standard gets a line only where it says something else.
		if slices.ContainsFunc(d.DMARC.Spoofs[:i], func(b report.SpoofEffect) bool { return b.From == s.From && b.Policy == s.Policy }) {
			continue
		}
		x.Spoofs = append(x.Spoofs, struct{ From, Method, Text string }{Clean(s.From), standardName(s.Method), Clean(s.Text)})
	}
	parts := func(t report.Text, s string) []viewPart {
		if s == "" && len(t) > 0 {
			s = t.String()
		}
		if s == "" {
			return nil
		}
		return []viewPart{{Text: Clean(s)}}
	}
	for i := range d.Findings[:min(len(d.Findings), maxShownFindings)] {
		x.Findings = append(x.Findings, v.finding(&d.Findings[i], parts, func(*int) string { return "" }, nil))
	}
	x.Suggested = suggestedText(d.Suggested)
	if d.SPF.Tree != nil {
		nodes := 0
		x.Tree = []viewNode{branchNode(d.SPF.Tree, 0, &nodes)}
	}
	if o.Bulk {
		x.Bulk = ruleViews(d.Bulk)
	}
	for _, g := range d.Gaps[:min(len(d.Gaps), 100)] {
		x.Gaps = append(x.Gaps, join(": ", Clean(g.What), Clean(g.Why)))
	}
	x.DNS = dnsViews(d.DNS)
	x.DNSLeft = left(len(d.DNS), maxShownDNS, "answer")
	return x
}

// suggestedText is a piece of a zone file, line by line.
func suggestedText(s string) string {
	var out []string
	for l := range strings.Lines(s) {
		if len(out) == 200 {
			out = append(out, "; …")
			break
		}
		out = append(out, zoneLine(l))
	}
	return strings.Join(out, "\n")
}

func branchNode(n *report.SPFBranch, depth int, nodes *int) viewNode {
	x := viewNode{Mark: markNeutral, Kind: "none", Term: cleanTo(n.Term, maxRecord), Note: Clean(n.Note), Open: depth < 1}
	if n.Kind == "record" {
		x.Term = join(": ", Clean(n.Domain), cmp.Or(x.Term, "no record"))
	}
	if n.DNSLookups > 0 {
		x.Outcome = plural(n.DNSLookups, "lookup")
	}
	if n.Question != "" && n.Kind != "record" {
		x.Asked = join(": ", Clean(n.Question), cmp.Or(Clean(n.Answer), "no answer"))
	}
	for _, c := range n.Children {
		if c == nil {
			continue
		}
		if *nodes++; *nodes > maxTreeNodes || depth >= maxTreeDepth {
			x.Children = append(x.Children, viewNode{Mark: markNeutral, Kind: "none", Term: "…", Outcome: "more, left out here"})
			break
		}
		x.Children = append(x.Children, branchNode(c, depth+1, nodes))
	}
	return x
}

// DomainFragment writes a report on a domain as the inside of a page.
func DomainFragment(w io.Writer, d *report.Domain, o DomainOptions) error {
	return pages().ExecuteTemplate(w, "domain", newViewer(o.Options).domain(d, o))
}

// domainPages writes one domain as its page, several as a table that can be
// sorted, with everything on each below it.
type domainPages struct {
	w    io.Writer
	o    DomainOptions
	v    *viewer
	n    int
	page domainList
	tool report.Tool
	failures
}

type domainList struct {
	Title, Summary string
	Columns        []string
	Rows           []domainRow
	Left           string
	Domains        []*domainView
}

type domainRow struct {
	Domain, Href, Worst, Counts string
	Rank, Count                 int
	Cells                       []struct {
		Kind, Mark, Text string
		Rank             int
	}
}

func newDomainPages(w io.Writer, o DomainOptions) DomainWriter {
	return &domainPages{w: w, o: o, v: newViewer(o.Options)}
}

func (p *domainPages) Domain(d *report.Domain) error {
	p.tool = d.Tool
	p.n++
	if p.n > maxDomainRows {
		return nil
	}
	row := domainRow{Domain: cmp.Or(Clean(d.Domain), "domain"), Worst: "fine", Rank: len(severities), Count: len(d.Findings)}
	for i := range d.Findings {
		if k := report.SeverityRank(d.Findings[i].Severity); k >= 0 && k < row.Rank {
			row.Rank, row.Worst = k, severities[k]
		}
	}
	row.Counts, _ = counts(d)
	all := areas(d)
	if p.page.Columns == nil {
		for _, a := range all {
			p.page.Columns = append(p.page.Columns, a.name)
		}
	}
	for _, a := range all[:min(len(all), len(p.page.Columns))] {
		rank := slices.Index([]string{markBad, markUnknown, markWarn, markNeutral, markGood}, a.mark)
		row.Cells = append(row.Cells, struct {
			Kind, Mark, Text string
			Rank             int
		}{markKind(a.mark), a.mark, cleanTo(cmp.Or(a.brief, a.word), 60), rank})
	}
	if len(p.page.Domains) < maxDomainPages {
		x := p.v.domain(d, p.o)
		if x.ID == "" {
			x.ID = "d0-"
		}
		row.Href = "#" + x.ID + "top"
		p.page.Domains = append(p.page.Domains, x)
	}
	p.page.Rows = append(p.page.Rows, row)
	return nil
}

func (p *domainPages) Close() error {
	if p.n == 0 {
		return nil
	}
	if p.n == 1 && !p.any() {
		x := p.page.Domains[0]
		return writePage(p.w, x.Domain+": "+x.Summary, toolLine(p.tool), func(w io.Writer) error { return pages().ExecuteTemplate(w, "domain", x) })
	}
	p.page.Title = plural(p.n, "domain")
	wrong := 0
	for _, r := range p.page.Rows {
		if r.Rank <= report.SeverityRank(report.High) {
			wrong++
		}
	}
	p.page.Summary = strconv.Itoa(wrong) + " with something of high or critical severity." + p.text()
	p.page.Left = left(p.n, len(p.page.Rows), "domain")
	return writePage(p.w, p.page.Title, toolLine(p.tool), func(w io.Writer) error { return pages().ExecuteTemplate(w, "domains", &p.page) })
}
