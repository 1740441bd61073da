package repair

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// reencoded writes parts in another transfer encoding, or in another style of
// the same.
func (s *bodySearch) reencoded() *Change {
	leaves := s.encodedLeaves()
	all := make([]styled, 0, len(leaves))
	for _, q := range leaves {
		text, ok := decodePart(q.cte, s.raw[q.bodyAt:q.end])
		if !ok || !s.afford(0, 2*len(text)) {
			continue
		}
		all = append(all, styled{q, crlfText(text, q)})
	}
	// One part, or all of them the same way: what a relay does to one, it does
	// to all that have that encoding.
	sets := [][]styled{}
	if len(all) > 1 {
		sets = append(sets, all)
		for _, cte := range []string{"base64", "quoted-printable", "8bit"} {
			var same []styled
			for _, x := range all {
				if x.q.cte == cte {
					same = append(same, x)
				}
			}
			if len(same) > 1 && len(same) < len(all) {
				sets = append(sets, same)
			}
		}
	}
	for _, x := range all {
		sets = append(sets, []styled{x})
	}
	// A relay that makes 8bit 7bit says so in the parts around as well.
	if c := s.containers(nil, "the transfer encoding of a multipart was changed to %s"); c != nil {
		return c
	}
	for _, set := range sets {
		styles := s.stylesFor(set[0].q, set[0].text)
		main := mainStyles(styles)
		for _, st := range styles {
			for ends := range 3 {
				if ends > 0 && (set[0].q.top && st.cte != "base64" || !slices.Contains(main, st)) {
					break
				}
				for form := range headerForms {
					if form > 0 && (set[0].q.top || st.cte == canonicalCTE(set[0].q.cte) || !slices.Contains(main, st)) {
						break
					}
					if s.over() {
						return nil
					}
					patches := make([]patch, 0, len(set))
					for _, x := range set {
						patches = append(patches, s.rewrite(x.q, x.text, st, form, ends))
					}
					if s.fits(patches...) {
						return describeRecoding(set, st)
					}
					if st == plainStyle && ends == 0 && form < 2 {
						if c := s.containers(patches, ""); c != nil {
							c := describeRecoding(set, st)
							c.Description += ", and the parts around it say so"
							return c
						}
					}
				}
			}
		}
	}
	return nil
}

// containers writes the transfer encoding of the multiparts inside the message
// again, beside other patches: 7bit was 8bit, or the field was not there. RFC 2045
// §6.4 has a multipart say 8bit where something in it is.
func (s *bodySearch) containers(with []patch, what string) *Change {
	for _, to := range [...]string{"8bit", "", "8BIT", "binary", "7bit"} {
		patches := append([]patch(nil), with...)
		from := ""
		for i := range s.parts {
			q := &s.parts[i]
			if q.top || !q.multipart {
				continue
			}
			start, end := q.find("Content-Transfer-Encoding")
			if start < 0 || strings.EqualFold(q.cte, to) && to != "8BIT" || q.cte != "7bit" && to != "7bit" {
				continue
			}
			name, _, _ := strings.Cut(q.header[start:end], ":")
			line := name + ": " + to + "\r\n"
			if to == "" {
				line = ""
			}
			from = q.cte
			patches = append(patches, patch{q.headerAt, q.bodyAt, []byte(q.header[:start] + line + q.header[end:] + "\r\n")})
		}
		if len(patches) == len(with) {
			continue
		}
		if s.fits(patches...) {
			c := &Change{Kind: MIMEReencoded}
			if what != "" {
				c.Description = fmt.Sprintf(what, from)
			}
			return c
		}
	}
	return nil
}

// cost is what writing n bytes of text in a style counts for, beside hashing
// them.
func (s style) cost(n int) int {
	switch s.cte {
	case "base64":
		return n
	case "quoted-printable":
		return 4 * n
	}
	return n / 4
}

type styled struct {
	q    *part
	text []byte
}

// encodedLeaves are the parts whose encoding a relay may have changed: first
// those that are encoded now.
func (s *bodySearch) encodedLeaves() []*part {
	var encoded []*part
	for i := range s.parts {
		q := &s.parts[i]
		if q.multipart || q.bodyAt >= q.end {
			continue
		}
		switch q.cte {
		case "base64", "quoted-printable":
			encoded = append(encoded, q)
		case "", "7bit", "8bit", "binary":
			if q.isText() {
				encoded = append(encoded, q)
			}
		}
	}
	return encoded
}

func canonicalCTE(cte string) string {
	switch cte {
	case "", "7bit", "8bit", "binary":
		return "8bit"
	}
	return cte
}

// stylesFor returns the styles in which a part may have been written, the
// likelier first. The one it is written in is first of its encoding.
func (s *bodySearch) stylesFor(q *part, text []byte) []style {
	var out []style
	now := canonicalCTE(q.cte)
	own := func(styles []style) []style {
		raw := bytes.TrimRight(s.raw[q.bodyAt:q.end], "\r\n")
		if canonicalCTE(q.cte) != styles[0].cte || !s.afford(0, 2*len(raw)) {
			return styles
		}
		for i, st := range styles {
			if i > 0 && len(raw) > 64<<10 {
				break
			}
			if bytes.Equal(raw, bytes.TrimRight(st.encode(nil, text), "\r\n")) {
				return append([]style{st}, slices.Delete(slices.Clone(styles), i, i+1)...)
			}
		}
		return styles
	}
	qp, b64 := own(qpStyles), own(base64Styles)
	if len(text) > 256<<10 {
		qp, b64 = qp[:3], b64[:4]
	}
	isText := q.isText()
	switch now {
	case "8bit":
		out = append(append(append(out, qp...), b64...), plainStyle)
	case "base64":
		if isText {
			out = append(append(append(out, plainStyle), b64...), qp...)
		} else {
			out = b64
		}
	default:
		out = append(append(append(out, plainStyle), qp...), b64...)
	}
	return out
}

// headerForms is in how many ways the header of a part that gets another
// encoding is tried: in place, 7bit or without the field, after Content-Type.
const headerForms = 3

// rewrite returns the patch that writes a part with other text or in another
// style. ends chooses the line ends after it.
func (s *bodySearch) rewrite(q *part, text []byte, st style, form, ends int) patch {
	raw := s.raw[q.bodyAt:q.end]
	s.afford(0, st.cost(len(text)))
	content := make([]byte, 0, len(text)+len(text)/2+16)
	bare := bytes.TrimRight(text, "\r\n")
	if st.cte == "base64" {
		switch ends {
		case 1:
			text = bare
		case 2:
			text = append(slices.Clip(bare), crlf...)
		}
		content = st.encode(content, text)
		// What follows the last group stays as it is.
		if canonicalCTE(q.cte) == "base64" {
			content = append(content, raw[len(bytes.TrimRight(raw, "\r\n")):]...)
		} else if bytes.HasSuffix(raw, crlf) {
			content = append(content, crlf...)
		}
	} else {
		switch ends {
		case 1:
			if len(bare) == len(text) && canonicalCTE(q.cte) != "base64" {
				text = append(slices.Clip(bare), crlf...)
			} else {
				text = bare
			}
		case 2:
			text = append(slices.Clip(bare), "\r\n\r\n"...)
		}
		content = st.encode(content, text)
	}
	content = append(content, crlf...)
	if q.top {
		return patch{q.bodyAt, q.next, content}
	}
	if canonicalCTE(q.cte) == st.cte {
		return patch{q.bodyAt, q.next, content}
	}
	data := append([]byte(partHeader(q, st.cte, plainASCII(string(text)), form)), crlf...)
	return patch{q.headerAt, q.next, append(data, content...)}
}

// partHeader returns the header of a part with another transfer encoding.
func partHeader(q *part, cte string, ascii bool, form int) string {
	start, end := q.find("Content-Transfer-Encoding")
	if cte == "8bit" && ascii {
		cte = "7bit"
	}
	line := "Content-Transfer-Encoding: " + cte + "\r\n"
	if start < 0 {
		return q.header + line
	}
	old := q.header[start:end]
	switch form {
	case 1:
		if cte == "8bit" || cte == "7bit" {
			return q.header[:start] + q.header[end:]
		}
		line = "Content-Transfer-Encoding: " + strings.ToUpper(cte) + "\r\n"
		return q.header[:start] + line + q.header[end:]
	case 2:
		rest := q.header[:start] + q.header[end:]
		other := part{header: rest}
		if _, at := other.find("Content-Type"); at >= 0 {
			return rest[:at] + line + rest[at:]
		}
		return line + rest
	}
	name, _, _ := strings.Cut(old, ":")
	return q.header[:start] + name + ": " + cte + "\r\n" + q.header[end:]
}

func describeRecoding(set []styled, st style) *Change {
	q := set[0].q
	what := "the body"
	switch {
	case len(set) > 1:
		what = fmt.Sprintf("%d parts", len(set))
	case !q.top:
		what = "the " + boundText([]byte(q.kind), 60) + " part"
	}
	c := &Change{Kind: MIMEReencoded}
	now := canonicalCTE(q.cte)
	if now == st.cte {
		c.Description = fmt.Sprintf("%s was encoded again in %s, with other line lengths or other characters encoded", what, now)
	} else {
		c.Description = fmt.Sprintf("%s was encoded from %s to %s", what, st.cte, now)
	}
	return c
}

// charsets converts text parts back to the charset they may have had.
func (s *bodySearch) charsets() *Change {
	for i := range s.parts {
		q := &s.parts[i]
		if !q.isText() || q.end-q.bodyAt > 1<<20 {
			continue
		}
		text, ok := decodePart(q.cte, s.raw[q.bodyAt:q.end])
		if !ok || plainASCII(string(text)) {
			continue
		}
		charset := q.charset
		if charset == "" {
			charset = "utf-8"
		}
		utf, ok := toUTF8(crlfText(text, q), charset)
		if !ok {
			continue
		}
		for _, to := range charsetNames {
			if strings.EqualFold(to, charset) || to == "utf8" {
				continue
			}
			b, ok := fromUTF8(string(utf), to)
			if !ok || bytes.Equal(b, text) {
				continue
			}
			for _, st := range []style{plainStyle, qpStyles[0], qpStyles[1], base64Styles[0], qpStyles[2], base64Styles[1]} {
				for ends := range 3 {
					if s.over() {
						return nil
					}
					x := s.rewrite(q, b, st, 0, ends)
					if !q.top {
						header := strings.TrimSuffix(string(x.data[:len(x.data)-len(contentOf(x, q))]), "\r\n")
						if x.from == q.bodyAt {
							header = q.header
						}
						named, ok := renameCharset(header, to)
						if !ok {
							break
						}
						x = patch{q.headerAt, q.next, append([]byte(named+"\r\n"), contentOf(x, q)...)}
					} else if charsetSeen(to) {
						break // the name is not in the body; once is enough
					}
					if s.fits(x) {
						return &Change{
							Kind:        MIMEReencoded,
							Description: fmt.Sprintf("the charset of the text was changed from %s to %s", to, charset),
						}
					}
				}
			}
		}
	}
	return nil
}

// charsetSeen reports whether a name is a second writing of a charset.
func charsetSeen(name string) bool {
	for _, n := range charsetNames {
		if strings.EqualFold(n, name) {
			return n != name
		}
	}
	return false
}

// contentOf returns what a patch writes after the header of the part.
func contentOf(x patch, q *part) []byte {
	if x.from == q.bodyAt {
		return x.data
	}
	if i := bytes.Index(x.data, []byte("\r\n\r\n")); i >= 0 {
		return x.data[i+4:]
	}
	return x.data
}

// renameCharset puts another charset into the Content-Type of a part header.
func renameCharset(header, charset string) (string, bool) {
	lower := mailname.Lower(header)
	i := strings.Index(lower, "charset=")
	if i < 0 {
		return "", false
	}
	i += len("charset=")
	end := i
	if i < len(header) && header[i] == '"' {
		i++
		if k := strings.IndexByte(header[i:], '"'); k >= 0 {
			end = i + k
		} else {
			return "", false
		}
	} else if k := strings.IndexAny(header[i:], "; \t\r\n"); k >= 0 {
		end = i + k
	} else {
		end = len(header)
	}
	return header[:i] + charset + header[end:], true
}

// linked makes the links of protection services what they were, in all text
// parts and in each.
func (s *bodySearch) linked() *Change {
	type linkedText struct {
		q    *part
		text []byte
	}
	for _, how := range unwrappings {
		if s.over() {
			return nil
		}
		var all []linkedText
		wrapped, link := "", ""
		for i := range s.parts {
			q := &s.parts[i]
			if !q.isText() || q.end-q.bodyAt > 4<<20 {
				continue
			}
			text, ok := decodePart(q.cte, s.raw[q.bodyAt:q.end])
			if !ok || !s.afford(0, 2*len(text)) {
				continue
			}
			h := how
			if q.kind != "text/html" {
				h.amp = false
			}
			if out, a, b := unwrapLinks(crlfText(text, q), h); out != nil {
				all = append(all, linkedText{q: q, text: out})
				if wrapped == "" {
					wrapped, link = a, b
				}
			}
		}
		if len(all) == 0 {
			return nil
		}
		found := func(n int) *Change {
			return &Change{
				Kind: LinkRewrite, Text: boundText([]byte(wrapped), MaxChangeText),
				Description: fmt.Sprintf("links were rewritten: %s is %s now", quoteText([]byte(link)), quoteText([]byte(wrapped))),
			}
		}
		sets := [][]linkedText{all}
		if len(all) > 1 {
			sets = append(sets, all[:1], all[len(all)-1:])
		}
		for _, set := range sets {
			for _, st := range s.stylesFor(set[0].q, set[0].text) {
				for ends := range 2 {
					patches := make([]patch, 0, len(set))
					for _, x := range set {
						as := st
						if canonicalCTE(x.q.cte) == "8bit" && st.cte == canonicalCTE(set[0].q.cte) {
							as = plainStyle
						} else if as.cte != canonicalCTE(x.q.cte) && st.cte == canonicalCTE(set[0].q.cte) {
							as = s.stylesOf(canonicalCTE(x.q.cte))
						}
						patches = append(patches, s.rewrite(x.q, x.text, as, 0, ends))
					}
					if s.fits(patches...) {
						return found(len(set))
					}
					if ends == 0 && st.cte != "base64" && set[0].q.top {
						break
					}
				}
			}
		}
	}
	return nil
}

// stylesOf returns the usual style of an encoding.
func (s *bodySearch) stylesOf(cte string) style {
	switch cte {
	case "base64":
		return base64Styles[0]
	case "quoted-printable":
		return qpStyles[0]
	}
	return plainStyle
}
