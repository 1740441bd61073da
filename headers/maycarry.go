package headers

import "bytes"

// What a body may carry shows in a few words, and most bodies, large ones above
// all, hold none of them. They are looked for by a sign that is rare in text and
// in base64, piece by piece, so that a piece is read from memory once.

// carryPiece is how much of a body is looked through at once.
const carryPiece = 32 << 10

// anchored are words by a sign that each holds.
type anchored struct {
	sign  byte
	words []anchoredWord
	// beside are the letters next to the sign: behind it, or, where it ends the
	// words, in front of it.
	beside [256]bool
	front  bool
}

type anchoredWord struct {
	text string // in lower case
	at   int    // of the sign in it
}

func anchorWords(sign byte, words ...string) anchored {
	a := anchored{sign: sign}
	for _, w := range words {
		at := bytes.IndexByte([]byte(w), sign)
		a.words = append(a.words, anchoredWord{w, at})
		next := at + 1
		if a.front = next == len(w); a.front {
			next = at - 1
		}
		a.beside[w[next]] = true
		a.beside[upperByte(w[next])] = true
	}
	return a
}

var (
	// carriers name a type, or a file, that may hold a message or a report. A TLS
	// report has its word in a type or a parameter (RFC 8460 §5.3).
	carriers = []anchored{
		anchorWords('/', "message/rfc822", "message/global", "text/rfc822-headers", "message/delivery-status", "text/calendar", "/tlsrpt"),
		anchorWords('.', ".eml", ".msg"),
		anchorWords('-', "ms-outlook", "-tlsrpt"),
		anchorWords('=', "=tlsrpt", "=\"tlsrpt"),
		anchorWords(':', "received:"),
	}
	// archives are files whose names tell what is reported in them.
	archives = []anchored{anchorWords('.', ".xml", ".zip", ".gz")}
	// traces are the words of a header in a text.
	traces = []anchored{anchorWords(':', "received:")}
)

// mayCarry reports whether the bytes of a body name a type, or a file, that may
// hold a message or a report. Types and files are named in header fields, which
// have a colon: what has none, as base64, is passed over.
func mayCarry(body []byte) bool {
	closed := true // a blank line stands behind the last colon; one ends the header of the message
	for from := 0; from < len(body); from += carryPiece {
		to := min(from+carryPiece, len(body))
		colon := bytes.IndexByte(body[from:to], ':') >= 0
		if !colon && closed && from > 0 {
			continue
		}
		for i := range carriers {
			if carriers[i].in(body, from, to) {
				return true
			}
		}
		tail := body[from:to]
		if colon {
			closed, tail = false, tail[bytes.LastIndexByte(tail, ':'):]
		}
		closed = closed || bytes.Contains(tail, []byte("\n\n")) || bytes.Contains(tail, []byte("\n\r\n"))
	}
	return bytes.IndexByte(body, '!') >= 0 && holdsAny(body, archives)
}

// holdsAny looks for words in any case.
func holdsAny(body []byte, all []anchored) bool {
	for from := 0; from < len(body); from += carryPiece {
		// A word may begin in this piece and end in the next.
		to := min(from+carryPiece, len(body))
		for i := range all {
			if all[i].in(body, from, to) {
				return true
			}
		}
	}
	return false
}

// in reports whether one of the words has its sign in a piece of the body.
func (a *anchored) in(body []byte, from, to int) bool {
	for {
		i := bytes.IndexByte(body[from:to], a.sign)
		if i < 0 {
			return false
		}
		i += from
		next := i + 1
		if a.front {
			next = i - 1
		}
		if from = i + 1; next < 0 || next >= len(body) || !a.beside[body[next]] {
			continue
		}
		for _, w := range a.words {
			start := i - w.at
			if start >= 0 && len(body)-start >= len(w.text) && equalLower(body[start:start+len(w.text)], w.text) {
				return true
			}
		}
	}
}

// equalLower compares ASCII in any case with a text in lower case of the same
// length, from its end.
func equalLower(b []byte, lower string) bool {
	for i := len(lower) - 1; i >= 0; i-- {
		c := b[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
