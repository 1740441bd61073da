package dmarc

import (
	"strconv"
	"strings"
)

// MaxTags is how many tags of a record are read.
const MaxTags = 128

// blanks may stand around tags, names and values. RFC 9989 §4.8 allows space
// and tab; QUIRK: line ends come from records pasted out of a document.
const blanks = " \t\r\n"

// ParseRecord reads a DMARC record (RFC 9989 §4.7, §4.8; the removed pct, rf
// and ri as RFC 7489 §6.3). It always returns a record: what is wrong with the
// text is in Problems, and [Record.IsDMARC] and [Record.Usable] say what a
// receiver may do with it.
//
// A tag with a value that cannot be read counts as absent (RFC 9989 §4.8:
// "discarded in favor of default values"). Of a tag that comes twice the first
// counts; the standard does not say, and receivers differ.
func ParseRecord(s string) *Record {
	p := recordParser{r: &Record{Raw: s, Percent: 100}}
	p.split()
	p.version()
	for i := range p.r.Tags {
		p.tag(i)
	}
	p.conclude()
	return p.r
}

// IsDMARC reports whether the record begins with v=DMARC1 as RFC 9989 §4.7
// demands. One that does not is ignored as if it were not there.
func (r *Record) IsDMARC() bool {
	return len(r.Tags) > 0 && r.Tags[0].Name == "v" && r.Tags[0].Value == "DMARC1" && r.Tags[0].Offset == 0
}

// Usable reports whether DMARC applies by this record (RFC 9989 §4.10.1, RFC
// 7489 §6.6.3 step 6). The methods differ: RFC 9989 takes a missing p= for
// p=none and knows np=.
func (r *Record) Usable(m Method) bool {
	return r.IsDMARC() && (r.requestsValid(m) || len(r.Aggregate) > 0)
}

// Tag returns the value of the first tag of that name (in lower case).
func (r *Record) Tag(name string) (value string, ok bool) {
	for _, t := range r.Tags {
		if t.Name == name {
			return t.Value, true
		}
	}
	return "", false
}

// Requested returns the policy for mail that fails, and the tag it comes from.
// inherited says that the record stands at a parent of the From domain,
// nonExistent that the From domain does not exist (RFC 9989 §4.10.1).
func (r *Record) Requested(m Method, inherited, nonExistent bool) (Policy, string) {
	if !r.requestsValid(m) {
		return PolicyNone, "p" // as if p=none had been retrieved
	}
	if inherited {
		if np, ok := r.request("np"); ok && nonExistent && m == RFC9989 {
			return np, "np"
		}
		if sp, ok := r.request("sp"); ok {
			return sp, "sp"
		}
	}
	if p, ok := r.request("p"); ok {
		return p, "p"
	}
	return PolicyNone, "p"
}

// requestsValid reports whether p, sp and np can be taken as they stand.
//
// RFC 9989 is of two minds on a missing p=: by §4.7 it is p=none, by §4.10.1 a
// record "without a valid p tag" needs a usable rua. We follow §4.7, the
// definition of the tag.
func (r *Record) requestsValid(m Method) bool {
	for _, name := range [...]string{"p", "sp", "np"} {
		if name == "np" && m == RFC7489 {
			continue // an unknown tag there
		}
		_, present := r.Tag(name)
		_, valid := r.request(name)
		if present && !valid {
			return false
		}
		if name == "p" && !present && m == RFC7489 {
			return false
		}
	}
	return true
}

// request returns the policy of tag p, sp or np where it is present and valid.
func (r *Record) request(name string) (Policy, bool) {
	v, ok := r.Tag(name)
	if !ok {
		return "", false
	}
	return parsePolicy(v)
}

// parsePolicy reads a policy word. ABNF strings match in any case (RFC 5234
// §2.3).
func parsePolicy(v string) (Policy, bool) {
	for _, p := range [...]Policy{PolicyNone, PolicyQuarantine, PolicyReject} {
		if strings.EqualFold(v, string(p)) {
			return p, true
		}
	}
	return "", false
}

type recordParser struct {
	r    *Record
	sawP bool
}

func (p *recordParser) note(offset int, tag, text string) {
	p.r.Problems = append(p.r.Problems, Problem{Offset: offset, Tag: tag, Text: text})
}

func (p *recordParser) fatal(offset int, tag, text string) {
	p.r.Problems = append(p.r.Problems, Problem{Offset: offset, Tag: tag, Text: text, Fatal: true})
}

func leadingBlanks(s string) int { return len(s) - len(strings.TrimLeft(s, blanks)) }

// split cuts the record into tags.
func (p *recordParser) split() {
	s := p.r.Raw
	empty := false
	for at := 0; ; {
		item, _, more := strings.Cut(s[at:], ";")
		text := strings.Trim(item, blanks)
		start := at + leadingBlanks(item)
		switch {
		case text == "":
			if more && !empty {
				empty = true // once is enough
				p.note(at, "", "nothing between two semicolons")
			}
		case len(p.r.Tags) == MaxTags:
			p.note(start, "", "more than 128 tags; the rest are not read")
			return
		default:
			name, value, found := strings.Cut(text, "=")
			if !found {
				p.note(start, "", "tag without \"=\"")
			}
			p.r.Tags = append(p.r.Tags, Tag{
				Name:   strings.ToLower(strings.TrimRight(name, blanks)),
				Value:  strings.TrimLeft(value, blanks),
				Offset: start,
			})
		}
		if !more {
			return
		}
		at += len(item) + 1
	}
}

// version checks that the record begins with v=DMARC1, alone and in capitals.
func (p *recordParser) version() {
	if p.r.IsDMARC() {
		return
	}
	at, text := 0, "the record has no v=DMARC1"
	for i, t := range p.r.Tags {
		if t.Name != "v" {
			continue
		}
		at = t.Offset
		switch {
		case i == 0 && t.Value == "DMARC1":
			text = "a blank stands before v=DMARC1"
		case i > 0:
			text = "v=DMARC1 must be the first tag"
		case strings.EqualFold(t.Value, "DMARC1"):
			text = "DMARC1 must be in capitals"
		case strings.HasPrefix(t.Value, "DMARC1 "):
			text = "no semicolon after v=DMARC1"
		default:
			text = "the version is not DMARC1"
		}
		break
	}
	p.fatal(at, "v", text)
}

// tag reads tag i into its field.
func (p *recordParser) tag(i int) {
	r, t := p.r, p.r.Tags[i]
	for _, before := range r.Tags[:i] {
		if before.Name == t.Name {
			p.note(t.Offset, t.Name, "the tag is there twice; the first counts here, but receivers differ")
			return
		}
	}
	bad := func(text string) { p.note(t.Offset, t.Name, text) }
	value := func(text string) {
		bad(text)
		r.Problems[len(r.Problems)-1].Value = true
	}
	word := func(words ...string) string {
		for _, w := range words {
			if strings.EqualFold(t.Value, w) {
				return w
			}
		}
		value("the value is not " + strings.Join(words, ", "))
		return ""
	}
	switch t.Name {
	case "v":
	case "p", "sp", "np":
		if t.Name == "p" {
			p.sawP = true
			if i > 1 {
				bad("RFC 7489 wanted p= directly after v=; receivers of that time may ignore it here")
			}
		}
		if _, ok := parsePolicy(t.Value); !ok {
			value("the value is not none, quarantine or reject")
		}
	case "adkim":
		r.StrictDKIM = word("r", "s") == "s"
	case "aspf":
		r.StrictSPF = word("r", "s") == "s"
	case "t":
		r.Testing = word("y", "n") == "y"
	case "psd":
		r.PSD = word("y", "n", "u")
	case "pct":
		if n, err := strconv.Atoi(t.Value); err != nil || n < 0 || n > 100 || strings.HasPrefix(t.Value, "+") {
			value("the value is not a number from 0 to 100")
		} else {
			r.Percent = n
		}
	case "rua":
		r.Aggregate = p.uris(t, p.valueOffset(t))
	case "ruf":
		r.Failure = p.uris(t, p.valueOffset(t))
	case "fo":
		p.failureOptions(t)
	case "ri":
		if _, err := strconv.ParseUint(t.Value, 10, 32); err != nil {
			bad("the value is not a number of seconds")
		}
	case "rf":
		for _, f := range strings.Split(t.Value, ":") {
			if f = strings.Trim(f, blanks); !isKeyword(f) {
				bad("the value is not a list of report formats")
				break
			} else if !strings.EqualFold(f, "afrf") {
				bad("the only report format is afrf")
				break
			}
		}
	default:
		if !isAlpha(t.Name) {
			bad("not a tag name")
		} else {
			bad("unknown tag; receivers ignore it")
		}
	}
}

// valueOffset is where the value of a tag begins in the record.
func (p *recordParser) valueOffset(t Tag) int {
	after := p.r.Raw[t.Offset:]
	eq := strings.IndexByte(after, '=')
	if eq < 0 {
		return t.Offset
	}
	return t.Offset + eq + 1 + leadingBlanks(after[eq+1:])
}

// failureOptions reads fo= (RFC 9989 §4.7).
func (p *recordParser) failureOptions(t Tag) {
	var seen [256]bool
	rest := t.Value
	for more := true; more; {
		var o string
		o, rest, more = strings.Cut(rest, ":")
		o = strings.ToLower(strings.Trim(o, blanks))
		if len(o) != 1 || !strings.Contains("01ds", o) {
			p.note(t.Offset, t.Name, "the value is not 0, 1, d, s or several of them with colons")
			p.r.FailureOptions = nil
			return
		}
		if !seen[o[0]] {
			seen[o[0]] = true
			p.r.FailureOptions = append(p.r.FailureOptions, o)
		}
	}
	if seen['0'] && seen['1'] {
		p.note(t.Offset, t.Name, "0 and 1 exclude one another")
	}
	if _, ok := p.r.Tag("ruf"); !ok {
		p.note(t.Offset, t.Name, "fo= has no effect without ruf=")
	}
}

// conclude fills the policies once all tags are read.
func (p *recordParser) conclude() {
	r := p.r
	if !r.IsDMARC() {
		return
	}
	if !r.Usable(RFC9989) {
		for _, name := range [...]string{"p", "sp", "np"} {
			if _, ok := r.request(name); ok {
				continue
			}
			for _, t := range r.Tags {
				if t.Name == name {
					p.fatal(t.Offset, name, "no valid policy and no usable rua=: receivers apply no DMARC")
					return
				}
			}
		}
		return
	}
	if !p.sawP {
		text := "no p=: it counts as p=none; receivers of RFC 7489 apply no DMARC"
		if len(r.Aggregate) > 0 {
			text = "no p=: it counts as p=none"
		}
		p.note(0, "p", text)
	}
	r.Policy, _ = r.Requested(RFC9989, false, false)
	if r.requestsValid(RFC9989) {
		r.Subdomain, _ = r.request("sp")
		r.NonExistent, _ = r.request("np")
	}
}

func isAlpha(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return s != ""
}

// isKeyword follows RFC 7489 §6.4: letters, digits and inner hyphens.
func isKeyword(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		switch {
		case 'a' <= c && c <= 'z' || '0' <= s[i] && s[i] <= '9':
		case s[i] == '-' && i > 0 && i < len(s)-1:
		default:
			return false
		}
	}
	return s != ""
}
