package render

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/compare"
	"github.com/mailtrace/mailtrace/dkim"
)

// Compare writes a comparison of two copies of a message for people: the answer
// in a sentence, the signatures on both, the fields and the lines that differ.
// a and b name the copies. At full detail also the trace fields.
func Compare(w io.Writer, r *compare.Result, a, b string, o Options) error {
	p := newPage(o)
	p.compare(r, a, b, o.Detail)
	_, err := w.Write(p.Bytes())
	return err
}

func (p *page) compare(r *compare.Result, a, b string, detail Detail) {
	if detail == Verdict {
		p.line(Clean(r.Summary)) // one line whatever its width, for grep
		return
	}
	p.hang("", 0, Clean(r.Summary))
	p.blank()
	p.hang(p.styled("A ", bold), 2, Clean(a))
	p.hang(p.styled("B ", bold), 2, Clean(b))
	p.compareSignatures(r)
	p.compareFields("Header", r, r.Fields)
	if len(r.Reordered) > 0 {
		names := make([]string, len(r.Reordered))
		for i, n := range r.Reordered {
			names[i] = Clean(n)
		}
		p.blank()
		p.hang(p.styled("Order  ", bold), 7, "these stand in another order among themselves: "+strings.Join(names, ", "))
	} else if r.OrderDiffers {
		p.blank()
		p.hang(p.styled("Order  ", bold), 7, "fields of different names stand in another order, which no signature notices")
	}
	if detail == Full {
		p.compareFields("Written on the way", r, r.Trace)
	} else {
		p.traceCounts(r.Trace)
	}
	p.compareBody(&r.Body)
	p.compareParts(r.Body.Parts)
	for i, g := range r.Gaps {
		lead := "       "
		if i == 0 {
			p.blank()
			lead = p.styled("Gaps   ", bold)
		}
		p.hang(lead, 7, join(": ", Clean(g.What), Clean(g.Why)))
	}
	for i, l := range r.Limits {
		lead := "       "
		if i == 0 {
			p.blank()
			lead = p.styled("Limits ", bold)
		}
		p.hang(lead, 7, Clean(l))
	}
}

func (p *page) compareSignatures(r *compare.Result) {
	for i := range r.Signatures {
		s := &r.Signatures[i]
		if i == 0 {
			p.blank()
			p.line(p.styled("Signatures", bold))
		}
		p.hang("  ", 2, join(" ", Clean(s.Domain), "selector "+Clean(s.Selector)+",", word(s.Algorithm)+",", word(s.HeaderCanon)+"/"+word(s.BodyCanon)))
		for _, side := range [...]struct {
			name string
			o    *compare.Outcome
		}{{"A", s.A}, {"B", s.B}} {
			mark, text := markNeutral, "not there"
			if o := side.o; o != nil {
				mark, _ = markOf(string(o.Result))
				if o.Open() {
					mark = markUnknown
				}
				text = cmp.Or(word(string(o.Result)), "not checked")
				if o.Result != dkim.Pass {
					text = join(": ", text, Clean(o.Reason))
				}
				text += " (line " + strconv.Itoa(o.Line) + ")"
			}
			p.hang("    "+side.name+" "+p.styled(mark, domainMarkStyle(mark))+" ", 8, text)
		}
	}
}

func (p *page) compareFields(heading string, r *compare.Result, fields []compare.Field) {
	for i := range fields {
		f := &fields[i]
		if i == 0 {
			p.blank()
			p.line(p.styled(heading, bold))
		}
		what := word(string(f.Change))
		switch f.Change {
		case compare.OnlyA:
			what = "only in A"
		case compare.OnlyB:
			what = "only in B"
		case compare.Changed:
			switch {
			case !f.DiffersRelaxed:
				what = "changed in blanks or case only, which the relaxed form does not see"
			case f.RelaxedAt != nil:
				what = "changed from byte " + strconv.Itoa(*f.RelaxedAt) + " of its relaxed form on"
			}
		}
		var signers []string
		for _, n := range f.SignedBy {
			if n >= 0 && n < len(r.Signatures) {
				signers = append(signers, Clean(r.Signatures[n].Domain))
			}
		}
		if len(signers) > 0 {
			what += ", signed by " + strings.Join(signers, ", ")
		}
		p.hang("  ", 2, Clean(f.Name)+": "+what)
		for _, side := range [...]struct {
			name string
			s    *compare.FieldSide
		}{{"A", f.A}, {"B", f.B}} {
			if side.s != nil {
				p.hang("    "+side.name+"  ", 7, fmt.Sprintf("line %d: %s", side.s.Line, Clean(side.s.Value)))
			}
		}
	}
}

// traceCounts names what servers wrote on one copy only.
func (p *page) traceCounts(fields []compare.Field) {
	lead := p.styled("Trace  ", bold)
	for _, x := range [...]struct {
		change compare.Change
		text   string
	}{{compare.OnlyA, "only in A"}, {compare.OnlyB, "only in B"}, {compare.Changed, "changed"}} {
		var names []string
		counts := make(map[string]int)
		for i := range fields {
			if fields[i].Change != x.change {
				continue
			}
			n := Clean(fields[i].Name)
			if counts[n]++; counts[n] == 1 {
				names = append(names, n)
			}
		}
		if len(names) == 0 {
			continue
		}
		for i, n := range names {
			if counts[n] > 1 {
				names[i] = strconv.Itoa(counts[n]) + " " + n
			}
		}
		if lead != "       " {
			p.blank()
		}
		p.hang(lead, 7, x.text+": "+strings.Join(names, ", "))
		lead = "       "
	}
}

func (p *page) compareBody(b *compare.Body) {
	if !b.Compared || b.EqualSimple {
		return
	}
	p.blank()
	text := fmt.Sprintf("%s in A, %s in B", plural(b.LinesA, "line"), plural(b.LinesB, "line"))
	if b.EqualRelaxed {
		text += "; they differ in blanks only, which the relaxed form does not see"
	}
	p.hang(p.styled("Body   ", bold), 7, text)
	if f := b.First; f != nil {
		p.hang("       ", 7, fmt.Sprintf("first difference in line %d, at byte %d of A and %d of B", f.Line, f.AtA, f.AtB))
		if len(b.Hunks) == 0 {
			p.diffLine("-", red, f.A)
			p.diffLine("+", green, f.B)
		}
	}
	for i := range b.Hunks {
		h := &b.Hunks[i]
		p.hang("       ", 7, fmt.Sprintf("line %d of A, %d of B, %s:", h.LineA, h.LineB, place(h.Place)))
		for j := range h.A {
			p.diffLine("-", red, &h.A[j])
		}
		if more := h.Removed - len(h.A); more > 0 {
			p.line("         - … ", plural(more, "more line"))
		}
		for j := range h.B {
			p.diffLine("+", green, &h.B[j])
		}
		if more := h.Added - len(h.B); more > 0 {
			p.line("         + … ", plural(more, "more line"))
		}
	}
}

func place(s compare.Place) string {
	switch s {
	case compare.AtStart, compare.AtEnd:
		return "at the " + string(s)
	}
	return "inside"
}

// diffLine quotes a line of a body; nil where the body has ended.
func (p *page) diffLine(mark string, st style, text *string) {
	if text != nil {
		p.hang("         "+p.styled(mark, st)+" ", 11, Clean(*text))
	}
}

func (p *page) compareParts(parts []compare.Part) {
	var rows [][]string
	for i := range parts {
		part := &parts[i]
		what := "differs"
		switch {
		case part.A == nil:
			what = "only in B"
		case part.B == nil:
			what = "only in A"
		case part.Recoded:
			what = "same content, in another transfer encoding"
		case part.Equal:
			what = "same"
		case part.EqualWords:
			what = "same words, other blanks"
		}
		rows = append(rows, []string{partOf(part.A), partOf(part.B), what})
	}
	if len(rows) > 1 || len(rows) == 1 && rows[0][2] != "differs" {
		p.table("Parts", rows)
	}
}

func partOf(s *compare.PartSide) string {
	if s == nil {
		return "-"
	}
	return join(" ", cmp.Or(Clean(s.Path), "body"), Clean(s.Type), Clean(s.Encoding), strconv.FormatInt(s.Size, 10)+" bytes", Clean(s.Problem))
}
