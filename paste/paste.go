// Package paste repairs what became of a message or a header while people copied
// it: out of a web mailer, a ticket, a blog, a table, a terminal.
//
// A message that can be read as it is, is never touched: Mend looks at the
// bytes first and changes nothing where the header reads. Where it does not,
// each change is named as a [Repair], with how often it was made and whether it
// is exact: whether the bytes that were copied are known again. Signatures are
// not judged over bytes of which that cannot be said.
//
// What a sender can write must not make an exact message look like a damaged
// one. Damage therefore counts only where nothing reads, or where it reaches
// the newest trace field, which the recipient's server wrote.
//
// Not stable: kinds of repairs come and go.
package paste

import (
	"bytes"

	"github.com/mailtrace/mailtrace/message"
)

const (
	// maxHead bounds how much of an input is searched for a header and repaired.
	maxHead    = 2 << 20
	maxDecoded = 16 << 20
	maxLayers  = 4
)

// Kind names a repair.
type Kind string

// The repairs.
const (
	Encoding     Kind = "encoding"      // the text was UTF-16, base64, quoted-printable
	Container    Kind = "container"     // the text was a string or a list in JSON, a cell of CSV, a literal of a program
	HTML         Kind = "html"          // the text was a web page
	Entities     Kind = "entities"      // &lt; for <
	LineEnds     Kind = "line-ends"     // lines that end in CR alone or in another separator
	Blanks       Kind = "blanks"        // no-break spaces and others that no header holds
	SoftBreaks   Kind = "soft-breaks"   // "=" at the end of a line, =3D (quoted-printable)
	Prefix       Kind = "prefix"        // quote marks, numbers, indentation before each line
	Markup       Kind = "markup"        // bold names, links, backslashes
	Table        Kind = "table"         // names and values in cells
	SplitLines   Kind = "split-lines"   // several fields on one line
	JoinedLines  Kind = "joined-lines"  // lines that belong to the field above
	BlankLines   Kind = "blank-lines"   // blank lines inside the header
	Surroundings Kind = "surroundings"  // text before or behind the header
	SmartQuotes  Kind = "smart-quotes"  // typographic quotation marks and dashes
	Defanged     Kind = "defanged"      // example[.]com
	UpsideDown   Kind = "upside-down"   // oldest field first
	CutTop       Kind = "cut-at-top"    // the header begins inside a field
	CutBottom    Kind = "cut-at-bottom" // the header ends inside a field
)

// Repair is one kind of change that was made before the text was read.
type Repair struct {
	Kind  Kind
	Count int
	// Exact says that the bytes that were copied are known again.
	Exact       bool
	Description string // one line for people
}

// Mended is a text that can be read as a message, and how it came about.
type Mended struct {
	Raw     []byte
	Repairs []Repair
	// Top says that the damage reaches the newest trace field: what the
	// recipient's own server wrote is not there as it wrote it.
	Top bool
	// msg is Raw, parsed, where that was done on the way.
	msg *message.Message
	// lines[i] is the line of the input from which line i+1 of Raw comes; nil
	// where they are the same.
	lines []int
}

// Exact reports whether Raw is, byte for byte, what was copied.
func (m *Mended) Exact() bool {
	for _, r := range m.Repairs {
		if !r.Exact {
			return false
		}
	}
	return true
}

// Has reports whether a kind of repair was made.
func (m *Mended) Has(k Kind) bool {
	for _, r := range m.Repairs {
		if r.Kind == k {
			return true
		}
	}
	return false
}

// Line returns the line of the input for a line of Raw, both from 1.
func (m *Mended) Line(n int) int {
	if m.lines == nil || n < 1 || n > len(m.lines) {
		return n
	}
	return m.lines[n-1]
}

// Parse is message.Parse with the lines of the input.
func (m *Mended) Parse() *message.Message {
	if m.msg != nil {
		return m.msg
	}
	msg := message.Parse(m.Raw)
	if m.lines != nil {
		for i := range msg.Fields {
			msg.Fields[i].Line = m.Line(msg.Fields[i].Line)
		}
		for i := range msg.Notes {
			if msg.Notes[i].Line > 0 {
				msg.Notes[i].Line = m.Line(msg.Notes[i].Line)
			}
		}
	}
	return msg
}

// Mend makes a message of a text. Where the text can be read as it is, or
// nothing in it looks like a header, Raw is raw and there are no repairs. Its
// time is linear in len(raw).
func Mend(raw []byte) *Mended {
	w := &work{}
	m := message.Parse(raw)
	state := look(m)
	if state == exact {
		return &Mended{Raw: raw, msg: m}
	}
	if state == readable {
		// Only what reaches the recipient's own lines, and the order.
		return w.touchUp(m)
	}
	if state == partly {
		// Lines of the header that belong to the field above, and no more.
		w.split(raw[:m.Header.End])
		w.join(partly)
		w.rest = raw[m.Header.End:]
		if len(w.repairs) == 0 || m.Header.End > maxHead {
			return &Mended{Raw: raw, msg: m}
		}
		return w.finish()
	}
	text := raw
	for range maxLayers {
		next, more := w.unpack(text)
		if !more {
			break
		}
		text = next
	}
	w.split(text)
	w.dropBOM()
	if !w.header(state) || len(w.repairs) == 0 {
		return &Mended{Raw: raw, msg: m}
	}
	out := w.finish()
	out.Top = !w.below()
	return out
}

// work is a text on its way.
type work struct {
	lines   []line // of the header's part of the text
	rest    []byte // what follows and is not looked at
	repairs []Repair
	// firstJoined is the first line of the header that was joined or before which
	// a blank one was dropped, newestEnd the line behind the topmost Received
	// field; -1 where there is none.
	firstJoined, newestEnd int
}

// line is a line without its end.
type line struct {
	b   []byte
	n   int    // of the input, from 1
	end string // "\n" or "\r\n"; "" at the end of the input
}

// note counts a repair. One inexact change makes the kind inexact.
func (w *work) note(k Kind, count int, exact bool, description string) {
	if count == 0 {
		return
	}
	for i := range w.repairs {
		if r := &w.repairs[i]; r.Kind == k {
			r.Count += count
			r.Exact = r.Exact && exact
			return
		}
	}
	w.repairs = append(w.repairs, Repair{Kind: k, Count: count, Exact: exact, Description: description})
}

// finish puts the lines together again.
func (w *work) finish() *Mended {
	m := &Mended{Repairs: w.repairs}
	size := len(w.rest)
	for _, l := range w.lines {
		size += len(l.b) + len(l.end)
	}
	m.Raw = make([]byte, 0, size)
	m.lines = make([]int, 0, len(w.lines)+1)
	last := 0
	for _, l := range w.lines {
		m.Raw = append(append(m.Raw, l.b...), l.end...)
		m.lines = append(m.lines, l.n)
		last = l.n
	}
	if len(w.rest) > 0 {
		m.Raw = append(m.Raw, w.rest...)
		m.lines = append(m.lines, last+1)
	}
	return m
}

// split cuts the text into lines, at most maxHead of it.
func (w *work) split(text []byte) {
	head := text
	if len(head) > maxHead {
		head = head[:maxHead]
		if i := bytes.LastIndexByte(head, '\n'); i >= 0 {
			head = head[:i+1]
		}
		w.rest = text[len(head):]
	}
	if bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(w.rest, '\n') < 0 {
		n := bytes.Count(head, []byte("\r"))
		head = bytes.ReplaceAll(head, []byte("\r"), []byte("\n"))
		w.note(LineEnds, n, true, "lines ended in CR alone")
	}
	other := 0
	for _, sep := range []string{"\u2028", "\u2029", "\u0085"} {
		if n := bytes.Count(head, []byte(sep)); n > 0 {
			other += n
			head = bytes.ReplaceAll(head, []byte(sep), []byte("\n"))
		}
	}
	w.note(LineEnds, other, true, "lines ended in a line separator of Unicode")
	n := 1
	for len(head) > 0 {
		i := bytes.IndexByte(head, '\n')
		l := line{b: head, n: n}
		if i >= 0 {
			l.b, l.end = head[:i], "\n"
			head = head[i+1:]
		} else {
			head = nil
		}
		if k := len(l.b); l.end != "" && k > 0 && l.b[k-1] == '\r' {
			l.b, l.end = bytes.TrimRight(l.b, "\r"), "\r\n"
		}
		w.lines = append(w.lines, l)
		n++
	}
}

func (w *work) dropBOM() {
	if len(w.lines) > 0 {
		w.lines[0].b = bytes.TrimPrefix(w.lines[0].b, []byte("\xef\xbb\xbf"))
	}
}

// below reports whether all that was repaired is below the newest Received field,
// where a sender can write: lines without a name, blank lines, an open end.
func (w *work) below() bool {
	for _, r := range w.repairs {
		switch r.Kind {
		case JoinedLines, BlankLines, CutBottom:
		default:
			return false
		}
	}
	return w.newestEnd >= 0 && (w.firstJoined < 0 || w.firstJoined >= w.newestEnd)
}
