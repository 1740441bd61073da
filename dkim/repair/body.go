package repair

import (
	"bytes"
	"fmt"
	"hash"
	"slices"
	"sort"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// Bounds of the search in the body.
const (
	maxTailLines  = 2_000 // lines from the end at which a footer may begin
	maxFrontLines = 60    // lines from the top at which a banner may end
	maxFrontTail  = 60    // lines from the end that are cut off as well then
)

// bodySearch looks for the body whose hash is bh=.
type bodySearch struct {
	m     *message.Message
	p     *signature
	w     *budget
	hash  hash.Hash
	floor int  // of w.bytes, for the family of edits that is being tried
	least int  // of w.hashes, likewise
	full  bool // the family came to its floor
	cut   bool // some family did

	// The candidate before, and states of the hash on the way: most candidates
	// begin as the one before did.
	last, next []byte
	piece      []byte   // room for what patches put in
	states     [][]byte // after each step bytes
	sum        []byte
	step       int

	raw   []byte // the body with CRLF line ends
	parts []part
	// c is the canonical form of raw with the blank lines at its end; marks are
	// the offsets in raw, rising, whose place in c is known.
	c     []byte
	marks []int
	at    []int

	signed []byte // the canonical body that fits
}

func newBodySearch(m *message.Message, p *signature, w *budget) *bodySearch {
	s := &bodySearch{m: m, p: p, w: w, hash: p.hash.New(), raw: toCRLF(m.BodyBytes())}
	s.parts = partsOf(m, s.raw)
	for i := range s.parts {
		q := &s.parts[i]
		s.marks = append(s.marks, q.start, q.headerAt, q.bodyAt, q.next)
		if q.close >= 0 {
			s.marks = append(s.marks, q.close)
		}
	}
	s.marks = append(s.marks, 0, len(s.raw))
	slices.Sort(s.marks)
	s.marks = slices.Compact(s.marks)
	s.c = make([]byte, 0, len(s.raw)+2)
	for i, at := range s.marks {
		s.at = append(s.at, len(s.c))
		if i+1 < len(s.marks) {
			s.c = appendLines(s.c, p.BodyCanon, s.raw[at:s.marks[i+1]])
		}
	}
	return s
}

// place returns where a mark of raw stands in c.
func (s *bodySearch) place(raw int) int { return s.at[sort.SearchInts(s.marks, raw)] }

// appendLines appends whole lines in canonical form, blank lines at the end
// included.
func appendLines(dst []byte, canon string, b []byte) []byte {
	if len(b) == 0 {
		return dst
	}
	content := trimBlankLines(b, canon == dkim.Relaxed)
	ends := max(1, bytes.Count(b[len(content):], crlf[1:]))
	if len(content) > 0 {
		dst = dkim.AppendBody(dst, canon, content)
		ends-- // that of its last line
	}
	for range ends {
		dst = append(dst, crlf...)
	}
	return dst
}

// withoutBlank cuts the blank lines off the end of canonical pieces, as the
// end of a body is hashed.
func withoutBlank(canon string, pieces [][]byte) [][]byte {
	for n := len(pieces); n > 0; n-- {
		b := pieces[n-1]
		for bytes.HasSuffix(b, crlf) {
			b = b[:len(b)-2]
		}
		if len(b) > 0 {
			pieces[n-1] = b
			return append(pieces[:n:n], crlf)
		}
	}
	if canon == dkim.Simple {
		return [][]byte{crlf} // RFC 6376 §3.4.3
	}
	return nil
}

// hit reports whether canonical pieces are the body that was signed.
func (s *bodySearch) hit(pieces ...[]byte) bool {
	return s.hitLiteral(withoutBlank(s.p.BodyCanon, pieces))
}

func (s *bodySearch) hitLiteral(pieces [][]byte) bool {
	size := 0
	for _, b := range pieces {
		size += len(b)
	}
	if limit := s.p.limit(); limit >= 0 {
		if int64(size) < limit {
			return false
		}
		size = int(limit)
	}
	if !s.afford(1, size/4) {
		return false
	}
	if cap(s.next) < size {
		s.next = make([]byte, 0, size+size/4)
	}
	candidate := s.next[:0]
	for _, b := range pieces {
		candidate = append(candidate, b[:min(len(b), size-len(candidate))]...)
	}
	same := 0 // steps
	for same < len(s.states) && (same+1)*s.step <= size && bytes.Equal(candidate[same*s.step:(same+1)*s.step], s.last[same*s.step:(same+1)*s.step]) {
		same++
	}
	if !s.afford(0, size-same*s.step) {
		return false
	}
	if same == 0 {
		s.step = max(minStep, size/64)
		s.states = s.states[:0]
		s.hash.Reset()
	} else {
		setState(s.hash, s.states[same-1])
		s.states = s.states[:same]
	}
	at := same * s.step
	for ; at+s.step <= size; at += s.step {
		s.hash.Write(candidate[at : at+s.step])
		s.states = append(s.states, hashState(s.hash))
	}
	s.hash.Write(candidate[at:])
	s.last, s.next = candidate, s.last
	s.sum = s.hash.Sum(s.sum[:0])
	if !bytes.Equal(s.sum, s.p.BodyHashSigned) {
		return false
	}
	s.signed = bytes.Join(pieces, nil)
	return true
}

// minStep is the least distance of the states that are kept.
const minStep = 1 << 10

// afford asks for work within the share of this family of edits.
func (s *bodySearch) afford(n, size int) bool {
	if s.full || s.w.bytes-size < s.floor || s.w.hashes-n < s.least {
		s.full, s.cut = true, true
		return false
	}
	return s.w.take(n, size)
}

// over reports whether the family that is being tried must end.
func (s *bodySearch) over() bool { return s.full || s.w.out }

// patch replaces raw[from:to] by whole lines. from and to are marks.
type patch struct {
	from, to int
	data     []byte
}

// fits reports whether the body with these patches, which do not overlap, is
// the one that was signed.
func (s *bodySearch) fits(patches ...patch) bool {
	slices.SortFunc(patches, func(a, b patch) int { return a.from - b.from })
	pieces := make([][]byte, 0, 2*len(patches)+2)
	done := 0
	size := 0
	for _, x := range patches {
		size += len(x.data) + len(x.data)/16 + 2 // lines that do not end in CRLF get longer
	}
	if cap(s.piece) < size {
		s.piece = make([]byte, 0, size+size/4)
	}
	room := s.piece[:0]
	for _, x := range patches {
		if x.from < done || !s.afford(0, len(x.data)/2) { // canonicalizing costs as well
			return false
		}
		from := len(room)
		room = appendLines(room, s.p.BodyCanon, x.data)
		pieces = append(pieces, s.c[s.place(done):s.place(x.from)], room[from:len(room):len(room)])
		done = x.to
	}
	return s.hit(append(pieces, s.c[s.place(done):])...)
}

// prefixes hashes canonical text line by line behind what stands before it and
// returns the length of text that makes the body that was signed, -1 where none
// does. Ends of blank lines are not tried: they count for nothing at the end of
// a body. The cost is one reading, however many lines there are.
func (s *bodySearch) prefixes(before, text []byte, lines int) int {
	if s.p.limit() >= 0 {
		return -1 // what follows l= is cut off already
	}
	for bytes.HasSuffix(text, []byte("\r\n\r\n")) {
		text = text[:len(text)-2]
	}
	first := len(text)
	for n := 0; n < lines && first > 0; n++ {
		first = bytes.LastIndexByte(text[:first-1], '\n') + 1
	}
	if !s.afford(0, len(before)+len(text)) {
		return -1
	}
	s.hash.Reset()
	s.hash.Write(before)
	s.hash.Write(text[:first])
	test := func(end int) bool {
		s.sum = s.hash.Sum(s.sum[:0])
		if !bytes.Equal(s.sum, s.p.BodyHashSigned) {
			return false
		}
		s.signed = append(slices.Clip(before), text[:end]...)
		return true
	}
	done := first
	for at := first; ; {
		if at >= 2 && !bytes.HasSuffix(text[:at], []byte("\r\n\r\n")) && !(at == 2 && text[0] == '\r') {
			s.hash.Write(text[done:at])
			done = at
			if !s.afford(1, 64) {
				return -1
			}
			if test(at) {
				return at
			}
		}
		nl := bytes.IndexByte(text[at:], '\n')
		if nl < 0 {
			break
		}
		at += nl + 1
	}
	return -1
}

// find returns what was done to the body, nil where it is not found.
func (s *bodySearch) find() *Change {
	// The parsing and the canonical form are work as well.
	if !s.w.pay(2 * len(s.raw)) {
		return nil
	}
	whole, hashes := s.w.bytes, s.w.hashes
	for _, family := range []struct {
		share float64 // of the whole, that the families up to here may use
		try   func(*bodySearch) *Change
	}{
		{0.22, (*bodySearch).appended},
		{0.30, (*bodySearch).respelled},
		{0.38, (*bodySearch).parted},
		{0.48, (*bodySearch).linked},
		{0.58, (*bodySearch).reencoded},
		{0.66, (*bodySearch).fronted},
		{0.80, (*bodySearch).texts},
		{0.84, (*bodySearch).charsets},
		{1.00, (*bodySearch).bothTexts},
	} {
		s.floor, s.full = whole-int(family.share*float64(whole)), false
		s.least = hashes - int(family.share*float64(hashes))
		if c := family.try(s); c != nil {
			s.finish(c)
			return c
		}
		if s.w.out {
			return nil
		}
	}
	s.w.out = s.cut
	return nil
}

// finish completes what a family of edits found.
func (s *bodySearch) finish(c *Change) {
	now := bytes.Join(withoutBlank(s.p.BodyCanon, [][]byte{s.c}), nil)
	c.Diff = diffText(s.signed, now)
	if c.Text == "" {
		c.Text = boundText(inserted(now, s.signed), MaxChangeText)
	}
}

// linesOf counts lines for a description.
func linesOf(b []byte) string {
	n := bytes.Count(bytes.TrimRight(b, "\r\n"), crlf[1:]) + 1
	if n == 1 {
		return "a line was"
	}
	return fmt.Sprintf("%d lines were", n)
}

// appended takes lines off the end of the body.
func (s *bodySearch) appended() *Change {
	n := s.prefixes(nil, s.c, maxTailLines)
	if n < 0 {
		if s.p.limit() >= 0 || !s.hit() {
			return nil
		}
		n = 0 // all of it was appended to a body that was empty
	}
	tail := bytes.Trim(s.c[n:], "\r\n")
	return &Change{
		Kind: Footer, Text: boundText(tail, MaxChangeText),
		Description: fmt.Sprintf("%s put behind the body: %s", linesOf(tail), quoteText(tail)),
	}
}

// fronted takes lines off the top of the body, and off the end as well, or puts
// blank lines back.
func (s *bodySearch) fronted() *Change {
	blank := []byte("\r\n")
	for n := 1; n <= 2; n++ {
		if s.hit(bytes.Repeat(blank, n), s.c) {
			return &Change{Kind: LineEndings, Description: "blank lines at the beginning of the body were taken out"}
		}
	}
	type start struct{ at, rank int }
	var starts []start
	at := 0
	for n := 1; n <= maxFrontLines; n++ {
		nl := bytes.IndexByte(s.c[at:], '\n')
		if nl < 0 || at+nl+1 >= len(s.c) {
			break
		}
		line := s.c[at : at+nl+1]
		at += nl + 1
		rank := 3
		switch {
		case isBlank(line) && !bytes.HasPrefix(s.c[at:], crlf):
			rank = 0
		case isSeparator(line):
			rank = 1
		case bytes.HasPrefix(s.c[at:], crlf):
			rank = 2
		}
		starts = append(starts, start{at, rank})
	}
	slices.SortStableFunc(starts, func(a, b start) int { return a.rank - b.rank })
	for _, x := range starts {
		front := s.c[:x.at]
		if s.p.limit() >= 0 {
			if !s.hit(s.c[x.at:]) {
				continue
			}
			return s.banner(front, nil)
		}
		n := s.prefixes(nil, s.c[x.at:], maxFrontTail)
		if n < 0 {
			continue
		}
		return s.banner(front, bytes.Trim(s.c[x.at+n:], "\r\n"))
	}
	return nil
}

func (s *bodySearch) banner(front, tail []byte) *Change {
	text := bytes.Trim(front, "\r\n")
	c := &Change{Kind: Banner, Text: boundText(text, MaxChangeText)}
	if len(text) == 0 {
		c.Kind, c.Description = LineEndings, "blank lines were put in front of the body"
	} else {
		c.Description = fmt.Sprintf("%s put in front of the body: %s", linesOf(text), quoteText(text))
	}
	if len(tail) > 0 {
		c.Description += fmt.Sprintf("; and %s put behind it: %s", linesOf(tail), quoteText(tail))
		if len(text) == 0 {
			c.Kind, c.Text = Footer, boundText(tail, MaxChangeText)
		}
	}
	return c
}

func isBlank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// isSeparator reports whether a line is a rule of the same few characters.
func isSeparator(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) >= 2 && len(bytes.Trim(line, "-_=*~#+. ")) == 0
}

// parted takes out a part that was added, and takes a message out of the
// multipart that it was wrapped in.
func (s *bodySearch) parted() *Change {
	for i := range s.parts {
		q := &s.parts[i]
		if q.top {
			continue
		}
		parent := &s.parts[q.parent]
		last := q.next == parent.close
		first := q.start <= parent.bodyAt || i == q.parent+1
		if !last && !first && len(s.parts) > 12 {
			continue
		}
		if s.fits(patch{q.start, q.next, nil}) {
			kind, where := Footer, "behind the others"
			if !last {
				kind, where = Banner, "among the others"
				if first {
					where = "in front of the others"
				}
			}
			text := s.raw[q.bodyAt:q.end]
			if t, ok := decodePart(q.cte, text); ok {
				text = t
			}
			return &Change{
				Kind: kind, Text: boundText(text, MaxChangeText),
				Description: fmt.Sprintf("a %s part was put %s: %s", boundText([]byte(q.kind), 60), where, quoteText(text)),
			}
		}
	}
	for i := range s.parts {
		q := &s.parts[i]
		if q.top || q.depth > 2 {
			continue
		}
		inner := s.c[s.place(q.bodyAt):s.place(q.next)]
		if s.hit(inner) {
			return s.wrapped(q, "")
		}
		if n := s.prefixes(nil, inner, maxFrontTail); n >= 0 {
			return s.wrapped(q, "; and text was put behind it")
		}
		if q.multipart {
			continue
		}
		if text, ok := decodePart(q.cte, s.raw[q.bodyAt:q.end]); ok && q.cte != "" {
			for _, st := range s.stylesFor(q, text) {
				if s.afford(0, 4*len(text)) && s.hit(appendLines(nil, s.p.BodyCanon, st.encode(nil, crlfText(text, q)))) {
					return s.wrapped(q, " and encoded again")
				}
			}
		}
	}
	return nil
}

func (s *bodySearch) wrapped(q *part, more string) *Change {
	c := &Change{Kind: Footer}
	c.Description = fmt.Sprintf("the message was wrapped in a %s, as one part of it%s", boundText([]byte(s.parts[0].kind), 60), more)
	var added []byte
	for i := range s.parts {
		if o := &s.parts[i]; o.parent == q.parent && o != q && !o.multipart {
			if t, ok := decodePart(o.cte, s.raw[o.bodyAt:o.end]); ok {
				added = append(added, t...)
			}
			if o.start < q.start {
				c.Kind = Banner
			}
		}
	}
	if len(added) > 0 {
		c.Text = boundText(added, MaxChangeText)
		c.Description += "; the other part says " + quoteText(added)
	}
	return c
}

// isText reports whether a part holds text.
func (q *part) isText() bool {
	return !q.multipart && (q.kind == "text/plain" || q.kind == "text/html")
}

// crlfText returns decoded text of a part with CRLF line ends.
func crlfText(text []byte, q *part) []byte {
	if q.isText() {
		return toCRLF(text)
	}
	return text
}
