package compare

import (
	"bytes"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// Body says how two bodies differ. Lines are those of the simple form: LF
// counts as CRLF, and empty lines at the end do not count.
type Body struct {
	// Compared is false where a body was not there to compare. Then the rest
	// says nothing.
	Compared     bool `json:"compared"`
	EqualRaw     bool `json:"equal_raw"`
	EqualSimple  bool `json:"equal_simple"`
	EqualRelaxed bool `json:"equal_relaxed"`
	LengthA      int  `json:"length_a"` // bytes, as they came
	LengthB      int  `json:"length_b"`
	LinesA       int  `json:"lines_a"`
	LinesB       int  `json:"lines_b"`
	// SimpleAt and RelaxedAt are offsets of the first byte that differs in the
	// canonical form, which is what l= counts; null where the forms are equal.
	SimpleAt  *int `json:"simple_at"`
	RelaxedAt *int `json:"relaxed_at"`
	// First is the first line that differs: in relaxed form, or where that is
	// the same, in simple form. Null where the bodies are equal in simple form.
	First *FirstLine `json:"first"`
	// Start, Inside and End count the lines that differ in relaxed form, by
	// where they stand. Blanks counts those that differ in simple form only.
	Start  Lines `json:"start"`
	Inside Lines `json:"inside"`
	End    Lines `json:"end"`
	Blanks int   `json:"blanks"`
	// Hunks are the places that differ in relaxed form, from the top.
	Hunks []Hunk `json:"hunks"`
	// Parts are the leaves of the MIME structure, where the bodies differ.
	Parts []Part `json:"parts"`
	// SameStructure says that both have the same parts of the same types.
	SameStructure bool `json:"same_structure"`
}

// Lines counts lines of B that A has not, and of A that B has not.
type Lines struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`
}

// FirstLine is the first line that differs.
type FirstLine struct {
	Line int `json:"line"` // of the body, from 1; the same on both sides
	// A and B are the line on each side, at most MaxText bytes; null where the
	// body has ended.
	A *string `json:"a"`
	B *string `json:"b"`
	// AtA and AtB are the offsets in the copies of the first byte that differs.
	AtA int `json:"at_a"`
	AtB int `json:"at_b"`
}

// Place says where in the body lines stand.
type Place string

// The places.
const (
	AtStart  Place = "start"
	InMiddle Place = "inside"
	AtEnd    Place = "end"
)

// Hunk is a run of lines that differ. LineA and LineB are the numbers of the
// first of them, from 1, or of the line before which they are missing.
type Hunk struct {
	Place Place `json:"place"`
	LineA int   `json:"line_a"`
	LineB int   `json:"line_b"`
	Lines
	// A and B quote the first MaxHunkLines lines of each side.
	A []string `json:"a"`
	B []string `json:"b"`
}

func (r *Result) compareBodies(a, b *message.Message) {
	rawA, rawB := a.BodyBytes(), b.BodyBytes()
	body := Body{
		Compared: true, EqualRaw: bytes.Equal(rawA, rawB),
		LengthA: len(rawA), LengthB: len(rawB), Hunks: []Hunk{}, Parts: []Part{},
	}
	body.EqualSimple, body.SimpleAt = equalForm(dkim.Simple, rawA, rawB, body.EqualRaw)
	body.EqualRelaxed, body.RelaxedAt = equalForm(dkim.Relaxed, rawA, rawB, body.EqualSimple)
	linesA, linesB := splitLines(rawA), splitLines(rawB)
	body.LinesA, body.LinesB = len(linesA), len(linesB)
	if !body.EqualSimple {
		d := diff{a: linesA, b: linesB}
		d.run()
		if d.bounded {
			r.limit("the bodies have too many lines to compare each: what lies between equal starts and ends counts as replaced")
		}
		body.count(&d)
		body.First = firstLine(a, b, linesA, linesB, !body.EqualRelaxed)
	}
	r.Body = body
	if !body.EqualSimple {
		r.compareParts(a, b)
	} else {
		r.Body.SameStructure = true
	}
}

// equalForm compares two bodies in a canonical form.
func equalForm(canon string, a, b []byte, known bool) (bool, *int) {
	if known {
		return true, nil
	}
	form := func(body []byte) []byte {
		// Room for a CR for each bare LF.
		return dkim.AppendBody(make([]byte, 0, len(body)+bytes.Count(body, []byte{'\n'})+len("\r\n")), canon, body)
	}
	a, b = form(a), form(b)
	n := commonPrefix(a, b)
	if n == len(a) && n == len(b) {
		return true, nil
	}
	return false, &n
}

// splitLines returns the lines of a body without their line ends, and without
// empty lines at the end. A CR that no LF follows is content.
func splitLines(body []byte) [][]byte {
	lines := make([][]byte, 0, bytes.Count(body, []byte{'\n'})+1)
	last := 0
	for len(body) > 0 {
		line, rest, ended := bytes.Cut(body, []byte{'\n'})
		if ended && len(line) > 0 && line[len(line)-1] == '\r' {
			line = line[:len(line)-1]
		}
		lines = append(lines, line)
		if len(line) > 0 {
			last = len(lines)
		}
		body = rest
	}
	return lines[:last]
}

// relaxedLine appends a line as the relaxed form has it (RFC 6376 §3.4.4).
func relaxedLine(dst, line []byte) []byte {
	line = bytes.TrimRight(line, " \t")
	for i := 0; i < len(line); i++ {
		c := line[i]
		if c != ' ' && c != '\t' {
			dst = append(dst, c)
			continue
		}
		if i == 0 || line[i-1] != ' ' && line[i-1] != '\t' {
			dst = append(dst, ' ')
		}
	}
	return dst
}

// firstLine finds the first line that differs.
func firstLine(a, b *message.Message, linesA, linesB [][]byte, relaxed bool) *FirstLine {
	var bufA, bufB []byte
	n := 0
	for ; n < len(linesA) && n < len(linesB); n++ {
		if bytes.Equal(linesA[n], linesB[n]) {
			continue
		}
		if !relaxed {
			break
		}
		bufA, bufB = relaxedLine(bufA[:0], linesA[n]), relaxedLine(bufB[:0], linesB[n])
		if !bytes.Equal(bufA, bufB) {
			break
		}
	}
	f := &FirstLine{Line: n + 1}
	at := 0
	if n < len(linesA) && n < len(linesB) {
		at = commonPrefix(linesA[n], linesB[n])
	}
	f.A, f.AtA = quoteLine(a, linesA, n, at)
	f.B, f.AtB = quoteLine(b, linesB, n, at)
	return f
}

// quoteLine returns line n, and the offset in the copy of its byte at.
func quoteLine(m *message.Message, lines [][]byte, n, at int) (*string, int) {
	if n >= len(lines) {
		if n == 0 {
			return nil, m.Body.Start
		}
		return nil, m.Body.Start + after(m.BodyBytes(), n)
	}
	text := excerpt(string(lines[n]), at)
	return &text, m.Body.Start + after(m.BodyBytes(), n) + at
}

// after is the offset after n lines of a body.
func after(body []byte, n int) int {
	at := 0
	for ; n > 0; n-- {
		nl := bytes.IndexByte(body[at:], '\n')
		if nl < 0 {
			return len(body)
		}
		at += nl + 1
	}
	return at
}

// count fills in what a line by line comparison found.
func (b *Body) count(d *diff) {
	b.Blanks = d.blanks
	for _, h := range d.hunks {
		place := InMiddle
		lines := &b.Inside
		atStart, atEnd := h.a0 == 0 && h.b0 == 0, h.a1 == len(d.a) && h.b1 == len(d.b)
		switch {
		case atStart && atEnd && len(d.a) > 0 && len(d.b) > 0:
			// All of it: nothing is left that it could stand before or behind.
		case atEnd:
			place, lines = AtEnd, &b.End
		case atStart:
			place, lines = AtStart, &b.Start
		}
		n := Lines{Added: h.b1 - h.b0, Removed: h.a1 - h.a0}
		lines.Added += n.Added
		lines.Removed += n.Removed
		if len(b.Hunks) < MaxHunks {
			b.Hunks = append(b.Hunks, Hunk{
				Place: place, LineA: h.a0 + 1, LineB: h.b0 + 1, Lines: n,
				A: quote(d.a[h.a0:h.a1]), B: quote(d.b[h.b0:h.b1]),
			})
		}
	}
}

func quote(lines [][]byte) []string {
	out := []string{}
	for _, l := range lines[:min(len(lines), MaxHunkLines)] {
		out = append(out, excerpt(string(l), 0))
	}
	return out
}
