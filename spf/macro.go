package spf

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// macro is one macro-expand of RFC 7208 §7.1.
type macro struct {
	letter  byte // in lower case; '%', '_' or '-' for %%, %_ and %-
	escape  bool // written in upper case: the value is URL-escaped
	parts   int  // right-hand parts to keep, 0 for all
	reverse bool
	delims  string // "" means "."
}

const (
	macroLetters    = "slodiphcrtv"
	macroDelimiters = ".-+,/_="
)

// readMacro reads the macro at the start of s, which begins with "%". It
// returns its length, or what is wrong with it.
func readMacro(s string) (m macro, n int, problem string) {
	if len(s) < 2 {
		return m, 0, `"%" at the end; a percent sign is written "%%"`
	}
	switch s[1] {
	case '%', '_', '-':
		return macro{letter: s[1]}, 2, ""
	case '{':
	default:
		// RFC 7208 §7.1: any other use of "%" is a syntax error.
		return m, 0, `"%" must be followed by "{", "%", "_" or "-"`
	}
	end := strings.IndexByte(s, '}')
	if end < 0 {
		return m, 0, `"%{" without "}"`
	}
	body := s[2:end]
	if body == "" {
		return m, 0, "macro without a letter"
	}
	m.letter = body[0]
	if 'A' <= m.letter && m.letter <= 'Z' {
		m.escape = true
		m.letter += 'a' - 'A'
	}
	if strings.IndexByte(macroLetters, m.letter) < 0 {
		return m, 0, "unknown macro letter " + strconv.Quote(body[:1])
	}
	body = body[1:]

	digits := 0
	for digits < len(body) && isDigit(body[digits]) {
		// 127 is the least that must be supported; no name has more parts
		// than mailname.MaxName, so a greater number means "all" (§7.3).
		m.parts = min(m.parts*10+int(body[digits]-'0'), 1000)
		digits++
	}
	if digits > 0 && m.parts == 0 {
		return m, 0, "a macro must keep at least one part, not 0" // §7.3
	}
	body = body[digits:]
	if body != "" && body[0]|0x20 == 'r' {
		m.reverse = true
		body = body[1:]
	}
	for i := 0; i < len(body); i++ {
		if strings.IndexByte(macroDelimiters, body[i]) < 0 {
			return m, 0, strconv.Quote(body[i:i+1]) + " is not a macro delimiter"
		}
	}
	m.delims = body
	return m, end + 1, ""
}

// macroUse says where a macro-string stands: c, r and t are for explanations
// only (RFC 7208 §7.2).
type macroUse uint8

const (
	inDomain   macroUse = iota // domain-spec: no spaces, no c, r, t
	inModifier                 // value of an unknown modifier: no spaces
	inExplain                  // explain-string
)

// checkMacros checks a macro-string. It returns the first thing wrong with it
// and where, and the offset behind its last macro.
func checkMacros(s string, use macroUse) (problem string, at, end int) {
	for i := 0; i < len(s); {
		c := s[i]
		if c == '%' {
			m, n, problem := readMacro(s[i:])
			if problem != "" {
				return problem, i, end
			}
			if use == inDomain && (m.letter == 'c' || m.letter == 'r' || m.letter == 't') {
				return "the macro " + s[i:i+n] + " is for explanations only", i, end
			}
			i += n
			end = i
			continue
		}
		if c < ' ' || c > '~' || c == ' ' && use != inExplain {
			return "byte " + hexByte(c) + " is not allowed", i, end
		}
		i++
	}
	return "", 0, end
}

func hexByte(c byte) string {
	const hex = "0123456789abcdef"
	return "0x" + string([]byte{hex[c>>4], hex[c&15]})
}

// values are what the macros stand for. domain changes with each include and
// redirect, all else stays (RFC 7208 §5.2, §7.3).
type values struct {
	ip       netip.Addr // unmapped
	sender   string     // with local part
	local    string
	origin   string // domain of the sender
	helo     string
	domain   string
	receiver string
	time     int64
	// validated gives %{p}. It is only called where the macro is used.
	validated func(domain string) (string, error)

	filled bool   // the local part is the "postmaster" of §4.3
	met    Traits // by expand
}

func (v *values) of(letter byte) (string, error) {
	switch letter {
	case 's':
		return v.sender, nil
	case 'l':
		return v.local, nil
	case 'o':
		return v.origin, nil
	case 'd':
		return v.domain, nil
	case 'i':
		return dotted(v.ip), nil
	case 'p':
		return v.validated(v.domain)
	case 'h':
		return v.helo, nil
	case 'c':
		return v.ip.String(), nil
	case 'r':
		return v.receiver, nil
	case 't':
		return strconv.FormatInt(v.time, 10), nil
	}
	if v.ip.Is4() {
		return "in-addr", nil
	}
	return "ip6", nil
}

// dotted is %{i}: an IPv4 address as it is, an IPv6 address as 32 hex digits
// with dots, small letters as in the examples of RFC 7208 §7.4.
func dotted(ip netip.Addr) string {
	if ip.Is4() {
		return ip.String()
	}
	const hex = "0123456789abcdef"
	b := make([]byte, 0, 63)
	for i, c := range ip.As16() {
		if i > 0 {
			b = append(b, '.')
		}
		b = append(b, hex[c>>4], '.', hex[c&15])
	}
	return string(b)
}

// expand expands a checked macro-string. ok is false where a bound forbids the
// outcome (MaxMacroValue, MaxExpansion). The error is that of %{p}.
func (v *values) expand(s string) (out string, ok bool, err error) {
	i := strings.IndexByte(s, '%')
	if i < 0 {
		return s, true, nil
	}
	b := make([]byte, 0, 128)
	for s != "" {
		if i = strings.IndexByte(s, '%'); i < 0 {
			i = len(s)
		}
		b = append(b, s[:i]...)
		s = s[i:]
		if s == "" {
			break
		}
		m, n, problem := readMacro(s)
		if problem != "" {
			return "", false, nil // not reached with a checked string
		}
		s = s[n:]
		switch m.letter {
		case '%':
			b = append(b, '%')
		case '_':
			b = append(b, ' ')
		case '-':
			b = append(b, "%20"...)
		default:
			value, err := v.of(m.letter)
			if err != nil {
				return "", false, err
			}
			if len(value) > MaxMacroValue {
				return "", false, nil
			}
			v.met |= m.valueTraits(value)
			if v.filled && (m.letter == 'l' || m.letter == 's') {
				v.met |= TraitPostmaster
			}
			b = m.appendTo(b, value)
		}
		if len(b) > MaxExpansion {
			return "", false, nil
		}
	}
	return string(b), true, nil
}

// appendTo appends value, transformed and escaped.
func (m macro) appendTo(b []byte, value string) []byte {
	if m.parts > 0 || m.reverse || m.delims != "" {
		value = m.transform(value)
	}
	if !m.escape {
		return append(b, value...)
	}
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(value); i++ {
		// RFC 7208 §7.3: all outside the unreserved set of RFC 3986 §2.3.
		if c := value[i]; isAlnum(c) || c == '-' || c == '.' || c == '_' || c == '~' {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}

// transform splits value, turns it round, keeps the right-hand parts and joins
// them with dots. Empty parts stay (RFC 7208 §7.3).
func (m macro) transform(value string) string {
	delims := m.delims
	if delims == "" {
		delims = "."
	}
	parts := make([]string, 0, 8)
	start := 0
	for i := 0; i < len(value); i++ {
		if strings.IndexByte(delims, value[i]) >= 0 {
			parts = append(parts, value[start:i])
			start = i + 1
		}
	}
	parts = append(parts, value[start:])
	if m.reverse {
		for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
			parts[i], parts[j] = parts[j], parts[i]
		}
	}
	if m.parts > 0 && m.parts < len(parts) {
		parts = parts[len(parts)-m.parts:]
	}
	return strings.Join(parts, ".")
}

// targetName makes an expanded domain-spec a name to ask for: small letters,
// no final dot, cut from the left to 253 octets at label boundaries (RFC 7208
// §7.3).
func targetName(expanded string) string {
	name := canonical(expanded)
	for len(name) > mailname.MaxName {
		i := strings.IndexByte(name, '.')
		if i < 0 {
			return name // one label; askable says no
		}
		name = name[i+1:]
	}
	return name
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isAlnum(c byte) bool { return isDigit(c) || isAlpha(c) }
