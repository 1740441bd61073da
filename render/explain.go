package render

import (
	"io"
	"strings"
)

// Explain writes the page of a kind of finding. Of Markdown it knows headings,
// lists and paragraphs; lines that begin with a blank stay as they are.
func Explain(w io.Writer, r *Rule, o Options) error {
	p := newPage(o)
	p.width = min(p.width, DefaultWidth)
	if width(r.Code)+2+width(r.Title) <= p.width {
		p.line(p.styled(r.Code, bold), "  ", r.Title)
	} else {
		p.line(p.styled(r.Code, bold))
		p.hang("", 0, r.Title)
	}
	p.line("severity ", r.Severity)
	if len(r.Causes) > 0 {
		p.hang("explained by ", 13, strings.Join(r.Causes, ", "))
	}
	var paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			p.hang("", 0, strings.Join(paragraph, " "))
			paragraph = nil
		}
	}
	if r.Doc != "" {
		p.blank()
	}
	for line := range strings.Lines(strings.TrimSpace(r.Doc)) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "":
			flush()
			p.blank()
		case strings.HasPrefix(line, "#"):
			flush()
			p.line(p.styled(strings.TrimLeft(line, "# "), bold))
		case line[0] == ' ' || line[0] == '\t' || strings.HasPrefix(line, "- "):
			flush()
			if rest, ok := strings.CutPrefix(line, "- "); ok {
				p.hang("- ", 2, rest)
			} else {
				p.line(line)
			}
		default:
			paragraph = append(paragraph, line)
		}
	}
	flush()
	if len(r.Refs) > 0 {
		p.blank()
		p.hang("see ", 4, strings.Join(r.Refs, ", "))
	}
	_, err := w.Write(p.Bytes())
	return err
}

// Word writes what a word of the report means.
func Word(w io.Writer, name, title, text, see string, o Options) error {
	p := newPage(o)
	p.hang("", 0, p.styled(name, bold)+": "+title)
	p.blank()
	p.hang("", 0, text)
	if see != "" {
		p.hang("see ", 4, see)
	}
	_, err := w.Write(p.Bytes())
	return err
}
