package render

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// maxBulkRows bounds the messages that a page lists; the counts are of all.
const maxBulkRows = 5000

// pageWriter writes one report as its page, several as a summary with a table
// that can be sorted.
type pageWriter struct {
	w     io.Writer
	o     Options
	first *report.Report
	sum   *bulkView
	tool  report.Tool
	failures
}

func newPages(w io.Writer, o Options) Writer { return &pageWriter{w: w, o: o} }

// Report keeps the first report, and of further ones only what the summary
// needs.
func (p *pageWriter) Report(r *report.Report) error {
	if p.first == nil && p.sum == nil {
		p.first = r
		return nil
	}
	p.several()
	p.sum.add(r)
	return nil
}

// several makes a summary of what is to be one.
func (p *pageWriter) several() {
	if p.sum == nil {
		p.sum = &bulkView{status: map[string]int{}, causes: map[bulkCause]*bulkCount{}}
		p.tool = p.first.Tool
		p.sum.add(p.first)
		p.first = nil
	}
}

func (p *pageWriter) Close() error {
	if p.first != nil && p.any() {
		p.several() // it has a place for the others
	}
	switch {
	case p.first != nil:
		return HTML(p.w, p.first, p.o)
	case p.sum != nil:
		v := p.sum.view()
		v.Summary += p.text()
		return writePage(p.w, v.Title, toolLine(p.tool), func(w io.Writer) error { return pages().ExecuteTemplate(w, "bulk", v) })
	}
	return nil
}

// bulkView counts what many reports have in common.
type bulkView struct {
	n, gaps int
	status  map[string]int
	causes  map[bulkCause]*bulkCount
	rows    []bulkRow
}

type bulkCause struct{ code, severity string }

type bulkCount struct {
	n, root int
	title   string
	example int // row
}

type bulkRow struct {
	ID, Name, Kind, Mark, Status, Cause, From string
	Border, Delivery                          []viewChip
}

func (b *bulkView) add(r *report.Report) {
	row := b.n
	b.n++
	b.status[r.Verdict.Status]++
	if len(r.Gaps) > 0 {
		b.gaps++
	}
	seen := map[bulkCause]bool{}
	for i := range r.Findings {
		f := &r.Findings[i]
		k := bulkCause{f.Code, severityWord(f.Severity)}
		if seen[k] {
			continue
		}
		seen[k] = true
		c := b.causes[k]
		if c == nil {
			c = &bulkCount{title: f.Title, example: row}
			b.causes[k] = c
		}
		c.n++
		if r.Verdict.RootCause != nil && *r.Verdict.RootCause == f.Code {
			c.root++
		}
	}
	if row >= maxBulkRows {
		return
	}
	x := bulkRow{ID: "m" + strconv.Itoa(row), Name: title(r.Source), Mark: statusMark(r.Verdict.Status), Status: statusWords(r.Verdict.Status),
		Border: tripleChips(r.Verdict.Border), Delivery: tripleChips(r.Verdict.Delivery)}
	if x.Kind = chipKind(x.Mark); x.Mark == markUnknown {
		x.Kind = "warn"
	}
	if r.Verdict.RootCause != nil {
		x.Cause = word2(*r.Verdict.RootCause)
	}
	if len(r.Message.From) > 0 {
		x.From = cleanTo(r.Message.From[0].Address, 100)
	}
	b.rows = append(b.rows, x)
}

type bulkPage struct {
	Title, Summary string
	Verdicts       []struct {
		N, Of int
		Text  string
	}
	Causes []bulkLine
	Rows   []bulkRow
	Left   string
}

type bulkLine struct {
	N, Root, Rank                        int
	Severity, Title, Code, Href, Example string
}

func (b *bulkView) view() *bulkPage {
	p := &bulkPage{Title: plural(b.n, "message"), Rows: b.rows, Left: left(b.n, len(b.rows), "message")}
	good := b.status[report.Authenticated]
	p.Summary = plural(good, "message") + " authenticated, " + strconv.Itoa(b.n-good) + " not."
	if b.gaps > 0 {
		p.Summary += " For " + strconv.Itoa(b.gaps) + " not everything could be checked."
	}
	for s, n := range b.status {
		p.Verdicts = append(p.Verdicts, struct {
			N, Of int
			Text  string
		}{n, b.n, statusWords(s)})
	}
	slices.SortFunc(p.Verdicts, func(a, c struct {
		N, Of int
		Text  string
	}) int {
		if a.N != c.N {
			return c.N - a.N
		}
		return strings.Compare(a.Text, c.Text)
	})
	for k, c := range b.causes {
		l := bulkLine{N: c.n, Root: c.root, Rank: report.SeverityRank(k.severity), Severity: k.severity, Title: Clean(c.title), Code: word2(k.code)}
		if c.example < len(b.rows) {
			l.Href, l.Example = "#"+b.rows[c.example].ID, b.rows[c.example].Name
		}
		p.Causes = append(p.Causes, l)
	}
	slices.SortFunc(p.Causes, func(a, c bulkLine) int {
		if a.Root != c.Root {
			return c.Root - a.Root
		}
		if a.Rank != c.Rank {
			return a.Rank - c.Rank
		}
		if a.N != c.N {
			return c.N - a.N
		}
		return strings.Compare(a.Code, c.Code)
	})
	p.Causes = p.Causes[:min(len(p.Causes), 500)]
	return p
}
