// Package names holds the names of the DNS in the one form in which the
// packages of dns write them.
package names

import (
	"strconv"
	"strings"
)

// Limits of RFC 1035 §2.3.4, in octets on the wire.
const (
	maxLabel = 63
	MaxName  = 255
)

// Canonical returns the form in which names are written: lower case,
// no final dot; the root is "".
//
// A backslash in name is the escape of RFC 1035 §5.1 (`\.`, `\032`). What
// cannot be printed comes back as \DDD, a dot or backslash inside a label as
// `\.` and `\\`, and every other octet as itself, so equal names have equal
// forms.
func Canonical(name string) string {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '\\' || c <= ' ' || c >= 0x7f {
			return canonicalEscaped(name)
		}
		if 'A' <= c && c <= 'Z' {
			// No escapes so far; there may be some further on.
			if strings.IndexByte(name[i:], '\\') >= 0 || !printable(name[i:]) {
				return canonicalEscaped(name)
			}
			return strings.TrimSuffix(lower(name), ".")
		}
	}
	return strings.TrimSuffix(name, ".")
}

func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// lower folds ASCII only (RFC 4343 §3).
func lower(s string) string {
	b := make([]byte, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b[i] = c
	}
	return string(b)
}

func canonicalEscaped(name string) string {
	b := make([]byte, 0, len(name)+16)
	for i := 0; i < len(name); {
		if name[i] == '.' {
			if i < len(name)-1 || i == 0 && len(name) > 1 {
				b = append(b, '.')
			}
			i++
			continue
		}
		c, n := UnescapeOctet(name[i:])
		i += n
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		switch {
		case c == '.' || c == '\\':
			b = append(b, '\\', c)
		case c <= ' ' || c >= 0x7f:
			b = AppendDDD(b, c)
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// UnescapeOctet reads one octet of presentation form and the length it took.
// A backslash at the end stands for itself.
func UnescapeOctet(s string) (byte, int) {
	if s[0] != '\\' || len(s) == 1 {
		return s[0], 1
	}
	if v, ok := DDD(s[1:]); ok {
		return v, 4
	}
	return s[1], 2
}

func DDD(s string) (byte, bool) {
	if len(s) < 3 || !digit(s[0]) || !digit(s[1]) || !digit(s[2]) {
		return 0, false
	}
	n := int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0')
	return byte(n), n <= 255
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func AppendDDD(b []byte, c byte) []byte {
	return append(b, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
}

// Bad says why a canonical name cannot be asked for, "" if it can
// (RFC 1035 §2.3.4).
func Bad(name string) string {
	if name == "" {
		return ""
	}
	total, label := 1, 0 // the root label; octets of the current one
	for i := 0; i < len(name); {
		if name[i] == '.' {
			if label == 0 {
				return "empty label"
			}
			total += label + 1
			label = 0
			i++
			continue
		}
		_, n := UnescapeOctet(name[i:])
		i += n
		if label++; label > maxLabel {
			return "label over 63 octets"
		}
	}
	if label == 0 {
		return "empty label"
	}
	if total += label + 1; total > MaxName {
		return "name over 255 octets"
	}
	return ""
}

// Parent cuts the first label off a canonical name. The root has none.
func Parent(name string) (string, bool) {
	if name == "" {
		return "", false
	}
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '\\':
			i++ // the next octet is not a separator; digits of \DDD never are
		case '.':
			return name[i+1:], true
		}
	}
	return "", true
}

// Under reports whether a canonical name is zone or below it.
func Under(name, zone string) bool {
	for {
		if name == zone {
			return true
		}
		up, ok := Parent(name)
		if !ok || len(up) < len(zone) {
			return false
		}
		name = up
	}
}

// Unescape turns the presentation form of one character string into its bytes
// (RFC 1035 §5.1).
func Unescape(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	b = append(b, s[:i]...)
	for i < len(s) {
		c, n := UnescapeOctet(s[i:])
		b = append(b, c)
		i += n
	}
	return string(b)
}

// Quoted shows s from a file within an error: escaped and cut.
func Quoted(s string) string {
	const show = 60
	if len(s) > show {
		return strconv.QuoteToASCII(s[:show]) + "..."
	}
	return strconv.QuoteToASCII(s)
}
