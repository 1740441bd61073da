package authres

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/message"
)

// input is one field to read.
type input struct {
	field  int
	header string // canonical name
	text   string // the value as it came, folding included
	base   int    // offset of text in Message.Raw
}

func (in input) verdict() Verdict {
	return Verdict{
		Field:  in.field,
		Header: in.header,
		Span:   message.Span{Start: in.base, End: in.base + len(in.text)},
	}
}

// resultsReader reads Authentication-Results (RFC 8601 §2.2) as servers write
// it. The grammar has one state: inside a verdict or between two.
type resultsReader struct {
	lexer
	in  input
	out []Verdict
	cur *Verdict // the verdict being read, nil between two

	id         string
	idComments []string
	version    string
	instance   int
	none       bool     // the keyword "none"
	bare       []string // words between the verdicts that belong to none

	name         string // a word that "=" may yet make a method or a property
	nameAt       int
	nameComments []string
	comments     int // kept for the current verdict
	// early are properties that stand in front of their method (Yahoo until about
	// 2020: "header.i=@example.com header.s=k1 dkim=pass (ok)").
	early      []Property
	earlyFirst bool // the field, or the part of it up to the next ";", is written so
	full       bool
}

func readResults(in input) []Verdict {
	r := resultsReader{lexer: lexer{s: in.text}, in: in}
	r.out = make([]Verdict, 0, min(1+strings.Count(in.text, ";"), 16))
	for !r.full {
		t := r.next()
		if t.kind == end {
			break
		}
		r.take(t)
	}
	r.closeVerdict(len(in.text))
	return r.finish()
}

func (r *resultsReader) take(t token) {
	switch t.kind {
	case semicolon:
		r.closeVerdict(t.start)
		r.early, r.earlyFirst = nil, false
	case comment:
		r.comment(t.text)
	case word, quoted:
		r.word(t)
	case equals:
		r.equals(t)
	}
	if r.cur != nil && r.defect != NoDefect {
		r.cur.note(r.defect)
		r.defect = NoDefect
	}
}

func (v *Verdict) note(d Defect) {
	if v.Defect == NoDefect {
		v.Defect = d
	}
}

// word takes a word that may be a name, or a part of one: RFC 8601 §2.2 lets
// comments and blanks stand around the "." and "/" of a name.
func (r *resultsReader) word(t token) {
	if r.name != "" && t.kind == word && t.text != "" {
		last, first := r.name[len(r.name)-1], t.text[0]
		if last == '.' || last == '/' || first == '.' || first == '/' {
			if len(r.name)+len(t.text) <= maxName {
				r.name += t.text
				return
			}
		}
	}
	r.dropName()
	if r.cur != nil && t.kind == quoted {
		return // a quoted string that is not a value says nothing
	}
	r.name, r.nameAt = t.text, t.start
}

// maxName bounds the names put together from parts, so that a field of dots
// does not cost the square of its length.
const maxName = 256

// dropName gives up on a word that no "=" followed.
func (r *resultsReader) dropName() {
	name, comments := r.name, r.nameComments
	r.name, r.nameComments = "", nil
	if name == "" {
		return
	}
	if r.cur != nil {
		for _, c := range comments {
			r.comment(c)
		}
		return
	}
	switch {
	case r.id == "" && len(r.out) == 0:
		r.id, r.idComments = name, comments
	case r.id != "" && r.version == "" && len(r.out) == 0 && digits(name):
		r.version = name
	case r.id != "" && len(r.out) == 0 && equalFold(name, "none"):
		r.none = true
	case len(r.bare) < MaxProperties:
		r.bare = append(r.bare, name)
	}
}

func (r *resultsReader) comment(text string) {
	if r.comments >= MaxComments {
		if r.cur != nil {
			r.cur.Truncated = true
		}
		return
	}
	r.comments++
	switch {
	case r.name != "":
		r.nameComments = append(r.nameComments, text)
	case r.cur == nil:
		r.idComments = append(r.idComments, text)
	case len(r.cur.Properties) > 0:
		p := &r.cur.Properties[len(r.cur.Properties)-1]
		p.Comments = append(p.Comments, text)
	default:
		r.cur.Comments = append(r.cur.Comments, text)
	}
}

// equals makes the name before it a method or a property.
func (r *resultsReader) equals(token) {
	name, at, comments := mailname.Lower(r.name), r.nameAt, r.nameComments
	r.name, r.nameComments = "", nil
	keep := func(c string) {
		if r.comments < MaxComments {
			r.comments++
			comments = append(comments, c)
		}
	}
	value := r.value(keep)
	if name == "" {
		return
	}
	if name == "smtp.mail" || name == "smtp.mailfrom" {
		value += r.foldedRest(value)
	}
	if r.cur == nil {
		switch {
		case name == "i" && len(r.out) == 0 && digits(value):
			if hasPrefixFold(r.in.header, "arc-") {
				r.instance = smallInt(value) // RFC 8617 §4.1.1
			}
			return
		case len(r.out) > 0 && continues(&r.out[len(r.out)-1], name):
			// QUIRK: a ";" before a property. It belongs to the verdict
			// before it. Amazon SES: "spf=pass (…) client-ip=192.0.2.1;
			// envelope-from=a@example.com; helo=mail.example.com; dkim=…".
			r.cur = &r.out[len(r.out)-1]
			r.property(name, value, comments)
			return
		}
		switch {
		case hasPtype(name) && (len(r.out) == 0 || r.earlyFirst), name == "spfdomain":
			r.keepEarly(name, value)
		default:
			r.open(name, value, at, comments)
		}
		return
	}
	if name == "spfresult" || knownMethod(name) && resultWord(value) {
		// QUIRK: no ";" between two verdicts.
		r.closeVerdict(at)
		if !r.full {
			inOrder := r.earlyFirst
			r.open(name, value, at, comments)
			if !inOrder && r.cur != nil {
				r.cur.note(MissingSemicolon)
			}
		}
		return
	}
	if r.earlyFirst && hasPtype(name) { // of the method that follows
		r.keepEarly(name, value)
		return
	}
	r.property(name, value, comments)
}

// keepEarly keeps a property for the method behind it.
func (r *resultsReader) keepEarly(name, value string) {
	r.earlyFirst = true
	if name == "spfdomain" { // QUIRK: Yahoo's "spfDomain=example.com spfResult=pass"
		name = "smtp.mailfrom"
	}
	if len(r.early) < MaxProperties {
		ptype, prop, _ := strings.Cut(name, ".")
		r.early = append(r.early, Property{Type: ptype, Name: prop, Value: value})
	}
}

// continues reports whether name, at the place of a method, is a property of
// the verdict before it.
func continues(v *Verdict, name string) bool {
	switch name {
	case "reason", "action":
		return true
	case "client-ip", "envelope-from", "helo", "receiver", "identity", "mechanism", "problem":
		return v.Method == "spf"
	}
	return hasPtype(name)
}

func (r *resultsReader) open(name, value string, at int, comments []string) {
	if len(r.out) == MaxFieldVerdicts {
		r.out[len(r.out)-1].Truncated = true
		r.full = true
		return
	}
	v := r.in.verdict()
	v.Span.Start = r.in.base + at
	v.Method, v.MethodVersion = name, ""
	for i := 0; i < len(name); i++ {
		if name[i] == '/' {
			v.Method, v.MethodVersion = name[:i], name[i+1:]
			break
		}
	}
	if v.Method == "spfresult" {
		v.Method = "spf"
	}
	v.Result = mailname.Lower(value)
	v.Properties, r.early = r.early, nil
	r.out = append(r.out, v)
	r.cur = &r.out[len(r.out)-1]
	r.comments = 0
	for _, c := range comments {
		r.comment(c)
	}
}

func (r *resultsReader) property(name, value string, comments []string) {
	v := r.cur
	if name == "reason" && v.Reason == "" {
		v.Reason = value
		v.Comments = append(v.Comments, comments...)
		return
	}
	if len(v.Properties) >= MaxProperties {
		v.Truncated = true
		return
	}
	p := Property{Name: name, Value: value, Comments: comments}
	for i := 0; i < len(name); i++ {
		if name[i] == '.' {
			p.Type, p.Name = name[:i], name[i+1:]
			break
		}
	}
	for _, old := range v.Properties {
		if old.Name == p.Name && old.Type == p.Type && old.Value != p.Value {
			v.note(RepeatedProperty)
		}
	}
	v.addProperty(p, 3)
}

func (r *resultsReader) closeVerdict(at int) {
	r.dropName()
	if r.cur != nil {
		if end := r.in.base + at; end > r.cur.Span.Start {
			r.cur.Span.End = end
		}
		r.cur = nil
	}
}

// finish fills in what the field says about all of its verdicts.
func (r *resultsReader) finish() []Verdict {
	if len(r.out) == 0 {
		if r.id == "" && r.instance == 0 {
			return []Verdict{}
		}
		v := r.in.verdict()
		if r.none {
			v.Result, v.Normal = "none", "none"
		}
		r.out = append(r.out, v)
	}
	recipient := ""
	if len(r.bare) > 0 && r.exchange() {
		// QUIRK: Exchange Online wrote the recipient's domain in front of the
		// verdicts that are about the domain: "spf=…; example.org; dkim=…;
		// example.org; dmarc=…". Without an SPF verdict it comes first,
		// where it looks like an authserv-id.
		recipient = r.bare[0]
		if r.id == recipient {
			r.id = ""
		}
	}
	dialect := r.dialect(recipient != "")
	for i := range r.out {
		v := &r.out[i]
		v.Dialect = dialect
		v.AuthservID, v.Version, v.Instance = r.id, r.version, r.instance
		v.RecipientDomain = mailname.Lower(recipient)
		v.derive()
	}
	shareClient(r.out)
	doubtRepeated(r.out)
	return r.out
}

// doubtRepeated marks the results of which one field holds two where there can
// be one (RFC 8601 §2.2 allows several of a method, for several identities or
// signatures).
func doubtRepeated(vs []Verdict) {
	if len(vs) < 2 {
		return
	}
	seen := make(map[string]int, len(vs))
	for i := range vs {
		v := &vs[i]
		key := ""
		switch v.Method {
		case "dmarc", "arc", "iprev", "compauth":
			key = v.Method
		case "spf":
			key = "spf " + v.Identity
		case "dkim", "domainkeys":
			// One signature has one result. Without b= two of a domain and selector
			// may be two signatures.
			if v.Signer == "" {
				continue
			}
			key = v.Method + " " + v.Domain + " " + v.Selector + " " + v.Signer
		default:
			continue
		}
		k, again := seen[key]
		if !again {
			seen[key] = i
			continue
		}
		if o := &vs[k]; o.Result == v.Result && (o.Domain == v.Domain || o.Domain == "" || v.Domain == "") && (o.IP == v.IP || !o.IP.IsValid() || !v.IP.IsValid()) {
			continue // said twice (Mailman's ARC)
		}
		vs[k].note(RepeatedMethod)
		v.note(RepeatedMethod)
	}
}

// exchange reports whether the bare words are all one domain, which is then
// the recipient's.
func (r *resultsReader) exchange() bool {
	for _, b := range r.bare {
		if b != r.bare[0] {
			return false
		}
	}
	return len(r.out) > 0 && (r.id == "" || r.id == r.bare[0])
}

// shareClient gives SPF verdicts that name no address the one that iprev or
// arc names in the same field: one server, one client (RFC 8601 §2.7.3, RFC
// 8617 §10.2).
func shareClient(vs []Verdict) {
	for i := range vs {
		if vs[i].Method != "iprev" && vs[i].Method != "arc" || vs[i].IPBasis != IPExplicit {
			continue
		}
		for k := range vs {
			if vs[k].Method == "spf" && !vs[k].IP.IsValid() {
				vs[k].IP, vs[k].IPBasis = vs[i].IP, IPSibling
			}
		}
		return
	}
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// smallInt is the value of up to four digits, else 0.
func smallInt(s string) int {
	if len(s) > 4 {
		return 0
	}
	n := 0
	for i := 0; i < len(s); i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// knownMethod reports whether name is a method of the IANA registry
// "Email Authentication Methods" or one in wide use.
func knownMethod(name string) bool {
	switch name {
	case "auth", "spf", "dkim", "dkim-adsp", "dkim-atps", "dmarc", "arc", "iprev", "domainkeys",
		"sender-id", "dnswl", "rrvs", "smime", "vbr", "bimi", "compauth":
		return true
	}
	return false
}

// resultWord reports whether s is a result of RFC 8601 §2.7, in any case.
func resultWord(s string) bool {
	switch mailname.Lower(s) {
	case "pass", "fail", "none", "neutral", "softfail", "hardfail", "policy", "temperror", "permerror", "bestguesspass":
		return true
	}
	return false
}

// readOne reads the part of an Authentication-Results field that follows
// "method=", where that is all that a field holds.
func readOne(in input, method string) (Verdict, bool) {
	r := resultsReader{lexer: lexer{s: in.text}, in: in, out: make([]Verdict, 0, 1)}
	var comments []string
	result := r.value(func(c string) {
		if len(comments) < MaxComments {
			comments = append(comments, c)
		}
	})
	if result == "" {
		return Verdict{}, false
	}
	r.open(method, result, 0, comments)
	for {
		t := r.next()
		if t.kind == end {
			break
		}
		if t.kind == semicolon { // one verdict has no parts
			r.dropName()
			continue
		}
		r.take(t)
		if len(r.out) > 1 { // "dkim=pass" without ";": not of this field
			r.out = r.out[:1]
			break
		}
	}
	r.closeVerdict(len(in.text))
	v := r.out[0]
	v.derive()
	return v, true
}
