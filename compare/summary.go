package compare

import (
	"strconv"
	"strings"
)

// summaryNames is how many names of fields the summary lists.
const summaryNames = 3

// summaryText bounds what the summary quotes, in bytes.
const summaryText = 60

// summary is the result in one sentence.
func (r *Result) summary() string {
	var all []string
	switch r.Extent {
	case Identical:
		all = append(all, "A and B are the same, byte for byte")
	case LineEnds:
		all = append(all, "A and B are the same but for line ends")
	case TraceOnly:
		all = append(all, "A and B differ only in what servers add on the way")
	default:
		all = append(all, clauses(append(r.bodyWords(), r.fieldWords()...)))
	}
	if s := r.signatureWords(); s != "" {
		all = append(all, s)
	}
	return strings.Join(all, "; ")
}

// bodyWords are clauses such as "B has 2 lines more at the end".
func (r *Result) bodyWords() []string {
	b := &r.Body
	switch {
	case !b.Compared || b.EqualSimple:
		return nil
	case b.SameStructure && recoded(b.Parts) != "":
		return []string{"the body has the same content in another transfer encoding (" + recoded(b.Parts) + ")"}
	case b.EqualRelaxed:
		return []string{"the body differs in blanks only"}
	case !b.SameStructure:
		if n := wrapped(b.Parts); n > 0 {
			return []string{"all parts of A are in B, beside " + plural(n, "more part")}
		}
	}
	var out []string
	for _, x := range []struct {
		lines Lines
		where string
	}{{b.Start, "at the start"}, {b.Inside, "inside"}, {b.End, "at the end"}} {
		switch l := x.lines; {
		case l.Added == 0 && l.Removed == 0:
		case l.Removed == 0:
			out = append(out, "B has "+plural(l.Added, "line")+" more "+x.where)
		case l.Added == 0:
			out = append(out, "B has "+plural(l.Removed, "line")+" fewer "+x.where)
		case l.Added == l.Removed:
			out = append(out, plural(l.Added, "line")+" "+x.where+" changed")
		default:
			out = append(out, plural(l.Removed, "line")+" "+x.where+" became "+strconv.Itoa(l.Added))
		}
	}
	return out
}

// recoded names the change of encoding where every part is equal and one was
// recoded; "" otherwise.
func recoded(parts []Part) string {
	words := ""
	for i := range parts {
		p := &parts[i]
		if !p.Equal {
			return ""
		}
		if p.Recoded && words == "" {
			words = encodingOf(p.A.Encoding) + " → " + encodingOf(p.B.Encoding)
		}
	}
	return words
}

// wrapped counts the parts that B has besides those of A; 0 where not all of A
// are in B.
func wrapped(parts []Part) int {
	more := 0
	for i := range parts {
		switch p := &parts[i]; {
		case p.A == nil:
			more++
		case !p.Equal:
			return 0
		}
	}
	if more == len(parts) {
		return 0
	}
	return more
}

func (r *Result) fieldWords() []string {
	var out, changed, respelt, onlyA, onlyB []string
	for i := range r.Fields {
		f := &r.Fields[i]
		switch {
		case f.Change == OnlyA:
			onlyA = append(onlyA, f.Name)
		case f.Change == OnlyB:
			onlyB = append(onlyB, f.Name)
		case !f.DiffersRelaxed:
			respelt = append(respelt, f.Name)
		default:
			if s := inserted(f); s != "" && len(out) < summaryNames {
				out = append(out, s)
			} else {
				changed = append(changed, f.Name)
			}
		}
	}
	add := func(names []string, one, more string) {
		switch len(names) {
		case 0:
		case 1:
			out = append(out, naming(names)+one)
		default:
			out = append(out, naming(names)+more)
		}
	}
	add(changed, " differs", " differ")
	add(respelt, " is written with other blanks or case", " are written with other blanks or case")
	add(onlyA, " is in A only", " are in A only")
	add(onlyB, " is in B only", " are in B only")
	if r.StrayLines {
		out = append(out, "lines in the header that are not fields differ")
	}
	if len(r.Reordered) > 0 {
		add(r.Reordered, " fields stand in another order", " fields stand in another order")
	} else if r.OrderDiffers && len(out) == 0 {
		out = append(out, "the fields stand in another order")
	}
	return out
}

// inserted says of a field that one side has more text in front or behind; ""
// where it is another change.
func inserted(f *Field) string {
	long, short, who := f.B.Value, f.A.Value, "B has"
	if len(long) < len(short) {
		long, short, who = short, long, "A has"
	}
	if short == "" || len(long) >= MaxText {
		return ""
	}
	quoted := func(s string) string {
		return who + " “" + head(s, summaryText) + "” "
	}
	if s, ok := strings.CutSuffix(long, short); ok && s != "" {
		return quoted(s) + "in front of " + name(f.Name)
	}
	if s, ok := strings.CutPrefix(long, short); ok && s != "" {
		return quoted(s) + "behind " + name(f.Name)
	}
	return ""
}

func (r *Result) signatureWords() string {
	var out []string
	for i := range r.Signatures {
		s := &r.Signatures[i]
		if i == summaryNames {
			out = append(out, plural(len(r.Signatures)-i, "more signature"))
			break
		}
		out = append(out, "the signature of "+name(s.Domain)+" "+s.words())
	}
	return strings.Join(out, ", ")
}

// words says where a signature verifies.
func (s *Signature) words() string {
	a, b := s.A, s.B
	switch {
	case a == nil && b.Open(), b == nil && a.Open(), a != nil && b != nil && a.Open() && b.Open():
		return "could not be judged"
	case a == nil && b.Verifies():
		return "is on B only and verifies"
	case a == nil:
		return "is on B only and does not verify"
	case b == nil && a.Verifies():
		return "is on A only and verifies"
	case b == nil:
		return "is on A only and does not verify"
	case a.Verifies() && b.Verifies():
		return "verifies on both"
	case a.Verifies() && !b.Open():
		return "verifies on A only"
	case b.Verifies() && !a.Open():
		return "verifies on B only"
	case a.Open() || b.Open():
		return "could not be judged on both"
	}
	return "verifies on neither"
}

// naming lists the first few names, each once.
func naming(names []string) string {
	var shown []string
	seen := make(map[string]bool)
	for _, n := range names {
		if key := strings.ToLower(n); !seen[key] {
			seen[key] = true
			shown = append(shown, name(n))
		}
	}
	if n := len(shown) - summaryNames; n > 0 {
		shown = append(shown[:summaryNames], plural(n, "more field"))
	}
	return list(shown)
}

// name bounds a name that a message chose.
func name(s string) string {
	if s == "" {
		return "no domain"
	}
	return head(s, summaryText)
}

// clauses joins clauses. What one side "has" is said once for a run of them.
func clauses(words []string) string {
	var groups []string
	runs := false
	for len(words) > 0 {
		n := 1
		if side := words[0][:min(len(words[0]), len("A has "))]; side == "A has " || side == "B has " {
			for n < len(words) && strings.HasPrefix(words[n], side) {
				words[n] = words[n][len(side):]
				n++
			}
		}
		runs = runs || n > 1
		groups = append(groups, list(words[:n]))
		words = words[n:]
	}
	if runs {
		return strings.Join(groups, ", ")
	}
	return list(groups)
}

// list joins words: "a, b and c".
func list(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}

// plural is "1 line" or "3 lines".
func plural(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return strconv.Itoa(n) + " " + word
}
