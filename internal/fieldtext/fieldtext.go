// Package fieldtext writes text that others chose into header fields, so that
// it stays one word, one string or one comment.
package fieldtext

import (
	"strings"
	"unicode/utf8"
)

// Writable takes out what a field cannot hold: control characters and what is
// no UTF-8 become "?".
func Writable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == utf8.RuneError {
			return '?'
		}
		return c
	}, s)
}

// Quoted writes a quoted string (RFC 5322 §3.2.4).
func Quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(Writable(s)) + `"`
}

// Comment writes a comment with its parentheses (RFC 5322 §3.2.2). A quotation
// mark is escaped too: it means nothing in a comment, but there are readers that
// take it for the start of a quoted string.
func Comment(s string) string {
	return "(" + strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`, `"`, `\"`).Replace(Writable(s)) + ")"
}

// IsDotAtom reports whether a word may stand without quotes (RFC 5322 §3.2.3);
// "=", which ends a key in the fields of this field's protocols, may not.
func IsDotAtom(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>[]:;@\,"=`, c) >= 0 {
			return false
		}
	}
	return s != "" && s[0] != '.' && s[len(s)-1] != '.'
}
