package render

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// Orders of domains.
const (
	SortInput    = "input"    // as they came
	SortSeverity = "severity" // the worst first, then those that are not known
	SortDomain   = "domain"   // by name, from the top label on
)

// DomainSorts lists the orders.
func DomainSorts() []string { return []string{SortInput, SortSeverity, SortDomain} }

// domainTable is one aligned row a domain, the worst first. It keeps a row for
// each, not the reports.
type domainTable struct {
	w    io.Writer
	o    DomainOptions
	rows []tableRow
	most int // rows of one table; 0 for maxTableRows
}

// What is put in order is kept until it is written. A list may have no end: beyond
// these, what there is is written, and the next begins.
const (
	maxTableRows = 100_000 // some 2 KB each
	maxSorted    = 20_000  // reports, some 20 KB each
)

type tableRow struct {
	domain string
	rank   int
	cells  []string
	style  style
}

var tableHead = []string{"", "DOMAIN", "WORST", "CODE", "MX", "SPF", "DKIM", "DMARC", "MTA-STS", "TLS-RPT", "DANE", "BIMI", "DNSSEC", "GAPS"}

// maxTableCell bounds a cell, in columns.
const maxTableCell = 48

func (t *domainTable) Domain(d *report.Domain) error {
	_, st := counts(d)
	mark := domainMark(d, st)
	row := tableRow{domain: d.Domain, rank: domainRank(d), style: st}
	worst, code := "", ""
	if len(d.Findings) > 0 && d.Findings[0].Severity != report.Info {
		worst, code = word(d.Findings[0].Severity), Clean(d.Findings[0].Code)
		if n := sameSeverity(d.Findings); n > 1 {
			code += " +" + strconv.Itoa(n-1)
		}
	}
	row.cells = append(row.cells, mark, Clean(d.Domain), worst, code)
	for _, a := range areas(d) {
		row.cells = append(row.cells, a.brief)
	}
	gaps := ""
	if len(d.Gaps) > 0 {
		gaps = strconv.Itoa(len(d.Gaps))
	}
	row.cells = append(row.cells, gaps)
	for i, c := range row.cells {
		if width(c) > maxTableCell {
			row.cells[i] = strings.TrimRight(cleanTo(c, maxTableCell), " ")
		}
	}
	if t.rows = append(t.rows, row); len(t.rows) < cmp.Or(t.most, maxTableRows) {
		return nil
	}
	err := t.Close()
	t.rows = t.rows[:0]
	return err
}

// domainRank orders domains: 0 is the worst.
func domainRank(d *report.Domain) int {
	rank := 2 * (len(severities) + 1)
	if len(d.Findings) > 0 {
		if i := report.SeverityRank(d.Findings[0].Severity); i >= 0 {
			rank = 2 * i
		}
	}
	// What is not known stands before what is low at most.
	if low := 2*report.SeverityRank(report.Low) - 1; len(d.Gaps) > 0 && rank > low {
		rank = low
	}
	return rank
}

// reversed is a name with its labels from the top on.
func reversed(name string) string {
	labels := strings.Split(name, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}

func (t *domainTable) Close() error {
	switch t.o.Sort {
	case SortInput:
	case SortDomain:
		slices.SortStableFunc(t.rows, func(a, b tableRow) int { return strings.Compare(reversed(a.domain), reversed(b.domain)) })
	default:
		slices.SortStableFunc(t.rows, func(a, b tableRow) int {
			return cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(reversed(a.domain), reversed(b.domain)))
		})
	}
	widths := make([]int, len(tableHead))
	for i, c := range tableHead {
		widths[i] = width(c)
	}
	for _, r := range t.rows {
		for i, c := range r.cells {
			widths[i] = max(widths[i], width(c))
		}
	}
	p := newPage(t.o.Options)
	write := func(cells []string, st style, head bool) {
		var b strings.Builder
		for i, c := range cells {
			text := c
			if i < len(cells)-1 {
				text = pad(c, widths[i])
			}
			switch {
			case head:
				text = p.styled(text, bold)
			case i == 0 && strings.TrimSpace(c) != "":
				text = p.styled(text, domainMarkStyle(c))
			case i == 2 && c != "":
				text = p.styled(text, st)
			}
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(text)
		}
		p.line(strings.TrimRight(b.String(), " "))
	}
	if len(t.rows) > 0 {
		write(tableHead, bold, true)
	}
	for _, r := range t.rows {
		write(r.cells, r.style, false)
	}
	_, err := t.w.Write(p.Bytes())
	return err
}

// tableAbove is the number of domains above which text becomes a table.
const tableAbove = 5

// domainAuto writes the text of few domains and the table of many.
type domainAuto struct {
	w     io.Writer
	o     DomainOptions
	early []*report.Domain
	table *domainTable
}

func (a *domainAuto) Domain(d *report.Domain) error {
	if a.table == nil && len(a.early) < tableAbove {
		a.early = append(a.early, d)
		return nil
	}
	if a.table == nil {
		a.table = &domainTable{w: a.w, o: a.o}
		for _, e := range a.early {
			if err := a.table.Domain(e); err != nil {
				return err
			}
		}
		a.early = nil
	}
	return a.table.Domain(d)
}

func (a *domainAuto) Close() error {
	if a.table != nil {
		return a.table.Close()
	}
	text := &domainText{w: a.w, o: a.o}
	for _, d := range a.early {
		if err := text.Domain(d); err != nil {
			return err
		}
	}
	return text.Close()
}

// Sorted puts the reports that a writer gets in order; it keeps them until the
// end, or until they are 20,000. Only drops those that nothing is to be shown of: Only is a severity,
// and then domains with a finding of it or above are shown, or a code.
func Sorted(w DomainWriter, sort, only string) DomainWriter {
	return &domainSorted{w: w, sort: sort, only: only}
}

type domainSorted struct {
	w          DomainWriter
	sort, only string
	all        []*report.Domain
	most       int // 0 for maxSorted
}

func (s *domainSorted) Domain(d *report.Domain) error {
	if s.only != "" && !shows(d, s.only) {
		return nil
	}
	if s.sort == "" || s.sort == SortInput {
		return s.w.Domain(d)
	}
	if s.all = append(s.all, d); len(s.all) < cmp.Or(s.most, maxSorted) {
		return nil
	}
	return s.flush()
}

// shows reports whether a domain has a finding of a severity or above, or of a
// code.
func shows(d *report.Domain, only string) bool {
	limit := report.SeverityRank(only)
	return slices.ContainsFunc(d.Findings, func(f report.Finding) bool {
		if limit < 0 {
			return f.Code == only
		}
		i := report.SeverityRank(f.Severity)
		return i >= 0 && i <= limit
	})
}

// Fail implements [Failing].
func (s *domainSorted) Fail(path, why string) {
	if f, ok := s.w.(Failing); ok {
		f.Fail(path, why)
	}
}

// Cut implements [Failing].
func (s *domainSorted) Cut(why string) {
	if f, ok := s.w.(Failing); ok {
		f.Cut(why)
	}
}

func (s *domainSorted) Close() error {
	if err := s.flush(); err != nil {
		return err
	}
	return s.w.Close()
}

// flush writes what there is, in order.
func (s *domainSorted) flush() error {
	all := s.all
	s.all = nil
	slices.SortStableFunc(all, func(a, b *report.Domain) int {
		byName := strings.Compare(reversed(a.Domain), reversed(b.Domain))
		if s.sort == SortDomain {
			return byName
		}
		return cmp.Or(cmp.Compare(domainRank(a), domainRank(b)), byName)
	})
	for _, d := range all {
		if err := s.w.Domain(d); err != nil {
			return err
		}
	}
	return nil
}
