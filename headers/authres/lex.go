package authres

import "strings"

type kind uint8

const (
	end kind = iota
	word
	quoted
	comment
	equals
	semicolon
)

// token is a lexical unit of RFC 5322 §3.2 with the separators ";" and "=".
type token struct {
	kind  kind
	text  string // word as written; content of a comment or quoted string, unfolded and unescaped
	start int    // offset in the text
}

// lexer cuts a field value into tokens in one pass. It works on the value as
// it came, folding included, so that offsets stay true.
type lexer struct {
	s      string
	pos    int
	defect Defect // of the token read last; the reader takes and clears it
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// delimiter reports whether c ends a word. "=" ends the names of methods and
// properties, but not their values: SRS0=ab=cd=example.com=user@example.net.
func delimiter(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ';', '(', ')', '"':
		return true
	}
	return false
}

func (l *lexer) skipBlanks() {
	for l.pos < len(l.s) && blank(l.s[l.pos]) {
		l.pos++
	}
}

func (l *lexer) next() token {
	for {
		l.skipBlanks()
		if l.pos >= len(l.s) {
			return token{kind: end, start: len(l.s)}
		}
		start := l.pos
		switch c := l.s[start]; c {
		case ';':
			l.pos++
			return token{semicolon, ";", start}
		case '=':
			l.pos++
			return token{equals, "=", start}
		case '(':
			return token{comment, l.comment(), start}
		case '"':
			return token{quoted, l.quoted(), start}
		case ')':
			l.defect = StrayParenthesis
			l.pos++
		default:
			for l.pos < len(l.s) && !delimiter(l.s[l.pos]) && l.s[l.pos] != '=' {
				l.pos++
			}
			return token{word, l.s[start:l.pos], start}
		}
	}
}

// comment reads a comment (RFC 5322 §3.2.2). Inner comments stay in the text with
// their parentheses. Quotes mean nothing in it, but for a quoted local part:
//
// QUIRK: servers copy the envelope sender into a comment as it is, "(google.com:
// domain of "a) dmarc=pass (b"@example.net designates …)". The parentheses in
// front of its "@" are the sender's.
func (l *lexer) comment() string {
	start := l.pos + 1
	depth := 0
	for ; l.pos < len(l.s); l.pos++ {
		switch l.s[l.pos] {
		case '\\':
			l.pos++
		case '"':
			l.pos += max(0, quotedLocal(l.s[l.pos:])-1)
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				l.pos++
				return clean(l.s[start : l.pos-1])
			}
		}
	}
	// QUIRK: nothing closes it. Reading on as if nothing had been opened
	// would turn comment text into properties, so all of the rest is comment.
	l.pos = len(l.s)
	l.defect = UnclosedComment
	return clean(l.s[start:])
}

// maxLocal bounds a quoted local part: 64 octets (RFC 5321 §4.5.3.1.1), each of
// which may be escaped, and what servers add to it.
const maxLocal = 256

// quotedLocal returns the length of the quoted local part and its "@" that s
// begins with, 0 where it does not.
func quotedLocal(s string) int {
	for i := 1; i < len(s) && i < maxLocal; i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			if i+1 < len(s) && s[i+1] == '@' {
				return i + 2
			}
			return 0
		case '\n':
			return 0
		}
	}
	return 0
}

// quoted reads a quoted string (RFC 5322 §3.2.4).
func (l *lexer) quoted() string {
	start := l.pos + 1
	for l.pos = start; l.pos < len(l.s); l.pos++ {
		switch l.s[l.pos] {
		case '\\':
			l.pos++
		case '"':
			l.pos++
			return clean(l.s[start : l.pos-1])
		}
	}
	l.pos = len(l.s)
	l.defect = UnclosedQuote
	return clean(l.s[start:])
}

// value reads what stands after "=" (pvalue, RFC 8601 §2.2): a token, a quoted
// string, or an address whose local part is quoted. Comments before it are
// given to keep. A value may contain "=".
func (l *lexer) value(keep func(string)) string {
	after := l.pos
	l.skipBlanks()
	for l.pos < len(l.s) && l.s[l.pos] == '(' {
		keep(l.comment())
		l.skipBlanks()
	}
	// QUIRK: "smtp.mailfrom= smtp.helo=h" (an empty value without quotes) is
	// written by several milters, "policy.xms= abc" (a blank before the
	// value) by Fastmail's. A word that is itself the name of a property is
	// not the value.
	if l.pos > after && l.atProperty() {
		return ""
	}
	start := l.pos
	for l.pos < len(l.s) {
		if l.s[l.pos] == '"' {
			from := l.pos
			text := l.quoted()
			if from == start && (l.pos >= len(l.s) || delimiter(l.s[l.pos])) {
				return text
			}
			continue
		}
		if delimiter(l.s[l.pos]) {
			break
		}
		l.pos++
	}
	return l.s[start:l.pos]
}

// foldedRest returns what follows an address that was cut by a fold.
//
// QUIRK: Coremail folds after 64 octets, inside words: "smtp.mail=0101016f-a63b
// CRLF TAB 8f9e-000000@mail.example.com". RFC 5322 §2.2.3 folds between words only,
// so that the fold reads as a space.
func (l *lexer) foldedRest(value string) string {
	if value == "" || value[0] == '"' || strings.IndexByte(value, '@') >= 0 || l.pos >= len(l.s) || l.s[l.pos] != '\r' && l.s[l.pos] != '\n' {
		return ""
	}
	i := l.pos
	for i < len(l.s) && blank(l.s[i]) {
		i++
	}
	start, at := i, false
	for ; i < len(l.s) && !delimiter(l.s[i]) && (at || l.s[i] != '='); i++ {
		at = at || l.s[i] == '@'
	}
	if !at {
		return ""
	}
	l.pos = i
	return l.s[start:i]
}

// atProperty reports whether "ptype.property=" begins here, or reason= or
// action=.
func (l *lexer) atProperty() bool {
	for i := l.pos; i < len(l.s) && !delimiter(l.s[i]); i++ {
		if l.s[i] == '=' {
			name := l.s[l.pos:i]
			return hasPtype(name) || equalFold(name, "reason") || equalFold(name, "action")
		}
	}
	return false
}

// hasPtype reports whether name begins with a property type of RFC 8601 §2.3.
func hasPtype(name string) bool {
	ptype, rest, ok := strings.Cut(name, ".")
	if !ok || rest == "" {
		return false
	}
	for _, known := range [...]string{"smtp", "header", "body", "policy"} {
		if equalFold(ptype, known) {
			return true
		}
	}
	return false
}

// clean unfolds (a line end with the blanks around it is one space) and takes
// out the backslashes of quoted pairs.
func clean(s string) string {
	if strings.IndexByte(s, '\\') < 0 && strings.IndexByte(s, '\n') < 0 && strings.IndexByte(s, '\r') < 0 {
		return strings.Trim(s, " \t")
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			out = append(out, s[i])
		case c == '\r' || c == '\n':
			for len(out) > 0 && blank(out[len(out)-1]) {
				out = out[:len(out)-1]
			}
			for i+1 < len(s) && blank(s[i+1]) {
				i++
			}
			out = append(out, ' ')
		default:
			out = append(out, c)
		}
	}
	return strings.Trim(string(out), " \t")
}

// hasPrefixFold reports whether s begins with a string in lower case.
func hasPrefixFold(s, lowered string) bool {
	return len(s) >= len(lowered) && equalFold(s[:len(lowered)], lowered)
}

// equalFold compares with an ASCII string in lower case.
func equalFold(s, lowered string) bool {
	if len(s) != len(lowered) {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lowered[i] {
			return false
		}
	}
	return true
}
