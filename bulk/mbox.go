package bulk

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
)

// Extent is the place of one message in a mailbox: byte offset and length. It
// begins with the message's "From " line and ends before the blank line that
// the mailbox puts after it.
type Extent struct {
	Offset, Length int64
}

// mboxBuffer is the read buffer. Only the first bytes of a line are looked at,
// so a line may be longer.
const mboxBuffer = 256 << 10

// maxSeparator is how much of a line is looked at to tell a separator.
const maxSeparator = 512

// IsMbox reports whether text, the first bytes of a file, begins as a mailbox
// does.
func IsMbox(text []byte) bool { return bytes.HasPrefix(text, []byte("From ")) }

// Mbox finds the messages of a mailbox (RFC 4155 app. A) in constant memory.
// A separator is a line that begins with "From ", holds a time of day, and
// stands at the start or after a blank line; other lines that begin so belong
// to the message. A read error ends the sequence with that error.
func Mbox(r io.Reader) iter.Seq2[Extent, error] {
	return func(yield func(Extent, error) bool) {
		br := bufio.NewReaderSize(r, mboxBuffer)
		var (
			offset int64 // of the line that is read
			start  = int64(-1)
			blank  = int64(0) // length of the line before where it is blank
			first  = true
		)
		for {
			line, n, err := readLine(br)
			if n > 0 {
				if (first || blank > 0 && start >= 0) && separator(line) {
					if start >= 0 && !yield(Extent{start, offset - blank - start}, nil) {
						return
					}
					start = offset
				}
				first, blank = false, 0
				if len(bytes.TrimRight(line, "\r\n")) == 0 {
					blank = n
				}
				offset += n
			}
			if err == nil {
				continue
			}
			if !errors.Is(err, io.EOF) {
				yield(Extent{}, err)
				return
			}
			if start >= 0 {
				yield(Extent{start, offset - blank - start}, nil)
			}
			return
		}
	}
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

// separator reports whether a line is "From ADDRESS DATE" with a time of day
// (RFC 4155 app. A). Text that begins with "From " hardly ever has one.
func separator(line []byte) bool {
	if !IsMbox(line) {
		return false
	}
	for i := 5; i+4 < len(line); i++ {
		if digit(line[i]) && digit(line[i+1]) && line[i+2] == ':' && digit(line[i+3]) && digit(line[i+4]) {
			return true
		}
	}
	return false
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// Unquote takes the quoting of a mailbox off a message in place: one ">" of
// each line that begins with ">From ", ">>From " and so on.
//
// QUIRK: of the forms of mbox, mboxrd quotes all these lines, mboxo only those
// that began with "From ", and mboxcl2 none. A file does not say which it is.
// Nearly every writer quotes, and a signature verifies only over what was
// there before.
func Unquote(raw []byte) []byte {
	i := quoted(raw, 0)
	if i < 0 {
		return raw
	}
	out := raw[:i]
	for i >= 0 {
		next := quoted(raw, i+1)
		if next < 0 {
			return append(out, raw[i+1:]...)
		}
		out = append(out, raw[i+1:next]...)
		i = next
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
