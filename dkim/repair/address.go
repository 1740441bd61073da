package repair

import (
	"bytes"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// maxAddresses bounds the addresses of one list that are taken apart.
const maxAddresses = 200

// address is one element of an address list, in its own writing.
type address struct {
	display string // with its quotes
	spec    string // addr-spec without angle brackets
	angle   bool
	rest    string // what follows the bracket, or all where it cannot be read
	raw     string
}

// splitAddresses splits a list at the commas that stand outside of quotes,
// comments and angle brackets.
func splitAddresses(s string) []address {
	var out []address
	start, comment := 0, 0
	quoted, angle := false, false
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == ',' && !quoted && !angle && comment == 0 {
			if raw := strings.Trim(s[start:i], " \t\r\n"); raw != "" {
				out = append(out, readAddress(raw))
			}
			start = i + 1
			if len(out) > maxAddresses {
				return nil
			}
			continue
		}
		switch c := s[i]; {
		case c == '\\' && (quoted || comment > 0):
			i++
		case c == '"' && comment == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			comment++
		case c == ')' && comment > 0:
			comment--
		case c == '<' && comment == 0:
			angle = true
		case c == '>':
			angle = false
		}
	}
	return out
}

func readAddress(raw string) address {
	a := address{raw: raw}
	open := strings.LastIndexByte(raw, '<')
	if open < 0 {
		a.spec = raw
		if i := strings.IndexAny(raw, " ("); i > 0 {
			a.spec, a.rest = raw[:i], raw[i:]
		}
		return a
	}
	end := strings.IndexByte(raw[open:], '>')
	if end < 0 {
		a.rest = raw
		return a
	}
	a.angle = true
	a.display = strings.TrimRight(raw[:open], " \t\r\n")
	a.spec = strings.Trim(raw[open+1:open+end], " \t\r\n")
	a.rest = raw[open+end+1:]
	return a
}

// lastAddress returns what stands between the last angle brackets, or the whole
// value.
func lastAddress(field []byte) []byte {
	v := fieldValue(field)
	if i := bytes.LastIndexByte(v, '<'); i >= 0 {
		return bytes.TrimRight(v[i+1:], ">")
	}
	return v
}

// unquote takes the quotes off a display name.
func unquote(display string) string {
	if len(display) < 2 || display[0] != '"' || display[len(display)-1] != '"' {
		return display
	}
	s := display[1 : len(display)-1]
	if !strings.ContainsRune(s, '\\') {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// quote puts quotes round a display name; an encoded word stays bare.
func quote(display string) string {
	if display == "" || display[0] == '"' || strings.HasPrefix(display, "=?") {
		return display
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(display) + `"`
}

// The ways in which relays rewrite addresses.
var (
	displays = []func(a address) string{
		func(a address) string { return a.display },
		func(a address) string {
			if s := unquote(a.display); !strings.ContainsAny(s, `()<>[]:;@\,."`) {
				return s
			}
			return a.display
		},
		func(a address) string { return quote(a.display) },
		func(a address) string { return unquote(a.display) },
		func(a address) string { // Exchange repeats the address as its name
			if strings.EqualFold(unquote(a.display), a.spec) {
				return ""
			}
			return a.display
		},
		func(a address) string { return strings.Trim(unquote(a.display), "'") },
		func(a address) string {
			if a.display == "" {
				return `"` + a.spec + `"`
			}
			return a.display
		},
	}
	bareForms  = []string{"", "bare", "angle"}
	joints     = []string{", ", ",", ",\r\n\t", ",\r\n ", ",\r\n        ", ",\r\n    ", " , ", ",  "}
	foldBlanks = []string{" ", "\t", "        ", "    "}
	foldWidths = []int{78, 76, 72, 75, 79, 80, 70, 998}
)

// write writes an address in one of those ways.
func (a address) write(display func(address) string, form string) string {
	if !a.angle && a.rest != "" || a.spec == "" {
		return a.raw
	}
	d := display(a)
	switch {
	case d != "" && a.angle:
		return d + " <" + a.spec + ">" + a.rest
	case form == "bare", form == "" && !a.angle:
		return a.spec + a.rest
	}
	return "<" + a.spec + ">" + a.rest
}

// addressEdits proposes the ways to write a list of addresses: blanks after
// commas, quotes of names, angle brackets, folding.
func addressEdits(p *proposals) {
	v := string(p.value)
	list := splitAddresses(v)
	if len(list) == 0 {
		return
	}
	put := func(s string) { p.propose(HeaderNormalised, s) }
	write := func(display func(address) string, form string) []string {
		out := make([]string, len(list))
		for i := range list {
			out[i] = list[i].write(display, form)
		}
		return out
	}
	raws := make([]string, len(list))
	for i := range list {
		raws[i] = list[i].raw
	}
	if len(list) > 1 {
		flat := make([]string, len(raws)) // with folding inside of an element taken out
		for i := range raws {
			flat[i] = strings.Join(strings.Fields(raws[i]), " ")
		}
		uniform := func(items, joints []string) {
			for _, j := range joints {
				put(strings.Join(items, j))
			}
		}
		uniform(raws, joints[:2])
		mixedJoints(raws, joints[:2], maxMixed, put)
		if p.s.p.HeaderCanon == dkim.Simple {
			uniform(raws, joints[2:4])
			p.dense()
			mixedJoints(raws, joints[:4], maxMixed, put)
		}
		p.stream(8)
		uniform(raws, joints)
		uniform(flat, joints)
		p.stream(2)
	}
	var later [][]string
	for d, display := range displays {
		for _, form := range bareForms {
			items := write(display, form)
			put(strings.Join(items, ", "))
			if len(list) > 1 && d < 3 {
				later = append(later, items)
			}
		}
	}
	for _, items := range later {
		for _, j := range joints {
			put(strings.Join(items, j))
		}
	}
	if 1 < len(list) && len(list) <= 8 {
		for i := range list {
			for _, display := range displays[1:] {
				items := append([]string(nil), raws...)
				items[i] = list[i].write(display, "")
				put(strings.Join(items, ", "))
			}
		}
	}
	if p.s.p.HeaderCanon == dkim.Simple && len(list) > 1 {
		p.stream(6)
		for _, blank := range foldBlanks {
			for _, width := range foldWidths {
				put(fill(len(p.name)+1+len(p.lead), raws, ",", blank, width))
			}
		}
	}
	// Groups, and lists that end in a comma.
	put(v + ",")
	put(v + ";")
	put(strings.TrimRight(v, ",;"))
	put(strings.ReplaceAll(v, ",", ";"))
	put(strings.ReplaceAll(v, ";", ","))
}

// maxMixed bounds the ways to join one list.
const maxMixed = 64

// mixedJoints joins items by all combinations of joints, where these are not
// too many.
func mixedJoints(items, joints []string, most int, put func(string)) {
	ways := 1
	for range items[1:] {
		if ways *= len(joints); ways > most {
			return
		}
	}
	for way := range ways {
		var b strings.Builder
		b.WriteString(items[0])
		for _, item := range items[1:] {
			b.WriteString(joints[way%len(joints)])
			b.WriteString(item)
			way /= len(joints)
		}
		put(b.String())
	}
}

// fill writes items with a comma and a blank between them, and folds before an
// item that would go beyond the width.
func fill(column int, items []string, comma, blank string, width int) string {
	var b strings.Builder
	for i, item := range items {
		if i < len(items)-1 {
			item += comma
		}
		if i > 0 {
			if column+1+len(item) > width {
				b.WriteString("\r\n" + blank)
				column = len(blank)
			} else {
				b.WriteByte(' ')
				column++
			}
		}
		b.WriteString(item)
		column += len(item)
	}
	return b.String()
}

// authorFields are where relays keep the From that they replace.
var authorFields = []string{
	"Reply-To", "X-Original-From", "X-Google-Original-From", "Original-From", "X-Original-Sender", "X-From", "Author",
	"Sender", "X-Sender", "X-MailFrom", "X-Envelope-From", "X-Old-From", "Cc", "X-Original-Return-Path", "Return-Path",
}

// authors returns the values of those fields.
func authors(m *message.Message) []string {
	var out []string
	for _, name := range append([]string{"From"}, authorFields...) {
		if i := m.First(name); i >= 0 {
			if v := m.Value(i); len(v) < 2000 {
				out = append(out, v)
			}
		}
	}
	return out
}

// maxAuthors bounds the addresses, and the names, that are put together.
const maxAuthors = 6

// fromEdits proposes what From was before it was rewritten for a list or a
// forwarder.
func fromEdits(p *proposals, m *message.Message) {
	now := strings.Join(strings.Fields(string(p.value)), " ")
	var specs, names []string
	note := func(to *[]string, s string) {
		s = strings.Trim(s, " \t\r\n")
		if s == "" || len(*to) >= maxAuthors {
			return
		}
		for _, have := range *to {
			if have == s {
				return
			}
		}
		*to = append(*to, s)
	}
	current := splitAddresses(now)
	for _, a := range current {
		for _, s := range withoutVia(a.display) {
			note(&names, s)
		}
	}
	var whole []string
	for _, name := range authorFields {
		i := m.First(name)
		if i < 0 {
			continue
		}
		v := m.Value(i)
		list := splitAddresses(v)
		if len(list) > 4 {
			list = list[len(list)-4:]
		}
		if len(v) < 2000 {
			whole = append(whole, v)
		}
		for k := len(list) - 1; k >= 0; k-- { // the author is put last, as a rule
			whole = append(whole, list[k].raw)
			note(&specs, list[k].spec)
			note(&names, list[k].display)
		}
	}
	kind := func(v string) ChangeKind {
		for _, a := range splitAddresses(v) {
			for _, b := range current {
				if a.spec == b.spec {
					return HeaderNormalised
				}
			}
		}
		return FromRewritten
	}
	for _, v := range whole {
		p.propose(kind(v), v)
	}
	for _, a := range current {
		// ann=example.com@forwarder.example, ann_at_example.com@…, "ann at example.com"
		local, _, _ := strings.Cut(a.spec, "@")
		for _, at := range []string{"=", "_at_", ".at.", "--"} {
			if i := strings.LastIndex(local, at); i > 0 {
				note(&specs, local[:i]+"@"+local[i+len(at):])
			}
		}
		for _, n := range withoutVia(a.display) {
			n = unquote(n)
			n = strings.ReplaceAll(n, " at ", "@")
			if i := strings.LastIndexAny(n, " (<"); strings.Contains(n, "@") {
				note(&specs, strings.Trim(n[i+1:], "<>()'"))
			}
		}
	}
	for _, spec := range specs {
		spec = strings.Trim(spec, "<>")
		for _, name := range names {
			name = unquote(name)
			for _, v := range []string{name + " <" + spec + ">", quote(name) + " <" + spec + ">", spec + " (" + name + ")"} {
				p.propose(kind(v), v)
			}
		}
		p.propose(kind(spec), spec)
		p.propose(kind(spec), "<"+spec+">")
	}
	// Only the name was changed.
	for _, a := range current {
		for _, name := range names {
			p.propose(HeaderNormalised, unquote(name)+" <"+a.spec+">")
			p.propose(HeaderNormalised, quote(unquote(name))+" <"+a.spec+">")
		}
	}
}

// withoutVia returns a display name, and what it was before a list put its own
// name behind it.
func withoutVia(display string) []string {
	bare := unquote(display)
	for _, mark := range []string{" via ", " (via ", " - via ", " by way of ", " (by way of ", " on behalf of ", " [via", " wrote via ", " at ", " | ", " - "} {
		if i := strings.LastIndex(bare, mark); i > 0 {
			head := strings.Trim(bare[:i], " \"")
			return []string{head, strings.Trim(head, "'"), display}
		}
	}
	return []string{display, strings.Trim(bare, "'")}
}

// rawWordEdits proposes the encoded words of an address field as the raw text that
// stood there before a relay encoded it (RFC 6532, and bytes of an 8-bit charset).
func rawWordEdits(p *proposals) {
	value := string(p.value)
	text, charsets := decodeWords(value)
	if text == value {
		return
	}
	p.stream(1)
	quoted := text
	if name, rest, ok := strings.Cut(text, " <"); ok && !strings.HasPrefix(name, `"`) {
		quoted = `"` + name + `" <` + rest
	}
	for _, v := range []string{text, quoted} {
		p.propose(HeaderNormalised, v)
		for _, charset := range append(charsets, "iso-8859-1", "windows-1252") {
			if b, ok := fromUTF8(v, charset); ok && !isUTF8(charset) {
				p.propose(HeaderNormalised, string(b))
			}
		}
	}
	p.stream(0)
}
