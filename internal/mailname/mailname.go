// Package mailname has the names of mail in one form: domains in lower case and
// A-labels without a final dot, what lies below what, whose a name is, and where
// an address ends and its domain begins.
//
// Names of the DNS as the wire has them, with escapes, are dns.Canonical's.
package mailname

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// Bounds of a domain name in presentation form, without the final dot (RFC 1035
// §2.3.4).
const (
	MaxName  = 253
	MaxLabel = 63
)

// toASCII is the one profile of IDNA: UTS #46 without the transition from
// IDNA 2003, as browsers look names up. It asks for no more than the conversion:
// underscores and the like are the DNS's business.
var toASCII = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// Lower makes the ASCII letters of s small and leaves every other byte alone,
// as the DNS compares names (RFC 4343 §3).
func Lower(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if c := b[i]; 'A' <= c && c <= 'Z' {
					b[i] = c + 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// ASCII turns labels of other scripts into A-labels (RFC 5890 §2.3.2.1). It
// leaves ASCII as it is, and all of s where ok is false: no name is that long, or
// IDNA has none for it.
func ASCII(s string) (name string, ok bool) {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			if len(s) > 4*MaxName {
				return s, false
			}
			a, err := toASCII.ToASCII(s)
			if err != nil {
				return s, false
			}
			return a, true
		}
	}
	return s, true
}

// Normal is the form in which domain names are compared and asked for: lower
// case, A-labels, no blanks around it and no final dot. ok is false where no DNS
// name can be made of it; then name is "".
func Normal(domain string) (name string, ok bool) {
	name, ok = ASCII(strings.TrimSuffix(strings.TrimSpace(domain), "."))
	if !ok || name == "" || len(name) > MaxName {
		return "", false
	}
	label := 0
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '.':
			if label == 0 {
				return "", false
			}
			label = 0
		case c <= ' ' || c >= 0x7f:
			return "", false
		default:
			if label++; label > MaxLabel {
				return "", false
			}
		}
	}
	if label == 0 {
		return "", false
	}
	return Lower(name), true
}

// Host brings a host name as servers write it into the form in which names are
// compared: lower case, no blanks, brackets or final dot. Whatever it is handed
// it hands back; it may be no name.
func Host(name string) string {
	if tidy(name) {
		return name
	}
	name = strings.ToLower(strings.TrimSpace(name))
	return strings.TrimSuffix(strings.Trim(name, "[]<>"), ".")
}

// tidy reports whether Host has nothing to do, as with most names.
func tidy(name string) bool {
	for i := 0; i < len(name); i++ {
		if c := name[i]; (c < 'a' || c > 'z') && c != '.' && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return name == "" || name[len(name)-1] != '.'
}

// Domain is Host with A-labels where IDNA has some.
func Domain(name string) string {
	name, _ = ASCII(Host(name))
	return name
}

// Within reports whether name is domain or below it. Both are of one form; below
// "" is nothing.
func Within(name, domain string) bool {
	n := len(name) - len(domain)
	if n <= 0 {
		return name == domain
	}
	return domain != "" && name[n-1] == '.' && name[n:] == domain
}

// Parent takes the leftmost label off, "" for a single label.
func Parent(name string) string {
	_, up, _ := strings.Cut(name, ".")
	return up
}

// Split cuts an address at its last "@", which is the one that counts: a quoted
// local part may hold more (RFC 5321 §4.1.2). Where ok is false there is none,
// and all of it is domain.
func Split(addr string) (local, domain string, ok bool) {
	if at := strings.LastIndexByte(addr, '@'); at >= 0 {
		return addr[:at], addr[at+1:], true
	}
	return "", addr, false
}

// DomainOf is the domain of an address in the form of Host, "" where it has none.
func DomainOf(addr string) string {
	_, domain, ok := Split(addr)
	if !ok {
		return ""
	}
	return Host(domain)
}

// LowerBytes is Lower in a copy. Unlike bytes.ToLower it keeps the length, so
// places in it are places in b.
func LowerBytes(b []byte) []byte {
	out := bytes.Clone(b)
	for i, c := range out {
		if 'A' <= c && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}

// privateSuffixes are top-level names that are never in the public DNS
// (RFC 6761, RFC 6762, RFC 8375, and what vendors taught their users).
var privateSuffixes = []string{
	".local", ".localdomain", ".lan", ".internal", ".intranet", ".intra", ".corp", ".home", ".home.arpa", ".private", ".localhost",
}

// HasPrivateSuffix reports whether a name in the form of Host ends in a suffix
// that is never public.
func HasPrivateSuffix(name string) bool {
	return slices.ContainsFunc(privateSuffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}
