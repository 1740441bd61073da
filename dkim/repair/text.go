package repair

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// Bounds of the edits inside of text parts.
const (
	maxTextEdits   = 220 // of one part and kind
	maxTextPart    = 1 << 20
	maxHTMLTags    = 80 // tags from the place where text is put in HTML
	maxTextEnds    = 64 // lines at which text behind a part may begin
	maxMainStyles  = 3  // styles for each edit after the first ones
	maxFirstEdits  = 16
	maxPairs       = 24 // edits of the plain part that are combined with those of the HTML
	firstPlain     = 6  // of these in the first round
	firstHTML      = 60
	maxMarksHTML   = 4
	maxRespellings = 8
)

// textEdit is a text without what was put into it.
type textEdit struct {
	text, tail []byte // what is left, in one or two pieces
	removed    []byte
	kind       ChangeKind
}

// left appends what is left: it is put together when it is tried, and not before.
func (e *textEdit) left(b []byte) []byte { return append(append(b, e.text...), e.tail...) }

// texts takes text off the ends of text parts, as it stands and decoded.
func (s *bodySearch) texts() *Change {
	var left []byte
	for i := range s.parts {
		q := &s.parts[i]
		if !q.isText() || q.end-q.bodyAt > maxTextPart || q.bodyAt >= q.end {
			continue
		}
		raw := s.raw[q.bodyAt:q.end]
		if q.cte != "base64" && (!q.top || q.kind == "text/html") {
			for _, e := range editsOf(raw, q) {
				if s.over() {
					return nil
				}
				left = append(e.left(left[:0]), crlf...)
				if s.fits(patch{q.bodyAt, q.next, left}) {
					return s.describeText(q, e, "")
				}
			}
		}
		text, ok := decodePart(q.cte, raw)
		if !ok {
			continue
		}
		text = crlfText(text, q)
		encoded := canonicalCTE(q.cte) != "8bit"
		if q.top && (q.kind != "text/html" || encoded) {
			if c := s.encodedTails(q, text); c != nil {
				return c
			}
		}
		if !encoded && q.top && q.kind != "text/html" {
			continue // that was all
		}
		styles := s.stylesFor(q, text)
		if !encoded {
			// A list server that adds to 8bit text may have decoded it first.
			styles = styles[:len(styles)-1]
		}
		own := slices.IndexFunc(styles, func(st style) bool { return st.cte == canonicalCTE(q.cte) })
		for n, e := range editsOf(text, q) {
			use := styles
			if n >= maxFirstEdits {
				if !encoded {
					break
				}
				use = []style{styles[own], plainStyle}
			}
			if !encoded && n >= maxFirstEdits/4 {
				use = mainStyles(styles)
			}
			if s.over() {
				return nil
			}
			left = e.left(left[:0])
			for _, st := range use {
				if s.over() {
					return nil
				}
				same := st.cte == canonicalCTE(q.cte)
				for ends := range 3 {
					for form := range headerForms {
						if form > 0 && (q.top || same || n >= maxFirstEdits) {
							break
						}
						if s.fits(s.rewrite(q, left, st, form, ends)) {
							return s.describeText(q, e, st.cte)
						}
					}
					if st.cte != "base64" || !same && n >= maxFirstEdits/2 {
						break
					}
				}
			}
		}
	}
	return nil
}

// mainStyles picks the first style of each encoding.
func mainStyles(styles []style) []style {
	var out []style
	for _, st := range styles {
		if !slices.ContainsFunc(out, func(o style) bool { return o.cte == st.cte }) && len(out) < maxMainStyles {
			out = append(out, st)
		}
	}
	return out
}

// encodedTails writes the decoded body in each style that goes line by line, and
// takes lines off its end and its top.
func (s *bodySearch) encodedTails(q *part, text []byte) *Change {
	for _, st := range append([]style{plainStyle}, qpStyles...) {
		if !s.afford(0, 6*len(text)) {
			return nil
		}
		c := appendLines(nil, s.p.BodyCanon, append(st.encode(nil, text), crlf...))
		n := s.prefixes(nil, c, maxTailLines)
		var front []byte
		if n < 0 && (st == plainStyle || st == qpStyles[0]) {
			for at, k := 0, 0; k < maxFrontLines; k++ {
				nl := bytes.IndexByte(c[at:], '\n')
				if nl < 0 {
					break
				}
				at += nl + 1
				if n = s.prefixes(nil, c[at:], 1); n >= 0 {
					front, n = c[:at], at+n
					break
				}
			}
		}
		if n < 0 {
			continue
		}
		e := textEdit{kind: Footer, removed: c[n:]}
		if front != nil {
			e = textEdit{kind: Banner, removed: front}
		}
		if t, ok := decodePart(st.cte, e.removed); ok {
			e.removed = t
		}
		return s.describeText(q, e, st.cte)
	}
	return nil
}

// describeText puts an edit of a text part into words. cte is how the part was
// written.
func (s *bodySearch) describeText(q *part, e textEdit, cte string) *Change {
	text := bytes.Trim(e.removed, "\r\n")
	if cte == "" && q.cte == "quoted-printable" {
		if t, ok := decodeQuoted(text); ok {
			text = t
		}
	}
	where := "behind"
	if e.kind == Banner {
		where = "in front of"
	}
	c := &Change{
		Kind: e.kind, Text: boundText(text, MaxChangeText),
		Description: fmt.Sprintf("%s put %s the text of the %s part: %s", linesOf(text), where, boundText([]byte(q.kind), 60), quoteText(text)),
	}
	if cte != "" && cte != canonicalCTE(q.cte) {
		c.Description += fmt.Sprintf("; it was %s and is %s now", cte, canonicalCTE(q.cte))
	}
	return c
}

// editsOf returns the text of a part without what may have been put behind it
// or in front of it, the likelier first.
func editsOf(text []byte, q *part) []textEdit {
	if q.kind == "text/html" {
		return append(htmlFooters(text), htmlBanners(text)...)
	}
	return append(plainFooters(text), plainBanners(text)...)
}

// plainFooters cuts plain text at line ends, first where a rule or a blank line
// follows. What stood at the end may have been no, one or two line ends.
func plainFooters(text []byte) []textEdit {
	type cut struct{ at, rank int } // at: the end of a line, without its line end
	var cuts []cut
	end := len(bytes.TrimRight(text, "\r\n"))
	following := []byte(nil)
	for n := 0; n < maxTextEnds && end > 0; n++ {
		start := bytes.LastIndexByte(text[:end], '\n')
		line := text[start+1 : end]
		following = line
		if start < 0 {
			break
		}
		end = start
		if end > 0 && text[end-1] == '\r' {
			end--
		}
		at := end
		blank := false
		for bytes.HasSuffix(text[:at], crlf) {
			at -= 2
			blank = true
		}
		if isBlank(following) {
			continue
		}
		rank := 2
		switch {
		case isSeparator(following):
			rank = 0
		case blank:
			rank = 1
		}
		cuts = append(cuts, cut{at, rank})
	}
	slices.SortStableFunc(cuts, func(a, b cut) int { return a.rank - b.rank })
	var out []textEdit
	for _, x := range cuts {
		removed := text[x.at:]
		gap := (len(removed) - len(bytes.TrimLeft(removed, "\r\n"))) / 2
		for k := range min(gap, 3) + 1 {
			// Most often one line end: text ends in one.
			k = []int{1, 0, 2, 3}[k]
			if k > gap {
				k = 0
			}
			out = append(out, textEdit{text: text[: x.at+2*k : x.at+2*k], removed: removed, kind: Footer})
		}
	}
	return out[:min(len(out), maxTextEdits)]
}

// plainBanners cuts plain text at line starts near the top.
func plainBanners(text []byte) []textEdit {
	var out, rest []textEdit
	at := 0
	for n := 0; n < maxTextEnds; n++ {
		nl := bytes.IndexByte(text[at:], '\n')
		if nl < 0 || at+nl+1 >= len(text) {
			break
		}
		line := text[at : at+nl+1]
		at += nl + 1
		e := textEdit{text: text[at:], removed: text[:at], kind: Banner}
		if isBlank(line) || isSeparator(line) {
			out = append(out, e)
		} else {
			rest = append(rest, e)
		}
	}
	return append(out, rest...)
}

// mostEdits bounds the copies of a text that are made: maxTextEdits, fewer of a
// long one.
func mostEdits(text []byte) int { return min(maxTextEdits, max(12, 8<<20/(len(text)+1))) }

// htmlMarks finds the closing tags before which a footer is put.
var htmlMarks = [][]byte{[]byte("</body"), []byte("</html")}

// htmlFooters takes out what stands before a closing tag, from each of the tags
// before.
func htmlFooters(text []byte) []textEdit {
	lower := mailname.LowerBytes(text)
	ends := []int{}
	for _, mark := range htmlMarks {
		if i := bytes.LastIndex(lower, mark); i >= 0 {
			ends = append(ends, i)
		}
	}
	ends = append(ends, len(bytes.TrimRight(text, "\r\n")), len(text))
	slices.Sort(ends)
	ends = slices.Compact(ends)
	var out []textEdit
	add := func(start, end int) {
		if start < end && len(out) < mostEdits(text) {
			out = append(out, textEdit{text[:start], text[end:], text[start:end], Footer})
		}
	}
	// The nearest tags first, over all the ends.
	starts := make([]int, len(ends))
	copy(starts, ends)
	for n := 0; n < maxHTMLTags && len(out) < mostEdits(text); n++ {
		for k, end := range ends[:min(len(ends), maxMarksHTML)] {
			i := bytes.LastIndexAny(text[:starts[k]], "<\n")
			if i < 0 {
				continue
			}
			starts[k] = i
			if text[i] == '\n' {
				add(i+1, end)
				line := i
				if line > 0 && text[line-1] == '\r' {
					line--
				}
				add(line, end)
				// Up to the line end before the mark.
				if bytes.HasSuffix(text[:end], crlf) {
					add(line, end-2)
				}
				continue
			}
			add(i, end)
			if bytes.HasSuffix(text[:end], crlf) {
				add(i, end-2)
			}
		}
	}
	return out
}

// htmlBanners takes out what stands behind the body tag, or at the top, up to
// each of the tags after.
func htmlBanners(text []byte) []textEdit {
	lower := mailname.LowerBytes(text)
	starts := []int{}
	for _, tag := range []string{"<body", "<html", "</head"} {
		if i := bytes.Index(lower, []byte(tag)); i >= 0 {
			if k := bytes.IndexByte(text[i:], '>'); k >= 0 {
				starts = append(starts, i+k+1)
				if bytes.HasPrefix(text[i+k+1:], crlf) {
					starts = append(starts, i+k+3)
				}
			}
			break
		}
	}
	starts = append(starts, 0)
	var out []textEdit
	at, last := slices.Clone(starts), make([]int, len(starts))
	for n := 0; n < 2*maxHTMLTags && len(out) < mostEdits(text); n++ {
		for k, start := range starts {
			if at[k] >= len(text) {
				continue
			}
			i := bytes.IndexAny(text[at[k]+1:], "<\n>")
			if i < 0 {
				at[k] = len(text)
				continue
			}
			i += at[k] + 1
			at[k] = i
			if text[i] != '<' {
				i++
			}
			if last[k] == i {
				continue
			}
			last[k] = i
			out = append(out, textEdit{text[:start], text[i:], text[start:i], Banner})
		}
	}
	return out
}

// bothTexts takes text out of a plain part and of the HTML part beside it: a
// gateway puts the same into both.
func (s *bodySearch) bothTexts() *Change {
	for i := range s.parts {
		a := &s.parts[i]
		if a.kind != "text/plain" || a.top || !a.isText() {
			continue
		}
		for j := range s.parts {
			b := &s.parts[j]
			if b.kind != "text/html" || b.start < a.next || b.end-a.bodyAt > maxTextPart {
				continue
			}
			if c := s.bothOf(a, b); c != nil {
				return c
			}
			break
		}
	}
	return nil
}

func (s *bodySearch) bothOf(a, b *part) *Change {
	// In the form that they have, then decoded and encoded again; the likeliest
	// pairs of each first.
	for round := range 4 {
		pass := round % 2
		if pass == 1 && canonicalCTE(a.cte) == "8bit" && canonicalCTE(b.cte) == "8bit" {
			continue
		}
		texts := make([][]byte, 2)
		styles := make([]style, 2)
		for k, q := range []*part{a, b} {
			raw := s.raw[q.bodyAt:q.end]
			if pass == 0 && q.cte != "base64" {
				texts[k] = raw
				continue
			}
			text, ok := decodePart(q.cte, raw)
			if !ok {
				return nil
			}
			texts[k] = crlfText(text, q)
			styles[k] = plainStyle
			if canonicalCTE(q.cte) != "8bit" {
				for _, st := range s.stylesFor(q, texts[k]) {
					if st.cte == canonicalCTE(q.cte) {
						styles[k] = st
						break
					}
				}
			}
		}
		for _, kind := range []ChangeKind{Footer, Banner} {
			of := func(text []byte, q *part) []textEdit {
				var out []textEdit
				for _, e := range editsOf(text, q) {
					if e.kind == kind {
						out = append(out, e)
					}
				}
				return out
			}
			ea, eb := of(texts[0], a), of(texts[1], b)
			ea = ea[:min(len(ea), maxPairs)]
			if round < 2 {
				ea, eb = ea[:min(len(ea), firstPlain)], eb[:min(len(eb), firstHTML)]
			}
			write := func(q *part, e textEdit, st style) []byte {
				if s.over() {
					return nil
				}
				data := append(e.left(nil), crlf...)
				if st.cte != "" {
					data = s.rewrite(q, e.left(nil), st, 0, 0).data
				}
				return appendLines(nil, s.p.BodyCanon, data)
			}
			second := make([][]byte, len(eb))
			for y := range eb {
				second[y] = write(b, eb[y], styles[1])
			}
			// The plain text outside: what comes before the HTML stays the same.
			for x := range ea {
				first := write(a, ea[x], styles[0])
				for y := range eb {
					if s.over() {
						return nil
					}
					if s.hit(s.c[:s.place(a.bodyAt)], first, s.c[s.place(a.next):s.place(b.bodyAt)], second[y], s.c[s.place(b.next):]) {
						c := s.describeText(a, ea[x], styles[0].cte)
						c.Description += "; and into the HTML part as well"
						return c
					}
				}
			}
		}
	}
	return nil
}
