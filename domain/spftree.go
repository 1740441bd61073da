package domain

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// treeWalk lays out a record with all that it includes, as a client meets it
// that nothing matches. The totals are those of spf.Lint; a test compares them.
type treeWalk struct {
	c      *checker
	path   []string // domains around
	nodes  int
	walked int
	macros []string
}

// record makes the node of a record.
func (w *treeWalk) record(domain string, rec *spf.Record, depth int) *report.SPFBranch {
	n := &report.SPFBranch{Term: rec.Text, Kind: "record", Domain: domain}
	w.nodes++
	w.path = append(w.path, domain)
	defer func() { w.path = w.path[:len(w.path)-1] }()
	all := rec.All()
	if all != nil && all.Bad {
		all = nil // it ends nothing: no server reads such a record
	}
	ended := false
	for i := range rec.Terms {
		t := &rec.Terms[i]
		if w.nodes >= spf.MaxNodes {
			n.Note = "the rest is left out"
			break
		}
		w.nodes++
		b := &report.SPFBranch{Term: t.Text, Kind: t.Kind, Position: t.Position}
		n.Children = append(n.Children, b)
		switch {
		case t.Bad:
			b.Note = "syntax error"
		case t.Modifier && t.Kind == "redirect" && t == rec.Redirect():
			if all != nil { // RFC 7208 §6.1
				b.Note = "not used: the record has " + all.Text
			}
			// Followed below: it comes last wherever it stands.
		case t.Modifier:
		case ended: // RFC 7208 §5.1
			b.Note = "never reached: it stands behind " + all.Text
		case t.Kind == "all":
			ended = true
		case t.Looks():
			w.term(b, t, domain, depth)
		}
		n.DNSLookups += b.DNSLookups
		n.Voids += b.Voids
	}
	if t := rec.Redirect(); t != nil && !t.Bad && all == nil {
		for _, b := range n.Children {
			if b.Position == t.Position && b.Kind == "redirect" {
				w.term(b, t, domain, depth)
				n.DNSLookups += b.DNSLookups
				n.Voids += b.Voids
				break
			}
		}
	}
	return n
}

// term fills in a term that causes lookups.
func (w *treeWalk) term(b *report.SPFBranch, t *spf.Term, domain string, depth int) {
	if w.walked++; w.walked > spf.MaxWalked {
		b.Note = "not followed: there are too many terms with lookups"
		return
	}
	b.DNSLookups = 1
	name, ok := targetName(t, domain, w.c.domain)
	if !ok {
		b.Note = "depends on the message"
		if text := t.Text + " of " + domain; len(w.macros) < MaxRecords && !slices.Contains(w.macros, text) {
			w.macros = append(w.macros, text)
		}
		return
	}
	b.Domain = name
	switch t.Kind {
	case "include", "redirect":
		w.follow(b, name, depth)
	case "a":
		a := w.ask(b, name, dns.TypeA)
		if a.none() && !a.bad {
			if v6 := w.c.ask(name, dns.TypeAAAA); v6.none() { // no address at all
				b.Voids = 1
				b.Note = "a void lookup"
			} else {
				b.Question, b.Answer = name+" AAAA", answerLine(&v6)
			}
		}
	case "exists":
		if a := w.ask(b, name, dns.TypeA); a.none() && !a.bad {
			b.Voids = 1
			b.Note = "a void lookup"
		}
	case "mx":
		if a := w.ask(b, name, dns.TypeMX); a.none() && !a.bad {
			b.Voids = 1
			b.Note = "a void lookup"
		} else if len(a.Records) > spf.MaxMX {
			b.Note = "more hosts than mx may use"
		}
	case "ptr":
		b.Note = "depends on the client"
	}
}

func (w *treeWalk) ask(b *report.SPFBranch, name string, t dns.Type) reply {
	a := reply{bad: true}
	if askable(name) {
		a = w.c.ask(name, t)
	}
	b.Question, b.Answer = name+" "+t.String(), answerLine(&a)
	return a
}

// follow goes into the target of an include or redirect.
func (w *treeWalk) follow(b *report.SPFBranch, name string, depth int) {
	if slices.Contains(w.path, name) {
		b.Note = "a loop: " + name + " is being evaluated already"
		return
	}
	if depth >= spf.MaxDepth {
		b.Note = "nested deeper than " + strconv.Itoa(spf.MaxDepth)
		return
	}
	if !checkable(name) {
		b.Note = "not a domain name"
		return
	}
	a := w.ask(b, name, dns.TypeTXT)
	if a.none() && !a.bad {
		b.Voids = 1
	}
	var texts []string
	for _, text := range a.Texts() {
		if spf.IsRecord(text) {
			texts = append(texts, text)
		}
	}
	switch {
	case a.gap:
		b.Note = "not answered: what it includes is not known"
	case len(texts) == 0:
		b.Note = "no SPF record"
	case len(texts) > 1:
		b.Note = strconv.Itoa(len(texts)) + " SPF records; only one is allowed"
	case len(texts[0]) > spf.MaxRecord:
		b.Note = "too long to be read"
	default:
		rec, _ := spf.Parse(texts[0])
		child := w.record(name, rec, depth+1)
		b.Children = append(b.Children, child)
		b.DNSLookups += child.DNSLookups
		b.Voids += child.Voids
	}
}

// answerLine is a reply in one line.
func answerLine(a *reply) string {
	switch {
	case a.gap:
		return a.why
	case a.bad:
		return "cannot be asked for"
	case len(a.Records) == 0:
		return string(a.Status)
	}
	var parts []string
	others := 0
	for i := range a.Records {
		r := &a.Records[i]
		switch {
		case r.Type == dns.TypeTXT && !spf.IsRecord(r.Text):
			others++
			continue
		case len(parts) == spf.MaxAnswer:
			parts = append(parts, "and more")
		case r.Type == dns.TypeTXT:
			parts = append(parts, quoted(r.Text))
		default:
			parts = append(parts, r.Data)
		}
		if len(parts) > spf.MaxAnswer {
			break
		}
	}
	if others > 0 {
		parts = append(parts, strconv.Itoa(others)+" other TXT")
	}
	return strings.Join(parts, ", ")
}

// targetName is the name that a term asks for, where that does not depend on
// the message: macros d, and o taken as the domain that is looked at (RFC 7208
// §7). It is ok only then.
func targetName(t *spf.Term, domain, origin string) (name string, ok bool) {
	spec := t.Spec
	if spec == "" {
		return domain, true
	}
	var b strings.Builder
	for spec != "" {
		i := strings.IndexByte(spec, '%')
		if i < 0 {
			b.WriteString(spec)
			break
		}
		b.WriteString(spec[:i])
		if len(spec) < i+2 {
			return "", false
		}
		switch spec[i+1] {
		case '%':
			b.WriteByte('%')
			spec = spec[i+2:]
			continue
		case '_':
			b.WriteByte(' ')
			spec = spec[i+2:]
			continue
		case '-':
			b.WriteString("%20")
			spec = spec[i+2:]
			continue
		}
		end := strings.IndexByte(spec[i:], '}')
		if spec[i+1] != '{' || end < 3 {
			return "", false
		}
		value := domain
		switch spec[i+2] {
		case 'd', 'D':
		case 'o', 'O':
			value = origin
		default:
			return "", false
		}
		b.WriteString(transformed(value, spec[i+3:i+end]))
		spec = spec[i+end+1:]
		if b.Len() > spf.MaxExpansion {
			return "", false
		}
	}
	name = b.String()
	for len(name) > 253 { // RFC 7208 §7.3: drop labels from the left
		_, rest, found := strings.Cut(name, ".")
		if !found {
			return "", false
		}
		name = rest
	}
	// A backslash is itself here, but escapes in names that are asked for.
	return dns.Canonical(strings.ReplaceAll(name, `\`, `\\`)), true
}

// transformed applies the digits, r and delimiters of a macro (RFC 7208 §7.1).
func transformed(value, how string) string {
	if how == "" {
		return value
	}
	digits := 0
	for how != "" && '0' <= how[0] && how[0] <= '9' {
		digits = min(digits*10+int(how[0]-'0'), 1000)
		how = how[1:]
	}
	reverse := how != "" && (how[0] == 'r' || how[0] == 'R')
	if reverse {
		how = how[1:]
	}
	delims := how
	if delims == "" {
		delims = "."
	}
	parts := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(delims, r) })
	if reverse {
		slices.Reverse(parts)
	}
	if digits > 0 && digits < len(parts) {
		parts = parts[len(parts)-digits:]
	}
	return strings.Join(parts, ".")
}

// askable reports whether a name in the form of dns.Canonical can be asked for:
// labels of 1 to 63 octets, 253 in all, ASCII (RFC 1035 §2.3.4, RFC 8616 §4).
func askable(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	label := 0
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '.' && label == 0, c >= 0x80, c == 0:
			return false
		case c == '.':
			label = 0
		default:
			if label++; label > 63 {
				return false
			}
		}
	}
	return label > 0
}

// checkable reports whether check_host asks for the record of a name: it has
// two labels and is not an address literal (RFC 7208 §4.3).
func checkable(name string) bool {
	return askable(name) && strings.IndexByte(name, '.') > 0 && name[0] != '[' &&
		strings.IndexFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) < 0
}
