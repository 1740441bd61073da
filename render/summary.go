package render

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/report"
)

// summaryText shows a group on two or three lines, so that each is found at a
// glance: how many, what, whose fault; then where, when, and one to look at.
func summaryText(w io.Writer, s *report.Summary) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s in %s\n", plural(s.Messages, "message"), plural(len(s.Groups), "group"))
	for _, x := range []struct {
		n    int
		what string
	}{{s.LeftOut, "left out by --only"}, {s.Incomplete, "with gaps: not everything could be checked"}, {s.Unreadable, "could not be read"}} {
		if x.n > 0 {
			fmt.Fprintf(&b, "%d %s\n", x.n, x.what)
		}
	}
	width := 1
	if len(s.Groups) > 0 {
		width = len(strconv.Itoa(s.Groups[0].Count))
	}
	indent := strings.Repeat(" ", width+2)
	for i := range s.Groups {
		g := &s.Groups[i]
		what := cmp.Or(g.RootCause, g.Status, "all")
		fmt.Fprintf(&b, "\n%*d  %s", width, g.Count, what)
		if g.Severity != "" {
			fmt.Fprintf(&b, " (%s)", g.Severity)
		}
		if g.RootCause != "" && g.Status != "" {
			fmt.Fprintf(&b, ", %s", g.Status)
		}
		if g.AtFault != "" && g.AtFault != "none" {
			fmt.Fprintf(&b, ", at fault: %s", strings.TrimSpace(g.AtFault+" "+Clean(g.Party)))
		}
		b.WriteByte('\n')
		var where []string
		add := func(format, value string) {
			if value != "" {
				where = append(where, fmt.Sprintf(format, Clean(value)))
			}
		}
		add("from %s", g.Domain)
		add("sent as %s", g.Envelope)
		add("received by %s", g.Border)
		add("client %s", g.Client)
		add("%s", g.Day)
		if g.First != nil && g.Day == "" {
			span := g.First.UTC().Format(time.DateOnly)
			if last := g.Last.UTC().Format(time.DateOnly); last != span {
				span += " to " + last
			}
			add("%s", span)
		}
		if len(where) > 0 {
			fmt.Fprintf(&b, "%s%s\n", indent, strings.Join(where, ", "))
		}
		fmt.Fprintf(&b, "%se.g. %s", indent, Clean(g.Example.Path))
		if g.Example.Index > 0 {
			fmt.Fprintf(&b, " [%d]", g.Example.Index)
		}
		if g.Example.MessageID != "" {
			fmt.Fprintf(&b, " %s", Clean(g.Example.MessageID))
		}
		b.WriteByte('\n')
	}
	if s.Beyond > 0 {
		fmt.Fprintf(&b, "\n%s of further groups, which are not listed\n", plural(s.Beyond, "message"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// summaryCSV writes one row a group.
func summaryCSV(w io.Writer, doc any, _ Options) error {
	s, ok := doc.(*report.Summary)
	if !ok {
		return fmt.Errorf("render: no table for %T", doc)
	}
	t := csv.NewWriter(w)
	_ = t.Write([]string{"count", "root_cause", "severity", "status", "at_fault", "party", "domain", "border", "client", "envelope", "day",
		"first_seen", "last_seen", "example_path", "example_index", "example_message_id", "example_summary"})
	at := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	for i := range s.Groups {
		g := &s.Groups[i]
		row := []string{strconv.Itoa(g.Count), g.RootCause, g.Severity, g.Status, g.AtFault, g.Party, g.Domain, g.Border, g.Client, g.Envelope, g.Day,
			at(g.First), at(g.Last), g.Example.Path, strconv.Itoa(g.Example.Index), g.Example.MessageID, g.Example.Summary}
		for i := range row {
			row[i] = cell(Clean(row[i]))
		}
		_ = t.Write(row)
	}
	t.Flush()
	return t.Error()
}
