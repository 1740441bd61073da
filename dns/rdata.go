package dns

import (
	"strconv"

	"github.com/mailtrace/mailtrace/dns/internal/names"
)

// appendQuoted appends a character string in presentation form, in quotes.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c >= 0x7f:
			b = names.AppendDDD(b, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// Presentation writes the RDATA of the types whose fields Record has, as a
// master file does (RFC 1035 §5.1); ok is false for the others, which have Data
// only.
func (r Record) Presentation() (data string, ok bool) {
	switch r.Type {
	case TypeTXT, TypeSPF:
		n := 0
		for _, s := range r.Strings {
			n += len(s) + 3
		}
		b := make([]byte, 0, n+8)
		for i, s := range r.Strings {
			if i > 0 {
				b = append(b, ' ')
			}
			b = appendQuoted(b, s)
		}
		return string(b), true
	case TypeA, TypeAAAA:
		return r.Addr.String(), true
	case TypeMX:
		return strconv.Itoa(int(r.Pref)) + " " + r.Host + ".", true
	case TypeNS, TypePTR, TypeCNAME:
		return r.Host + ".", true
	}
	return "", false
}
