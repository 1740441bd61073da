package render

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"strconv"

	"github.com/mailtrace/mailtrace/compare"
	"github.com/mailtrace/mailtrace/report"
)

// writeDocument writes a document that is not about one message or domain: a
// *[compare.Result], *[report.SPFDocument], *[report.Watch], *[report.Summary] or
// [report.Fixes].
func writeDocument(w io.Writer, doc any, o Options) error {
	switch d := doc.(type) {
	case *compare.Result:
		return Compare(w, d, cmp.Or(d.A, "A"), cmp.Or(d.B, "B"), o)
	case *report.SPFDocument:
		return SPF(w, &d.SPF, o)
	case *report.Watch:
		return Watch(w, d, o)
	case *report.Summary:
		return summaryText(w, d)
	case report.Fixes:
		return Fixes(w, d, o)
	}
	return fmt.Errorf("render: no text for %T", doc)
}

// Watch writes what changed for a list of domains: a line for each change, with
// what was published before and what is now. The verdict is the changes for the
// worse.
func Watch(w io.Writer, d *report.Watch, o Options) error {
	p := newPage(o)
	shown := 0
	for i := range d.Changes {
		c := &d.Changes[i]
		if o.Detail == Verdict && !c.Worse {
			continue
		}
		shown++
		mark, st := markNeutral, faint
		if c.Worse {
			mark, st = markBad, red
		}
		p.line(p.styled(mark, st)+" ", Clean(c.Domain), ": ", Clean(c.Text))
		if c.Kind != "problem" && c.Before != "" {
			p.line("    - ", Clean(c.Before))
		}
		if c.Kind != "problem" && c.After != "" {
			p.line("    + ", Clean(c.After))
		}
	}
	if shown == 0 && o.Detail != Verdict && d.New < d.Domains {
		p.line("nothing changed for ", plural(d.Domains, "domain"))
	}
	if d.New > 0 && o.Detail != Verdict {
		p.line(plural(d.New, "domain"), " not known before")
	}
	_, err := w.Write(p.Bytes())
	return err
}

// documentTitle names a document in one line.
func documentTitle(doc any) string {
	switch d := doc.(type) {
	case *compare.Result:
		return "Comparison of " + cmp.Or(Clean(d.A), "A") + " and " + cmp.Or(Clean(d.B), "B")
	case *report.SPFDocument:
		return join(" ", "SPF", word(d.Result), "for", cmp.Or(Clean(d.Domain), "no domain"), "from", Clean(d.ClientIP))
	case *report.Watch:
		return "Changes of " + plural(d.Domains, "domain")
	case *report.Summary:
		return plural(d.Messages, "message") + " in " + plural(len(d.Groups), "group")
	case report.Fixes:
		return "Settings: " + strconv.Itoa(len(d))
	}
	return "Document"
}

// DocumentKind is the kind of a document that [ReadDocument] returns, "" where it
// is none.
func DocumentKind(doc any) string {
	switch doc.(type) {
	case *report.Report:
		return report.DocMessage
	case *report.Domain:
		return report.DocDomain
	case *compare.Result:
		return report.DocComparison
	case *report.SPFDocument:
		return report.DocSPF
	case *report.Watch:
		return report.DocWatch
	case *report.Summary:
		return report.DocSummary
	case report.Fixes:
		return report.DocFix
	}
	return ""
}

// documentHead is what the document has in common with others. A list of fixes
// has none.
func documentHead(doc any) report.Document {
	if h, ok := doc.(interface{ Head() report.Document }); ok {
		return h.Head()
	}
	return report.Document{}
}

// documentHTML is a page with the text of a document, and its findings.
func documentHTML(w io.Writer, doc any, o Options) error {
	o.Color, o.Width = false, 100
	var text bytes.Buffer
	if err := writeDocument(&text, doc, o); err != nil {
		return err
	}
	title, head := documentTitle(doc), documentHead(doc)
	return writePage(w, title, toolLine(head.Tool), func(w io.Writer) error {
		var b bytes.Buffer
		fmt.Fprintf(&b, "<h1>%s</h1>\n", html.EscapeString(title))
		if len(head.Findings) > 0 {
			b.WriteString("<ul>\n")
			for i := range head.Findings[:min(len(head.Findings), maxShownFindings)] {
				f := &head.Findings[i]
				fmt.Fprintf(&b, "<li><strong>%s</strong> %s: %s. %s.</li>\n", html.EscapeString(severityWord(f.Severity)),
					html.EscapeString(word(f.Code)), html.EscapeString(Clean(f.Message)), html.EscapeString(upperFirst(Clean(f.Advice))))
			}
			b.WriteString("</ul>\n")
		}
		fmt.Fprintf(&b, "<pre>%s</pre>\n", html.EscapeString(text.String()))
		_, err := w.Write(b.Bytes())
		return err
	})
}

// documentSARIF shows the findings of a document.
func documentSARIF(w io.Writer, doc any, o Options) error {
	s := newSARIF(w, o)
	head := documentHead(doc)
	path := ""
	switch d := doc.(type) {
	case *compare.Result:
		path = d.B
	case *report.SPFDocument:
		path = d.Domain
	}
	if err := s.Report(&report.Report{Tool: head.Tool, Source: report.Source{Path: path}, Findings: head.Findings}); err != nil {
		return err
	}
	return s.Close()
}

var (
	errNoSchema = errors.New("it has no schema number")
	errNotFixes = errors.New("a list, and not one of fixes")
)

// NewerError is the schema of a document that a newer program wrote.
type NewerError int

func (n NewerError) Error() string {
	return fmt.Sprintf("a report of schema %d; this program knows %d", int(n), report.Schema)
}

// ReadDocument reads what a command wrote as JSON, of any kind: *[report.Report],
// *[report.Domain], *[compare.Result], *[report.SPFDocument], *[report.Watch],
// *[report.Summary] or [report.Fixes]. A document without a kind is of a version that wrote none:
// it is told by its keys.
func ReadDocument(text []byte) (any, error) {
	if i := bytes.IndexFunc(text, func(r rune) bool { return r != ' ' && r != '\t' && r != '\r' && r != '\n' }); i >= 0 && text[i] == '[' {
		var f report.Fixes
		if err := json.Unmarshal(text, &f); err != nil {
			return nil, err
		}
		for i := range f {
			if f[i].Product == "" {
				return nil, errNotFixes
			}
		}
		return f, nil
	}
	var keys struct {
		Kind    string           `json:"kind"`
		Schema  *int             `json:"schema"`
		Domain  *string          `json:"domain"`
		MX      *json.RawMessage `json:"mx"`
		Verdict *json.RawMessage `json:"verdict"`
		Extent  *string          `json:"extent"`
		Result  *string          `json:"result"`
		Lookups *int             `json:"lookups"`
		Changes *json.RawMessage `json:"changes"`
		New     *int             `json:"new"`
	}
	if err := json.Unmarshal(text, &keys); err != nil {
		return nil, err
	}
	kind := keys.Kind
	switch {
	case kind != "":
	case keys.Verdict != nil:
		kind = report.DocMessage
	case keys.Domain != nil && keys.MX != nil:
		kind = report.DocDomain
	case keys.Extent != nil:
		kind = report.DocComparison
	case keys.Result != nil && keys.Lookups != nil:
		kind = report.DocSPF
	case keys.Changes != nil && keys.New != nil:
		kind = report.DocWatch
	default:
		kind = report.DocMessage
	}
	old := keys.Kind == "" && (kind == report.DocComparison || kind == report.DocSPF) // had no schema number
	switch {
	case keys.Schema == nil && !old || keys.Schema != nil && *keys.Schema == 0:
		return nil, errNoSchema
	case keys.Schema != nil && *keys.Schema > report.Schema:
		return nil, NewerError(*keys.Schema)
	}
	var doc any
	switch kind {
	case report.DocMessage:
		doc = &report.Report{}
	case report.DocDomain:
		doc = &report.Domain{}
	case report.DocComparison:
		doc = &compare.Result{}
	case report.DocSPF:
		doc = &report.SPFDocument{}
	case report.DocWatch:
		doc = &report.Watch{}
	case report.DocSummary:
		doc = &report.Summary{}
	default:
		return nil, fmt.Errorf("a document of kind %q is not known", Clean(kind))
	}
	if err := json.Unmarshal(text, doc); err != nil {
		return nil, err
	}
	return doc, nil
}
