package repair

import (
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// charsetNames are what relays write in Content-Type.
var charsetNames = []string{
	"utf-8", "UTF-8", "us-ascii", "US-ASCII", "iso-8859-1", "ISO-8859-1", "windows-1252", "Windows-1252", "iso-8859-15", "ISO-8859-15", "utf8",
}

// maxParams bounds the parameters of a Content-Type that are taken apart.
const maxParams = 12

type param struct{ name, value string } // value with its quotes

// readType takes a Content-Type apart.
func readType(v string) (kind string, params []param) {
	parts := splitOutsideQuotes(v, ';')
	kind = strings.Trim(parts[0], " \t\r\n")
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(part, "=")
		name, value = strings.Trim(name, " \t\r\n"), strings.Trim(value, " \t\r\n")
		if name != "" && len(params) < maxParams {
			params = append(params, param{name, value})
		}
	}
	return kind, params
}

func splitOutsideQuotes(s string, at byte) []string {
	var out []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == at && !quoted:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// isToken reports whether a value needs no quotes (RFC 2045 §5.1).
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?=`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// contentTypeEdits proposes the ways to write a Content-Type, and those of the
// parts: a list server that wraps a message moves the field into the part.
func contentTypeEdits(p *proposals, m *message.Message) {
	put := func(s string) { p.propose(HeaderNormalised, s) }
	kind, params := readType(string(p.value))
	seps := []string{"; ", ";"}
	if p.s.p.HeaderCanon == dkim.Simple {
		seps = []string{"; ", ";\r\n\t", ";\r\n ", ";", ";\r\n        ", ";\r\n    "}
	}
	same := func(v string) string { return v }
	bare := func(v string) string {
		if u := unquote(v); isToken(u) {
			return u
		}
		return v
	}
	all := func(v string) string { return `"` + unquote(v) + `"` }
	only := func(name string) func([]param) []param {
		return func(ps []param) []param {
			var out []param
			for _, x := range ps {
				if !strings.EqualFold(x.name, name) {
					out = append(out, x)
				}
			}
			return out
		}
	}
	with := func(x param, first bool) func([]param) []param {
		return func(ps []param) []param {
			if first {
				return append([]param{x}, ps...)
			}
			return append(append([]param(nil), ps...), x)
		}
	}
	set := func(name, value string) func([]param) []param {
		return func(ps []param) []param {
			out := append([]param(nil), ps...)
			for i := range out {
				if strings.EqualFold(out[i].name, name) {
					if strings.HasPrefix(out[i].value, `"`) {
						out[i].value = `"` + value + `"`
					} else {
						out[i].value = value
					}
					return out
				}
			}
			return nil
		}
	}
	changes := []func([]param) []param{func(ps []param) []param { return ps }}
	text := strings.HasPrefix(strings.ToLower(kind), "text/")
	has := func(name string) bool { return len(only(name)(params)) != len(params) }
	for _, x := range params {
		if !strings.EqualFold(x.name, "boundary") {
			changes = append(changes, only(x.name))
		}
	}
	if len(params) > 1 {
		changes = append(changes, func(ps []param) []param {
			out := make([]param, len(ps))
			for i := range ps {
				out[len(ps)-1-i] = ps[i]
			}
			return out
		}, func(ps []param) []param { return append(append([]param(nil), ps[1:]...), ps[0]) },
			func(ps []param) []param { return append([]param{ps[len(ps)-1]}, ps[:len(ps)-1]...) })
	}
	if text && !has("format") {
		changes = append(changes, with(param{"format", "flowed"}, false), with(param{"format", "flowed"}, true),
			func(ps []param) []param {
				return append(append([]param(nil), ps...), param{"format", "flowed"}, param{"delsp", "yes"})
			})
	}
	if text && !has("charset") {
		for _, n := range charsetNames {
			changes = append(changes, with(param{"charset", n}, true))
		}
	}
	if has("charset") {
		for _, n := range charsetNames {
			changes = append(changes, set("charset", n))
		}
	}
	write := func(kind string, ps []param, quoting func(string) string, sep string) string {
		var b strings.Builder
		b.WriteString(kind)
		for _, x := range ps {
			b.WriteString(sep + x.name + "=" + quoting(x.value))
		}
		return b.String()
	}
	quotings := []func(string) string{same, bare, all}
	for _, v := range partTypes(m) {
		put(v)
	}
	// One thing at a time first.
	for _, q := range quotings {
		put(write(kind, params, q, "; "))
	}
	for _, change := range changes[1:] {
		if ps := change(params); ps != nil {
			put(write(kind, ps, same, "; "))
		} else if len(params) == 1 {
			put(kind)
		}
	}
	put(write(kind, params, same, ";"))
	for _, v := range partTypes(m) {
		k, ps := readType(v)
		for _, q := range quotings {
			put(write(k, ps, q, "; "))
		}
	}
	for _, change := range changes {
		for _, sep := range seps {
			for _, q := range quotings {
				if ps := change(params); ps != nil || len(params) == 0 {
					put(write(kind, ps, q, sep))
				} else if len(params) == 1 {
					put(kind)
				}
			}
		}
	}
	lower := func(ps []param) []param {
		out := append([]param(nil), ps...)
		for i := range out {
			out[i].name = strings.ToLower(out[i].name)
			if out[i].name == "charset" {
				out[i].value = strings.ToLower(out[i].value)
			}
		}
		return out
	}
	upper := func(ps []param) []param {
		out := append([]param(nil), ps...)
		for i := range out {
			if strings.EqualFold(out[i].name, "charset") {
				out[i].value = strings.ToUpper(out[i].value)
			}
		}
		return out
	}
	for _, k := range []string{kind, strings.ToLower(kind), strings.ToUpper(kind), titleType(kind)} {
		for _, ps := range [][]param{params, lower(params), upper(params)} {
			for _, q := range quotings {
				put(write(k, ps, q, "; "))
				put(write(k, ps, q, ";"))
			}
		}
	}
	put(string(p.value) + ";")
	put(strings.TrimRight(string(p.value), "; "))
}

// titleType writes TEXT/plain as Text/Plain.
func titleType(s string) string {
	b := []byte(strings.ToLower(s))
	for i := range b {
		if (i == 0 || b[i-1] == '/') && 'a' <= b[i] && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

// partTypes returns the Content-Type fields of the first parts, as written.
func partTypes(m *message.Message) []string {
	var out []string
	for _, part := range splitParts(m) {
		if v := part.get("Content-Type"); v != "" && !part.top && len(out) < 6 && len(v) < 1000 {
			out = append(out, v)
		}
	}
	return out
}

// transferEncodings are the values of Content-Transfer-Encoding as they are
// written.
var transferEncodings = []string{
	"8bit", "quoted-printable", "7bit", "base64", "8BIT", "7BIT", "QUOTED-PRINTABLE", "BASE64", "binary", "Quoted-Printable", "Base64", "8Bit", "7Bit",
}

func transferEncodingEdits(p *proposals, m *message.Message) {
	for _, part := range splitParts(m) {
		if v := part.get("Content-Transfer-Encoding"); v != "" && !part.top {
			p.propose(MIMEReencoded, v)
			break
		}
	}
	for _, v := range transferEncodings {
		p.propose(MIMEReencoded, v)
	}
}
