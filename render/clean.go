package render

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds one piece of text from outside, in characters. A header field
// may have any length; nobody reads more of it than this in a report.
const maxText = 600

// maxMarks bounds the combining marks on one character. Real scripts stay
// below it; text that piles up more is meant to paint over other lines.
const maxMarks = 4

// maxWord bounds a word of the vocabulary, in columns.
const maxWord = 20

// Clean makes text from outside (a message, the DNS, a file name) safe to show
// on one line, and is the only place that does. Whatever a terminal or a
// reader's eye could take for something else becomes visible: control and
// format characters, among them escape sequences, bidirectional overrides and
// zero-width characters, as \u{1b}; bytes that are not UTF-8 as \x{e9}. A tab
// and the line end of a folded field become the blank that they stand for. The
// result has at most maxText characters of the input, and ends with "…" where
// more was there.
func Clean(s string) string { return cleanTo(s, maxText) }

// word cleans a word of the report's own vocabulary: a result, a method, a
// severity. A saved report can hold anything in its place, so its width is
// bounded to keep columns columns.
func word(s string) string {
	s = Clean(s)
	if len(s) <= maxWord || width(s) <= maxWord {
		return s
	}
	s, _ = cut(s, maxWord-1)
	return s + "…"
}

func cleanTo(s string, limit int) string {
	if len(s) <= limit && plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(min(len(s), limit) + 8)
	chars, marks, base := 0, maxMarks, false
	for i := 0; i < len(s); {
		if chars == limit {
			b.WriteString("…")
			break
		}
		chars++
		c := s[i]
		if c >= 0x20 && c < 0x7f {
			b.WriteByte(c)
			i++
			marks, base = 0, true
			continue
		}
		if n := fold(s[i:]); n > 0 {
			b.WriteByte(' ')
			i += n
			marks, base = maxMarks, false
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			writeEscape(&b, 'x', uint32(c))
			marks, base = maxMarks, false
		case unicode.In(r, unicode.Mn, unicode.Me):
			// A mark is shown on a character that it can belong to.
			if !base || marks >= maxMarks || invisible(r) {
				writeEscape(&b, 'u', uint32(r))
			} else {
				b.WriteRune(r)
				marks++
			}
		case r == 0x3000, unicode.IsPrint(r) && !invisible(r):
			b.WriteRune(r)
			marks, base = 0, true
		default:
			writeEscape(&b, 'u', uint32(r))
			marks, base = maxMarks, false
		}
		i += size
	}
	return b.String()
}

// plain reports whether s is printable ASCII, as nearly all text is.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// fold returns the length of a tab or a folding line end at the start of s
// (RFC 5322 §2.2.3), with the blanks that follow; 0 where there is none.
func fold(s string) int {
	n := 0
	switch {
	case s[0] == '\t':
		n = 1
	case strings.HasPrefix(s, "\r\n ") || strings.HasPrefix(s, "\r\n\t"):
		n = 3
	case strings.HasPrefix(s, "\n ") || strings.HasPrefix(s, "\n\t"):
		n = 2
	default:
		return 0
	}
	for n < len(s) && (s[n] == ' ' || s[n] == '\t') {
		n++
	}
	return n
}

// invisible reports whether r counts as printable and is shown as nothing:
// fillers, and the variation selectors that can carry hidden text.
func invisible(r rune) bool {
	switch {
	case r == 0x034f, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5,
		r == 0x2800, r == 0x3164, r == 0xffa0:
		return true
	case r >= 0x180b && r <= 0x180f, r >= 0xfe00 && r <= 0xfe0d, r >= 0xe0100 && r <= 0xe01ef:
		return true
	}
	return false
}

func writeEscape(b *strings.Builder, kind byte, v uint32) {
	const hex = "0123456789abcdef"
	b.WriteByte('\\')
	b.WriteByte(kind)
	b.WriteByte('{')
	digits := 2
	for digits < 6 && v>>(4*digits) != 0 {
		digits++
	}
	for d := digits - 1; d >= 0; d-- {
		b.WriteByte(hex[v>>(4*d)&15])
	}
	b.WriteByte('}')
}
