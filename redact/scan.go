package redact

import (
	"net/netip"
	"strings"
	"unicode/utf8"
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
	// maxQuotedLocal is how far the closing quote of a quoted local part is
	// looked for, in bytes. RFC 5321 §4.5.3.1.1 allows 64 characters.
	maxQuotedLocal = 320
	// maxName is how long a name may be, with room for one that breaks the
	// rules. RFC 1035 §2.3.4 allows 255 octets.
	maxName = 1024
)

// scan cuts a text into tokens, in order. It reads every byte a bounded number
// of times.
func scan(s string, yield func(token)) {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '=' && strings.HasPrefix(s[i:], "=?"):
			if n := encodedWord(s[i:]); n > 0 {
				yield(token{kind: tokenEncoded, start: i, end: i + n})
				i += n
				continue
			}
		case c == '"':
			if n := quotedLocal(s[i:]); n > 0 {
				yield(token{kind: tokenLocal, start: i, end: i + n})
				i += n + 1
				continue
			}
		}
		if n, ip := address6(s, i); n > 0 {
			yield(token{kind: tokenIP, start: i, end: i + n, ip: ip})
			i += n
			continue
		}
		n := atomRun(s[i:])
		if n == 0 {
			_, size := utf8.DecodeRuneInString(s[i:])
			i += size
			continue
		}
		run := s[i : i+n]
		if i+n < len(s) && s[i+n] == '@' {
			k := localStart(run)
			names(s, i, i+k, yield)
			if k < n {
				yield(token{kind: tokenLocal, start: i + k, end: i + n})
			}
			i += n + 1
			continue
		}
		names(s, i, i+n, yield)
		i += n
	}
}

// isAtom is atext of RFC 5322 §3.2.3, the dot, and bytes beyond ASCII.
func isAtom(c byte) bool {
	return alnum(c) || c >= 0x80 || strings.IndexByte("!#$%&'*+-/=?^_`{|}~.", c) >= 0
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// punctuation beyond ASCII that the report itself sets.
var punctuation = []string{"“", "”", "‘", "’", ellipsis, "→", "—", "–"}

func atomRun(s string) int {
	n := 0
	for n < len(s) && isAtom(s[n]) {
		// An encoded word may stand behind a name and "=".
		if n > 0 && s[n] == '=' && strings.HasPrefix(s[n:], "=?") && encodedWord(s[n:]) > 0 {
			return n
		}
		if s[n] == 0xe2 {
			for _, p := range punctuation {
				if strings.HasPrefix(s[n:], p) {
					return n
				}
			}
		}
		n++
	}
	return n
}

// properties name what follows them and "=" in the fields that are quoted.
var properties = set(`from to for envelope-from mailfrom mail-from mail_from mfrom rfrom pra helo i d s identity sender rcpt email user
	orcpt auth su r u a b v x cc reply-to policy`)

// localStart returns where the local part begins in what stands before an @:
// behind "smtp.mailfrom=", quotation marks and the like.
func localStart(run string) int {
	k := 0
	for k < len(run) {
		if c := run[k]; !alnum(c) && c < 0x80 && c != '_' {
			k++
			continue
		}
		n := strings.IndexByte(run[k:], '=')
		if n < 0 {
			break
		}
		name := strings.ToLower(run[k : k+n])
		scope, _, dotted := strings.Cut(name, ".")
		if !properties[name] && !(dotted && (scope == "smtp" || scope == "header" || scope == "policy" || scope == "body")) {
			break
		}
		k += n + 1
	}
	return k
}

// quotedLocal returns the length of a quoted local part at the start of s; 0
// where there is none.
func quotedLocal(s string) int {
	for i := 1; i < len(s) && i < maxQuotedLocal; i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			if i+1 < len(s) && s[i+1] == '@' {
				return i + 1
			}
			return 0
		}
	}
	return 0
}

// maxCharset bounds the name of a character set in an encoded word, with its
// language (RFC 2231 §5).
const maxCharset = 60

// encodedWord returns the length of an encoded word at the start of s, also of
// one whose end is missing; 0 where there is none.
func encodedWord(s string) int {
	i := 2
	for i < len(s) && i < maxCharset && (alnum(s[i]) || strings.IndexByte("-_*.:", s[i]) >= 0) {
		i++
	}
	if i == 2 || i+2 >= len(s) || s[i] != '?' || s[i+2] != '?' || strings.IndexByte("bBqQ", s[i+1]) < 0 {
		return 0
	}
	for i += 3; i < len(s) && s[i] > ' ' && s[i] < 0x80 && s[i] != '>' && s[i] != '"'; i++ {
		if s[i] == '?' && i+1 < len(s) && s[i+1] == '=' {
			return i + 2
		}
	}
	return i
}

// address6 reads an IPv6 address at s[i:].
func address6(s string, i int) (int, netip.Addr) {
	if c := s[i]; c != ':' && !isHex(c) || i > 0 && (alnum(s[i-1]) || s[i-1] == ':' && s[i] != ':') && !afterTag(s[:i]) {
		return 0, netip.Addr{}
	}
	n, colons := 0, 0
	for i+n < len(s) && n < 48 && (isHex(s[i+n]) || s[i+n] == ':' || s[i+n] == '.') {
		if s[i+n] == ':' {
			colons++
		}
		n++
	}
	if colons < 2 || i+n < len(s) && alnum(s[i+n]) {
		return 0, netip.Addr{}
	}
	for n > 2 {
		if ip, err := netip.ParseAddr(s[i : i+n]); err == nil {
			return n, ip.Unmap()
		}
		// A full stop or a colon of the sentence may follow.
		if c := s[i+n-1]; c != '.' && c != ':' {
			break
		}
		n--
	}
	return 0, netip.Addr{}
}

// afterTag reports whether a text ends with the tag of an IPv6 address, as in
// "[IPv6:" (RFC 5321 §4.1.3) and "ip6:" (RFC 7208 §5.6).
func afterTag(s string) bool {
	return len(s) > 3 && s[len(s)-1] == ':' && (s[len(s)-2] == '6' || strings.EqualFold(s[max(0, len(s)-4):], "cip:"))
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// names cuts s[i:end], a run without an address, into names and words.
func names(s string, i, end int, yield func(token)) {
	inName := func(c byte) bool { return alnum(c) || c >= 0x80 || c == '.' || c == '-' || c == '_' }
	for i < end {
		if !inName(s[i]) {
			i++
			continue
		}
		j := i
		for j < end && inName(s[j]) {
			j++
		}
		a, b := i, j
		for a < b && (s[a] == '.' || s[a] == '-') {
			a++
		}
		for a < b && (s[b-1] == '.' || s[b-1] == '-') {
			b--
		}
		i = j
		if a == b {
			continue
		}
		piece := s[a:b]
		switch {
		case strings.HasPrefix(s[j:], ellipsis) && b == j:
			yield(token{kind: tokenCut, start: a, end: b})
		case len(piece) > maxName:
			yield(token{kind: tokenLong, start: a, end: b})
		case strings.IndexByte(piece, '.') >= 0:
			if ip, err := netip.ParseAddr(piece); err == nil {
				yield(token{kind: tokenIP, start: a, end: b, ip: ip})
			} else {
				yield(token{kind: tokenHost, start: a, end: b})
			}
		default:
			yield(token{kind: tokenWord, start: a, end: b})
		}
	}
}

// wordsOf cuts a text into its words in lower case, where all else divides.
func wordsOf(s string) []string {
	var out []string
	eachWord(s, func(i, j int) bool {
		out = append(out, strings.ToLower(s[i:j]))
		return true
	})
	return out
}

// eachWord calls f with the bounds of every word until it returns false.
func eachWord(s string, f func(i, j int) bool) {
	for i := 0; i < len(s); {
		n := wordRun(s[i:])
		if n == 0 {
			_, size := utf8.DecodeRuneInString(s[i:])
			i += size
			continue
		}
		if !f(i, i+n) {
			return
		}
		i += n
	}
}

func wordRun(s string) int {
	n := 0
	for n < len(s) && (alnum(s[n]) || s[n] >= 0x80) {
		if s[n] == 0xe2 {
			for _, p := range punctuation {
				if strings.HasPrefix(s[n:], p) {
					return n
				}
			}
		}
		n++
	}
	return n
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
