package zonefile

import (
	"encoding/hex"
	"io"
	"slices"
	"strconv"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/names"
	"github.com/mailtrace/mailtrace/dns/internal/wire"
)

const (
	// maxZoneWarnings is how many warnings are kept; the rest are counted.
	maxZoneWarnings = 50
	// maxTypes is how many types of records one name can have.
	maxTypes = 128
	// defaultTTL holds where the file says nothing.
	defaultTTL = 3600
)

// Parse reads a master file (RFC 1035 §5; $TTL, RFC 2308 §4).
// source names the file in messages and answers. Names without a final dot are
// relative to the root until an $ORIGIN says otherwise.
//
// A comment line "; SERVFAIL name." or "; TIMEOUT name." makes that name and
// all names below it fail so.
//
// The error is a *[SyntaxError] with every line that cannot be read. $INCLUDE
// is one of them, nothing here opens a file, and so is $GENERATE.
func Parse(source string, text []byte) (*Zone, error) {
	p := zoneParser{
		zone:   &Zone{server: "zone:" + source, nodes: make(map[string]*node, len(text)/64+1)},
		errs:   dns.SyntaxError{Source: source},
		origin: ".",
		ttl:    defaultTTL,
	}
	rest := strings.TrimPrefix(string(text), "\ufeff")
	for line := 1; rest != ""; {
		e := scanEntry(rest)
		e.line = line
		line += e.lines
		rest = rest[len(e.text):]
		if !p.entry(&e) {
			break
		}
	}
	p.finish()
	if err := p.errs.ErrorOrNil(); err != nil {
		return nil, err
	}
	return p.zone, nil
}

type zoneParser struct {
	zone    *Zone
	errs    dns.SyntaxError
	origin  string // with its final dot
	twofold string // the origin after itself, "" for the root
	ttl     uint32
	fixed   bool   // ttl comes from $TTL
	owner   string // of the last record, "" before the first
	lost    bool   // the line that named the owner could not be read
	dropped int    // warnings not kept
	cnames  []lineName
	seen    map[dns.Question]map[string]bool // data in the big sets
}

type lineName struct {
	line int
	name string
}

// placeholder stands for an owner whose own line was bad, so that the lines
// which borrow it are still checked.
const placeholder = "owner.invalid."

// entry is one record, directive or comment, which may span lines.
type entry struct {
	text     string // with its line end
	line     int
	lines    int // line ends within
	strings  int // quoted strings
	longest  int // octets in the longest of them
	comment  bool
	mistake  string
	hint     string
	badLine  int  // of mistake, from 0 at the start
	openEnd  bool // the file ended inside parentheses
	brackets bool // parentheses were used
}

// scanEntry cuts the first entry off s. Only quotes, parentheses, escapes and
// comments matter for that. A quoted string must end on its line, as name
// servers demand: otherwise one forgotten quote would swallow the file.
func scanEntry(s string) entry {
	var e entry
	depth, openLine := 0, 0
	start := -1 // of the open quoted string
	escapes := 0
	i := 0
scan:
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\n':
			if start >= 0 {
				if e.mistake == "" {
					e.mistake, e.hint, e.badLine = "a quoted string does not end on its line", `add the closing "`, e.lines
				}
				start = -1
			}
			e.lines++
			if depth == 0 {
				i++
				break scan
			}
		case c == '\\':
			if i+1 < len(s) && s[i+1] != '\n' {
				if _, ok := names.DDD(s[i+1:]); ok {
					i += 3
					escapes += 3
				} else {
					i++
					escapes++
				}
			}
		case start >= 0:
			if c == '"' {
				e.strings++
				e.longest = max(e.longest, i-start-1-escapes)
				start = -1
			}
		case c == '"':
			start, escapes = i, 0
		case c == ';':
			e.comment = true
			if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
				i += n - 1
			} else {
				i = len(s) - 1
			}
		case c == '(':
			if depth == 0 {
				openLine = e.lines
			}
			depth++
			e.brackets = true
		case c == ')':
			depth--
			if depth < 0 {
				depth = 0
				if e.mistake == "" {
					e.mistake, e.badLine = "a closing parenthesis without its opening one", e.lines
				}
			}
		}
	}
	e.text = s[:i]
	if start >= 0 && e.mistake == "" {
		e.mistake, e.hint, e.badLine = "a quoted string does not end on its line", `add the closing "`, e.lines
	}
	if depth > 0 {
		e.openEnd = true
		e.mistake, e.hint, e.badLine = "a parenthesis is not closed; the rest of the file was not read", "add the closing )", openLine
	}
	return e
}

// entry takes in one entry. It returns false if reading on makes no sense.
func (p *zoneParser) entry(e *entry) bool {
	trimmed := strings.TrimLeft(e.text, " \t\r\n")
	if trimmed == "" {
		return true
	}
	if trimmed[0] == ';' {
		p.comment(e.line, trimmed[1:])
		return true
	}
	if e.mistake != "" {
		p.errs.Add(e.line+e.badLine, e.mistake, e.hint)
		p.lost = p.lost || !blank(e.text[0])
		return !e.openEnd
	}
	if trimmed[0] == '$' && !blank(e.text[0]) {
		p.directive(e)
		return true
	}
	p.record(e)
	return true
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// comment looks for a fault line.
func (p *zoneParser) comment(line int, c string) {
	c = strings.TrimLeft(c, " \t")
	var f dns.Failure
	switch {
	case strings.HasPrefix(c, "SERVFAIL"):
		f, c = dns.ServFail, c[len("SERVFAIL"):]
	case strings.HasPrefix(c, "TIMEOUT"):
		f, c = dns.Timeout, c[len("TIMEOUT"):]
	default:
		return
	}
	if c == "" || !blank(c[0]) {
		return
	}
	fields := strings.Fields(c)
	if len(fields) == 0 {
		return
	}
	name := fields[0]
	if !strings.HasSuffix(name, ".") {
		p.warn(line, "this is a comment and no fault, because the name has no final dot: "+names.Quoted(name))
		return
	}
	key := dns.Canonical(name)
	if why := names.Bad(key); why != "" {
		p.errs.Add(line, "bad name "+names.Quoted(name)+": "+why, "")
		return
	}
	if p.zone.faults == nil {
		p.zone.faults = make(map[string]dns.Failure)
	}
	p.zone.faults[key] = f
}

// directive handles $ORIGIN and $TTL, and refuses the rest.
func (p *zoneParser) directive(e *entry) {
	s, _, _ := strings.Cut(e.text, ";")
	fields := strings.Fields(s)
	word := strings.ToUpper(fields[0])
	switch word {
	case "$ORIGIN":
		if len(fields) != 2 {
			p.errs.Add(e.line, "$ORIGIN takes one name", "$ORIGIN example.com.")
			return
		}
		name := fields[1]
		if !strings.HasSuffix(name, ".") {
			name += "." + strings.TrimPrefix(p.origin, ".")
		}
		if why := names.Bad(dns.Canonical(name)); why != "" {
			p.errs.Add(e.line, "bad name "+names.Quoted(name)+": "+why, "$ORIGIN example.com.")
			return
		}
		p.origin, p.twofold = name, ""
		if c := dns.Canonical(name); c != "" {
			p.twofold = c + "." + c
		}
	case "$TTL":
		if len(fields) == 2 {
			if n, ok := parseTTL(fields[1]); ok {
				p.ttl, p.fixed = n, true
				return
			}
		}
		p.errs.Add(e.line, "$TTL takes one time", "$TTL 3600")
	case "$INCLUDE", "$GENERATE":
		p.errs.Add(e.line, word+" is not supported", "write the records themselves")
	default:
		p.errs.Add(e.line, "unknown directive "+names.Quoted(fields[0]), "$ORIGIN and $TTL are known; write \\$ for a name that begins so")
	}
}

// parseTTL reads seconds, or the units that name servers accept ("1h30m").
func parseTTL(s string) (uint32, bool) {
	var total, n uint64
	digits := false
	for i := 0; i < len(s); i++ {
		unit := uint64(0)
		switch c := s[i] | 0x20; {
		case '0' <= s[i] && s[i] <= '9':
			n = n*10 + uint64(s[i]-'0')
			digits = true
			if n > 1<<31-1 {
				return 0, false
			}
			continue
		case c == 's':
			unit = 1
		case c == 'm':
			unit = 60
		case c == 'h':
			unit = 3600
		case c == 'd':
			unit = 86400
		case c == 'w':
			unit = 604800
		}
		if unit == 0 || !digits {
			return 0, false
		}
		total += n * unit
		n, digits = 0, false
		if total > 1<<31-1 {
			return 0, false
		}
	}
	total += n
	return uint32(total), len(s) > 0 && total <= 1<<31-1
}

// record parses one record.
func (p *zoneParser) record(e *entry) {
	in := feed{text: e.text, brackets: e.brackets}
	borrowed := blank(e.text[0])
	if borrowed {
		switch {
		case p.lost:
			in.prefix = placeholder
		case p.owner == "":
			p.errs.Add(e.line, "the first record has no name", form)
			p.lost = true
			return
		default:
			in.prefix = p.owner
		}
	}
	zp := mdns.NewZoneParser(&in, p.origin, "")
	zp.SetDefaultTTL(p.ttl)
	rr, ok := zp.Next()
	if !ok {
		if err := zp.Err(); err != nil {
			what, hint, line := explain(err)
			p.errs.Add(e.line+line, what, hint)
			p.lost = p.lost || !borrowed
		}
		return
	}
	if borrowed && p.lost {
		return
	}
	h := rr.Header()
	p.owner, p.lost = h.Name, false
	if !p.fixed {
		p.ttl = h.Ttl // RFC 1035 §5.1: the last one stated
	}
	if bad, hint := p.add(rr, e); bad != "" {
		p.errs.Add(e.line, bad, hint)
	}
}

// feed hands an entry to the parser of master files byte by byte: an owner
// where the entry borrows one, the text, and a line end where the file has
// none. Inside parentheses a line end separates like a blank, which the parser
// misses, so it is sent one.
type feed struct {
	prefix, text string
	brackets     bool
	i            int
	spaced       bool // the blank before text[i] was sent
	ended        bool
}

func (f *feed) ReadByte() (byte, error) {
	if f.prefix != "" {
		c := f.prefix[0]
		f.prefix = f.prefix[1:]
		return c, nil
	}
	if f.i < len(f.text) {
		c := f.text[f.i]
		if c == '\n' && f.brackets && !f.spaced {
			f.spaced = true
			return ' ', nil
		}
		f.spaced = false
		f.i++
		return c, nil
	}
	if !f.ended && !strings.HasSuffix(f.text, "\n") {
		f.ended = true
		return '\n', nil
	}
	return 0, io.EOF
}

// Read is there for the signature of NewZoneParser, which prefers ReadByte.
func (f *feed) Read(b []byte) (int, error) {
	for n := range b {
		c, err := f.ReadByte()
		if err != nil {
			return n, err
		}
		b[n] = c
	}
	return len(b), nil
}

// form is the hint for a line that is not a record.
const form = "NAME [TTL] [IN] TYPE DATA"

// explain takes apart an error of the master file parser, whose text is
// `dns: what: "token" at line: L:C`. line counts from 0.
func explain(err error) (what, hint string, line int) {
	s := strings.TrimPrefix(err.Error(), "dns: ")
	if i := strings.LastIndex(s, " at line: "); i >= 0 {
		number, _, _ := strings.Cut(s[i+len(" at line: "):], ":")
		if n, err := strconv.Atoi(number); err == nil && n > 0 {
			line = n - 1
		}
		s = s[:i]
	}
	what, token := s, ""
	if i := strings.LastIndex(s, `: "`); i >= 0 {
		what, token = s[:i], s[i+2:]
		if raw, err := strconv.Unquote(token); err == nil {
			token = names.Quoted(raw)
		}
	}
	switch {
	case strings.Contains(what, "expecting RR type"), strings.Contains(what, "unknown RR type"), what == "not a TTL":
		what, hint = "no TTL, class or known record type", form
	case what == "bad A A":
		what, hint = "not an IPv4 address", `such as 192.0.2.1`
	case what == "bad AAAA AAAA":
		what, hint = "not an IPv6 address", `such as 2001:db8::1`
	case what == "bad MX Pref":
		what, hint = "an MX record begins with its preference", "MX 10 mail.example.com."
	case what == "no blank after owner":
		hint = form
	}
	if token == `"\n"` || token == `""` {
		if what == "no TTL, class or known record type" {
			what = "the line ends before the record type"
		} else {
			what += " (the line ends too early)"
		}
		return what, hint, line
	}
	if token != "" {
		what += ": " + token
	}
	return what, hint, line
}

// add puts one record into the zone.
func (p *zoneParser) add(rr mdns.RR, e *entry) (bad, hint string) {
	if c := rr.Header().Class; c != mdns.ClassINET {
		return "class " + mdns.Class(c).String() + " is not IN", ""
	}
	if raw, ok := rr.(*mdns.RFC3597); ok {
		if _, err := hex.DecodeString(raw.Rdata); err != nil { // taken as it is, no recording gives it back
			return "the data of TYPE" + strconv.Itoa(int(raw.Hdr.Rrtype)) + " is not hexadecimal text", `TYPE65280 \# 2 abcd (RFC 3597 §5)`
		}
	}
	name := dns.Canonical(rr.Header().Name)
	if why := names.Bad(name); why != "" {
		return "bad name " + names.Quoted(name) + ": " + why, ""
	}
	r, ok := wire.Record(rr, name)
	if !ok {
		return "the data of the " + r.Type.String() + " record is missing", ""
	}
	if r.Host != "" {
		if why := names.Bad(r.Host); why != "" {
			return "bad name " + names.Quoted(r.Host) + ": " + why, ""
		}
	}
	if r.Type == dns.TypeTXT || r.Type == dns.TypeSPF {
		if len(r.Strings) == 0 {
			return "the " + r.Type.String() + " record has no text", `TXT "v=spf1 -all"`
		}
		p.adviseText(&r, e)
	}
	p.adviseOrigin(&r, e)

	n := p.zone.nodes[name]
	if n == nil {
		n = p.insert(name)
	}
	if soa, ok := rr.(*mdns.SOA); ok {
		n.negativeTTL = wire.NegativeTTL(soa)
	}
	if r.Type == dns.TypeCNAME {
		if have := n.get(dns.TypeCNAME); len(have) > 0 && have[0].Host != r.Host {
			return "a second CNAME record for " + name, "a name has one CNAME record (RFC 2181 §10.1)"
		}
		p.cnames = append(p.cnames, lineName{e.line, name})
	}
	for i := range n.sets {
		if n.sets[i].typ == r.Type {
			if p.twice(n.sets[i].records, &r) {
				p.warn(e.line, "this record stands above already, and counts once")
				return "", ""
			}
			n.sets[i].records = append(n.sets[i].records, r)
			return "", ""
		}
	}
	if len(n.sets) == maxTypes {
		return "more than " + strconv.Itoa(maxTypes) + " types of records for " + names.Quoted(name), ""
	}
	n.sets = append(n.sets, rrset{r.Type, []dns.Record{r}})
	return "", ""
}

// twice reports whether a set holds the record already: it holds each once
// (RFC 2181 §5). A map keeps that linear where a set gets big.
func (p *zoneParser) twice(set []dns.Record, r *dns.Record) bool {
	const big = 8
	if len(set) < big {
		return slices.ContainsFunc(set, func(have dns.Record) bool { return have.Data == r.Data })
	}
	q := dns.Question{Name: r.Name, Type: r.Type}
	seen := p.seen[q]
	if seen == nil {
		if p.seen == nil {
			p.seen = make(map[dns.Question]map[string]bool)
		}
		seen = make(map[string]bool)
		for i := range set {
			seen[set[i].Data] = true
		}
		p.seen[q] = seen
	}
	if seen[r.Data] {
		return true
	}
	seen[r.Data] = true
	return false
}

// insert makes a node, and the empty non-terminals above it.
func (p *zoneParser) insert(name string) *node {
	leaf := new(node)
	p.zone.nodes[name] = leaf
	for {
		up, ok := names.Parent(name)
		if !ok || p.zone.nodes[up] != nil {
			return leaf
		}
		p.zone.nodes[up] = new(node)
		name = up
	}
}

func (p *zoneParser) warn(line int, text string) {
	if len(p.zone.warnings) == maxZoneWarnings {
		p.dropped++
		return
	}
	p.zone.warnings = append(p.zone.warnings, p.errs.Source+":"+strconv.Itoa(line)+": "+text)
}

// adviseText warns of text that does not say what it seems to.
func (p *zoneParser) adviseText(r *dns.Record, e *entry) {
	switch {
	case e.strings == 0 && e.comment && !e.brackets:
		p.warn(e.line, "all after the semicolon is a comment, the text is "+names.Quoted(r.Text)+"; put the text in double quotes")
	case e.strings == 0 && len(r.Strings) > 1:
		p.warn(e.line, "text without quotes is one string a word, joined without blanks: "+names.Quoted(r.Text)+"; put the text in double quotes")
	case e.longest > 255:
		p.warn(e.line, "a quoted string of "+strconv.Itoa(e.longest)+" octets was cut into pieces of 255; name servers refuse it")
	}
}

// adviseOrigin warns of the final dot that was forgotten.
func (p *zoneParser) adviseOrigin(r *dns.Record, e *entry) {
	if p.twofold == "" {
		return
	}
	for _, name := range [...]string{r.Name, r.Host} {
		if strings.HasSuffix(name, p.twofold) && names.Under(name, p.twofold) {
			p.warn(e.line, "the name became "+name+"; it probably lacks its final dot")
		}
	}
}

// finish checks what can only be seen at the end.
func (p *zoneParser) finish() {
	for _, c := range p.cnames {
		for _, s := range p.zone.nodes[c.name].sets {
			if s.typ != dns.TypeCNAME && s.typ != dns.TypeRRSIG && s.typ != dns.TypeNSEC {
				p.warn(c.line, c.name+" has a CNAME and other records, which are never seen (RFC 1034 §3.6.2)")
				break
			}
		}
	}
	if p.dropped > 0 {
		p.zone.warnings = append(p.zone.warnings, p.errs.Source+": and "+strconv.Itoa(p.dropped)+" more warnings")
	}
}
