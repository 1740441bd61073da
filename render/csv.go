package render

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// messageColumns are the columns of a table of messages. Where a message carries
// another one, they speak of the carried one.
var messageColumns = [...]struct {
	name string
	cell func(outer, r *report.Report) string
}{
	{"path", func(o, _ *report.Report) string { return o.Source.Path }},
	{"index", func(o, _ *report.Report) string { return strconv.Itoa(o.Source.Index) }},
	{"from", func(_, r *report.Report) string {
		if len(r.Message.From) == 0 {
			return ""
		}
		return r.Message.From[0].Address
	}},
	{"subject", func(_, r *report.Report) string { return r.Message.Subject }},
	{"date", func(_, r *report.Report) string { return r.Message.Date }},
	{"message_id", func(_, r *report.Report) string { return r.Message.MessageID }},
	{"status", func(_, r *report.Report) string { return r.Verdict.Status }},
	{"root_cause", func(_, r *report.Report) string {
		if r.Verdict.RootCause == nil {
			return ""
		}
		return *r.Verdict.RootCause
	}},
	{"at_fault", func(_, r *report.Report) string { return r.Verdict.AtFault }},
	{"hop", func(_, r *report.Report) string {
		if r.Verdict.Hop == nil {
			return ""
		}
		return strconv.Itoa(*r.Verdict.Hop)
	}},
	{"client_ip", func(_, r *report.Report) string {
		if r.Border == nil {
			return ""
		}
		return r.Border.ClientIP
	}},
	{"border_spf", func(_, r *report.Report) string { return r.Verdict.Border.SPF }},
	{"border_dkim", func(_, r *report.Report) string { return r.Verdict.Border.DKIM }},
	{"border_dmarc", func(_, r *report.Report) string { return r.Verdict.Border.DMARC }},
	{"delivery_spf", func(_, r *report.Report) string { return r.Verdict.Delivery.SPF }},
	{"delivery_dkim", func(_, r *report.Report) string { return r.Verdict.Delivery.DKIM }},
	{"delivery_dmarc", func(_, r *report.Report) string { return r.Verdict.Delivery.DMARC }},
	{"findings", func(_, r *report.Report) string {
		var codes []string
		for i := range r.Findings {
			if c := r.Findings[i].Severity + " " + r.Findings[i].Code; !slices.Contains(codes, c) {
				codes = append(codes, c)
			}
		}
		return strings.Join(codes, "|")
	}},
	{"gaps", func(_, r *report.Report) string { return strconv.Itoa(len(r.Gaps)) }},
	{"summary", func(_, r *report.Report) string { return r.Verdict.Summary }},
}

// messageTable writes one row a message.
type messageTable struct {
	w    *csv.Writer
	head bool
}

func newMessageTable(w io.Writer, _ Options) Writer { return &messageTable{w: csv.NewWriter(w)} }

func (t *messageTable) Report(r *report.Report) error {
	row := make([]string, len(messageColumns))
	if !t.head {
		t.head = true
		for i, c := range messageColumns {
			row[i] = c.name
		}
		if err := t.w.Write(row); err != nil {
			return err
		}
	}
	for i, c := range messageColumns {
		row[i] = cell(Clean(c.cell(r, r.Subject())))
	}
	if err := t.w.Write(row); err != nil {
		return err
	}
	t.w.Flush()
	return t.w.Error()
}

func (t *messageTable) Close() error {
	t.w.Flush()
	return t.w.Error()
}
