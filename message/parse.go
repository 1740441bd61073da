package message

import (
	"bytes"
	"encoding/binary"
)

// lookAhead bounds how many lines Parse reads on to decide whether a line that
// is not a field is junk inside the header or the start of a body.
const lookAhead = 4

// Parse finds the header fields and the body of raw. It never fails: what is
// wrong with the input is in Notes. Time and memory are linear in len(raw),
// and raw itself is kept, not copied.
func Parse(raw []byte) *Message {
	p := parser{m: &Message{Raw: raw}, open: none}
	p.run()
	return p.m
}

// What a continuation line would belong to, where it is not a field.
const (
	none = -1 // nothing came before it
	junk = -2 // a bad line, or a field over MaxFields
)

type parser struct {
	m    *Message
	open int // index of the field that a continuation line extends, none or junk

	crlf   int // header lines that end in CRLF
	lf     int // header lines that end in bare LF
	lfAt   int // offset and line of the first of them
	lfLine int
	extra  int // CRs before a CRLF
	endCRs int // CRs that are part of a line end
}

// note counts a defect. There are few kinds, so the search is short.
func (p *parser) note(kind NoteKind, offset, line, count int) {
	if n := p.m.Note(kind); n != nil {
		n.Count += count
		return
	}
	if len(p.m.Notes) < MaxNotes {
		p.m.Notes = append(p.m.Notes, Note{Kind: kind, Offset: offset, Line: line, Count: count})
	}
}

// cut returns the end of the line that starts at pos: the offset of its line
// end and the offset after it.
func (p *parser) cut(pos int) (end, next int) {
	raw := p.m.Raw
	nl := bytes.IndexByte(raw[pos:], '\n')
	if nl < 0 {
		return len(raw), len(raw)
	}
	end, next = pos+nl, pos+nl+1
	// QUIRK: "\r\r\n" comes from programs that add CR to lines that have one;
	// all CRs before the LF count as its line end.
	for end > pos && raw[end-1] == '\r' {
		end--
	}
	return end, next
}

func (p *parser) run() {
	m, raw := p.m, p.m.Raw
	if len(raw) == 0 {
		p.note(Empty, 0, 0, 1)
		return
	}
	pos, line := p.preamble()
	m.Header = Span{pos, pos}
	for {
		if pos >= len(raw) {
			if raw[len(raw)-1] != '\n' && line > 1 {
				line-- // the input ends in the line before, which has no line end
			}
			p.note(HeaderOnly, len(raw), line, 1)
			m.Header.End, m.Body = len(raw), Span{len(raw), len(raw)}
			break
		}
		end, next := p.cut(pos)
		if end == pos {
			m.Header.End, m.Body = pos, Span{next, len(raw)}
			break
		}
		if !p.line(pos, end, next, line) {
			p.note(NoBlankLine, pos, line, 1)
			m.Header.End, m.Body = pos, Span{pos, len(raw)}
			break
		}
		p.count(pos, end, next, line)
		pos, line = next, line+1
	}
	m.index = newIndex(m)
	p.finish()
}

// preamble passes over what stands before the header: a byte order mark, blank
// lines, an mbox separator.
func (p *parser) preamble() (pos, line int) {
	raw := p.m.Raw
	line = 1
	if bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")) {
		p.note(BOM, 0, 1, 1)
		pos = 3
	}
	blanks := 0
	first := pos
	for pos < len(raw) {
		end, next := p.cut(pos)
		if end > pos {
			break
		}
		blanks++
		pos, line = next, line+1
	}
	if blanks > 0 {
		p.note(LeadingBlank, first, 1, blanks)
	}
	// QUIRK: an mbox separator ("From ", or ">From " once quoted) is not part
	// of the message (RFC 4155 app. A).
	if rest := raw[pos:]; bytes.HasPrefix(rest, []byte("From ")) || bytes.HasPrefix(rest, []byte(">From ")) {
		p.note(MboxLine, pos, line, 1)
		_, pos = p.cut(pos)
		line++
	}
	return pos, line
}

// line takes one line of the header. It reports false where the line is the
// first of a body that no blank line announces.
func (p *parser) line(pos, end, next, line int) bool {
	m, raw := p.m, p.m.Raw
	if (raw[pos] == ' ' || raw[pos] == '\t') && p.open != none {
		// RFC 5322 §2.2.3: a continuation line. One of blanks only is still
		// one (obs-FWS, §4.2). What follows junk belongs to the junk.
		if p.open >= 0 {
			m.Fields[p.open].Value.End, m.Fields[p.open].End = end, next
		}
		return true
	}
	colon := fieldName(raw[pos:end])
	if colon < 0 {
		if !p.headerGoesOn(next) {
			return false
		}
		p.note(BadLine, pos, line, 1)
		p.open = junk
		return true
	}
	if len(m.Fields) >= MaxFields {
		p.note(FieldLimit, pos, line, 1)
		p.open = junk
		return true
	}
	name := pos + colon
	for name > pos && (raw[name-1] == ' ' || raw[name-1] == '\t') {
		name--
	}
	if name < pos+colon {
		p.note(BlankInName, pos, line, 1)
	}
	if m.Fields == nil {
		m.Fields = make([]Field, 0, 32) // enough for most messages
	}
	p.open = len(m.Fields)
	m.Fields = append(m.Fields, Field{
		Name:  Span{pos, name},
		Value: Span{pos + colon + 1, end},
		End:   next,
		Line:  line,
	})
	return true
}

// count tells line ends apart. A last line without one counts as neither.
func (p *parser) count(pos, end, next, line int) {
	switch n := next - end; {
	case n >= 2:
		p.crlf++
		p.endCRs += n - 1
		if n > 2 {
			if p.extra == 0 {
				p.note(DoubleCR, end, line, 0)
			}
			p.extra++
		}
	case n == 1:
		if p.lf == 0 {
			p.lfAt, p.lfLine = pos, line
		}
		p.lf++
	}
}

// headerGoesOn reports whether one of the next few lines is a field, so that
// the line before them is junk in the header and not the first of a body.
func (p *parser) headerGoesOn(pos int) bool {
	raw := p.m.Raw
	for i := 0; i < lookAhead && pos < len(raw); i++ {
		end, next := p.cut(pos)
		if end == pos {
			return len(p.m.Fields) == 0 || i == 0
		}
		if raw[pos] != ' ' && raw[pos] != '\t' && fieldName(raw[pos:end]) > 0 {
			return true
		}
		pos = next
	}
	return false
}

// fieldName returns the offset of the colon that ends the field name at the
// start of line, -1 where the line does not begin with one. A name is visible
// ASCII without colon (RFC 5322 §3.6.8); blanks before the colon are the
// obsolete form (§4.5). QUIRK: bytes over 127 in a name are let through, as
// net/mail and the large receivers do.
func fieldName(line []byte) int {
	for i, c := range line {
		switch {
		case c == ':':
			if i == 0 {
				return -1
			}
			return i
		case c == ' ' || c == '\t':
			rest := bytes.TrimLeft(line[i:], " \t")
			if i > 0 && len(rest) > 0 && rest[0] == ':' {
				return len(line) - len(rest)
			}
			return -1
		case c < 33 || c == 127:
			return -1
		}
	}
	return -1
}

// finish notes what is found by reading the header's bytes as a whole.
func (p *parser) finish() {
	m := p.m
	start := m.Header.Start
	h := m.Raw[start:m.Header.End]
	at := func(i int) (int, int) {
		return start + i, 1 + bytes.Count(m.Raw[:start+i], []byte{'\n'})
	}
	if n := m.Note(DoubleCR); n != nil {
		n.Count = p.extra
	}
	if p.lf > 0 {
		kind := BareLF
		if p.crlf > 0 {
			kind = MixedEnds
		}
		p.note(kind, p.lfAt, p.lfLine, p.lf)
	}
	if i := bytes.IndexByte(h, 0); i >= 0 {
		off, line := at(i)
		p.note(NUL, off, line, bytes.Count(h, []byte{0}))
	}
	if first, n := eightBit(h); n > 0 {
		off, line := at(first)
		p.note(EightBit, off, line, n)
	}
	if bytes.Count(h, []byte{'\r'}) > p.endCRs {
		first, n := bareCR(h)
		off, line := at(first)
		p.note(BareCR, off, line, n)
	}
	if len(m.Fields) == 0 {
		p.note(NotAMessage, start, 0, 1)
	}
}

// eightBit returns the offset of the first byte over 127 and how many there
// are.
func eightBit(b []byte) (first, n int) {
	i := 0
	for ; i+8 <= len(b) && binary.LittleEndian.Uint64(b[i:])&0x8080808080808080 == 0; i += 8 {
	}
	first = -1
	for ; i < len(b); i++ {
		if b[i] >= 0x80 {
			if first < 0 {
				first = i
			}
			n++
		}
	}
	return first, n
}

// bareCR returns the offset of the first CR that is not part of a line end,
// and how many there are.
func bareCR(b []byte) (first, n int) {
	first = -1
	for i := 0; i < len(b); {
		j := bytes.IndexByte(b[i:], '\r')
		if j < 0 {
			break
		}
		i += j
		run := i
		for run < len(b) && b[run] == '\r' {
			run++
		}
		if run == len(b) || b[run] != '\n' {
			if first < 0 {
				first = i
			}
			n += run - i
		}
		i = run
	}
	return first, n
}
