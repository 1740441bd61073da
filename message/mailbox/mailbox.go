// Package mailbox reads lists of addresses, as From, To and Reply-To hold them
// (RFC 5322 §3.4): every address that a receiver or a mail program could take
// for one. Mail that means to deceive is written so that readers differ; where
// they could, the address says so in its Problem.
//
// Stable: Parse and Mailbox stay from 1.0 on. Problems are for people and change.
package mailbox

import (
	"net/netip"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// Max is how many mailboxes of one field are returned. The last one's
// Problem says when there were more.
const Max = 256

// Mailbox is one address of a field.
type Mailbox struct {
	Name    string // display name as written, without its quotes; not decoded
	Address string // as written, without blanks and comments
	Local   string // before the last "@"
	Domain  string // after it: lower case, A-labels, no final dot; "" where there is none that can be used
	Group   string // name of the group it stands in (RFC 5322 §3.4)
	Offset  int    // byte offset of the address in the value
	Problem string // what deviates from RFC 5322, "" where nothing does
}

// Domains returns the different domains of some mailboxes, in their order. DMARC
// is decided only where there is exactly one (RFC 9989 §5.3.1).
func Domains(boxes []Mailbox) []string {
	var out []string
	seen := map[string]bool{"": true}
	for _, b := range boxes {
		if !seen[b.Domain] {
			seen[b.Domain] = true
			out = append(out, b.Domain)
		}
	}
	return out
}

// Parse reads the value of a From field: every address that a receiver or a mail
// program could take for an author, in order. It is more tolerant than RFC 5322
// §3.4 and never fails; a value without an address gives nothing.
//
// Encoded words are left as they are. A comma in an unquoted display name does
// not split it; a display name that looks like an address is a name as long as
// an address in angle brackets follows.
func Parse(value string) []Mailbox {
	p := parser{s: value}
	p.run()
	return p.out
}

// maxUnclosed is how many comments, quoted strings and angle brackets that are
// not closed are looked for to the end of the value; after them such a sign is
// passed over. It keeps the time linear.
const maxUnclosed = 16

type parser struct {
	s     string
	out   []Mailbox
	spent int // of maxUnclosed
	group string
	words []word // of the element being read, in order
	names []word // words of elements before it that hold no address
}

// word is a piece of an element. text is without quotes and comments.
type word struct {
	text    string
	start   int
	kind    byte // 'w' word, 'q' quoted string, 'a' content of angle brackets
	problem string
}

func (p *parser) run() {
	s := p.s
	problem := ""
	for i := 0; i < len(s); {
		switch s[i] {
		case ' ', '\t', '\r', '\n', 0:
			i++
		case '(':
			i = p.skipComment(s, i)
		case '"':
			text, next := p.quoted(s, i)
			if next < 0 {
				// QUIRK: not closed. What follows is read as if it were not
				// there, so that it cannot hide an address.
				i++
				problem = "a quoted string is not closed"
				continue
			}
			p.words = append(p.words, word{text: text, start: i, kind: 'q'})
			i = next
		case '<':
			i = p.angle(i)
		case '>':
			i++ // QUIRK: stray closing bracket
		case ',':
			if p.element(); len(p.names) > 0 {
				p.names[len(p.names)-1].text += ","
			}
			i++
		case ';':
			p.element()
			p.group, p.names = "", nil
			i++
		case ':':
			p.colon()
			i++
		default:
			start := i
			for i < len(s) && !isSpecial(s[i]) {
				if s[i] == '[' {
					i = literal(s, i)
				}
				i++
			}
			p.words = append(p.words, word{text: s[start:i], start: start, kind: 'w', problem: problem})
		}
	}
	p.element()
	if len(p.out) == 0 && len(p.names) == 1 && p.names[0].kind == 'w' && p.group == "" {
		// A lone word is the local part of somebody on that machine.
		w := p.names[0]
		w.text = strings.TrimRight(w.text, ",")
		p.add(Mailbox{Address: w.text, Local: w.text, Offset: w.start, Problem: "no domain"})
	}
	if problem != "" && len(p.out) > 0 && p.out[0].Problem == "" {
		p.out[0].Problem = problem
	}
}

// literal returns the offset of the "]" that ends the domain literal at i, i
// where none does. A literal may hold colons.
func literal(s string, i int) int {
	const longest = 64
	end := strings.IndexByte(s[i:min(len(s), i+longest)], ']')
	if end < 0 || strings.ContainsAny(s[i:i+end], "<>,; \t\r\n") {
		return i
	}
	return i + end
}

// isSpecial reports whether a byte ends an unquoted word. "." and "@" stay
// inside: they make up addresses.
func isSpecial(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', 0, '(', '"', '<', '>', ',', ';', ':':
		return true
	}
	return false
}

// skipComment returns the offset after the comment at i. Comments nest (RFC
// 5322 §3.2.2). One that is not closed is not a comment: only its "(" is passed
// over, so that it cannot hide an address.
func (p *parser) skipComment(s string, i int) int {
	depth := 0
	for j := i; j < len(s) && p.spent < maxUnclosed; j++ {
		switch s[j] {
		case '\\':
			j++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return j + 1
			}
		}
	}
	p.spent++
	return i + 1
}

// quoted reads the quoted string at i (RFC 5322 §3.2.4). next is -1 where it is
// not closed.
func (p *parser) quoted(s string, i int) (text string, next int) {
	var b strings.Builder
	from := i + 1
	for j := from; j < len(s) && p.spent < maxUnclosed; j++ {
		switch s[j] {
		case '\\':
			b.WriteString(s[from:j])
			from = j + 1
			j++
		case '"':
			b.WriteString(s[from:j])
			return b.String(), j + 1
		}
	}
	p.spent++
	return "", -1
}

// angle reads what stands in angle brackets at i and returns the offset after.
func (p *parser) angle(i int) int {
	s := p.s
	for i < len(s) && s[i] == '<' { // QUIRK: "<<joe@example.com>>"
		i++
	}
	start, end := i, -1
	quoted := false
	for j := i; j < len(s) && end < 0 && p.spent < maxUnclosed; j++ {
		switch c := s[j]; {
		case quoted && c == '\\':
			j++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '>' || c == '<'):
			end = j
		}
	}
	problem := ""
	next := end
	switch {
	case end < 0:
		// QUIRK: not closed, or a quote that is not: it ends at the next comma.
		p.spent++
		problem = "an angle bracket is not closed"
		if end = strings.IndexByte(s[i:], ','); end >= 0 {
			end += i
		} else {
			end = len(s)
		}
		next = end
	case s[end] == '>':
		next = end + 1
	default:
		problem = "an angle bracket is not closed"
	}
	text := s[start:end]
	at := start
	if strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "@") {
		// RFC 5322 §4.4 obs-route: "<@relay.example,@other.example:joe@example.com>".
		if colon := strings.IndexByte(text, ':'); colon >= 0 {
			at += colon + 1
			text = text[colon+1:]
			problem = "a route stands before the address"
		}
	}
	// QUIRK: several addresses in one pair of brackets.
	for {
		one, rest, more := cutUnquoted(text, ',')
		p.words = append(p.words, word{text: one, start: at, kind: 'a', problem: problem})
		if !more || len(p.words) > Max {
			return next
		}
		at += len(one) + 1
		text, problem = rest, "several addresses in one pair of angle brackets"
	}
}

// cutUnquoted is strings.Cut that passes over quoted strings.
func cutUnquoted(s string, sep byte) (before, after string, found bool) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// colon ends the name of a group (RFC 5322 §3.4).
func (p *parser) colon() {
	for _, w := range p.words {
		if w.kind != 'q' && strings.IndexByte(w.text, '@') >= 0 {
			// QUIRK: "joe@example.com: text": the address counts.
			p.element()
			return
		}
	}
	p.group = joinWords(append(p.names, p.words...))
	p.words, p.names = p.words[:0], nil
}

// element ends an element of the list.
func (p *parser) element() {
	words := joinAddresses(p.words)
	p.words = p.words[:0]
	var angles, bare []int
	for i, w := range words {
		switch {
		case w.kind == 'a' && strings.Trim(w.text, " \t\r\n") != "":
			angles = append(angles, i)
		case w.kind == 'w' && strings.IndexByte(w.text, '@') >= 0:
			bare = append(bare, i)
		}
	}
	addresses := bare
	problem := ""
	switch {
	case len(angles) > 0:
		addresses = angles
		if len(bare) > 0 {
			problem = "the display name holds an address outside quotes"
		}
	case len(bare) == 0:
		// No address: part of a display name with a comma in it.
		for _, w := range words {
			if len(p.names) < Max && w.kind != 'a' {
				p.names = append(p.names, w)
			}
		}
		return
	case len(words) > 1:
		problem = "the address stands without angle brackets beside other words"
	}
	if len(addresses) > 1 {
		problem = "several addresses without a comma between them"
	}
	name := words[:addresses[0]]
	if len(p.names) > 0 {
		problem = "the display name holds a comma outside quotes"
		name = append(p.names, name...)
	}
	p.names = nil
	for n, i := range addresses {
		w := words[i]
		box := p.address(w.text, w.start)
		if n == 0 {
			box.Name = joinWords(name)
		}
		box.Group = p.group
		for _, text := range [...]string{w.problem, problem} {
			if box.Problem == "" {
				box.Problem = text
			}
		}
		p.add(box)
	}
}

func (p *parser) add(b Mailbox) {
	if len(p.out) < Max {
		p.out = append(p.out, b)
		return
	}
	p.out[Max-1].Problem = "more mailboxes follow, which are not listed"
}

// joinAddresses glues together what blanks and comments around an "@" cut apart
// (RFC 5322 §4.4), and a quoted local part to its "@". Beside an address in
// angle brackets words are a display name and stay as they are.
func joinAddresses(words []word) []word {
	for _, w := range words {
		if w.kind == 'a' {
			return words
		}
	}
	out := make([]word, 0, len(words))
	for _, w := range words {
		if len(out) > 0 && w.kind == 'w' {
			last := &out[len(out)-1]
			has := last.kind == 'w' && strings.IndexByte(last.text, '@') >= 0
			begins, ends := w.text[0] == '@', has && strings.HasSuffix(last.text, "@")
			if begins && !has || ends && !begins {
				if last.kind == 'q' {
					last.text, last.kind = quote(last.text), 'w'
				}
				last.text += w.text
				continue
			}
		}
		out = append(out, w)
	}
	return out
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// joinWords makes a display name of words.
func joinWords(words []word) string {
	var b strings.Builder
	for _, w := range words {
		if w.kind == 'a' {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.text)
	}
	return b.String()
}

// isAddress reports whether what stands behind "@" is an address of a machine:
// a literal in brackets (RFC 5321 §4.1.3), or one without them.
func isAddress(s string) bool {
	if strings.HasPrefix(s, "[") {
		return true
	}
	_, err := netip.ParseAddr(strings.TrimSuffix(s, "."))
	return err == nil
}

// address splits an address at its last "@" that is not quoted.
func (p *parser) address(text string, start int) Mailbox {
	lead := len(text) - len(strings.TrimLeft(text, " \t\r\n"))
	b := Mailbox{Offset: start + lead}
	var clean strings.Builder
	at, ats := -1, 0
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case ' ', '\t', '\r', '\n', 0:
			i++
		case '(':
			i = p.skipComment(text, i)
		case '"':
			_, next := p.quoted(text, i)
			if next < 0 {
				next = i + 1
			}
			clean.WriteString(text[i:next])
			i = next
		default:
			if c == '@' {
				at = clean.Len()
				ats++
			}
			clean.WriteByte(c)
			i++
		}
	}
	b.Address = clean.String()
	if at < 0 {
		b.Local, b.Problem = b.Address, "no domain"
		return b
	}
	b.Local = b.Address[:at]
	var ok bool
	if isAddress(b.Address[at+1:]) {
		b.Problem = "an IP address stands where a domain belongs: DMARC does not apply"
	} else if b.Domain, ok = mailname.Normal(b.Address[at+1:]); !ok {
		b.Problem = "the domain cannot be used"
	} else if ats > 1 {
		b.Problem = "several \"@\"; the last one counts here, but readers differ"
	} else if b.Local == "" {
		b.Problem = "nothing before \"@\""
	}
	return b
}
