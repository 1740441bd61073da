package message

import "bytes"

// lookAhead bounds how many lines Parse reads on to decide whether a line that
// is no field is junk inside the header or the start of a body.
const lookAhead = 4

// Parse finds the header fields and the body of raw. It never fails: what is
// wrong with the input is in Notes. Time and memory are linear in len(raw),
// and raw itself is kept, not copied.
func Parse(raw []byte) *Message {
	p := parser{m: &Message{Raw: raw}}
	p.run()
	return p.m
}

type parser struct {
	m        *Message
	crlf, lf int // lines of the header by their end
	skipped  int // fields over MaxFields
}

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
	pos, line := 0, 1
	if len(raw) == 0 {
		p.note(Empty, 0, 0, 1)
		return
	}
	if bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")) {
		p.note(BOM, 0, 1, 1)
		pos = 3
	}
	for pos < len(raw) {
		end, next := p.cut(pos)
		if end > pos {
			break
		}
		p.note(LeadingBlank, pos, line, 1)
		pos, line = next, line+1
	}
	// QUIRK: an mbox separator ("From ", or ">From " once quoted) is not part
	// of the message (RFC 4155 app. A).
	if rest := raw[pos:]; bytes.HasPrefix(rest, []byte("From ")) || bytes.HasPrefix(rest, []byte(">From ")) {
		p.note(MboxLine, pos, line, 1)
		_, pos = p.cut(pos)
		line++
	}
	m.Header = Span{pos, pos}
	open := false // the line before can be continued
	for {
		if pos >= len(raw) {
			p.note(HeaderOnly, len(raw), line, 1)
			m.Header.End, m.Body = len(raw), Span{len(raw), len(raw)}
			break
		}
		end, next := p.cut(pos)
		if end == pos {
			m.Header.End, m.Body = pos, Span{next, len(raw)}
			break
		}
		switch {
		case (raw[pos] == ' ' || raw[pos] == '\t') && open:
			// RFC 5322 §2.2.3: a continuation line.
			if n := len(m.Fields); n > 0 && p.skipped == 0 {
				m.Fields[n-1].Value.End, m.Fields[n-1].End = end, next
			}
		default:
			colon := fieldName(raw[pos:end])
			if colon < 0 {
				if !p.headerGoesOn(next) {
					p.note(NoBlankLine, pos, line, 1)
					m.Header.End, m.Body = pos, Span{pos, len(raw)}
					p.finish()
					return
				}
				p.note(BadLine, pos, line, 1)
				open = true
				// What follows on continuation lines belongs to the junk.
				if len(m.Fields) < MaxFields {
					pos, line = p.skipContinuation(next, line+1)
					continue
				}
				break
			}
			open = true
			name := pos + colon
			for name > pos && (raw[name-1] == ' ' || raw[name-1] == '\t') {
				name--
			}
			if name < pos+colon {
				p.note(BlankInName, pos, line, 1)
			}
			if len(m.Fields) >= MaxFields {
				p.skipped++
				p.note(FieldLimit, pos, line, 1)
				break
			}
			m.Fields = append(m.Fields, Field{
				Name:  Span{pos, name},
				Value: Span{pos + colon + 1, end},
				End:   next,
				Line:  line,
			})
		}
		p.count(pos, end, next)
		pos, line = next, line+1
	}
	p.finish()
}

// skipContinuation passes over the continuation lines of a line that is no
// field.
func (p *parser) skipContinuation(pos, line int) (int, int) {
	raw := p.m.Raw
	for pos < len(raw) && (raw[pos] == ' ' || raw[pos] == '\t') {
		end, next := p.cut(pos)
		p.count(pos, end, next)
		pos, line = next, line+1
	}
	return pos, line
}

func (p *parser) count(pos, end, next int) {
	switch {
	case next-end >= 2:
		p.crlf++
	case next > end:
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
	h := m.Raw[m.Header.Start:m.Header.End]
	at := func(i int) (int, int) {
		return m.Header.Start + i, 1 + bytes.Count(m.Raw[:m.Header.Start+i], []byte{'\n'})
	}
	if p.lf > 0 {
		kind := BareLF
		if p.crlf > 0 {
			kind = MixedEnds
		}
		p.note(kind, m.Header.Start, 0, p.lf)
	}
	if i := bytes.IndexByte(h, 0); i >= 0 {
		off, line := at(i)
		p.note(NUL, off, line, bytes.Count(h, []byte{0}))
	}
	first8, n8, firstCR, nCR := -1, 0, -1, 0
	for i, c := range h {
		if c >= 0x80 {
			if first8 < 0 {
				first8 = i
			}
			n8++
		} else if c == '\r' && (i+1 == len(h) || (h[i+1] != '\n' && h[i+1] != '\r')) {
			if firstCR < 0 {
				firstCR = i
			}
			nCR++
		}
	}
	if n8 > 0 {
		off, line := at(first8)
		p.note(EightBit, off, line, n8)
	}
	if nCR > 0 {
		off, line := at(firstCR)
		p.note(BareCR, off, line, nCR)
	}
	if len(m.Fields) == 0 && m.Note(Empty) == nil {
		p.note(NotAMessage, m.Header.Start, 0, 1)
	}
}
