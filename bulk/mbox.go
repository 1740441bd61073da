package bulk

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"strconv"
)

// Extent is the place of one message in a mailbox: byte offset and length. It
// begins with the message's "From " line and ends before the blank line that
// the mailbox puts after it.
type Extent struct {
	Offset, Length int64
	// inner says that a length led past the message, so that its own was not
	// looked at: who begins here would see it otherwise.
	inner bool
}

// mboxBuffer is the read buffer. Only the first bytes of a line are looked at,
// so a line may be longer.
const mboxBuffer = 256 << 10

// maxSeparator is how much of a line is looked at to tell a separator.
const maxSeparator = 512

// maxInside bounds the separators inside a message whose length is given; one
// with more is split at them.
const maxInside = 4096

// BoxSample is how much of the beginning of a mailbox tells its form.
const BoxSample = 1 << 20

// IsMbox reports whether text, the first bytes of a file, begins as a mailbox
// does.
func IsMbox(text []byte) bool { return bytes.HasPrefix(text, []byte("From ")) }

// Box is a form of mailbox. No file says which form it has; the four differ in
// how a line of a message that begins with "From " is kept from looking like
// the line that begins the next one.
//
//	mboxo    ">" before a line that begins with "From "
//	mboxrd   ">" before a line that begins with any number of ">" and "From "
//	mboxcl   as mboxo, and Content-Length in each header
//	mboxcl2  Content-Length alone
//
// The zero value is a mailbox without lengths, mboxo or mboxrd.
type Box struct {
	// Lengths says that the server that delivered wrote Content-Length into
	// every message (mboxcl, mboxcl2). Without it the field is the sender's word:
	// one that names a large number would hide the messages behind it.
	Lengths bool
	// Bare says that lines of messages stand unquoted (mboxcl2).
	Bare bool
}

// SampleBox tells the form by the beginning of a mailbox, whole where the
// mailbox is not longer. Lengths are believed where at least two messages end
// where theirs says, and none ends elsewhere.
func SampleBox(head []byte, whole bool) Box {
	landed, missed, bare := 0, 0, false
	s := splitter{box: Box{Lengths: true}, judge: func(exact, inside bool) {
		if exact {
			landed++
		} else {
			missed++
		}
		bare = bare || exact && inside
	}}
	for range s.split(bytes.NewReader(head)) {
	}
	if !whole && s.cut {
		missed-- // the last one
	}
	if landed < 2 || missed > 0 {
		return Box{}
	}
	return Box{Lengths: true, Bare: bare}
}

// Mbox finds the messages of a mailbox without lengths in constant memory: see
// [Box.Split].
func Mbox(r io.Reader) iter.Seq2[Extent, error] { return Box{}.Split(r) }

// Split finds the messages of a mailbox in constant memory, however long it is.
//
// The line that begins a message (RFC 4155 app. A) is "From ADDRESS DATE". Such
// a line is taken for one after a blank line, where it holds a date as asctime
// writes it, or where a time of day or nothing but "From " is followed by a
// header field; and without the blank line, as a crash leaves it, where it has
// that date and a header field follows. Other lines that begin so belong to the
// message.
//
// Where the box has lengths, a message ends where its Content-Length says, if a
// separator or the end of the file stands there; lines inside it that look like
// separators are its own. A length that leads elsewhere is not used.
//
// A read error ends the sequence with that error.
func (b Box) Split(r io.Reader) iter.Seq2[Extent, error] {
	s := splitter{box: b}
	return s.split(r)
}

// splitter is one pass over a mailbox.
type splitter struct {
	box   Box
	judge func(exact, inside bool) // is told how each length fared
	cut   bool                     // the file ended inside a message with a length

	yield  func(Extent, error) bool
	ended  bool
	offset int64 // of the line that is read
	start  int64 // of the message, -1 before the first
	inner  bool  // it began inside another's length
	blank  int64 // length of the line before, where it is blank

	weak      int64 // offset of a line that is a separator if a field follows, -1 for none
	weakBlank int64 // the blank line before it

	header bool // in the header of the message
	length int64
	fields int    // Content-Length fields of the header
	target int64  // where the message ends by its length, -1 for nowhere
	over   bool   // target is behind us: a separator must follow
	inside []mark // separators before target
}

// mark is a separator inside a message: its offset, and the blank line before.
type mark struct{ at, blank int64 }

func (s *splitter) split(r io.Reader) iter.Seq2[Extent, error] {
	return func(yield func(Extent, error) bool) {
		s.yield, s.start, s.weak, s.target = yield, -1, -1, -1
		br := bufio.NewReaderSize(r, mboxBuffer)
		for !s.ended {
			line, n, err := readLine(br)
			if n > 0 {
				s.line(line, n)
			}
			if err == nil {
				continue
			}
			if !errors.Is(err, io.EOF) {
				if !s.ended {
					yield(Extent{}, err)
				}
				return
			}
			s.end()
			return
		}
	}
}

// line takes the next line: its first bytes and its length.
func (s *splitter) line(line []byte, n int64) {
	if s.offset == 0 && IsMbox(line) {
		s.begin(0)
		s.offset += n
		return
	}
	if s.start < 0 { // no mailbox
		s.offset += n
		return
	}
	text := bytes.TrimRight(line, "\r\n")
	if s.target >= 0 && s.atTarget(text, n) {
		s.advance(text, n)
		return
	}
	if s.weak >= 0 {
		at, blank := s.weak, s.weakBlank
		s.weak = -1
		if fieldLike(text) {
			s.separator(at, blank)
		}
	}
	if IsMbox(line) {
		switch dated := dated(text); {
		case s.blank > 0 && dated:
			s.separator(s.offset, s.blank)
			s.advance(text, n)
			return
		case dated, s.blank > 0 && (timed(text) || len(text) == len("From ")):
			s.weak, s.weakBlank = s.offset, s.blank
		}
	}
	if s.header {
		s.field(line, text)
	}
	s.advance(text, n)
}

func (s *splitter) advance(text []byte, n int64) {
	s.blank = 0
	if len(text) == 0 {
		s.blank = n
	}
	s.offset += n
	if s.header && len(text) == 0 {
		s.header = false
		if s.box.Lengths && s.fields == 1 && s.length >= 0 {
			s.target, s.over, s.inside = s.offset+s.length, false, s.inside[:0]
			return
		}
		if s.judge != nil {
			s.judge(false, false)
		}
	}
}

// begin begins a message.
func (s *splitter) begin(at int64) {
	s.start, s.inner, s.header, s.fields, s.length, s.target, s.weak, s.blank = at, false, true, 0, -1, -1, -1, 0
}

// emit ends the message before a separator.
func (s *splitter) emit(end int64) {
	if !s.ended && !s.yield(Extent{s.start, end - s.start, s.inner}, nil) {
		s.ended = true
	}
}

// separator begins the next message at an offset, or keeps the place where the
// message's length leads past it.
func (s *splitter) separator(at, blank int64) {
	if s.target >= 0 && !s.over {
		if len(s.inside) < maxInside {
			s.inside = append(s.inside, mark{at, blank})
			return
		}
		s.dismiss()
	}
	s.emit(at - blank)
	s.begin(at)
}

// dismiss gives the length of the message up: it is split at what stands
// inside it.
func (s *splitter) dismiss() {
	if s.judge != nil {
		s.judge(false, len(s.inside) > 0)
	}
	s.target = -1
	for _, m := range s.inside {
		s.emit(m.at - m.blank)
		s.start, s.inner = m.at, true
	}
	s.inside = s.inside[:0]
}

// atTarget looks whether the message ends at this line by its length, and
// reports whether the line is dealt with.
func (s *splitter) atTarget(text []byte, n int64) bool {
	switch {
	case s.offset+n <= s.target:
		return false
	case !s.over && s.offset < s.target:
		// The last line of the message may lack its end, which the mailbox adds.
		if s.target != s.offset+int64(len(text)) {
			s.dismiss()
			return false
		}
		s.over = true
		return true
	case len(text) == 0 && s.offset-s.target <= 2:
		s.over = true
		return true // the mailbox's blank line
	case IsMbox(text) && (dated(text) || timed(text) || len(text) == len("From ")):
		if s.judge != nil {
			s.judge(true, len(s.inside) > 0)
		}
		s.emit(s.target)
		s.begin(s.offset)
		return true
	}
	s.dismiss()
	return false
}

// end takes the end of the file.
func (s *splitter) end() {
	if s.start < 0 || s.ended {
		return
	}
	end := s.offset - s.blank
	if s.target >= 0 {
		switch {
		case s.offset >= s.target:
			end = s.target
			if s.judge != nil {
				s.judge(true, len(s.inside) > 0)
			}
		default:
			s.cut = true
			s.dismiss()
		}
	}
	s.emit(end)
}

// field takes a header line for its Content-Length.
func (s *splitter) field(line, text []byte) {
	const name = "content-length:"
	if len(text) <= len(name) || !bytes.EqualFold(text[:len(name)], []byte(name)) {
		return
	}
	s.fields++
	n, err := strconv.ParseInt(string(bytes.TrimSpace(text[len(name):])), 10, 62)
	if err != nil || n > 1<<50 || len(line) == maxSeparator {
		n = -1
	}
	s.length = n
}

// readLine reads one line and returns its first bytes and its length.
func readLine(br *bufio.Reader) (line []byte, n int64, err error) {
	line, err = br.ReadSlice('\n')
	n = int64(len(line))
	line = line[:min(len(line), maxSeparator)]
	if err != bufio.ErrBufferFull {
		return line, n, err
	}
	line = bytes.Clone(line)
	for err == bufio.ErrBufferFull {
		var more []byte
		more, err = br.ReadSlice('\n')
		n += int64(len(more))
	}
	return line, n, err
}

// dated reports whether a line has a date as asctime writes it, which is how
// RFC 4155 app. A has it: "Mon Nov 23 01:38". The year, and where Google Takeout
// puts a zone, come behind.
func dated(line []byte) bool {
	for i := 5; i+len("Mon Nov 23 01:38") <= len(line); i++ {
		d := line[i:]
		if line[i-1] == ' ' && d[3] == ' ' && d[7] == ' ' && d[10] == ' ' && clock(d[11:]) &&
			(digit(d[8]) || d[8] == ' ') && digit(d[9]) && among("MonTueWedThuFriSatSun", d[:3]) && among("JanFebMarAprMayJunJulAugSepOctNovDec", d[4:7]) {
			return true
		}
	}
	return false
}

// among reports whether three letters are one of the names in list.
func among(list string, name []byte) bool {
	for i := 0; i < len(list); i += 3 {
		if list[i:i+3] == string(name) {
			return true
		}
	}
	return false
}

// timed reports whether a line has a time of day. Text that begins with "From "
// hardly ever has one.
func timed(line []byte) bool {
	for i := 5; i+4 < len(line); i++ {
		if clock(line[i:]) {
			return true
		}
	}
	return false
}

// clock reports whether text begins with HH:MM.
func clock(t []byte) bool {
	return len(t) >= 5 && digit(t[0]) && digit(t[1]) && t[2] == ':' && digit(t[3]) && digit(t[4])
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// fieldLike reports whether a line can be the first of a header: a field name
// and a colon (RFC 5322 §2.2), or a "From " line that a mailbox quoted there.
func fieldLike(line []byte) bool {
	if bytes.HasPrefix(line, []byte(">From ")) {
		return true
	}
	i := bytes.IndexByte(line, ':')
	if i < 1 || i > 76 {
		return false
	}
	for _, c := range line[:i] {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// Piece is one message of a mailbox that is read once.
type Piece struct {
	Extent
	Raw []byte // as it stands there, with its "From " line; nil where it is longer than allowed
}

// Pieces reads the messages of a mailbox one after another from a stream. No
// more than most bytes of a message are kept.
func (b Box) Pieces(r io.Reader, most int64) iter.Seq2[Piece, error] {
	return func(yield func(Piece, error) bool) {
		k := keeper{r: r, most: most + 2*mboxBuffer}
		for e, err := range b.Split(&k) {
			if err != nil {
				yield(Piece{}, err)
				return
			}
			if !yield(Piece{e, k.take(e, most)}, nil) {
				return
			}
		}
	}
}

// keeper keeps what was read and not yet taken.
type keeper struct {
	r    io.Reader
	most int64
	from int64 // offset of buf[0]
	buf  []byte
	gone int // bytes of buf that were taken
}

// Read implements io.Reader.
func (k *keeper) Read(p []byte) (int, error) {
	n, err := k.r.Read(p)
	if int64(len(k.buf)-k.gone+n) > k.most {
		// Longer than a message may be: the next one may begin near the end.
		k.forget(len(k.buf) - min(len(k.buf)-k.gone, mboxBuffer))
	}
	if k.gone > 4*mboxBuffer && k.gone > len(k.buf)/2 {
		k.forget(k.gone)
	}
	k.buf = append(k.buf, p[:n]...)
	return n, err
}

// forget moves what is behind the first n bytes of buf to its beginning. A
// large message does not hold its room for ever.
func (k *keeper) forget(n int) {
	rest := k.buf[n:]
	if cap(k.buf) > 16*mboxBuffer && len(rest) < 2*mboxBuffer {
		k.buf = bytes.Clone(rest)
	} else {
		k.buf = k.buf[:copy(k.buf, rest)]
	}
	k.from, k.gone = k.from+int64(n), 0
}

// take returns a copy of a message, nil where it was not kept, and forgets what
// is before its end.
func (k *keeper) take(e Extent, most int64) []byte {
	at, end := e.Offset-k.from, e.Offset+e.Length-k.from
	var raw []byte
	if at >= int64(k.gone) && e.Length <= most {
		raw = append([]byte{}, k.buf[at:end]...)
	}
	k.gone = max(k.gone, int(end))
	return raw
}

// Unquote takes the quoting of a mailbox off a message, in place where it can:
// one ">" of each line that begins with ">From ", ">>From " and so on, as mboxrd
// puts it there; only of those that begin with ">From " where mboxo did; of none
// where the box is bare.
//
// QUIRK: a file does not say which it is. Where the message has such lines,
// intact tells whether a body is what was signed, and the form that it holds
// for is taken; nil, or where it never holds: mboxrd, which undoes mboxo too,
// but for replies quoted by ">" alone.
func (b Box) Unquote(raw []byte, intact func(raw []byte) bool) []byte {
	first := quoted(raw, 0)
	if first < 0 {
		return raw
	}
	if intact != nil {
		rd := unquote(bytes.Clone(raw), false)
		if intact(rd) {
			return rd
		}
		if intact(raw) {
			return raw
		}
		if o := unquote(bytes.Clone(raw), true); len(o) != len(rd) && intact(o) {
			return o
		}
		if !b.Bare {
			return rd
		}
	}
	if b.Bare {
		return raw
	}
	return unquote(raw, false)
}

// Unquote is [Box.Unquote] of the zero box for a message that has no
// signature.
func Unquote(raw []byte) []byte { return Box{}.Unquote(raw, nil) }

// unquote takes one ">" off the quoted lines in place; single leaves those with
// more than one.
func unquote(raw []byte, single bool) []byte {
	next := func(at int) int {
		for {
			i := quoted(raw, at)
			if i < 0 || !single || raw[i+1] != '>' {
				return i
			}
			at = i + 1
			for raw[at] == '>' {
				at++
			}
		}
	}
	i := next(0)
	if i < 0 {
		return raw
	}
	out := raw[:i]
	for i >= 0 {
		n := next(i + 1)
		if n < 0 {
			return append(out, raw[i+1:]...)
		}
		out = append(out, raw[i+1:n]...)
		i = n
	}
	return out
}

// quoted returns the offset of the next line from at on that is quoted, -1
// where there is none.
func quoted(raw []byte, at int) int {
	for {
		i := bytes.Index(raw[at:], []byte(">From "))
		if i < 0 {
			return -1
		}
		i += at
		start := i
		for start > at && raw[start-1] == '>' {
			start--
		}
		if start == 0 || raw[start-1] == '\n' {
			return start
		}
		at = i + 1
	}
}
