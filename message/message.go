// Package message finds the header fields of an e-mail message without
// changing a byte of it.
//
// Parse never fails and never edits: every part is a [Span] into the bytes
// that came in, so a signature can be checked over exactly what arrived and a
// finding can point at the byte it means. What deviates from RFC 5322 (bare
// LF, a leading mbox "From " line, NUL, a line that is not a field, a missing
// blank line) is kept, worked around and written down as a [Note].
//
// Stable: Parse and Message stay from 1.0 on; kinds of notes are added.
package message

import "bytes"

// MaxFields is the number of header fields that are indexed. Fields after it
// are part of the header but are not in Message.Fields; a [FieldLimit] note
// says how many were left out.
const MaxFields = 50_000

// MaxNotes bounds the notes kept. A defect that repeats is noted at its first
// place, with a count.
const MaxNotes = 64

// Span is a half-open range [Start, End) of byte offsets into Message.Raw.
type Span struct {
	Start, End int
}

// Len is the number of bytes in the span.
func (s Span) Len() int { return s.End - s.Start }

// Field is one header field. The spans do not overlap: Name ends before the
// colon, Value begins after it.
type Field struct {
	// Name is the field name as written, without blanks before the colon.
	Name Span
	// Value is all after the colon up to, not including, the last line end.
	// Inner line ends (folding) are part of it.
	Value Span
	// End is the offset after the line end of the field's last line. The
	// whole field is Raw[Name.Start:End].
	End int
	// Line is the 1-based number of the field's first line in the input.
	Line int
}

// NoteKind names a deviation from RFC 5322.
type NoteKind string

// The deviations that Parse notes.
const (
	BOM          NoteKind = "byte-order-mark"    // UTF-8 byte order mark before the header
	MboxLine     NoteKind = "mbox-from-line"     // a leading "From " line of an mbox file
	LeadingBlank NoteKind = "leading-blank-line" // blank lines before the first field
	BareLF       NoteKind = "bare-lf"            // lines that end in LF without CR (RFC 5322 §2.3)
	MixedEnds    NoteKind = "mixed-line-ends"    // both CRLF and bare LF in the header
	BareCR       NoteKind = "bare-cr"            // CR that no LF follows, in the header
	DoubleCR     NoteKind = "double-cr"          // header lines that end in CR CR LF
	NUL          NoteKind = "nul"                // NUL byte in the header
	EightBit     NoteKind = "8bit-header"        // bytes over 127 in the header (legal only with RFC 6532)
	BadLine      NoteKind = "bad-line"           // a line in the header that is neither field nor continuation
	BlankInName  NoteKind = "blank-before-colon" // "Name :" (obsolete syntax, RFC 5322 §4.5)
	NoBlankLine  NoteKind = "no-blank-line"      // the body begins without a blank line
	HeaderOnly   NoteKind = "header-only"        // the input ends inside the header
	FieldLimit   NoteKind = "field-limit"        // more than MaxFields fields
	Empty        NoteKind = "empty"              // no bytes at all
	NotAMessage  NoteKind = "not-a-message"      // not one header field was found
)

// Note says where the input deviates, and how often.
type Note struct {
	Kind   NoteKind
	Offset int // byte offset of the first place
	Line   int // 1-based line of the first place; 0 where it has none
	Count  int // how many times
}

// Message is a parsed message. Raw must not be changed while it is in use.
type Message struct {
	Raw    []byte
	Fields []Field // in order, topmost (newest trace field) first
	Header Span    // all header fields, without the blank line
	Body   Span    // all after the blank line; empty at the end where there is no body
	Notes  []Note

	index *index // by name; nil where Parse did not make the message
}

// Note returns the note of a kind, nil where the input has no such defect.
func (m *Message) Note(kind NoteKind) *Note {
	for i := range m.Notes {
		if m.Notes[i].Kind == kind {
			return &m.Notes[i]
		}
	}
	return nil
}

// Name returns the name of field i as written.
func (m *Message) Name(i int) string {
	s := m.Fields[i].Name
	return string(m.Raw[s.Start:s.End])
}

// Is reports whether field i has this name, in any case (RFC 5322 §1.2.2).
func (m *Message) Is(i int, name string) bool {
	s := m.Fields[i].Name
	b := m.Raw[s.Start:s.End]
	if len(b) != len(name) {
		return false
	}
	for i, c := range b {
		if lower(c) != lower(name[i]) {
			return false
		}
	}
	return true
}

// Value returns the value of field i unfolded: line ends are taken out, the
// blanks of the folding stay (RFC 5322 §2.2.3), leading and trailing blanks
// are trimmed. The bytes are otherwise as they came: nothing is decoded or
// made safe to print.
func (m *Message) Value(i int) string {
	s := m.Fields[i].Value
	b := bytes.Trim(m.Raw[s.Start:s.End], " \t\r\n")
	if bytes.IndexByte(b, '\n') < 0 {
		return string(b)
	}
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		nl := bytes.IndexByte(b, '\n')
		if nl < 0 {
			out = append(out, b...)
			break
		}
		out = append(out, bytes.TrimRight(b[:nl], "\r")...)
		b = b[nl+1:]
	}
	return string(out)
}

// Bytes returns the whole of field i as it came, with its last line end.
func (m *Message) Bytes(i int) []byte {
	return m.Raw[m.Fields[i].Name.Start:m.Fields[i].End]
}

// Get returns the unfolded value of the topmost field with this name, "" where
// there is none.
func (m *Message) Get(name string) string {
	if i := m.First(name); i >= 0 {
		return m.Value(i)
	}
	return ""
}

// BodyBytes returns the body as it came.
func (m *Message) BodyBytes() []byte { return m.Raw[m.Body.Start:m.Body.End] }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
