package dns

import (
	"net/netip"
	"strconv"
	"strings"
)

// Limits of RFC 1035 §2.3.4, in octets on the wire.
const (
	maxLabel = 63
	maxName  = 255
)

// Canonical returns the form in which this package writes names: lower case,
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
		c, n := unescapeOctet(name[i:])
		i += n
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		switch {
		case c == '.' || c == '\\':
			b = append(b, '\\', c)
		case c <= ' ' || c >= 0x7f:
			b = appendDDD(b, c)
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// unescapeOctet reads one octet of presentation form and the length it took.
// A backslash at the end stands for itself.
func unescapeOctet(s string) (byte, int) {
	if s[0] != '\\' || len(s) == 1 {
		return s[0], 1
	}
	if v, ok := ddd(s[1:]); ok {
		return v, 4
	}
	return s[1], 2
}

func ddd(s string) (byte, bool) {
	if len(s) < 3 || !digit(s[0]) || !digit(s[1]) || !digit(s[2]) {
		return 0, false
	}
	n := int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0')
	return byte(n), n <= 255
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func appendDDD(b []byte, c byte) []byte {
	return append(b, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
}

// badName says why a canonical name cannot be asked for, "" if it can
// (RFC 1035 §2.3.4).
func badName(name string) string {
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
		_, n := unescapeOctet(name[i:])
		i += n
		if label++; label > maxLabel {
			return "label over 63 octets"
		}
	}
	if label == 0 {
		return "empty label"
	}
	if total += label + 1; total > maxName {
		return "name over 255 octets"
	}
	return ""
}

// parent cuts the first label off a canonical name. The root has none.
func parent(name string) (string, bool) {
	if name == "" {
		return "", false
	}
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '\\':
			i++ // the next octet is no separator; digits of \DDD never are
		case '.':
			return name[i+1:], true
		}
	}
	return "", true
}

// under reports whether a canonical name is zone or below it.
func under(name, zone string) bool {
	for {
		if name == zone {
			return true
		}
		up, ok := parent(name)
		if !ok || len(up) < len(zone) {
			return false
		}
		name = up
	}
}

// check brings a name into canonical form, or fails with BadName.
func check(name string, t Type) (string, *Error) {
	c := Canonical(name)
	if why := badName(c); why != "" {
		return c, &Error{Name: c, Type: t, Failure: BadName, Err: text(why)}
	}
	return c, nil
}

// Reverse returns the name whose PTR records hold the host names of addr
// (RFC 1035 §3.5, RFC 3596 §2.5), "" for the zero Addr. An IPv4 address in
// IPv6 form is taken as IPv4.
func Reverse(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	addr = addr.Unmap()
	if addr.Is4() {
		a := addr.As4()
		b := make([]byte, 0, len("255.255.255.255.in-addr.arpa"))
		for i := 3; i >= 0; i-- {
			b = strconv.AppendUint(b, uint64(a[i]), 10)
			b = append(b, '.')
		}
		return string(append(b, "in-addr.arpa"...))
	}
	const hex = "0123456789abcdef"
	a := addr.As16()
	b := make([]byte, 0, 32*2+len("ip6.arpa"))
	for i := 15; i >= 0; i-- {
		b = append(b, hex[a[i]&15], '.', hex[a[i]>>4], '.')
	}
	return string(append(b, "ip6.arpa"...))
}

// text is an error that is only its text.
type text string

func (t text) Error() string { return string(t) }
