package received

import "strings"

// Bounds on what one field may make the reader do.
const (
	MaxField   = 16 << 10 // octets read of a field
	maxTokens  = 1024     // words and comments read of a field
	maxDepth   = 32       // depth of nested comments that is not remarked upon
	maxLateDay = 12       // words searched for a date that no semicolon announces
	maxNotes   = 8
	maxPath    = 512 // octets of a quoted address; RFC 5321 §4.5.3.1.3 allows a path of 256
)

// clauses is a field cut into the clauses of RFC 5321 §4.4, before anybody has
// said what they mean. Everything is a substring of text.
type clauses struct {
	text  string
	tok   []token
	parts [numKeys]part
	again [numKeys]part // second occurrence: Mimecast and qpsmtpd write "with" twice
	dup   bool          // a third occurrence, or a second "by"
	early [numKeys]bool // the clause stands before "by"
	// ambiguous says that a client's HELO with spaces may have brought clauses.
	ambiguous bool
	date      string // after the last semicolon, or found at the end
	// spaced is set where white space stands before the semicolon.
	spaced bool
	notes  []Note
	// ownWords are the comments of the server's own; nil before servers.
	ownWords []int32
	ownRoom  [6]int32

	work int // octets looked at, for the test that this grows with the field only
}

// token is a word or a comment at depth 0. The text of a comment has no outer
// parentheses.
type token struct {
	lo, hi  int32 // offsets in clauses.text, of a comment's inside
	comment bool
	used    bool // some part of Received was taken from it
}

// part is the run of tokens of one clause, its keyword left off.
type part struct {
	lo, hi int32
	ok     bool
}

type key uint8

const (
	kLead key = iota // before the first keyword
	kFrom
	kBy
	kVia
	kWith
	kID
	kFor
	kEnvelopeFrom // Haraka; also a second "from" with an address (XMail, IBM)
	kTLS          // RFC 8314 §4.3, Exim, Haraka
	kTail         // comments after the date
	numKeys
	kNone = numKeys
)

// split cuts the value of a field. It reads every octet a fixed number of
// times and never recurses.
func split(value string) *clauses {
	c := &clauses{}
	value = strings.TrimSpace(value)
	if len(value) > MaxField {
		value = value[:MaxField]
		c.note(NoteCut)
	}
	c.text = unfold(value)
	semi := c.tokenize()
	c.cutDate(semi)
	return c
}

// unfold replaces line ends and tabs with spaces (RFC 5322 §2.2.3; a tab means
// nothing more than a space in this field), and the indentation of a folded line
// with one. Most values need no copy.
func unfold(s string) string {
	i := strings.IndexAny(s, "\r\n\t")
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for ; i >= 0; i = strings.IndexAny(s, "\r\n\t") {
		b.WriteString(s[:i])
		b.WriteByte(' ')
		if s[i] == '\t' {
			s = s[i+1:]
			continue
		}
		for s = s[i+1:]; s != "" && (s[0] == ' ' || s[0] == '\t' || s[0] == '\r' || s[0] == '\n'); {
			s = s[1:]
		}
	}
	b.WriteString(s)
	return b.String()
}

func (c *clauses) note(n Note) {
	for _, have := range c.notes {
		if have == n {
			return
		}
	}
	if len(c.notes) < maxNotes {
		c.notes = append(c.notes, n)
	}
}

// strayOpens returns the offsets of opening parentheses that nothing closes,
// in order.
//
// QUIRK: RFC 5322 §3.2.2 wants them balanced. A stray one is read as an
// ordinary character, so that it cannot swallow the clauses behind it:
// "(HELO EUR04-DB3-obe.outb) server-7.tower-with AES256".
func (c *clauses) strayOpens() []int32 {
	var buf [maxDepth]int32
	open := buf[:0]
	deepest := 0
	for i := 0; i < len(c.text); i++ {
		c.work++
		switch c.text[i] {
		case '\\':
			if len(open) > 0 || i+1 < len(c.text) && c.text[i+1] == '"' {
				i++
			}
		case '<', '"':
			i += max(0, c.quotedSpan(i)-1)
		case '(':
			open = append(open, int32(i))
			deepest = max(deepest, len(open))
		case ')':
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
	}
	if deepest > maxDepth {
		c.note(NoteDeep)
	}
	if len(open) == 0 {
		return nil
	}
	c.note(NoteUnbalanced)
	return append([]int32(nil), open...)
}

// tokenize fills c.tok and returns the index of the first token behind the
// last semicolon at depth 0, or -1.
func (c *clauses) tokenize() int {
	stray := c.strayOpens()
	s := c.text
	c.tok = make([]token, 0, 24)
	semi := -1
	depth, word := 0, -1
	var inside int
	endWord := func(i int) {
		if word >= 0 {
			c.tok = append(c.tok, token{lo: int32(word), hi: int32(i)})
			word = -1
		}
	}
	for i := 0; i < len(s); i++ {
		if len(c.tok) >= maxTokens {
			c.note(NoteTokens)
			return semi
		}
		ch := s[i]
		c.work++
		switch {
		case ch == '\\' && (depth > 0 || i+1 < len(s) && s[i+1] == '"'):
			if depth == 0 && word < 0 {
				word = i
			}
			i++
		case ch == '<' || ch == '"':
			if depth == 0 && word < 0 {
				word = i
			}
			i += max(0, c.quotedSpan(i)-1)
		case ch == '(' && len(stray) > 0 && int(stray[0]) == i:
			stray = stray[1:]
			if depth == 0 && word < 0 {
				word = i
			}
		case ch == '(':
			if depth == 0 {
				endWord(i)
				inside = i + 1
			}
			depth++
		case ch == ')' && depth > 0:
			depth--
			if depth == 0 {
				c.tok = append(c.tok, token{lo: int32(inside), hi: int32(i), comment: true})
			}
		case depth > 0:
		case ch == ' ':
			endWord(i)
		case ch == ';':
			endWord(i)
			semi = len(c.tok)
			c.date = s[i+1:]
			c.spaced = i > 0 && s[i-1] == ' '
		default:
			if ch == ')' {
				c.note(NoteUnbalanced)
			}
			if word < 0 {
				word = i
			}
		}
	}
	endWord(len(s))
	return semi
}

// quotedSpan returns the length of the address in angle brackets, or of the
// quoted local part before "@", that begins at i; 0 where neither does. White
// space, semicolons and parentheses count only inside quotes, and only over a
// short distance, so that a client that says HELO " hides nothing.
func (c *clauses) quotedSpan(i int) int {
	s := c.text[i:]
	angle := s[0] == '<'
	n := 0
	if angle {
		n = 1
	}
	quoted := false
	for ; n < len(s) && n < maxPath; n++ {
		c.work++
		switch ch := s[n]; {
		case ch == '"':
			quoted = !quoted
			if !quoted && !angle {
				if n+1 < len(s) && s[n+1] == '@' {
					return n + 1
				}
				return 0
			}
		case quoted && ch == '\\':
			n++
		case quoted:
		case ch == '>' && angle:
			return n + 1
		case ch == ' ' || ch == '(' || ch == ')' || ch == '<':
			return 0
		}
	}
	return 0
}

// cutDate finds the date and then the clauses in what stands before it. semi is
// the token behind the last semicolon.
func (c *clauses) cutDate(semi int) {
	end := len(c.tok)
	var late [numKeys]part
	if semi >= 0 {
		end = semi
		tail, start := len(c.tok), len(c.text)-len(c.date)
		for i := len(c.tok) - 2; i >= semi; i-- {
			t := c.tok[i]
			if t.comment {
				continue
			}
			// QUIRK: Courier puts the id behind the date, EzMTS the recipient (RFC
			// 5321 §4.4 has them before): "…; Mon, 04 Oct 2010 08:31:09 +0200 id
			// 004001D2.…", "… +0200 for <ida@example.org>".
			if k := c.keyword(c.text[t.lo:t.hi]); k == kID || k == kFor || k == kEnvelopeFrom {
				c.date = c.text[start:t.lo]
				late[k] = part{lo: int32(i + 1), hi: int32(tail), ok: true}
				tail = i
			}
		}
		c.date = strings.TrimSpace(c.date)
		// Sendmail rules may put (envelope-from …) behind the date.
		c.parts[kTail] = part{lo: int32(semi), hi: int32(tail), ok: true}
	} else if i := c.lateDate(); i >= 0 {
		// QUIRK: SendGrid leaves the semicolon out (RFC 5321 §4.4 wants it):
		// "with HTTP id X Mon, 01 Jun 2026 10:00:00 +0000 (UTC)".
		end = i
		c.date = c.text[c.tok[i].lo:]
		c.parts[kTail] = part{lo: int32(i), hi: int32(len(c.tok)), ok: true}
		c.note(NoteNoSemicolon)
	} else {
		c.note(NoteNoDate)
	}
	c.readKeys(end)
	for k, p := range late {
		if p.ok && !c.parts[k].ok {
			c.parts[k] = p
		}
	}
}

// lateDate returns the token at which a date begins that runs to the end of
// the field, or -1.
func (c *clauses) lateDate() int {
	first := max(0, len(c.tok)-maxLateDay)
	for i := first; i < len(c.tok); i++ {
		t := c.tok[i]
		if t.comment || !startsDate(c.text[t.lo:t.hi]) {
			continue
		}
		if _, ok := ParseDate(c.text[t.lo:]); ok {
			return i
		}
	}
	return -1
}

// startsDate says whether a date may begin with word: "Mon," or "2026-06-01".
func startsDate(word string) bool {
	if len(word) == 4 && word[3] == ',' {
		return isWeekday(word[:3])
	}
	return len(word) == 10 && word[4] == '-' && word[7] == '-' && isDigit(word[0])
}

// readKeys sorts the tokens before end into clauses. What stands between "from"
// and the last "by" tells of the client: a clause that opens there is one of
// its words, or of a server that writes it before "by" (smtpd, "via SMTP by").
// It holds only where no other follows.
func (c *clauses) readKeys(end int) {
	lastBy := -1
	for i := end - 1; i >= 0 && lastBy < 0; i-- {
		if t := c.tok[i]; !t.comment && c.keyword(c.text[t.lo:t.hi]) == kBy && i+1 < end && c.opens(kBy, i, end) {
			lastBy = i
		}
	}
	k := kLead
	cur := part{lo: 0, ok: true}
	var early [numKeys]part
	inEarly := kNone
	after := kNone // the key whose value has not begun
	for i := 0; i < end; i++ {
		t := c.tok[i]
		if t.comment {
			after = kNone
			continue
		}
		next := c.keyword(c.text[t.lo:t.hi])
		if next == kNone {
			after = kNone
			continue
		}
		// A keyword right behind a keyword is a value when a comment, an address
		// or another keyword follows: HELO "by" gives
		// "from by (host [192.0.2.1]) by mx".
		if after != kNone && i+1 < end {
			n := c.tok[i+1]
			if n.comment || after == kFrom && c.text[n.lo] == '[' || c.keyword(c.text[n.lo:n.hi]) != kNone {
				after = kNone
				continue
			}
		}
		if !c.opens(next, i, end) {
			after = kNone
			continue
		}
		if next == kFrom && c.parts[kBy].ok || next == kFrom && k == kBy {
			next = kEnvelopeFrom
		}
		if inEarly != kNone {
			early[inEarly].hi = int32(i)
			inEarly = kNone
		}
		if k == kFrom && i < lastBy {
			after = next
			switch {
			case next == kBy || next == kFrom:
				c.ambiguous = true
				c.dup = c.dup || next == kFrom || !strings.EqualFold(c.text[c.tok[i+1].lo:c.tok[i+1].hi], c.text[c.tok[lastBy+1].lo:c.tok[lastBy+1].hi])
				c.note(NoteDuplicate)
			case !early[next].ok:
				early[next] = part{lo: int32(i + 1), ok: true}
				inEarly = next
			}
			continue
		}
		cur.hi = int32(i)
		c.put(k, cur)
		k, cur = next, part{lo: int32(i + 1), ok: true}
		after = next
	}
	cur.hi = int32(end)
	c.put(k, cur)
	for k, p := range early {
		switch {
		case !p.ok:
		case c.parts[k].ok:
			c.ambiguous = true
			c.note(NoteDuplicate)
		case key(k) == kVia || key(k) == kWith:
			c.parts[k], c.early[k] = p, true
		default:
			c.ambiguous = true
		}
	}
}

// opens says whether the keyword at token i may open a clause there. A host
// called "tls" stays a host.
func (c *clauses) opens(k key, i, end int) bool {
	switch k {
	case kTLS:
		return c.parts[kBy].ok && i+1 < end && !c.tok[i+1].comment
	case kBy: // qmail-scanner: by alpha by uid 7791; Exim rules: by mx … by authid <ann@example.com>
		if i > 0 && c.text[c.tok[i-1].lo:c.tok[i-1].hi] == "MailboxResubmission" { // Exchange Online: … by AntispamTT
			return false
		}
		if i+2 >= end || c.tok[i+1].comment {
			return true
		}
		next := c.text[c.tok[i+1].lo:c.tok[i+1].hi]
		return next != "uid" && !(next == "authid" && c.text[c.tok[i+2].lo] == '<')
	}
	return true
}

func (c *clauses) put(k key, p part) {
	switch {
	case k == kLead && p.lo == p.hi:
	case k == kBy && c.parts[k].ok:
		// A HELO name with spaces can bring a "by" of its own; the server's
		// stands behind it.
		c.parts[k], c.again[k] = p, c.parts[k]
		if !strings.EqualFold(c.wordOf(p, 0), c.wordOf(c.again[k], 0)) {
			c.dup = true
		}
		c.ambiguous = true
		c.note(NoteDuplicate)
	case !c.parts[k].ok:
		c.parts[k] = p
	case !c.again[k].ok:
		c.again[k] = p
		if k != kWith {
			c.note(NoteDuplicate)
		}
		c.dup = c.dup || k == kFrom
	default:
		c.dup = true
		c.note(NoteDuplicate)
	}
}

func (c *clauses) keyword(w string) key {
	if len(w) < 2 || len(w) > 13 {
		return kNone
	}
	switch w[0] | 0x20 {
	case 'f':
		if strings.EqualFold(w, "from") {
			return kFrom
		}
		if strings.EqualFold(w, "for") {
			return kFor
		}
	case 'b':
		if strings.EqualFold(w, "by") {
			return kBy
		}
	case 'v':
		if strings.EqualFold(w, "via") {
			return kVia
		}
	case 'w':
		if strings.EqualFold(w, "with") {
			return kWith
		}
	case 'i':
		if strings.EqualFold(w, "id") {
			return kID
		}
	case 'e':
		if w == "envelope-from" {
			return kEnvelopeFrom
		}
	case 't':
		if w == "tls" {
			return kTLS
		}
	}
	return kNone
}

// has says whether the clause is there.
func (c *clauses) has(k key) bool { return c.parts[k].ok }

func (c *clauses) at(i int32) string { return c.text[c.tok[i].lo:c.tok[i].hi] }

// word returns the n-th word of a clause, or "".
func (c *clauses) word(k key, n int) string { return c.wordOf(c.parts[k], n) }

func (c *clauses) wordOf(p part, n int) string {
	for i := p.lo; i < p.hi; i++ {
		if c.tok[i].comment {
			continue
		}
		if n == 0 {
			return c.at(i)
		}
		n--
	}
	return ""
}

// words returns the words of a clause up to its first comment that follows a
// word, as they stand.
func (c *clauses) words(k key) string {
	p := c.parts[k]
	lo := int32(-1)
	hi := int32(0)
	for i := p.lo; i < p.hi; i++ {
		if c.tok[i].comment {
			if lo >= 0 {
				break
			}
			continue
		}
		if lo < 0 {
			lo = c.tok[i].lo
		}
		hi = c.tok[i].hi
	}
	if lo < 0 {
		return ""
	}
	return c.text[lo:hi]
}

// comment returns the n-th comment of a clause, or "".
func (c *clauses) comment(k key, n int) string {
	if i := c.commentIndex(k, n); i >= 0 {
		return c.at(i)
	}
	return ""
}

func (c *clauses) commentIndex(k key, n int) int32 {
	p := c.parts[k]
	for i := p.lo; i < p.hi; i++ {
		if c.tok[i].comment {
			if n == 0 {
				return i
			}
			n--
		}
	}
	return -1
}

// findComment returns the index of the first comment of the clause that begins
// with prefix, letters of either case, or -1.
func (c *clauses) findComment(k key, prefix string) int32 {
	p := c.parts[k]
	for i := p.lo; i < p.hi; i++ {
		if c.tok[i].comment && hasPrefixFold(c.at(i), prefix) {
			return i
		}
	}
	return -1
}

// anyComment is findComment over the whole field.
func (c *clauses) anyComment(prefix string) int32 {
	for i := range c.tok {
		if c.tok[i].comment && hasPrefixFold(c.at(int32(i)), prefix) {
			return int32(i)
		}
	}
	return -1
}

// use marks a comment as read and returns it.
func (c *clauses) use(i int32) string {
	c.tok[i].used = true
	return c.at(i)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && s[0]|0x20 == prefix[0]|0x20 && strings.EqualFold(s[:len(prefix)], prefix)
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isAlpha(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
