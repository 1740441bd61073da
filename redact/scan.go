package redact

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/mailtrace/mailtrace/internal/pattern"
)

// tokenKind is what a piece of text was recognised as.
type tokenKind int

const (
	tokenWord    tokenKind = iota // letters and digits
	tokenLocal                    // the local part of an address, up to the @
	tokenIP                       // an address in any form
	tokenHost                     // a name with a dot in it
	tokenEncoded                  // an encoded word (RFC 2047)
	tokenCut                      // a word that was cut off, before "…"
	tokenLong                     // a name longer than any can be
)

type token struct {
	kind       tokenKind
	start, end int
	ip         netip.Addr // of a tokenIP
}

const (
	ellipsis = "…"
	// maxName is how long a name may be, with room for one that breaks the
	// rules. RFC 1035 §2.3.4 allows 255 octets.
	maxName = 1024
)

// scan cuts what a stranger wrote into tokens, in order. It reads every byte a
// bounded number of times.
func scan(s string, yield func(token)) {
	for i := 0; i < len(s); {
		k := token{start: i}
		n := 0
		switch s[i] {
		case '=':
			k.kind, n = tokenEncoded, encodedWord(s[i:])
		case '"':
			k.kind, n = tokenLocal, max(len(quotedForm.FindString(s[i:]))-1, 0) // but for the @
		}
		if n == 0 {
			k.kind = tokenIP
			n, k.ip = address6(s, i)
		}
		if n > 0 {
			k.end = i + n
			yield(k)
			i = k.end
			continue
		}
		if n = run(s[i:], signs+"_"); n == 0 {
			_, n = utf8.DecodeRuneInString(s[i:])
		} else if at := i + n; at < len(s) && s[at] == '@' {
			k = token{kind: tokenLocal, start: i + localStart(s[i:at]), end: at}
			names(s, i, k.start, yield)
			if k.start < at {
				yield(k)
			}
		} else {
			names(s, i, at, yield)
		}
		i += n
	}
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// marks are the signs beyond ASCII that the report itself sets.
var marks = []string{"“", "”", "‘", "’", ellipsis, "→", "—", "–"}

// run is how many bytes at the start of s are letters, digits, beyond ASCII and
// no mark, or one of more.
func run(s, more string) int {
	n := 0
	for n < len(s) && (alnum(s[n]) || s[n] >= 0x80 || strings.IndexByte(more, s[n]) >= 0) {
		switch s[n] {
		case '=':
			// An encoded word may stand behind a name and "=".
			if n > 0 && encodedWord(s[n:]) > 0 {
				return n
			}
		case 0xe2:
			for _, m := range marks {
				if strings.HasPrefix(s[n:], m) {
					return n
				}
			}
		}
		n++
	}
	return n
}

// signs of an atom, beside letters and digits (RFC 5322 §3.2.3) and "_", and the dot.
const signs = "!#$%&'*+-/=?^`{|}~."

var (
	// propertyForm is what names a local part in the fields that are quoted:
	// "smtp.mailfrom=".
	propertyForm = pattern.New("(?i)^(?:(?:(?:smtp|header|policy|body)\\.[^=]*|from|to|for|envelope-from|mailfrom|mail[-_]from|" +
		"mfrom|rfrom|pra|helo|identity|sender|rcpt|email|user|orcpt|auth|cc|reply-to|policy|[ids]|su|[ruabvx])=[-!#$%&'*+/=?^`{|}~.]*)*")
	// quotedForm is a quoted local part. RFC 5321 §4.5.3.1.1 allows 64 characters.
	quotedForm = pattern.New(`^"(?s:\\.|[^"\\]){0,320}"@`)
	// encodedForm is an encoded word, also one whose end is missing. The name of its
	// character set may have a language (RFC 2231 §5).
	encodedForm = pattern.New(`^=\?[0-9A-Za-z_*.:-]{1,58}\?[bBqQ]\?[!#-=?-~]*?(\?=|[^!#-=?-~]|$)`)
)

// localStart returns where the local part begins in what stands before an @.
func localStart(s string) int {
	n := len(s) - len(strings.TrimLeft(s, signs))
	if strings.Contains(s[n:], "=") {
		n += len(propertyForm.FindString(s[n:]))
	}
	return n
}

// encodedWord returns the length of an encoded word at the start of s; 0 where
// there is none.
func encodedWord(s string) int {
	if !strings.HasPrefix(s, "=?") {
		return 0
	}
	m := encodedForm.FindStringSubmatchIndex(s)
	switch {
	case m == nil:
		return 0
	case s[m[2]:m[3]] == "?=":
		return m[3]
	}
	return m[2]
}

func hex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

// address6 reads an IPv6 address at s[i:]. Before it may stand the tag of one, as
// in "[IPv6:" (RFC 5321 §4.1.3) and "ip6:" (RFC 7208 §5.6).
func address6(s string, i int) (int, netip.Addr) {
	if s[i] != ':' && !hex(s[i]) {
		return 0, netip.Addr{}
	}
	tagged := i > 3 && s[i-1] == ':' && (s[i-2] == '6' || strings.EqualFold(s[i-4:i], "cip:"))
	if i > 0 && !tagged && (alnum(s[i-1]) || s[i-1] == ':' && s[i] != ':') {
		return 0, netip.Addr{}
	}
	n, colons := 0, 0
	for ; i+n < len(s) && n < 48 && (hex(s[i+n]) || s[i+n] == ':' || s[i+n] == '.'); n++ {
		if s[i+n] == ':' {
			colons++
		}
	}
	if k := strings.Index(s[i:i+n], ":::"); k >= 0 {
		n = k + 2
	}
	if colons < 2 || i+n < len(s) && alnum(s[i+n]) {
		return 0, netip.Addr{}
	}
	for ; n > 2; n-- {
		if ip, err := netip.ParseAddr(s[i : i+n]); err == nil {
			return n, ip.Unmap()
		}
		if c := s[i+n-1]; c != '.' && c != ':' { // of the sentence
			break
		}
	}
	return 0, netip.Addr{}
}

// names cuts s[i:end], a run without an address, into names and words.
func names(s string, i, end int, yield func(token)) {
	for i < end {
		n := run(s[i:end], ".-_")
		piece := strings.Trim(s[i:i+n], ".-")
		k := token{start: i + n - len(strings.TrimLeft(s[i:i+n], ".-"))}
		k.end = k.start + len(piece)
		i += max(n, 1)
		if piece == "" {
			continue
		}
		switch {
		case k.end == i && strings.HasPrefix(s[i:], ellipsis):
			k.kind = tokenCut
		case len(piece) > maxName:
			k.kind = tokenLong
		case strings.Contains(piece, "."):
			k.kind = tokenHost
			if ip, err := netip.ParseAddr(piece); err == nil {
				k.kind, k.ip = tokenIP, ip
			}
		}
		yield(k)
	}
}

// wordsAt returns where the words of a text stand, where all else divides.
func wordsAt(s string) [][2]int {
	var out [][2]int
	for i := 0; i < len(s); {
		n := run(s[i:], "")
		if n == 0 {
			_, size := utf8.DecodeRuneInString(s[i:])
			i += size
			continue
		}
		out = append(out, [2]int{i, i + n})
		i += n
	}
	return out
}

// wordsOf are the words of a text in lower case.
func wordsOf(s string) []string {
	var out []string
	for _, w := range wordsAt(s) {
		out = append(out, strings.ToLower(s[w[0]:w[1]]))
	}
	return out
}

// quotes puts f of what stands between “ and ” in its place, also between marks
// that do not close. A quoted text may hold closing marks of its own.
func quotes(s string, f func(string) string) string {
	parts := strings.Split(s, "“")
	for i, p := range parts[1:] {
		end := strings.LastIndex(p, "”")
		if end < 0 {
			end = len(p)
		}
		parts[i+1] = f(p[:end]) + p[end:]
	}
	return strings.Join(parts, "“")
}
