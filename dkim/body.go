package dkim

import (
	"bytes"
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
// The scanner finds the places where the input differs from its canonical form.
// What lies between is emitted as it is.
func relaxBody(s *sink, body []byte) {
	var scan scanner
	start := bareLFs(s, body, 0) // emitted so far
	pos := start                 // judged so far
	for pos < len(body) {
		end := min(pos+window, len(body))
		for pos < end {
			i := scan.next(body, pos, end)
			if i == end {
				pos = end
				break
			}
			if !isWSP(body[i]) {
				// A bare LF after it.
				s.emit(body[start : i+1])
				start = bareLFs(s, body, i+1)
				pos = start
				continue
			}
			run := i
			for run > start && isWSP(body[run-1]) {
				run--
			}
			for pos = i + 1; pos < len(body) && isWSP(body[pos]); pos++ {
			}
			switch {
			case atLineEnd(body, pos):
				s.emit(body[start:run])
				start = bareLFs(s, body, pos)
				pos = start
			case pos-run == 1 && body[run] == ' ':
				// One SP after all, before a CR that is content.
			case body[run] == ' ':
				s.emit(body[start : run+1])
				start = pos
			default:
				s.emit(body[start:run])
				s.emit(oneSP)
				start = pos
			}
		}
		// Hash while the bytes are in the cache. A SP at the end may be the
		// first of a run: hold it back.
		keep := pos
		if keep > start && body[keep-1] == ' ' {
			keep--
		}
		s.emit(body[start:keep])
		start = keep
	}
	s.emit(body[start:])
}

// bareLFs emits a CRLF for each LF from pos on and returns the offset after
// them.
func bareLFs(s *sink, body []byte, pos int) int {
	for pos < len(body) && body[pos] == '\n' {
		s.emitCRLF()
		pos++
	}
	return pos
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
	buf  [1024]byte
}

// direct is the length from which a piece is handed on without being copied.
const direct = 256

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
