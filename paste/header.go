package paste

import (
	"bytes"
	"strings"
)

// header finds the header among the lines and makes it readable. It reports
// false where there is none.
func (w *work) header(state reading) bool {
	w.blanks()
	w.fences()
	w.markup()
	w.prefixes()
	w.markup()
	w.table()
	w.doubleSpaced()
	w.midLine()
	start, ok := w.locate()
	if !ok {
		return false
	}
	w.cutBefore(start)
	end := w.join(state)
	w.chars(end)
	w.order(end)
	w.cut(end)
	return true
}

// blankSigns are signs that look like a blank in a copy; gone are those that
// are not seen at all.
var (
	blankSigns = []string{"\u00a0", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a", "\u202f", "\u205f", "\u3000"}
	goneSigns  = []string{"\u200b", "\u200c", "\u200d", "\ufeff", "\u2060", "\u00ad", "\u200e", "\u200f", "\u202a", "\u202c"}
)

// blanks puts plain blanks for others, in the lines up to the end of the header.
func (w *work) blanks() {
	n := 0
	for i := range w.lines {
		b := w.lines[i].b
		// 0xA0 alone is a no-break space in Latin-1.
		for len(b) > 0 && b[0] == 0xa0 {
			k := 0
			for k < len(b) && (b[k] == 0xa0 || b[k] == ' ') {
				k++
			}
			b = append(bytes.Repeat([]byte(" "), k), b[k:]...)
			n++
		}
		if !highByte(b) {
			w.lines[i].b = b
			continue
		}
		s := string(b)
		for _, sign := range blankSigns {
			if c := strings.Count(s, sign); c > 0 {
				n += c
				s = strings.ReplaceAll(s, sign, " ")
			}
		}
		for _, sign := range goneSigns {
			if c := strings.Count(s, sign); c > 0 {
				n += c
				s = strings.ReplaceAll(s, sign, "")
			}
		}
		w.lines[i].b = []byte(s)
	}
	w.note(Blanks, n, false, "no-break spaces and other blanks that no header holds stood for plain ones")
}

func highByte(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return true
		}
	}
	return false
}

// fences takes the lines away that mark code in Markdown and ticket systems.
func (w *work) fences() {
	first, last := -1, -1
	for i, l := range w.lines {
		if isFence(l.b) {
			if first < 0 {
				first = i
				continue
			}
			last = i
			break
		}
	}
	if first < 0 {
		return
	}
	if last < 0 {
		last = len(w.lines)
		// One alone ends the header or begins it.
		if w.fieldsIn(0, first) > w.fieldsIn(first+1, last) {
			first, last = -1, first
		}
	}
	if w.fieldsIn(first+1, last) < 2 {
		return
	}
	w.note(Surroundings, 1, true, "marks of code and the text around them were left out")
	w.lines, w.rest = w.lines[first+1:last], nil
}

func (w *work) fieldsIn(from, to int) int {
	n := 0
	for _, l := range w.lines[max(from, 0):to] {
		if classify(bytes.TrimLeft(l.b, " \t>|")) >= standard {
			n++
		}
	}
	return n
}

func isFence(b []byte) bool {
	s := strings.ToLower(strings.Trim(strings.TrimSpace(string(b)), ">| "))
	switch {
	case strings.HasPrefix(s, "```"), strings.HasPrefix(s, "~~~"):
		return true
	case strings.HasPrefix(s, "{code") && strings.HasSuffix(s, "}"), strings.HasPrefix(s, "{noformat") && strings.HasSuffix(s, "}"),
		strings.HasPrefix(s, "{quote"), s == "{{{", s == "}}}":
		return true
	case s == "[code]", s == "[/code]", s == "[quote]", s == "[/quote]", s == "<pre>", s == "</pre>", s == "<code>", s == "</code>", s == "[pre]", s == "[/pre]":
		return true
	}
	return false
}

// shape is what stands before a field name, with numbers as one 0 and without
// leading blanks before a sign. ok is false where there is a letter.
func shapeOf(prefix []byte) string {
	var s []byte
	for _, c := range prefix {
		switch {
		case '0' <= c && c <= '9':
			if n := len(s); n == 0 || s[n-1] != '0' {
				s = append(s, '0')
			}
		case c == '\t':
			s = append(s, '\t')
		default:
			s = append(s, c)
		}
	}
	if t := strings.TrimLeft(string(s), " "); strings.HasPrefix(t, "0") {
		return t
	}
	return string(s)
}

// longestPrefix is how much may stand before a field name on each line.
const longestPrefix = 24

// prefixOf finds a standard field name behind signs that belong to no name, and
// returns how many octets they are. ok is false where there is none.
func prefixOf(b []byte) (n int, ok bool) {
	for n < len(b) && n <= longestPrefix {
		c := b[n]
		if isLetter(c) {
			return n, classify(b[n:]) >= standard
		}
		if c >= 0x80 && !bytes.HasPrefix(b[n:], []byte("•")) && !bytes.HasPrefix(b[n:], []byte("·")) && !bytes.HasPrefix(b[n:], []byte("»")) && n > 0 && b[n] >= 0xc0 {
			return 0, false
		}
		n++
	}
	return 0, false
}

// prefixes takes away what stands before every line: quotation marks, numbers,
// indentation, bullets.
func (w *work) prefixes() {
	count := map[string]int{}
	bare, all := 0, 0
	for _, l := range w.lines {
		n, ok := prefixOf(l.b)
		if !ok {
			continue
		}
		all++
		if n == 0 {
			bare++
			continue
		}
		count[shapeOf(l.b[:n])]++
	}
	best, most := "", 0
	for s, n := range count {
		if n > most || n == most && (len(s) < len(best) || len(s) == len(best) && s < best) {
			best, most = s, n
		}
	}
	// Continuations that look like fields stand further in.
	for s, n := range count {
		if n >= 2 && len(s) < len(best) && strings.HasPrefix(best, s) {
			best = s
		}
	}
	if most < 2 || most < bare || bare > 0 && strings.TrimSpace(best) == "" {
		return // indentation of all lines is that of all fields
	}
	n, missed := 0, 0
	first, last := -1, -1
	for i := range w.lines {
		if k, ok := prefixOf(w.lines[i].b); ok && k > 0 {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	for i := range w.lines {
		l := &w.lines[i]
		if len(bytes.TrimSpace(l.b)) == 0 {
			continue
		}
		if k, ok := strip(l.b, best); ok {
			l.b = l.b[k:]
			n++
		} else if k, ok := prefixOf(l.b); ok && k > 0 {
			l.b = l.b[k:]
			n++
		} else if i > first && i <= last {
			missed++
		}
	}
	what := "signs before each line were taken away"
	switch {
	case strings.TrimSpace(best) == "":
		what = "the indentation of all lines was taken away"
	case strings.Contains(best, ">"):
		what = "marks of a quotation were taken away: unquoted"
	case strings.HasPrefix(best, "0"):
		what = "the numbering of lines was taken away"
	}
	w.note(Prefix, n, missed == 0, what)
}

// strip matches a shape at the start of a line.
func strip(b []byte, shape string) (n int, ok bool) {
	numbered := strings.HasPrefix(shape, "0")
	for i := 0; i < len(shape); i++ {
		switch c := shape[i]; c {
		case '0':
			if i == 0 && numbered {
				for n < len(b) && b[n] == ' ' {
					n++
				}
			}
			k := n
			for n < len(b) && '0' <= b[n] && b[n] <= '9' {
				n++
			}
			if n == k {
				return 0, false
			}
		case ' ', '\t':
			if n == len(b) {
				return n, true
			}
			if b[n] != c {
				// A blank line of a quotation may have lost its blank.
				return n, i > 0 && n > 0
			}
			n++
		default:
			if n == len(b) || b[n] != c {
				return 0, false
			}
			n++
		}
	}
	return n, true
}

// markup takes signs of Markdown from names, and backslashes from line ends.
func (w *work) markup() {
	names, ends := 0, 0
	for i := range w.lines {
		l := &w.lines[i]
		if len(l.b) == 0 {
			continue
		}
		if c := l.b[0]; c == '*' || c == '_' || c == '`' {
			if b, ok := plainHead(l.b); ok {
				l.b = b
				names++
			}
		}
		if k := len(l.b) - 1; k > 0 && l.b[k] == '\\' && i+1 < len(w.lines) {
			ends++
		}
	}
	w.note(Markup, names, false, "marks of bold text were taken from the names of fields")
	if ends >= 3 {
		for i := range w.lines {
			w.lines[i].b = bytes.TrimSuffix(w.lines[i].b, []byte("\\"))
		}
		w.note(Markup, ends, false, "backslashes at the end of lines were taken away")
	}
	esc := 0
	for _, l := range w.lines {
		esc += len(escapedSign(l.b))
	}
	if esc >= 3 {
		for i := range w.lines {
			l := &w.lines[i]
			at := escapedSign(l.b)
			if len(at) == 0 {
				continue
			}
			out := make([]byte, 0, len(l.b))
			last := 0
			for _, k := range at {
				out = append(out, l.b[last:k]...)
				last = k + 1
			}
			l.b = append(out, l.b[last:]...)
		}
		w.note(Markup, esc, false, "backslashes before signs were taken away")
	}
}

// escapedSign returns where a backslash stands before a sign that Markdown
// escapes and a header does not.
func escapedSign(b []byte) []int {
	var at []int
	for i := 0; i+1 < len(b); i++ {
		if b[i] == '\\' {
			if strings.IndexByte("<>[]_*#@.-|~`", b[i+1]) >= 0 {
				at = append(at, i)
			}
			i++
		}
	}
	return at
}

// plainHead turns "**Received:** from" into "Received: from".
func plainHead(b []byte) ([]byte, bool) {
	mark := b[0]
	k := 0
	for k < len(b) && k < 3 && b[k] == mark {
		k++
	}
	rest := b[k:]
	n := 0
	for n < len(rest) && (isLetter(rest[n]) || rest[n] == '-' || '0' <= rest[n] && rest[n] <= '9') {
		n++
	}
	if n == 0 || classOf(rest[:n], true) == noField {
		return nil, false
	}
	tail := rest[n:]
	colon := false
	for len(tail) > 0 && (tail[0] == mark || tail[0] == ':') {
		colon = colon || tail[0] == ':'
		tail = tail[1:]
	}
	if !colon {
		return nil, false
	}
	if mark == '`' {
		tail = bytes.TrimSuffix(tail, []byte("`"))
	}
	return append(append(append([]byte(nil), rest[:n]...), ": "...), bytes.TrimLeft(tail, " ")...), true
}

// cellOf reads a line of a table: a name and a value in cells, or the name
// alone. sep is what divides them.
func cellOf(b []byte) (name, value []byte, sep string) {
	t := bytes.TrimRight(b, " \t")
	pipe := false
	if u := bytes.TrimLeft(t, " "); len(u) > 0 && u[0] == '|' {
		t, pipe = bytes.TrimLeft(u[1:], " "), true
	}
	quoted := len(t) > 0 && t[0] == '"'
	if quoted {
		t = t[1:]
	}
	n := 0
	for n < len(t) && n <= longestName && (isLetter(t[n]) || n > 0 && (t[n] == '-' || '0' <= t[n] && t[n] <= '9')) {
		n++
	}
	if n < 2 || classOf(t[:n], true) == noField {
		return nil, nil, ""
	}
	name, rest := t[:n], t[n:]
	rest = bytes.TrimPrefix(rest, []byte(":"))
	if quoted {
		if len(rest) == 0 || rest[0] != '"' {
			return nil, nil, ""
		}
		rest = rest[1:]
	}
	clean := func(v []byte) []byte {
		v = bytes.TrimSpace(v)
		if len(v) > 1 && v[0] == '"' && v[len(v)-1] == '"' {
			v = bytes.ReplaceAll(v[1:len(v)-1], []byte(`""`), []byte(`"`))
		}
		return v
	}
	switch r := bytes.TrimLeft(rest, " "); {
	case len(rest) == 0:
		return name, nil, "alone"
	case pipe && len(r) > 0 && r[0] == '|', len(r) > 1 && r[0] == '|':
		v := bytes.TrimSpace(r[1:])
		return name, bytes.TrimSpace(bytes.TrimSuffix(v, []byte("|"))), "|"
	case rest[0] == '\t':
		return name, clean(rest), "\t"
	case (rest[0] == ',' || rest[0] == ';') && (quoted || len(rest) > 1 && rest[1] == '"'):
		return name, clean(rest[1:]), ","
	case bytes.HasPrefix(rest, []byte("  ")):
		return name, clean(rest), "  "
	}
	return nil, nil, ""
}

// cells counts lines that are rows of a table.
func cells(text []byte) int {
	n := 0
	for _, l := range bytes.Split(text, []byte("\n")) {
		if name, _, sep := cellOf(bytes.TrimRight(l, "\r")); sep != "" && sep != "alone" && classOf(name, true) >= standard {
			n++
		}
	}
	return n
}

// table reads names and values that stood in cells.
func (w *work) table() {
	count := map[string]int{}
	fields := 0
	for _, l := range w.lines {
		if classify(l.b) >= standard {
			if n, after := nameAt(l.b); after < len(l.b) && n > 0 {
				fields++
			}
		}
		if name, _, sep := cellOf(l.b); sep != "" && classOf(name, true) >= standard {
			if sep == "alone" && bytes.HasSuffix(bytes.TrimRight(l.b, " \t"), []byte(":")) {
				continue // a field whose value follows
			}
			count[sep]++
		}
	}
	best, most := "", 0
	for _, sep := range []string{"\t", "|", ",", "  ", "alone"} {
		if count[sep] > most {
			best, most = sep, count[sep]
		}
	}
	if most < 2 || most <= fields/2 {
		return
	}
	n := 0
	for i := range w.lines {
		l := &w.lines[i]
		name, value, sep := cellOf(l.b)
		if sep != best {
			if best == "|" {
				// A rule of the table, or a row that goes on.
				if t := bytes.Trim(l.b, " |"); len(bytes.Trim(t, "-:| +=")) == 0 {
					l.b = nil
				} else if bytes.HasPrefix(bytes.TrimLeft(l.b, " "), []byte("|")) {
					l.b = append([]byte(" "), t...)
				}
			}
			continue
		}
		l.b = append(append(append([]byte(nil), name...), ": "...), value...)
		n++
	}
	if best == "|" {
		w.dropRules()
	}
	w.note(Table, n, false, "names and values stood in the cells of a table")
}

// dropRules takes the empty lines away that the rules of a table have left
// between its rows.
func (w *work) dropRules() {
	out := w.lines[:0]
	for i, l := range w.lines {
		if len(l.b) == 0 && i+1 < len(w.lines) && isField(w.lines[i+1].b) {
			continue
		}
		out = append(out, l)
	}
	w.lines = out
}

// doubleSpaced takes every second line away where it is blank.
func (w *work) doubleSpaced() {
	text, doubled := 0, 0
	blank := func(i int) bool { return i < len(w.lines) && len(bytes.TrimSpace(w.lines[i].b)) == 0 }
	limit := min(len(w.lines), 2000)
	folded := 0
	for i := 0; i < limit; i++ {
		if blank(i) {
			continue
		}
		text++
		if blank(i+1) && i+2 < len(w.lines) {
			doubled++
			if !blank(i+2) && !isField(w.lines[i+2].b) {
				folded++
			}
		}
		if text >= 40 {
			break
		}
	}
	if text < 6 || doubled*10 < (text-1)*8 || folded == 0 {
		return
	}
	out := make([]line, 0, len(w.lines))
	n := 0
	for i := range w.lines {
		if blank(i) && i > 0 && !blank(i-1) {
			n++
			continue
		}
		out = append(out, w.lines[i])
	}
	w.lines = out
	w.note(BlankLines, n, false, "a blank line stood behind every line")
}

// midFields counts names that mail servers write in the middle of lines.
func midFields(b []byte) int {
	n := 0
	for at := 0; ; {
		i := nextName(b, at)
		if i < 0 {
			return n
		}
		n++
		at = i + 2
	}
}

// nextName finds the next name of a trace field behind a blank, -1 where there
// is none.
func nextName(b []byte, from int) int {
	for i := max(from, 1); i < len(b); i++ {
		j := bytes.IndexByte(b[i:], ':')
		if j < 0 {
			return -1
		}
		colon := i + j
		k := colon
		for k > i-1 && k > 0 && (isLetter(b[k-1]) || b[k-1] == '-' || b[k-1] == '_' || '0' <= b[k-1] && b[k-1] <= '9') && colon-k <= longestName {
			k--
		}
		if k >= from && k > 0 && k < colon && (b[k-1] == ' ' || b[k-1] == '\t' || b[k-1] == '"') && classify(b[k:]) == traced && (colon+1 == len(b) || b[colon+1] == ' ' || b[colon+1] == '\t') {
			return k
		}
		i = colon
	}
	return -1
}

// midLine splits lines that hold several fields. It is done where at least two
// names that mail servers write stand in the middle of lines.
func (w *work) midLine() {
	n := 0
	for _, l := range w.lines {
		n += midFields(l.b)
		if n >= 2 {
			break
		}
	}
	if n < 2 {
		return
	}
	var out []line
	cut := 0
	openList := false // inside the h= of a signature
	quoted := false   // inside a quoted string that the line before began
	for _, l := range w.lines {
		b := l.b
		if isField(b) {
			quoted = false
		}
		for {
			k := splitAt(b, openList, quoted)
			if k < 0 {
				break
			}
			quoted = false
			part := bytes.TrimRight(b[:k], " \t")
			if len(bytes.Trim(part, "\"' \t")) > 0 {
				out = append(out, line{b: part, n: l.n, end: "\n"})
			}
			b = b[k:]
			openList = false
			cut++
		}
		openList = listOpen(b, openList)
		quoted = quoted != (bytes.Count(b, []byte(`"`))%2 == 1)
		l.b = b
		out = append(out, l)
	}
	w.lines = out
	w.note(SplitLines, cut, false, "several fields stood on one line")
}

// splitAt is where the next field begins in the middle of a line, -1 where none
// does.
func splitAt(b []byte, openList, quoted bool) int {
	depth := 0
	for i := 1; i < len(b); i++ {
		switch b[i-1] {
		case '"':
			quoted = !quoted
		case '(':
			depth++
		case ')':
			depth--
		}
		if b[i-1] != ' ' && b[i-1] != '\t' || !isLetter(b[i]) {
			continue
		}
		n, after := nameAt(b[i:])
		if n == 0 || i+after < len(b) && b[i+after] != ' ' && b[i+after] != '\t' || after != n+1 {
			continue
		}
		switch c := classOf(b[i:i+n], true); c {
		case traced:
			return i
		case standard, unknown:
			if depth > 0 || quoted || openList || listOpen(b[:i], false) {
				continue
			}
			if c == unknown && !capitals(b[i:i+n]) {
				continue
			}
			return i
		}
	}
	return -1
}

// capitals reports whether a name begins with x-, or has a capital after every
// dash.
func capitals(name []byte) bool {
	if name[0]|0x20 == 'x' && name[1] == '-' {
		return true
	}
	for _, part := range bytes.Split(name, []byte("-")) {
		if len(part) == 0 || part[0] < 'A' || part[0] > 'Z' {
			return false
		}
	}
	return true
}

// listOpen reports whether a text ends inside the h= tag of a signature.
func listOpen(b []byte, open bool) bool {
	i := bytes.LastIndexByte(b, ';')
	tail := b[i+1:]
	if i < 0 && open {
		return true
	}
	tail = bytes.TrimSpace(tail)
	if bytes.HasPrefix(tail, []byte("h=")) {
		return true
	}
	return i < 0 && bytes.HasPrefix(tail, []byte("h ="))
}

// locate finds the line at which the header begins.
func (w *work) locate() (start int, ok bool) {
	first, weak := -1, -1
	run := 0
	for i, l := range w.lines {
		switch classify(l.b) {
		case traced:
			if first < 0 {
				first = i
			}
		case standard:
			run++
			if weak < 0 {
				weak = i
			}
		}
		if first >= 0 {
			break
		}
	}
	switch {
	case first < 0 && run < 2:
		return 0, false
	case first < 0:
		return weak, true
	}
	// Fields that stand directly above belong to it; prose does not.
	start = first
	for i := first - 1; i >= 0; i-- {
		b := w.lines[i].b
		switch {
		case len(bytes.TrimSpace(b)) == 0:
			// A blank line between fields, or the end of what stood before.
			if i == 0 || !w.fieldAbove(i-1) || !w.sparse(first) {
				return start, true
			}
		case isField(b):
			if n, after := nameAt(b); n > 0 && after < len(b) && b[after] == '\t' && !w.sparse(first) {
				return start, true // the box of a mail program
			}
			start = i
		case b[0] == ' ' || b[0] == '\t', w.fieldAbove(i):
		default:
			if i == first-1 || start == i+1 {
				// The end of a field whose name was cut off is told by cutTop.
				return start, true
			}
			return start, true
		}
	}
	return start, true
}

// fieldAbove reports whether line i is a field or, with at most three lines
// between, continues one.
func (w *work) fieldAbove(i int) bool {
	for k := i; k >= 0 && k > i-4; k-- {
		b := w.lines[k].b
		if len(bytes.TrimSpace(b)) == 0 {
			return false
		}
		if isField(b) {
			return true
		}
	}
	return false
}

// sparse reports whether blank lines stand between the fields from line i on.
func (w *work) sparse(i int) bool {
	n, blanks := 0, 0
	for k := i; k < len(w.lines) && n < 6; k++ {
		b := w.lines[k].b
		if len(bytes.TrimSpace(b)) == 0 {
			continue
		}
		if isField(b) {
			if n++; n > 1 && len(bytes.TrimSpace(w.lines[k-1].b)) == 0 {
				blanks++
			}
		}
	}
	return blanks >= 2 && blanks*2 >= n-1
}

// cutBefore leaves out what stands before the header. The rest of a field whose
// name was cut off is told apart from prose.
func (w *work) cutBefore(start int) {
	if start == 0 {
		return
	}
	tail, text := 0, 0
	above := w.lines[:start]
	for len(above) > 0 && len(bytes.TrimSpace(above[0].b)) == 0 {
		above = above[1:]
	}
	mbox := len(above) == 1 && (bytes.HasPrefix(above[0].b, []byte("From ")) || bytes.HasPrefix(above[0].b, []byte(">From ")))
	if mbox || len(above) == 0 {
		if mbox {
			return
		}
		w.lines = w.lines[start:]
		return
	}
	whole := true
	for _, l := range above {
		if len(bytes.TrimSpace(l.b)) == 0 {
			whole = false
			continue
		}
		text++
		if whole && (l.b[0] == ' ' || l.b[0] == '\t' || restOfField(l.b)) {
			tail++
		}
	}
	if tail == text && text > 0 && len(above) <= 12 {
		w.note(CutTop, tail, false, "the header begins inside a field: what stood above is missing")
	} else {
		w.note(Surroundings, text, true, "text before or behind the header was left out")
	}
	w.lines = w.lines[start:]
}

// restOfField reports whether a line looks like the end of a trace field.
func restOfField(b []byte) bool {
	s := string(b)
	for _, p := range []string{" with ESMTP", " with SMTP", " with esmtp", " id ", "header.", "smtp.mailfrom", "envelope-from", "client-ip=", "Microsoft SMTP", "(envelope-from", " for <", "+0000", "-0000", "(UTC)", "bh=", "spf=", "dkim=", "dmarc="} {
		if strings.Contains(s, p) || strings.HasPrefix(s, strings.TrimLeft(p, " ")) {
			return true
		}
	}
	return false
}

// join makes every line of the header a field or a continuation, and returns
// how many lines the header has.
func (w *work) join(state reading) int {
	out := make([]line, 0, len(w.lines))
	joined, dropped, valued := 0, 0, 0
	from, received := false, false
	last := -1 // index in out of the open field's first line
	w.firstJoined, w.newestEnd = -1, -1
	mended := func() {
		if w.firstJoined < 0 {
			w.firstJoined = len(out)
		}
	}
	sparse := w.sparse(0)
	boundary := false
	i := 0
lines:
	for ; i < len(w.lines); i++ {
		l := w.lines[i]
		t := bytes.TrimSpace(l.b)
		switch {
		case len(t) == 0:
			next := i
			for next < len(w.lines) && len(bytes.TrimSpace(w.lines[next].b)) == 0 {
				next++
			}
			if next == len(w.lines) || !w.goesOn(next, sparse, from, received) {
				break lines
			}
			dropped += next - i
			mended()
			i = next - 1
		case bytes.HasPrefix(l.b, []byte("--")) && boundary && len(l.b) > 3:
			break lines
		case isField(l.b) && !(last >= 0 && w.insideList(out[last:])):
			n, after := nameAt(l.b)
			name := strings.ToLower(string(l.b[:n]))
			from = from || name == "from"
			received = received || name == "received"
			boundary = boundary || name == "content-type" && bytes.Contains(bytes.ToLower(l.b), []byte("multipart"))
			if n+1 != after {
				l.b = append(append(append([]byte(nil), l.b[:n]...), ':'), l.b[after:]...)
				w.note(Markup, 1, false, "blanks stood before the colon")
			}
			if received && w.newestEnd < 0 && last >= 0 && bytes.EqualFold(nameOf(out[last].b), []byte("received")) {
				w.newestEnd = len(out)
			}
			last = len(out)
			out = append(out, l)
		case l.b[0] == ' ' || l.b[0] == '\t':
			boundary = boundary || bytes.Contains(bytes.ToLower(l.b), []byte("boundary="))
			out = append(out, l)
		case len(out) == 0 && (bytes.HasPrefix(l.b, []byte("From ")) || bytes.HasPrefix(l.b, []byte(">From "))):
			out = append(out, l)
		case isButton(t) && w.blankFrom(i+1):
			w.note(Surroundings, 1, true, "text before or behind the header was left out")
			w.lines = w.lines[:i]
			break lines
		default:
			if state == partly && last >= 0 && author(out[last].b) {
				out = append(out, l) // left as it is: nobody's name grows by a sender's junk
				continue
			}
			if last >= 0 && last == len(out)-1 && emptyField(out[last].b) {
				valued++
			} else {
				joined++
			}
			mended()
			l.b = append([]byte(" "), l.b...)
			out = append(out, l)
		}
	}
	end := len(out)
	if i < len(w.lines) {
		out = append(out, w.lines[i:]...)
	} else if end > 0 && out[end-1].end == "" {
		out[end-1].end = "\n"
	}
	for k := 0; k < end; k++ {
		if out[k].end == "" {
			out[k].end = "\n"
		}
	}
	w.lines = out
	w.note(JoinedLines, joined+valued, false, "lines that had lost their indentation were joined to the field above")
	w.note(BlankLines, dropped, false, "blank lines inside the header were taken away")
	return end
}

// isButton reports whether a line is what the window of a mail program offers
// below a header.
func isButton(t []byte) bool {
	switch strings.ToLower(string(t)) {
	case "close", "ok", "cancel", "copy", "copy to clipboard", "print", "done", "back", "schließen", "abbrechen", "fermer", "cerrar", "chiudi", "sluiten":
		return true
	}
	return false
}

// blankFrom reports whether nothing stands from line i on.
func (w *work) blankFrom(i int) bool {
	for ; i < len(w.lines); i++ {
		if len(bytes.TrimSpace(w.lines[i].b)) > 0 {
			return false
		}
	}
	return len(w.rest) == 0
}

func nameOf(b []byte) []byte {
	n, _ := nameAt(b)
	return b[:n]
}

func emptyField(b []byte) bool {
	n, after := nameAt(b)
	return n > 0 && len(bytes.TrimSpace(b[after:])) == 0
}

// author reports whether a line is a field that names people.
func author(b []byte) bool {
	n, _ := nameAt(b)
	switch strings.ToLower(string(b[:n])) {
	case "from", "sender", "reply-to", "to", "cc":
		return true
	}
	return false
}

// insideList reports whether the open field is a signature whose h= goes on.
func (w *work) insideList(field []line) bool {
	n, _ := nameAt(field[0].b)
	switch strings.ToLower(string(field[0].b[:n])) {
	case "dkim-signature", "arc-message-signature":
	default:
		return false
	}
	open := false
	for i, l := range field {
		b := l.b
		if i == 0 {
			_, after := nameAt(b)
			b = b[after:]
		}
		open = listOpen(b, open)
	}
	tail := bytes.TrimSpace(field[len(field)-1].b)
	return open && (bytes.HasSuffix(tail, []byte(":")) || bytes.HasSuffix(tail, []byte("h=")))
}

// goesOn reports whether the header goes on behind blank lines, at line i.
func (w *work) goesOn(i int, sparse, from, received bool) bool {
	b := w.lines[i].b
	c := classify(b)
	if sparse {
		return c != noField
	}
	switch c {
	case traced:
		return true
	case standard:
		return !from || !received
	case unknown:
		return !from && bytes.HasPrefix(bytes.ToLower(b), []byte("x-"))
	}
	return false
}
