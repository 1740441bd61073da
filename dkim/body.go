package dkim

import (
	"bytes"
	"encoding/binary"
	"hash"
	"io"
)

// WriteBody writes the canonical form of a body (RFC 6376 §3.4.3, §3.4.4) to w
// and returns its length. Memory is constant; stretches that are canonical
// already go to w straight from body.
//
// A bare LF counts as CRLF: a stored message lost its CRs after it was signed.
// A CR without LF is content, as RFC 5322 has it, also the first one of
// CR CR LF.
func WriteBody(w io.Writer, canon string, body []byte) (int64, error) {
	s := sink{w: w, limit: -1}
	writeBody(&s, canon, body)
	return s.n, s.err
}

// AppendBody appends the canonical form of a body.
func AppendBody(dst []byte, canon string, body []byte) []byte {
	a := appender(dst)
	s := sink{w: &a, limit: -1}
	writeBody(&s, canon, body)
	return a
}

type appender []byte

func (a *appender) Write(b []byte) (int, error) {
	*a = append(*a, b...)
	return len(b), nil
}

// writeBody drives the canonicalization that canon names into s.
func writeBody(s *sink, canon string, body []byte) {
	if canon == Relaxed {
		content := trimBlankLines(body, true)
		if len(content) == 0 {
			s.flush() // RFC 6376 §3.4.4: an empty body stays empty
			return
		}
		relaxBody(s, content)
	} else {
		// RFC 6376 §3.4.3: a body without content is one CRLF.
		simpleBody(s, trimBlankLines(body, false))
	}
	s.emitCRLF()
	s.flush()
}

// trimBlankLines cuts the line end of the last line and all empty lines after
// it; with wsp the blanks at the line ends and the lines of blanks as well.
func trimBlankLines(b []byte, wsp bool) []byte {
	n := len(b)
	for n > 0 {
		switch c := b[n-1]; {
		case c == '\n':
			n--
			if n > 0 && b[n-1] == '\r' {
				n--
			}
		case wsp && (c == ' ' || c == '\t'):
			n--
		default:
			return b[:n]
		}
	}
	return nil
}

// simpleBody emits body with each bare LF made CRLF.
func simpleBody(s *sink, body []byte) {
	start := 0
	for pos := 0; pos < len(body); {
		end := min(pos+window, len(body))
		for {
			nl := bytes.IndexByte(body[pos:end], '\n')
			if nl < 0 {
				pos = end
				break
			}
			if lf := pos + nl; lf == 0 || body[lf-1] != '\r' {
				s.emit(body[start:lf])
				s.emitCRLF()
				start = lf + 1
			}
			pos += nl + 1
		}
		// Hash while the bytes are in the cache.
		s.emit(body[start:pos])
		start = pos
	}
}

// window is how far the scanners look ahead before what they passed is hashed:
// small enough for the first-level cache.
const window = 16 << 10

// relaxBody emits body with runs of blanks reduced to one SP, none before a
// line end, and each bare LF made CRLF. body does not end in a blank or a line
// end.
//
// It looks for the places where the input differs from its canonical form: a
// tab, two blanks in a row, a blank or no CR before LF. What lies between is
// emitted as it is.
func relaxBody(s *sink, body []byte) {
	start, pos := 0, 0 // emitted so far; judged so far
	for pos < len(body) {
		end := min(pos+window, len(body))
		tab, pair := -1, -1
		for pos < end {
			if tab < pos {
				tab = index(body, pos, end, '\t')
			}
			if pair < pos {
				pair = pairOfBlanks(body, pos, end)
			}
			dirty := min(tab, pair)
			start = s.lines(body, start, pos, dirty)
			pos = dirty
			if dirty == end {
				break
			}
			// A run of blanks that is not one SP.
			for dirty > start && isWSP(body[dirty-1]) {
				dirty--
			}
			for pos < len(body) && isWSP(body[pos]) {
				pos++
			}
			switch {
			case atLineEnd(body, pos):
				s.emit(body[start:dirty])
			case body[dirty] == ' ':
				s.emit(body[start : dirty+1])
			default:
				s.emit(body[start:dirty])
				s.emit(oneSP)
			}
			start = pos
		}
		// Hold back a line end that is cut in two, and one blank, which may be
		// the first of a run or stand before a line end.
		keep := pos
		if keep > start && body[keep-1] == '\r' {
			keep--
		}
		if keep > start && isWSP(body[keep-1]) {
			keep--
		}
		s.emit(body[start:keep])
		start = keep
	}
	s.emit(body[start:])
}

var (
	oneSP = []byte{' '}
	crlf  = []byte{'\r', '\n'}
)

func isWSP(c byte) bool { return c == ' ' || c == '\t' }

// atLineEnd reports whether CRLF or LF stands at pos.
func atLineEnd(b []byte, pos int) bool {
	if pos < len(b) && b[pos] == '\r' {
		pos++
	}
	return pos < len(b) && b[pos] == '\n'
}

// lines judges the line ends in body[pos:end] and emits up to the last one that
// is not clean. It returns the new start.
func (s *sink) lines(body []byte, start, pos, end int) int {
	for {
		nl := bytes.IndexByte(body[pos:end], '\n')
		if nl < 0 {
			return start
		}
		lf := pos + nl
		pos = lf + 1
		cr := lf > 0 && body[lf-1] == '\r'
		stop := lf
		if cr {
			stop--
		}
		// Where stop is start, the blanks before the line end are dropped
		// already, or there are none.
		if cr && (stop <= start || !isWSP(body[stop-1])) {
			continue
		}
		for stop > start && isWSP(body[stop-1]) {
			stop--
		}
		s.emit(body[start:stop])
		s.emitCRLF()
		start = lf + 1
	}
}

// index is bytes.IndexByte in b[from:to], to where there is none.
func index(b []byte, from, to int, c byte) int {
	if i := bytes.IndexByte(b[from:to], c); i >= 0 {
		return from + i
	}
	return to
}

// pairOfBlanks returns the offset in b[from:to] of the first SP that another SP
// follows, to where there is none. The second may lie at to.
func pairOfBlanks(b []byte, from, to int) int {
	const (
		spaces = 0x2020202020202020
		ones   = 0x0101010101010101
		highs  = 0x8080808080808080
	)
	i := from
	for {
		// Eight bytes and the eight that begin one later, joined by OR, hold a
		// SP only where both have SP (or one has SP and the other NUL). A zero
		// byte after XOR with SP shows it: Hacker's Delight, 6-1.
		for ; i+33 <= len(b) && i < to; i += 32 {
			p := b[i : i+33 : i+33]
			x0 := (binary.LittleEndian.Uint64(p[0:]) | binary.LittleEndian.Uint64(p[1:])) ^ spaces
			x1 := (binary.LittleEndian.Uint64(p[8:]) | binary.LittleEndian.Uint64(p[9:])) ^ spaces
			x2 := (binary.LittleEndian.Uint64(p[16:]) | binary.LittleEndian.Uint64(p[17:])) ^ spaces
			x3 := (binary.LittleEndian.Uint64(p[24:]) | binary.LittleEndian.Uint64(p[25:])) ^ spaces
			y0, y1, y2, y3 := x0-ones, x1-ones, x2-ones, x3-ones
			// Bytes over 127 look like zero here; the second test knows them.
			if (y0|y1|y2|y3)&highs != 0 && (y0&^x0|y1&^x1|y2&^x2|y3&^x3)&highs != 0 {
				break
			}
		}
		for stop := min(i+32, to); i < stop; i++ {
			if b[i] == ' ' && i+1 < len(b) && b[i+1] == ' ' {
				return i
			}
		}
		if i >= to {
			return to
		}
	}
}

// sink collects canonical bytes and hands them on. It gathers short pieces and
// passes long ones through.
type sink struct {
	w   io.Writer
	n   int64 // bytes handed on
	err error

	// Where w is a hash, the sums after limits bytes are taken on the way.
	sum    hash.Hash
	limits []int64 // rising; limit is the next of them, -1 where there is none
	limit  int64
	sums   [][]byte

	used int
	buf  [2048]byte
}

// direct is the length from which a piece is handed on without being copied.
const direct = 512

func (s *sink) emit(b []byte) {
	if len(b) >= direct {
		s.flush()
		s.pass(b)
		return
	}
	if len(b) > len(s.buf)-s.used {
		s.flush()
	}
	s.used += copy(s.buf[s.used:], b)
}

func (s *sink) emitCRLF() { s.emit(crlf) }

func (s *sink) flush() {
	s.pass(s.buf[:s.used])
	s.used = 0
}

func (s *sink) pass(b []byte) {
	for s.limit >= 0 && s.n+int64(len(b)) >= s.limit {
		k := s.limit - s.n
		s.write(b[:k])
		s.n += k
		b = b[k:]
		s.sums = append(s.sums, s.sum.Sum(nil))
		s.limits = s.limits[1:]
		s.nextLimit()
	}
	s.write(b)
	s.n += int64(len(b))
}

func (s *sink) nextLimit() {
	s.limit = -1
	if len(s.limits) > 0 {
		s.limit = s.limits[0]
	}
}

func (s *sink) write(b []byte) {
	if len(b) == 0 || s.err != nil {
		return
	}
	_, s.err = s.w.Write(b)
}
