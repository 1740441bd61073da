package spf

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/internal/memo"
)

// Record is an SPF record taken apart (RFC 7208 §4.6.1).
type Record struct {
	Text  string
	Terms []Term // in the order of the record, those with errors included

	all, redirect, exp int // index into Terms + 1, 0 for none; the first of each
}

// Term is a mechanism or a modifier as it is written in a record.
type Term struct {
	Text      string // as written, with its qualifier
	Position  int    // byte offset in the record
	Kind      string // name in lower case: "ip4", "include", "redirect", ...
	Modifier  bool
	Qualifier byte // '+', '-', '~' or '?', '+' where none is written; 0 for a modifier
	// Spec is the domain-spec before macros, "" where the term has none: then
	// the domain of the record stands for it. For a modifier that the RFC does
	// not name it is the value.
	Spec string
	// Prefix is the network of ip4 and ip6 as written, host bits included.
	Prefix netip.Prefix
	// Bits4 and Bits6 are the prefix lengths of a and mx, 32 and 128 where
	// none is written.
	Bits4, Bits6 int
	// Bad says that the term has a syntax error. Its other fields, but for
	// Text and Position, are then not to be relied on.
	Bad bool
}

// Result is what a match of the mechanism means (RFC 7208 §4.6.2).
func (t *Term) Result() Result {
	switch t.Qualifier {
	case '-':
		return Fail
	case '~':
		return SoftFail
	case '?':
		return Neutral
	}
	return Pass
}

// Looks reports whether the term counts against the lookup limit of RFC 7208
// §4.6.4. exp does not.
func (t *Term) Looks() bool {
	switch t.Kind {
	case "include", "a", "mx", "ptr", "exists":
		return !t.Modifier
	case "redirect":
		return t.Modifier
	}
	return false
}

// All returns the first "all" of the record, or nil.
func (r *Record) All() *Term { return r.at(r.all) }

// Redirect returns the redirect modifier, or nil.
func (r *Record) Redirect() *Term { return r.at(r.redirect) }

// Exp returns the exp modifier, or nil.
func (r *Record) Exp() *Term { return r.at(r.exp) }

func (r *Record) at(i int) *Term {
	if i == 0 {
		return nil
	}
	return &r.Terms[i-1]
}

const version = "v=spf1"

// IsRecord reports whether a TXT record is an SPF record: it begins with
// "v=spf1", in any case, and a space or its end follows (RFC 7208 §4.5).
func IsRecord(text string) bool {
	return len(text) >= len(version) && mailname.Lower(text[:len(version)]) == version &&
		(len(text) == len(version) || text[len(version)] == ' ')
}

// taken is what Parse gives.
type taken struct {
	record *Record
	notes  []Note
}

// records keeps what was taken apart: an archive meets the same records again and
// again.
var records memo.Memo[taken]

// parsed is Parse; nobody changes what it returns.
func parsed(text string) (*Record, []Note) {
	t := records.Get(text, func(text string) taken {
		r, notes := Parse(text)
		return taken{r, notes}
	})
	return t.record, t.notes
}

// Parse takes a record apart. Every syntax error comes back as a Note with
// Error set, with its byte offset, in the order of the record; any of them
// makes the record a permerror (RFC 7208 §4.6). Modifiers that the RFC does
// not name are not an error (§6). The Record is never nil and holds the terms with
// errors too.
func Parse(text string) (*Record, []Note) {
	p := parser{record: &Record{Text: text}}
	switch {
	case len(text) > MaxRecord:
		p.note(MaxRecord, "", "longer than "+strconv.Itoa(MaxRecord)+" bytes; not read")
	case !IsRecord(text):
		p.note(0, text[:min(len(text), len(version)+1)],
			`does not begin with "v=spf1" and a space`)
	default:
		p.terms(text)
	}
	return p.record, p.notes
}

type parser struct {
	record *Record
	term   *Term // being read
	notes  []Note
}

// note notes an error. at is an offset in the record.
func (p *parser) note(at int, term, text string) {
	if len(p.notes) == MaxNotes {
		p.notes[MaxNotes-1] = Note{Position: at, Text: "more errors follow", Error: true}
		return
	}
	if len(p.notes) > MaxNotes {
		return
	}
	p.notes = append(p.notes, Note{Position: at, Term: term, Text: text, Error: true})
}

// bad notes an error in the term being read, at an offset in that term.
func (p *parser) bad(at int, text string) {
	p.term.Bad = true
	p.note(p.term.Position+at, p.term.Text, text)
}

func (p *parser) terms(text string) {
	r := p.record
	r.Terms = make([]Term, 0, strings.Count(text, " "))
	for i := len(version); i < len(text); {
		if text[i] == ' ' {
			i++
			continue
		}
		end := strings.IndexByte(text[i:], ' ')
		if end < 0 {
			end = len(text) - i
		}
		r.Terms = append(r.Terms, Term{Text: text[i : i+end], Position: i})
		p.term = &r.Terms[len(r.Terms)-1]
		p.read()
		i += end
	}
}

// read reads one term.
func (p *parser) read() {
	t := p.term
	for i := 0; i < len(t.Text); i++ {
		// RFC 7208 §4.6.1: visible ASCII. A tab does not separate terms.
		if c := t.Text[i]; c < '!' || c > '~' {
			p.bad(i, "byte "+hexByte(c)+" is not allowed in a record")
			return
		}
	}
	if name, value, ok := cutModifier(t.Text); ok {
		t.Modifier = true
		t.Kind = mailname.Lower(name)
		t.Spec = value
		p.modifier(len(t.Text) - len(value))
		return
	}

	rest := t.Text
	t.Qualifier = '+'
	switch rest[0] {
	case '+', '-', '~', '?':
		t.Qualifier = rest[0]
		rest = rest[1:]
	}
	n := strings.IndexAny(rest, ":/")
	if n < 0 {
		n = len(rest)
	}
	t.Kind = mailname.Lower(rest[:n])
	p.mechanism(rest[n:], len(t.Text)-len(rest)+n)
}

// cutModifier cuts name=value, where the "=" follows the name at once (RFC
// 7208 §4.6.1).
func cutModifier(s string) (name, value string, ok bool) {
	if !isAlpha(s[0]) {
		return "", "", false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case isAlnum(c), c == '-', c == '_', c == '.':
		case c == '=':
			return s[:i], s[i+1:], true
		default:
			return "", "", false
		}
	}
	return "", "", false
}

// modifier checks a modifier. at is the offset of its value in the term.
func (p *parser) modifier(at int) {
	t, r := p.term, p.record
	switch t.Kind {
	case "redirect":
		if r.redirect != 0 {
			p.bad(0, "a second redirect") // §6
		} else {
			r.redirect = len(r.Terms)
		}
	case "exp":
		if r.exp != 0 {
			p.bad(0, "a second exp") // §6
		} else {
			r.exp = len(r.Terms)
		}
	default:
		if problem, i, _ := checkMacros(t.Spec, inModifier); problem != "" {
			p.bad(at+i, problem)
		}
		return
	}
	p.domainSpec(at)
}

// mechanism checks a mechanism. args is what follows its name, and at the
// offset of that in the term.
func (p *parser) mechanism(args string, at int) {
	t := p.term
	switch t.Kind {
	case "all":
		if p.record.all == 0 {
			p.record.all = len(p.record.Terms)
		}
		if args != "" {
			p.bad(at, "all takes no argument")
		}
	case "include", "exists":
		if args == "" || args[0] != ':' {
			p.bad(at, t.Kind+" needs a domain: "+t.Kind+":DOMAIN")
			return
		}
		t.Spec = args[1:]
		p.domainSpec(at + 1)
	case "ptr":
		if args == "" {
			return
		}
		if args[0] != ':' {
			p.bad(at, "ptr takes no prefix length")
			return
		}
		t.Spec = args[1:]
		p.domainSpec(at + 1)
	case "a", "mx":
		p.addresses(args, at)
	case "ip4":
		p.network(args, at, 32)
	case "ip6":
		p.network(args, at, 128)
	default:
		p.bad(0, "unknown mechanism "+strconv.Quote(t.Kind)+hint(t.Kind))
	}
}

// hint guesses what was meant by names that are seen in published records.
func hint(kind string) string {
	switch kind {
	case "ip", "ipv4", "ip4v", "ip4s", "ipv":
		return "; ip4 is meant?"
	case "ipv6", "ip6v":
		return "; ip6 is meant?"
	case "inc", "incl", "includes", "incude", "inlcude", "inculde", "included", "spf":
		return "; include is meant?"
	case "redirect", "exp":
		return `; it is a modifier, written "` + kind + `=DOMAIN"`
	case "cname", "aaaa", "host", "txt", "srv":
		return "; a covers both A and AAAA"
	case "":
		return "; a name is missing"
	}
	return ""
}

// addresses reads [ ":" domain-spec ] [ dual-cidr-length ] of a and mx (RFC
// 7208 §5.3, §5.4).
func (p *parser) addresses(args string, at int) {
	t := p.term
	t.Bits4, t.Bits6 = 32, 128
	head, bits4, bits6 := cutCIDR(args)
	if head != "" {
		if head[0] != ':' {
			p.bad(at, strconv.Quote(args)+` is not a prefix length; it is written "/24", "//64" or "/24//64"`)
			return
		}
		t.Spec = head[1:]
		p.domainSpec(at + 1)
	}
	if bits4 != "" {
		t.Bits4 = p.bits(bits4, 32, at+len(head)+1)
	}
	if bits6 != "" {
		t.Bits6 = p.bits(bits6, 128, at+len(args)-len(bits6))
	}
}

// cutCIDR cuts a dual-cidr-length from the end of s: the digits behind "/" and
// those behind "//". A slash without digits stays in head.
func cutCIDR(s string) (head, bits4, bits6 string) {
	digits := func(s string) int {
		i := len(s)
		for i > 0 && isDigit(s[i-1]) {
			i--
		}
		return i
	}
	i := digits(s)
	if i == len(s) || i < 1 || s[i-1] != '/' {
		return s, "", ""
	}
	if i >= 2 && s[i-2] == '/' {
		bits6 = s[i:]
		s = s[:i-2]
		if i = digits(s); i == len(s) || i < 1 || s[i-1] != '/' || i >= 2 && s[i-2] == '/' {
			return s, "", bits6
		}
	}
	return s[:i-1], s[i:], bits6
}

// bits reads a prefix length without leading zeros (RFC 7208 §5.6, and §12).
func (p *parser) bits(s string, limit, at int) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if n = n*10 + int(s[i]-'0'); !isDigit(s[i]) || n > limit {
			p.bad(at, strconv.Quote(s)+" is not a prefix length from 0 to "+strconv.Itoa(limit))
			return 0
		}
	}
	if s == "" {
		p.bad(at, "the prefix length is missing")
	} else if s[0] == '0' && len(s) > 1 {
		p.bad(at, "prefix length "+strconv.Quote(s)+" with leading zero")
	}
	return n
}

// network reads ip4 and ip6 (RFC 7208 §5.6).
func (p *parser) network(args string, at, size int) {
	t := p.term
	if args == "" || args[0] != ':' {
		p.bad(at, t.Kind+" needs an address: "+t.Kind+":ADDRESS")
		return
	}
	address, length, cut := strings.Cut(args[1:], "/")
	bits := size
	if cut {
		bits = p.bits(length, size, at+1+len(address)+1)
	}
	// ParseAddr refuses leading zeros and short forms, as qnum does.
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Zone() != "" || ip.BitLen() != size {
		text := strconv.Quote(address) + " is not an IPv4 address"
		if size == 128 {
			text = strconv.Quote(address) + " is not an IPv6 address"
		}
		switch {
		case err == nil && ip.Is4():
			text += "; ip4 is meant?"
		case err == nil && ip.Is6() && ip.Zone() == "":
			text += "; ip6 is meant?"
		case address == "":
			text = "the address is missing"
		}
		p.bad(at+1, text)
		return
	}
	if t.Bad {
		return
	}
	t.Prefix = netip.PrefixFrom(ip, bits)
}

// domainSpec checks Spec as a domain-spec (RFC 7208 §7.1): a macro-string that
// ends in a macro, or in a dot and a top label.
func (p *parser) domainSpec(at int) {
	spec := p.term.Spec
	if spec == "" {
		p.bad(at, "the domain is missing")
		return
	}
	problem, i, end := checkMacros(spec, inDomain)
	if problem != "" {
		p.bad(at+i, problem)
		return
	}
	if end == len(spec) {
		return
	}
	tail := strings.TrimSuffix(spec[end:], ".")
	dot := strings.LastIndexByte(tail, '.')
	if dot < 0 {
		p.bad(at+end, strconv.Quote(spec)+" is not a domain name with a top label")
		return
	}
	if label := tail[dot+1:]; !isTopLabel(label) {
		text := strconv.Quote(label) + " cannot be a top-level label"
		host, _, _ := strings.Cut(spec, "/")
		if ip, err := netip.ParseAddr(host); err == nil && ip.Is4() {
			// A common mistake in published records.
			text = strconv.Quote(spec) + " is an address; it is written ip4:" + spec
		} else if strings.IndexByte(label, '/') >= 0 {
			text += "; the prefix length is wrong or out of place"
		} else if strings.IndexByte(label, ':') >= 0 {
			text += "; a port has no place here"
		}
		p.bad(at+end+dot+1, text)
	}
}

// isTopLabel tells a toplabel: letters, digits and hyphens, no hyphen at either
// end, not digits alone (RFC 7208 §7.1).
func isTopLabel(s string) bool {
	if s == "" || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	name := false
	for i := 0; i < len(s); i++ {
		if !isAlnum(s[i]) && s[i] != '-' {
			return false
		}
		name = name || !isDigit(s[i])
	}
	return name
}
