package render

import (
	"bytes"
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// DefaultWidth is the width of a text report in columns where nothing says how
// wide the terminal is, as in a pipe.
const DefaultWidth = 80

// minWidth keeps the columns apart on a very narrow terminal.
const minWidth = 40

// style is an SGR parameter (ECMA-48 §8.3.117). Colour repeats what a word or
// a mark says and never says anything alone.
type style string

const (
	unstyled style = ""
	bold     style = "1"
	faint    style = "2"
	red      style = "31"
	green    style = "32"
	yellow   style = "33"
)

// page collects the lines of a text report.
type page struct {
	bytes.Buffer
	width int
	color bool
	// quoted are the lines of header fields that stand on the page already.
	quoted map[int]bool
	// tight is how far bounds are lowered, so that the page fits a screen; below
	// is how many lines follow the page that have to fit too.
	tight, below int
}

func newPage(o Options) *page {
	p := &page{width: o.Width, color: o.Color}
	if p.width <= 0 {
		p.width = DefaultWidth
	}
	p.width = max(p.width, minWidth)
	return p
}

// styled returns s in a style, or s itself on a page without colour. Widths
// are always taken before styling.
func (p *page) styled(s string, st style) string {
	if !p.color || st == unstyled || s == "" {
		return s
	}
	return "\x1b[" + string(st) + "m" + s + "\x1b[0m"
}

// line writes one line without trailing blanks.
func (p *page) line(parts ...string) {
	p.WriteString(strings.TrimRight(strings.Join(parts, ""), " "))
	p.WriteByte('\n')
}

func (p *page) blank() { p.WriteByte('\n') }

// hang writes text behind a lead that takes leadWidth columns, wrapped to the
// page; further lines are indented by as much. A lead that leaves too little
// room stands on a line of its own.
func (p *page) hang(lead string, leadWidth int, text string) {
	if leadWidth > p.width-minWidth/2 {
		p.line(lead)
		leadWidth = p.width / 4
		lead = strings.Repeat(" ", leadWidth)
	}
	room := p.width - leadWidth
	indent := strings.Repeat(" ", leadWidth)
	for i, l := range wrap(text, room) {
		if i > 0 {
			lead = indent
		}
		p.line(lead, l)
	}
}

// width is the number of columns that s takes on a terminal. s must be clean.
func width(s string) int { return displaywidth.String(s) }

// pad fills s with blanks to w columns.
func pad(s string, w int) string {
	if n := w - width(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s
}

// wrap breaks text at blanks into lines of at most room columns. A word that
// is longer than a line is cut. At least one line comes back.
func wrap(text string, room int) []string {
	if width(text) <= room {
		return []string{text}
	}
	var lines []string
	line, used := "", 0
	flush := func() {
		lines = append(lines, line)
		line, used = "", 0
	}
	for _, word := range strings.Fields(text) {
		w := width(word)
		if used > 0 && used+1+w > room {
			flush()
		}
		for w > room {
			head, rest := cut(word, room)
			lines = append(lines, head)
			word = rest
			w = width(word)
		}
		if used > 0 {
			line += " "
			used++
		}
		line += word
		used += w
	}
	if used > 0 || len(lines) == 0 {
		flush()
	}
	return lines
}

// cut splits s after as many whole characters as fit into room columns, at
// least one.
func cut(s string, room int) (head, rest string) {
	g := displaywidth.StringGraphemes(s)
	used, at := 0, 0
	for g.Next() {
		w := g.Width()
		if at > 0 && used+w > room {
			break
		}
		used += w
		at += len(g.Value())
	}
	if at == 0 {
		at = len(s)
	}
	return s[:at], s[at:]
}
