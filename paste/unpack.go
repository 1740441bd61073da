package paste

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unpack takes off one layer: a text that is an encoding of the text that is
// meant. more is false where there is none.
func (w *work) unpack(text []byte) (out []byte, more bool) {
	if len(text) > maxDecoded {
		return text, false
	}
	for _, try := range []func([]byte) []byte{w.wide, w.json, w.literal, w.page, w.base64, w.quotedPrintable} {
		if out := try(text); out != nil && len(out) <= maxDecoded {
			return out, true
		}
	}
	return text, false
}

// wide reads UTF-16, by its byte order mark or by the zeros of Latin letters.
func (w *work) wide(text []byte) []byte {
	if len(text) < 4 {
		return nil
	}
	var order binary.ByteOrder
	name := ""
	switch {
	case text[0] == 0xff && text[1] == 0xfe:
		order, name, text = binary.LittleEndian, "UTF-16, little-endian", text[2:]
	case text[0] == 0xfe && text[1] == 0xff:
		order, name, text = binary.BigEndian, "UTF-16, big-endian", text[2:]
	default:
		zeros := [2]int{}
		head := text[:min(len(text), 512)&^1]
		for i, c := range head {
			if c == 0 {
				zeros[i&1]++
			}
		}
		switch half := len(head) / 2; {
		case zeros[1]*10 >= half*8 && zeros[0]*10 <= half:
			order, name = binary.LittleEndian, "UTF-16, little-endian, without a byte order mark"
		case zeros[0]*10 >= half*8 && zeros[1]*10 <= half:
			order, name = binary.BigEndian, "UTF-16, big-endian, without a byte order mark"
		default:
			return nil
		}
	}
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = order.Uint16(text[2*i:])
	}
	out := make([]byte, 0, len(units))
	sure := len(text)%2 == 0
	for _, r := range utf16.Decode(units) {
		sure = sure && r != utf8.RuneError
		out = utf8.AppendRune(out, r)
	}
	w.note(Encoding, 1, sure, "the text was "+name)
	return out
}

// someFields reports whether a text holds at least two fields of a header at
// the start of lines.
func someFields(text []byte, least int) bool {
	n := 0
	for len(text) > 0 && n < least {
		i := bytes.IndexByte(text, '\n')
		l := text
		if i >= 0 {
			l, text = text[:i], text[i+1:]
		} else {
			text = nil
		}
		if classify(bytes.TrimLeft(l, " \t>|*")) >= standard {
			n++
		}
	}
	return n >= least
}

// base64 reads the longest block of base64 in a text without a header. Where it
// holds a message it is what is meant.
func (w *work) base64(text []byte) []byte {
	if someFields(text[:min(len(text), maxHead)], 2) {
		return nil
	}
	var block, best []byte
	for rest := text; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		l := rest
		if i >= 0 {
			l, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		l = bytes.TrimSpace(l)
		l = bytes.TrimLeft(l, "> \"'")
		l = bytes.TrimRight(l, "\"'\\")
		if i := bytes.Index(l, []byte(";base64,")); i >= 0 {
			l = l[i+len(";base64,"):]
		}
		if len(l) == 0 || !isBase64(l) {
			block = nil
			continue
		}
		block = append(block, l...)
		if len(block) > len(best) {
			best = block
		}
	}
	if len(best) < 64 {
		return nil
	}
	best = bytes.TrimRight(best, "=")
	enc := base64.RawStdEncoding
	if bytes.ContainsAny(best, "-_") {
		enc = base64.RawURLEncoding
	}
	exact := true
	if len(best)%4 == 1 { // cut
		best, exact = best[:len(best)-1], false
	}
	out := make([]byte, enc.DecodedLen(len(best)))
	n, err := enc.Decode(out, best)
	if err != nil {
		return nil
	}
	out = out[:n]
	if !someFields(out, 2) && (&work{}).wide(out) == nil {
		return nil
	}
	w.note(Encoding, 1, exact, "the text was base64")
	return out
}

func isBase64(b []byte) bool {
	for i, c := range b {
		switch {
		case isLetter(c), '0' <= c && c <= '9', c == '+', c == '/', c == '-', c == '_':
		case c == '=' && i >= len(b)-2:
		default:
			return false
		}
	}
	return true
}

// json reads a header out of JSON: a text that holds one, or a list of names and
// values as the interfaces of mail services give it.
func (w *work) json(text []byte) []byte {
	t := bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	if len(t) < 2 || !(t[0] == '{' || t[0] == '[' || t[0] == '"') {
		return nil
	}
	var v any
	if json.Unmarshal(t, &v) != nil {
		return nil
	}
	var fields []byte
	n := pairs(v, &fields, 0)
	if n >= 2 {
		w.note(Container, n, false, "names and values stood in a list of JSON")
		return fields
	}
	if s := longestText(v, 0); s != "" && someFields([]byte(s), 2) {
		w.note(Container, 1, true, "the text was a string of JSON")
		return []byte(s)
	}
	if s := longestText(v, 0); len(s) >= 64 && isBase64([]byte(s)) {
		w.note(Container, 1, true, "the text was a string of JSON")
		return []byte(s)
	}
	return nil
}

const maxNested = 12

// pairs writes down the fields of the first list of names and values.
func pairs(v any, out *[]byte, depth int) int {
	if depth > maxNested {
		return 0
	}
	switch v := v.(type) {
	case []any:
		n := 0
		for _, e := range v {
			if m, ok := e.(map[string]any); ok {
				name, value, ok := pair(m)
				if ok && !strings.ContainsAny(name, " \t\r\n:") {
					*out = append(*out, name+": "+unbroken(value)+"\n"...)
					n++
				}
			} else if l, ok := e.([]any); ok && len(l) == 2 {
				name, ok1 := l[0].(string)
				value, ok2 := l[1].(string)
				if ok1 && ok2 && name != "" && classOf([]byte(name), true) != noField {
					*out = append(*out, name+": "+unbroken(value)+"\n"...)
					n++
				}
			}
		}
		if n >= 2 {
			return n
		}
		*out = (*out)[:0]
		for _, e := range v {
			if n := pairs(e, out, depth+1); n >= 2 {
				return n
			}
		}
	case map[string]any:
		for _, key := range []string{"internetMessageHeaders", "headers", "payload", "header", "message"} {
			if e, ok := v[key]; ok {
				if n := pairs(e, out, depth+1); n >= 2 {
					return n
				}
			}
		}
	}
	return 0
}

func pair(m map[string]any) (name, value string, ok bool) {
	for key, v := range m {
		s, isText := v.(string)
		if !isText {
			continue
		}
		switch strings.ToLower(key) {
		case "name", "key", "header":
			name = s
		case "value", "val":
			value, ok = s, true
		}
	}
	return name, value, ok && name != ""
}

// unbroken folds the line ends of a value.
func unbroken(v string) string {
	v = strings.ReplaceAll(v, "\r\n", "\n")
	lines := strings.Split(strings.Trim(v, "\n"), "\n")
	for i := 1; i < len(lines); i++ {
		if lines[i] == "" || lines[i][0] != ' ' && lines[i][0] != '\t' {
			lines[i] = " " + lines[i]
		}
	}
	return strings.Join(lines, "\n")
}

func longestText(v any, depth int) string {
	if depth > maxNested {
		return ""
	}
	best := ""
	take := func(s string) {
		if len(s) > len(best) {
			best = s
		}
	}
	switch v := v.(type) {
	case string:
		take(v)
	case []any:
		for _, e := range v {
			take(longestText(e, depth+1))
		}
	case map[string]any:
		for _, e := range v {
			take(longestText(e, depth+1))
		}
	}
	return best
}

// literal reads a text in the notation of programs, with \n and \t for line
// ends and tabs, and a cell of CSV, with every quotation mark twice.
func (w *work) literal(text []byte) []byte {
	head := text[:min(len(text), maxHead)]
	if n := escapedFields(head); n >= 2 && bytes.Count(head, []byte("\n")) < n {
		s := strings.TrimSpace(string(head))
		for _, q := range []string{`b'`, `b"`, `'`, `"`} {
			if strings.HasPrefix(s, q) {
				s = strings.TrimSuffix(s[len(q):], q[len(q)-1:])
				break
			}
		}
		w.note(Container, 1, true, `line ends were written \n`)
		return []byte(unescape(s))
	}
	t := bytes.TrimSpace(head)
	if len(t) > 2 && t[0] == '"' && classify(t[1:]) >= standard && bytes.Contains(t, []byte(`""`)) {
		end := bytes.LastIndexByte(t, '"')
		if end == 0 {
			end = len(t)
		}
		w.note(Container, 1, true, "the text was a cell of CSV")
		return bytes.ReplaceAll(t[1:end], []byte(`""`), []byte(`"`))
	}
	return nil
}

// escapedFields counts fields that begin behind a written \n.
func escapedFields(b []byte) int {
	n := 0
	for {
		i := bytes.Index(b, []byte(`\n`))
		if i < 0 {
			return n
		}
		b = b[i+2:]
		if classify(b[:min(len(b), 2*longestName)]) >= standard {
			n++
		}
	}
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case '"', '\'', '\\', '/':
			b.WriteByte(s[i])
		case 'u', 'x':
			k := 4
			if s[i] == 'x' {
				k = 2
			}
			if i+k < len(s) {
				if r, err := strconv.ParseUint(s[i+1:i+1+k], 16, 32); err == nil {
					b.WriteRune(rune(r))
					i += k
					continue
				}
			}
			b.WriteByte('\\')
			b.WriteByte(s[i])
		default:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// quotedPrintable reads "=3D" and soft line breaks, where the header shows them.
func (w *work) quotedPrintable(text []byte) []byte {
	end := min(len(text), maxHead)
	head := text[:end]
	signs := 0
	for _, s := range []string{"spf=3D", "dkim=3D", "dmarc=3D", "v=3D1", "header.from=3D", "header.d=3D", "header.i=3D", "smtp.mailfrom=3D", "client-ip=3D", "bh=3D", "boundary=3D", "charset=3D", "version=3D"} {
		signs += bytes.Count(head, []byte(s))
	}
	if signs == 0 && softBreaks(head) < 2 {
		return nil
	}
	out := make([]byte, 0, len(text))
	n, exact := 0, true
	for i := 0; i < end; i++ {
		c := head[i]
		if c != '=' {
			out = append(out, c)
			continue
		}
		switch rest := head[i+1:]; {
		case len(rest) >= 2 && isHex(rest[0]) && isHex(rest[1]):
			v, _ := strconv.ParseUint(string(rest[:2]), 16, 8)
			out = append(out, byte(v))
			i += 2
			n++
		case bytes.HasPrefix(rest, []byte("\r\n")):
			i += 2
			n++
		case bytes.HasPrefix(rest, []byte("\n")):
			i++
			n++
		default:
			out, exact = append(out, c), false
		}
	}
	if n == 0 {
		return nil
	}
	w.note(SoftBreaks, n, exact && signs > 0, "the text was quoted-printable: =3D, and = at the end of lines")
	return append(out, text[end:]...)
}

// softBreaks counts lines that end in "=" although the next one goes on with
// the same field.
func softBreaks(b []byte) int {
	n := 0
	for {
		i := bytes.Index(b, []byte("=\n"))
		j := bytes.Index(b, []byte("=\r\n"))
		switch {
		case i < 0 && j < 0:
			return n
		case i < 0 || j >= 0 && j < i:
			i = j + 1
		}
		before := b[:i]
		b = b[i+2:]
		if len(b) == 0 || b[0] == ' ' || b[0] == '\t' || b[0] == '\n' || b[0] == '\r' || bytes.HasSuffix(before, []byte("=")) || isField(b[:min(len(b), 2*longestName)]) {
			continue // the end of a signature, or a tag whose value is folded
		}
		n++
	}
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'F'
}

// unescapeHTML decodes the entities of a line, also those that were escaped twice.
func unescapeHTML(b []byte) []byte {
	for range 2 {
		if bytes.IndexByte(b, '&') < 0 {
			return b
		}
		b = []byte(html.UnescapeString(string(b)))
	}
	return b
}
