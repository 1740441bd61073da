package repair

import (
	"bytes"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
)

// spacingEdits proposes, for simple canonicalization, other folding, blanks
// after the colon and letter case of the name.
func spacingEdits(p *proposals) {
	v := string(p.value)
	folds := foldings(len(p.name)+1+len(p.lead), v)
	if strings.Contains(v, "\n") {
		for _, s := range folds[:min(len(folds), 3)] {
			p.propose(Refold, s)
		}
	}
	p.stream(1)
	names := nameForms(p.name, p.s.entries[p.entry].name)
	for _, name := range names[:3] {
		p.field(Refold, name, string(p.lead), v)
	}
	for _, lead := range []string{" ", ""} {
		p.field(Refold, p.name, lead, v)
	}
	p.stream(4)
	p.dense()
	for _, s := range folds {
		p.propose(Refold, s)
	}
	p.stream(10)
	for _, name := range names[3:] {
		p.field(Refold, name, string(p.lead), v)
	}
	for _, lead := range []string{"  ", "\t", "\r\n ", "\r\n\t"} {
		p.field(Refold, p.name, lead, v)
	}
	p.propose(Refold, v+" ")
}

// nameForms are the ways to write the name of a field.
func nameForms(name, signed string) []string {
	title := []byte(strings.ToLower(name))
	for i := range title {
		if (i == 0 || title[i-1] == '-') && 'a' <= title[i] && title[i] <= 'z' {
			title[i] -= 'a' - 'A'
		}
	}
	t := string(title)
	acronyms := strings.NewReplacer("Mime-", "MIME-", "-Id", "-ID", "Dkim-", "DKIM-")
	return []string{t, acronyms.Replace(t), signed, strings.ToLower(name), strings.ToUpper(name), strings.Replace(t, "-Id", "-id", 1)}
}

// foldings returns a value unfolded, and folded as relays do.
func foldings(column int, v string) []string {
	var out []string
	flat := unfold(v)
	out = append(out, flat)
	if flat != v {
		out = append(out, strings.NewReplacer("\r\n\t", " ", "\n\t", " ", "\r\n ", " ", "\n ", " ").Replace(v))
		out = append(out, strings.NewReplacer("\r\n\t", "", "\n\t", "", "\r\n ", "", "\n ", "").Replace(v))
		for _, blank := range foldBlanks {
			out = append(out, reblank(v, blank))
		}
	}
	words := strings.Split(strings.Join(strings.Fields(flat), " "), " ")
	if len(words) < 2 || len(words) > 500 {
		return out
	}
	for _, blank := range foldBlanks {
		for _, width := range foldWidths {
			out = append(out, fill(column, words, "", blank, width))
		}
	}
	for _, blank := range foldBlanks {
		out = append(out, strings.Join(words, "\r\n"+blank))
		// After each separator.
		out = append(out, strings.NewReplacer("; ", ";\r\n"+blank, ", ", ",\r\n"+blank).Replace(flat))
	}
	return out
}

// unfold takes the line ends out (RFC 5322 §2.2.3).
func unfold(v string) string { return strings.NewReplacer("\r\n", "", "\n", "").Replace(v) }

// reblank puts other blanks at the beginning of each folded line.
func reblank(v, blank string) string {
	lines := strings.Split(strings.ReplaceAll(v, "\r\n", "\n"), "\n")
	for i := 1; i < len(lines); i++ {
		lines[i] = blank + strings.TrimLeft(lines[i], " \t")
	}
	return strings.Join(lines, "\r\n")
}

// respaced proposes, for simple canonicalization, that a relay did the same to
// all fields, the signature included, or that it folded the signature again.
func (s *headerSearch) respaced() {
	last := len(s.entries) - 1
	field := s.m.Bytes(s.p.Field)
	signature := func(change func(name, lead, value string) string) slot {
		return slot{last, s.signature(change), Refold, ""}
	}
	each := func(change func(name, lead, value string) string) {
		var slots []slot
		for n := range s.entries[:last] {
			if e := &s.entries[n]; e.field >= 0 {
				name, lead, value := splitField(s.m.Bytes(e.field))
				slots = append(slots, slot{n, s.canonical(change(name, lead, value)), Refold, ""})
			}
		}
		s.add(8, append([]slot(nil), slots...)...)
		sig := signature(change)
		if sig.canon != nil {
			s.add(8, append(slots, sig)...)
			s.add(12, sig)
		}
	}
	if len(field) > 16<<10 {
		return
	}
	each(func(name, lead, v string) string { return name + ":" + lead + unfold(v) })
	for _, blank := range foldBlanks {
		each(func(name, lead, v string) string { return name + ":" + lead + reblank(v, blank) })
	}
	for _, l := range []string{" ", ""} {
		each(func(name, _, v string) string { return name + ":" + l + v })
	}
	for k := range nameForms("x", "x") {
		if k == 2 {
			continue
		}
		each(func(name, lead, v string) string { return nameForms(name, name)[k] + ":" + lead + v })
	}
	for _, width := range foldWidths {
		each(func(name, lead, v string) string {
			return name + ":" + lead + fill(len(name)+1+len(lead), strings.Fields(v), "", "\t", width)
		})
	}
}

// signature returns the field of the signature as hashed, changed; nil where
// it does not hold what it held.
func (s *headerSearch) signature(change func(name, lead, value string) string) []byte {
	name, lead, value := splitField(s.m.Bytes(s.p.Field))
	field := change(name, lead, value)
	_, rest, _ := strings.Cut(field, ":")
	tags, err := dkim.ParseTags(rest)
	if err != nil || len(tags) != len(s.p.Tags) {
		return nil
	}
	return dkim.AppendSignature(nil, s.p.HeaderCanon, []byte(field), tags)
}

// splitField splits a field into name, blanks after the colon, and value.
func splitField(field []byte) (name, lead, value string) {
	n, v, _ := bytes.Cut(field, []byte(":"))
	v = trimLineEnd(v)
	rest := bytes.TrimLeft(v, " \t")
	return string(n), string(v[:len(v)-len(rest)]), string(bytes.TrimRight(rest, " \t\r\n"))
}
