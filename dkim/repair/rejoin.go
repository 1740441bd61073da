package repair

import (
	"bytes"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
)

// Servers break lines that are longer than SMTP allows (RFC 5321 §4.5.3.1.6: 998
// octets), wherever that falls: Postfix puts CRLF and a blank in, Sendmail "!" in
// front of that. In a header field the rest looks like a folded line, and the
// blank stands inside a word or an identifier.

// Lines that were broken are about as long.
const (
	brokenFrom = 900
	brokenTo   = 2_048
	maxRejoins = 8
)

// rejoinEdits proposes the field with such breaks undone: all, then each; and where
// the field was folded again since, without one blank near the place, and without
// blanks inside identifiers.
func rejoinEdits(p *proposals) {
	if len(p.value) < brokenFrom {
		return
	}
	field := p.name + ":" + string(p.lead) + string(p.value)
	p.stream(0)
	for k, joined := range rejoined(field) {
		by := "Postfix"
		if k == 1 {
			by = "Sendmail"
		}
		p.fieldBy(by, Refold, p.name, "", joined[len(p.name)+1:])
	}
	flat := unfold(field)
	for at := 998 - 8; at < len(flat) && at <= 998+2; at++ {
		if isWSP(flat[at]) {
			p.field(Refold, p.name, "", flat[len(p.name)+1:at]+flat[at+1:])
		}
	}
	if whole := withoutInner(flat); whole != flat {
		p.field(Refold, p.name, "", whole[len(p.name)+1:])
	}
	p.stream(0)
}

// rejoined returns a field with the breaks of overlong lines undone.
func rejoined(field string) []string {
	lines := strings.Split(strings.ReplaceAll(field, "\r\n", "\n"), "\n")
	var at []int
	for i := 1; i < len(lines); i++ {
		if n := len(lines[i-1]); n >= brokenFrom && n <= brokenTo && len(lines[i]) > 0 && isWSP(lines[i][0]) {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return nil
	}
	join := func(which func(i int) bool, mark string) string {
		var b strings.Builder
		for i, line := range lines {
			switch {
			case i == 0:
			case which(i):
				line = line[1:]
			default:
				b.WriteString("\r\n")
			}
			if mark != "" && i+1 < len(lines) && which(i+1) {
				line = strings.TrimSuffix(line, mark)
			}
			b.WriteString(line)
		}
		return b.String()
	}
	all := func(i int) bool {
		for _, k := range at {
			if k == i {
				return true
			}
		}
		return false
	}
	out := []string{join(all, ""), join(all, "!")}
	if len(at) > 1 {
		for _, k := range at[:min(len(at), maxRejoins)] {
			out = append(out, join(func(i int) bool { return i == k }, ""))
		}
	}
	return out
}

// withoutInner takes the blanks out that stand between "<" and ">".
func withoutInner(s string) string {
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			break
		}
		end := strings.IndexByte(s[i:], '>')
		if end < 0 {
			break
		}
		b.WriteString(s[:i])
		b.WriteString(strings.NewReplacer(" ", "", "\t", "").Replace(s[i : i+end]))
		s = s[i+end:]
	}
	b.WriteString(s)
	return b.String()
}

// rejoinSignature does the same to the field of the signature.
func (s *headerSearch) rejoinSignature() {
	field := string(bytes.TrimRight(s.m.Bytes(s.p.Field), "\r\n"))
	if len(field) < brokenFrom || len(field) > 16<<10 {
		return
	}
	for _, joined := range rejoined(field) {
		_, rest, _ := strings.Cut(joined, ":")
		tags, err := dkim.ParseTags(rest)
		if err != nil || len(tags) != len(s.p.Tags) {
			continue
		}
		s.add(4, slot{len(s.entries) - 1, dkim.AppendSignature(nil, s.p.HeaderCanon, []byte(joined), tags), Refold, ""})
	}
}
