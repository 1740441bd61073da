package dkim

import "bytes"

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
