package dkim

import (
	"bytes"
	"errors"
	"io"
)

// MaxBody is how many octets of a body are taken from a reader.
const MaxBody = 4 << 30

// ErrTooLarge is returned for a body over MaxBody.
var ErrTooLarge = errors.New("dkim: the body is too large")

// CopyBody copies a body of at most [MaxBody] octets from r.
func CopyBody(w io.Writer, r io.Reader) (int64, error) {
	n, err := io.Copy(w, io.LimitReader(r, MaxBody+1))
	if err == nil && n > MaxBody {
		err = ErrTooLarge
	}
	return n, err
}

// ReadBody hashes the body from r, for a message of which only the header is in
// memory: [Verifier.Verify] then uses these hashes instead of Message.Body. All
// hashes that DKIM and ARC signatures of the header ask for are made in one
// reading, whatever the length of the body, in constant memory. It returns the
// octets read; the error is that of r, and the hashes are then not to be used.
func (v *Verifier) ReadBody(r io.Reader) (int64, error) {
	for kind, name := range map[Kind]string{DKIM: "DKIM-Signature", ARCMessage: "ARC-Message-Signature"} {
		fields := v.m.All(name)
		for _, i := range fields[:min(len(fields), maxStreamed)] {
			s := v.m.Fields[i].Value
			if p := parseSignature(kind, i, v.m.Bytes(i), string(v.m.Raw[s.Start:s.End])); p.canHash() {
				v.wantBody(bodyKind{p.BodyCanon, p.algorithm.hash}, p.limit())
			}
		}
	}
	streams := make([]*bodyStream, len(v.body))
	for i, p := range v.body {
		h := p.hash.New()
		streams[i] = newBodyStream(&sink{w: h, sum: h, limits: p.wanted}, p.canon)
	}
	to := make([]io.Writer, len(streams))
	for i := range streams {
		to[i] = streams[i]
	}
	n, err := CopyBody(io.MultiWriter(to...), r)
	if err != nil {
		return n, err
	}
	for i, p := range v.body {
		s := streams[i]
		s.close()
		p.sums, p.length, p.sum = s.out.sums, s.out.n, s.out.sum.Sum(nil)
		p.done = true
	}
	v.streamed = true
	return n, nil
}

// maxStreamed bounds the signatures of a kind whose body hashes are made: as
// many as are verified, of ARC sets as many as there may be (RFC 8617 §4.2.1).
const maxStreamed = 50

// bodyStream canonicalizes a body that comes in pieces (RFC 6376 §3.4.3,
// §3.4.4), as [WriteBody] does one that is whole. What may turn out to be the
// end of the body is counted, not kept.
type bodyStream struct {
	out     *sink
	relaxed bool
	lines   int64 // line ends not written yet
	blank   bool  // a run of blanks before them or after them, not written yet
	cr      bool  // a CR whose next octet has not come
	some    bool  // something was written
}

func newBodyStream(out *sink, canon string) *bodyStream {
	out.nextLimit()
	return &bodyStream{out: out, relaxed: canon == Relaxed}
}

// Write takes the next part of the body. It never fails.
func (s *bodyStream) Write(b []byte) (int, error) {
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c == '\n':
			s.cr, s.blank = false, false
			s.lines++
			i++
		case s.cr:
			s.cr = false // a CR without LF is content
			s.content(crlf[:1])
		case c == '\r':
			s.cr = true
			i++
		case s.relaxed && isWSP(c):
			s.blank = true
			i++
		default:
			j := s.run(b, i)
			s.content(b[i:j])
			i = j
		}
	}
	return len(b), nil
}

// run returns the end of the octets from i on that are canonical as they are.
func (s *bodyStream) run(b []byte, i int) int {
	if !s.relaxed {
		if n := bytes.IndexByte(b[i:], '\n'); n >= 0 {
			b = b[:i+n]
		}
		if n := bytes.IndexByte(b[i:], '\r'); n >= 0 {
			return i + n
		}
		return len(b)
	}
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\t', '\r', '\n':
			return i
		case ' ':
			// One SP between two words is canonical.
			if i+1 >= len(b) || b[i+1] == ' ' || b[i+1] == '\t' || b[i+1] == '\r' || b[i+1] == '\n' {
				return i
			}
		}
	}
	return i
}

func (s *bodyStream) content(b []byte) {
	for ; s.lines > 0; s.lines-- {
		s.out.emitCRLF()
	}
	if s.blank {
		s.out.emit(oneSP)
		s.blank = false
	}
	s.out.emit(b)
	s.some = true
}

func (s *bodyStream) close() {
	if s.cr {
		s.content(crlf[:1])
	}
	// RFC 6376 §3.4.3, §3.4.4: an empty body is one CRLF in simple form, and
	// stays empty in relaxed form.
	if s.some || !s.relaxed {
		s.out.emitCRLF()
	}
	s.out.flush()
}
