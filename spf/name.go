package spf

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// canonical is the form in which names are asked for and shown: small letters,
// no final dot.
func canonical(name string) string { return mailname.Lower(strings.TrimSuffix(name, ".")) }

// askable reports whether name, without final dot, can be asked for: labels of
// 1 to 63 octets, 253 in all. A byte beyond ASCII comes only from a macro over
// a local part or HELO name; such a name matches nothing (RFC 8616 §4).
func askable(name string) bool {
	if name == "" || len(name) > mailname.MaxName {
		return false
	}
	label := 0
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '.':
			if label == 0 {
				return false
			}
			label = 0
		case c >= 0x80, c == 0:
			return false
		default:
			if label++; label > mailname.MaxLabel {
				return false
			}
		}
	}
	return label > 0
}

// checkable reports whether name, without final dot, is a domain for which
// check_host asks for a record: askable, of two labels at least, not an
// address literal (RFC 7208 §4.3).
func checkable(name string) bool {
	if !askable(name) || strings.IndexByte(name, '.') < 0 || name[0] == '[' {
		return false
	}
	for i := 0; i < len(name); i++ {
		if name[i] <= ' ' || name[i] == 0x7f || name[i] == '\\' {
			return false
		}
	}
	return true
}

// escaped writes a name made of macros or of a record, where a backslash is
// itself, in the form that resolvers take, where it escapes (RFC 1035 §5.1).
func escaped(name string) string { return strings.ReplaceAll(name, `\`, `\\`) }
