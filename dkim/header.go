package dkim

import (
	"bytes"
	"hash/maphash"

	"github.com/mailtrace/mailtrace/message"
)

// The canonicalizations of RFC 6376 §3.4.
const (
	Simple  = "simple"
	Relaxed = "relaxed"
)

// AppendHeader appends one header field in canonical form, CRLF at its end
// (RFC 6376 §3.4.1, §3.4.2). field is the whole field as it came, with or
// without its last line end.
//
// A bare LF counts as the CRLF that it stood for when the message was signed.
// QUIRK: relaxed takes every CR for white space, as go-msgauth does, so that
// CR CR LF does no harm; simple keeps the extra CR.
func AppendHeader(dst []byte, canon string, field []byte) []byte {
	field = trimLineEnd(field)
	if canon == Relaxed {
		return append(appendRelaxedHeader(dst, field), '\r', '\n')
	}
	dst = appendCRLF(dst, field)
	return append(dst, '\r', '\n')
}

// trimLineEnd cuts one line end, CRLF or LF, off b.
func trimLineEnd(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		if n > 1 && b[n-2] == '\r' {
			return b[:n-2]
		}
		return b[:n-1]
	}
	return b
}

// appendCRLF appends b with each bare LF made CRLF.
func appendCRLF(dst, b []byte) []byte {
	for {
		nl := bytes.IndexByte(b, '\n')
		if nl < 0 {
			return append(dst, b...)
		}
		if nl > 0 && b[nl-1] == '\r' {
			dst = append(dst, b[:nl+1]...)
		} else {
			dst = append(append(dst, b[:nl]...), '\r', '\n')
		}
		b = b[nl+1:]
	}
}

// appendRelaxedHeader leaves the CRLF at the end to its caller.
func appendRelaxedHeader(dst, field []byte) []byte {
	colon := bytes.IndexByte(field, ':')
	if colon < 0 {
		colon = len(field)
	}
	for _, c := range bytes.TrimRight(field[:colon], " \t\r\n") {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	dst = append(dst, ':')
	if colon < len(field) {
		dst = appendWords(dst, field[colon+1:])
	}
	return dst
}

// appendWords appends b with each run of white space made one SP, and none at
// the ends.
func appendWords(dst, b []byte) []byte {
	i := 0
	for i < len(b) && isFWS(b[i]) {
		i++
	}
	for i < len(b) {
		word := i
		for i < len(b) && !isFWS(b[i]) {
			i++
		}
		dst = append(dst, b[word:i]...)
		for i < len(b) && isFWS(b[i]) {
			i++
		}
		if i < len(b) {
			dst = append(dst, ' ')
		}
	}
	return dst
}

// AppendSignature appends the field that holds a signature as it is hashed:
// canonical, without the value of its b= tag and without the last CRLF
// (RFC 6376 §3.7). tags are those of the field's value; only the one tag named
// b is emptied, with the white space around its value.
func AppendSignature(dst []byte, canon string, field []byte, tags []Tag) []byte {
	field = trimLineEnd(field)
	// What is cut out stands between "=" and ";" or the end, so the two sides
	// can be canonicalized apart.
	start, end := bValue(field, tags)
	if canon == Relaxed {
		dst = appendRelaxedHeader(dst, field[:start])
		return appendWords(dst, field[end:])
	}
	return appendCRLF(appendCRLF(dst, field[:start]), field[end:])
}

// bValue returns where in the field the value of the b= tag stands, from after
// the "=" to before the ";" or the end.
func bValue(field []byte, tags []Tag) (start, end int) {
	value := bytes.IndexByte(field, ':') + 1
	for i := range tags {
		if tags[i].Name != "b" {
			continue
		}
		at := value + tags[i].Offset
		if at > len(field) {
			break
		}
		eq := bytes.IndexByte(field[at:], '=')
		if eq < 0 {
			break
		}
		start = at + eq + 1
		if semi := bytes.IndexByte(field[start:], ';'); semi >= 0 {
			return start, start + semi
		}
		return start, len(field)
	}
	return len(field), len(field)
}

// fieldIndex finds the fields of a name from the bottom up in constant time,
// so that a long h= over a long header stays linear.
type fieldIndex struct {
	m    *message.Message
	seed maphash.Seed
	// slots is an open hash table by name: 1 + the index of the bottom-most
	// field, 0 where empty.
	slots []int32
	above []int32 // for each field 1 + the index of the next one up with its name
}

func newFieldIndex(m *message.Message) *fieldIndex {
	size := 64
	for size < 2*len(m.Fields) {
		size *= 2
	}
	x := &fieldIndex{m: m, seed: maphash.MakeSeed(), slots: make([]int32, size), above: make([]int32, len(m.Fields))}
	for i := range m.Fields {
		s := m.Fields[i].Name
		slot := x.slot(m.Raw[s.Start:s.End])
		x.above[i] = x.slots[slot]
		x.slots[slot] = int32(i + 1)
	}
	return x
}

// slot returns the place of a name in the table: its own, or an empty one.
func (x *fieldIndex) slot(name []byte) int {
	var small [64]byte
	lower := small[:0]
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower = append(lower, c)
	}
	i := int(maphash.Bytes(x.seed, lower)) & (len(x.slots) - 1)
	for x.slots[i] != 0 {
		s := x.m.Fields[x.slots[i]-1].Name
		if equalFold(x.m.Raw[s.Start:s.End], lower) {
			break
		}
		i = (i + 1) & (len(x.slots) - 1)
	}
	return i
}

// equalFold compares ASCII without regard to case; lower is in lower case.
func equalFold(b, lower []byte) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// picker takes fields in the order of an h= tag: each name takes the
// bottom-most field of that name not yet taken, and nothing where there is
// none left (RFC 6376 §5.4.2).
type picker struct {
	x    *fieldIndex
	next []int32 // as slots, moved up as fields are taken
}

func (x *fieldIndex) pick() picker {
	return picker{x, append([]int32(nil), x.slots...)}
}

// take returns the index of the field, -1 where the name has none left. skip
// is a field that does not count as being there.
func (p picker) take(name string, skip int) int {
	var small [64]byte
	slot := p.x.slot(append(small[:0], name...))
	i := p.next[slot]
	if i == int32(skip)+1 && i != 0 {
		i = p.x.above[i-1]
	}
	if i == 0 {
		return -1
	}
	p.next[slot] = p.x.above[i-1]
	return int(i - 1)
}
