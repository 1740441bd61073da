package render

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// DomainOptions are settings of the views of a domain.
type DomainOptions struct {
	Options
	// Bulk shows the rules of large receivers for bulk senders; full detail does
	// so too.
	Bulk bool
	// Suggest shows the records to publish as a piece of a zone file.
	Suggest bool
	// Sort is the order of a table; "" is the worst first.
	Sort string
}

// Domain writes a report on a domain for people: what is wrong in a line, one
// block for each thing that the domain publishes, what becomes of forged mail,
// then the problems with what they rest on, what to do and what to publish.
func Domain(w io.Writer, d *report.Domain, o DomainOptions) error {
	p := newPage(o.Options)
	p.domain(d, &o)
	_, err := w.Write(p.Bytes())
	return err
}

func (p *page) domain(d *report.Domain, o *DomainOptions) {
	if o.Detail == Verdict {
		p.domainLine(d)
		return
	}
	p.domainHead(d)
	p.blank()
	for _, a := range areas(d) {
		p.area(a, o.Detail)
	}
	p.spoofs(d)
	if o.Bulk || o.Detail == Full {
		p.bulkRules("Bulk senders", d.Bulk)
	}
	p.problems(d, o.Detail)
	if len(d.Gaps) > 0 {
		p.blank()
	}
	p.gaps(&report.Report{Gaps: d.Gaps})
	if o.Suggest {
		p.suggested(d)
	}
	if o.Detail == Full {
		p.domainAnswers(d)
	}
	p.domainClosing(d, o)
}

// domainHead is the answer in a line: the counts, and the worst problem.
func (p *page) domainHead(d *report.Domain) {
	name := cmp.Or(Clean(d.Domain), "domain") + ": "
	text, st := counts(d)
	if len(d.Findings) > 0 && (st == red || st == yellow) {
		text += ": " + checkName(d, d.Findings[0].Code) + Clean(d.Findings[0].Message)
		if n := sameSeverity(d.Findings); n > 1 {
			text += ", and " + strconv.Itoa(n-1) + " more"
		}
	}
	for i, l := range wrap(name+text, p.width-2) {
		switch rest, ok := strings.CutPrefix(l, name); {
		case i > 0:
			p.line("  ", l)
		case ok:
			p.line(p.styled(name, bold), p.styled(rest, st))
		default:
			p.line(l)
		}
	}
}

// checkName names the check of a code, as the blocks are named, for the front
// of a message.
func checkName(d *report.Domain, code string) string {
	check := checksOf(d)[code]
	if check == "" {
		return ""
	}
	return strings.ToUpper(strings.ReplaceAll(Clean(check), "_", "-")) + ": "
}

// sameSeverity counts the findings that are as bad as the worst.
func sameSeverity(fs []report.Finding) int {
	n := 0
	for i := range fs {
		if fs[i].Severity == fs[0].Severity {
			n++
		}
	}
	return n
}

// counts is "1 high, 2 medium" with the style of the worst, or what stands
// where nothing is wrong.
func counts(d *report.Domain) (string, style) {
	var parts []string
	st := green
	for _, s := range severities {
		n := 0
		for i := range d.Findings {
			if d.Findings[i].Severity == s {
				n++
			}
		}
		if n == 0 {
			continue
		}
		parts = append(parts, strconv.Itoa(n)+" "+s)
		switch {
		case s == report.Critical || s == report.High:
			st = red
		case s == report.Medium && st == green:
			st = yellow
		}
	}
	text := strings.Join(parts, ", ")
	if text == "" {
		text = "nothing is wrong"
		if len(d.Gaps) > 0 {
			text, st = "nothing wrong was found", yellow
			if !slices.ContainsFunc(d.DNS, func(a report.DNSAnswer) bool { return a.Status != "" && a.Status != "error" }) {
				text = "nothing was checked"
			}
		}
	}
	if len(d.Gaps) > 0 {
		text += ", " + plural(len(d.Gaps), "question") + " without an answer"
	}
	return text, st
}

// domainLine is all on one line, for many domains.
func (p *page) domainLine(d *report.Domain) {
	text, st := counts(d)
	mark := domainMark(d, st)
	code := ""
	if len(d.Findings) > 0 && (st == red || st == yellow) {
		code = ": " + Clean(d.Findings[0].Code)
	}
	var parts []string
	for _, a := range areas(d) {
		parts = append(parts, strings.ToLower(a.name)+" "+a.brief)
	}
	p.line(p.styled(mark, st), " ", p.styled(cmp.Or(Clean(d.Domain), "domain"), bold), ": ", text, code, "; ", strings.Join(parts, ", "))
}

// domainMark is the mark of a domain as a whole: good only where all is known
// and nothing is wrong.
func domainMark(d *report.Domain, st style) string {
	unknown := false
	for _, c := range [...]*report.DomainCheck{&d.MX.DomainCheck, &d.SPF.DomainCheck, &d.DMARC.DomainCheck} {
		unknown = unknown || c.State == report.StateUnknown
	}
	worst := ""
	if len(d.Findings) > 0 {
		worst = d.Findings[0].Severity
	}
	switch {
	case st == red:
		return markBad
	case unknown, len(d.Gaps) > 0 && worst != report.Medium:
		return markUnknown
	case st == yellow:
		return markWarn
	}
	return markGood
}

// markWarn stands before what works and should be better.
const markWarn = "!"

// markUnknown stands before what the DNS did not answer.
const markUnknown = "?"

func domainMarkStyle(mark string) style {
	switch mark {
	case markWarn, markUnknown:
		return yellow
	}
	return markStyle(mark)
}

// area is one thing that a domain publishes, as it is shown. Everything in it
// is clean.
type area struct {
	name  string
	mark  string
	word  string     // "valid", "none" …
	brief string     // for the line of -q
	text  string     // behind the word: the record, in most cases
	lines []areaLine // below it
	short []areaLine // below it at normal detail only
	more  []areaLine // below it at full detail only
}

// areaLine is a line of an area: an optional mark, and text at an indent.
type areaLine struct {
	indent int
	mark   string
	text   string
}

// area writes a block. Marks stand in one column, words in the next.
func (p *page) area(a area, detail Detail) {
	const nameW, wordW = 9, 8
	column := nameW + 2 + wordW
	head := p.styled(pad(a.name, nameW), bold) + p.styled(a.mark, domainMarkStyle(a.mark)) + " "
	switch {
	case a.text == "":
		p.hang(head, nameW+2, a.word)
	case width(a.word) < wordW:
		p.hang(head+pad(a.word, wordW), column, a.text)
	default:
		p.hang(head, nameW+2, a.word+" "+a.text)
	}
	lines := a.lines
	if detail == Full {
		lines = append(slices.Clip(lines), a.more...)
	} else {
		lines = append(slices.Clip(lines), a.short...)
	}
	for _, l := range lines {
		at := column + 2*min(l.indent, maxTreeDepth)
		lead := strings.Repeat(" ", at)
		if l.mark != "" {
			// The mark stands before the column of the text.
			lead = strings.Repeat(" ", at-2) + p.styled(l.mark, domainMarkStyle(l.mark)) + " "
		}
		p.hang(lead, at, l.text)
	}
}

// domainClosing names what to read next.
func (p *page) domainClosing(d *report.Domain, o *DomainOptions) {
	var next []string
	if len(d.Findings) > 0 {
		next = append(next, "mailtrace explain "+Clean(d.Findings[0].Code))
	}
	if d.Suggested != "" && !o.Suggest {
		next = append(next, "mailtrace domain --suggest "+Clean(d.Domain))
	}
	if len(next) > 0 {
		p.blank()
		p.hang("", 0, strings.Join(next, "; "))
	}
}

// domainAnswers shows the answers; of common selectors only those with a
// record, and how many have none.
func (p *page) domainAnswers(d *report.Domain) {
	keys := map[string]bool{}
	for i := range d.DKIM.Keys {
		keys[d.DKIM.Keys[i].Location] = true
	}
	var shown []report.DNSAnswer
	left := 0
	for _, a := range d.DNS {
		if len(a.Values) == 0 && strings.Contains(a.Name, "._domainkey.") && !keys[a.Name] {
			left++
			continue
		}
		shown = append(shown, a)
	}
	p.answers(&report.Report{DNS: shown})
	if left > 0 {
		p.line("       ", plural(left, "common selector"), " without a record")
	}
}
