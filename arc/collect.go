package arc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// kind is one of the three fields of a set, in the order in which a seal signs
// them (RFC 8617 §5.1.1).
type kind int

const (
	results kind = iota
	messageSignature
	seal
)

var fieldNames = [...]string{
	results:          "ARC-Authentication-Results",
	messageSignature: "ARC-Message-Signature",
	seal:             "ARC-Seal",
}

// chain is a Chain with what only its verification needs.
type chain struct {
	*Chain
	m    *message.Message
	sets []*set // by instance, without gaps filled in
	// tooMany says that an instance is over MaxInstance.
	tooMany bool
}

// set is a Set with what only its verification needs.
type set struct {
	Set
	fields   [3]int // by kind, -1 where missing
	sealTags []dkim.Tag
	sealBad  string // why the seal cannot be verified, "" where it can
	sealCode dkim.Reason
	amsBad   string // the same for the message signature, beyond what dkim checks
	b        []byte // of the seal
}

func (s *set) problem(format string, args ...any) {
	if len(s.Problems) < MaxProblems {
		s.Problems = append(s.Problems, fmt.Sprintf(format, args...))
	}
}

// collect finds the sets of a message and reads their tags (RFC 8617 §5.2 step
// 1). Of a field that comes twice the topmost is taken.
func collect(m *message.Message) *chain {
	c := &chain{Chain: &Chain{}, m: m}
	var byInstance [MaxInstance + 1]*set
	for i := range m.Fields {
		if !mayBeARC(m, i) {
			continue
		}
		for k, name := range fieldNames {
			if m.Is(i, name) {
				c.add(&byInstance, kind(k), i)
				break
			}
		}
	}
	for _, s := range byInstance {
		if s != nil {
			s.Results, s.MessageSignature, s.Seal = s.fields[results], s.fields[messageSignature], s.fields[seal]
			c.sets = append(c.sets, s)
		}
	}
	return c
}

// mayBeARC tells most fields apart by the first byte of their name.
func mayBeARC(m *message.Message, i int) bool {
	s := m.Fields[i].Name
	return s.Len() > 0 && m.Raw[s.Start]|0x20 == 'a'
}

// add puts a field into its set.
func (c *chain) add(byInstance *[MaxInstance + 1]*set, k kind, field int) {
	v := c.m.Fields[field].Value
	value := string(c.m.Raw[v.Start:v.End])
	var tags []dkim.Tag
	var tagErr error
	var n int
	var why string
	if k == results {
		n, why = resultsInstance(value)
	} else {
		tags, tagErr = dkim.ParseTags(value)
		n, why = tagInstance(tags)
	}
	if why == "" && n > MaxInstance {
		c.tooMany = true
		why = fmt.Sprintf("instance %d is over %d", n, MaxInstance)
	}
	if why != "" {
		if len(c.Problems) < MaxProblems {
			c.Problems = append(c.Problems, Problem{Field: field, Text: fieldNames[k] + ": " + why})
		}
		return
	}
	s := byInstance[n]
	if s == nil {
		s = &set{Set: Set{
			Instance: n, SealResult: unchecked, AMSResult: unchecked,
			BodyHash: string(dkim.Unchecked), HeaderSignature: string(dkim.Unchecked),
		}, fields: [3]int{-1, -1, -1}}
		byInstance[n] = s
	}
	if s.fields[k] >= 0 {
		// RFC 8617 §4.2.1: exactly one of each.
		s.problem("there is more than one %s", fieldNames[k])
		return
	}
	s.fields[k] = field
	switch k {
	case messageSignature:
		s.readMessageSignature(value, tags)
	case seal:
		s.readSeal(value, tags, tagErr)
	}
}

// tagInstance reads i= of a tag list (RFC 8617 §4.2.1: one or two digits, from
// 1).
func tagInstance(tags []dkim.Tag) (n int, why string) {
	v, ok := dkim.TagValue(tags, "i")
	if !ok {
		return 0, "it has no i="
	}
	return instance(v)
}

func instance(v string) (n int, why string) {
	if v == "" {
		return 0, "i= is empty"
	}
	for i := 0; i < len(v); i++ {
		if v[i] < '0' || v[i] > '9' {
			return 0, fmt.Sprintf("i=%s is not a number", clip(v))
		}
		if n = 10*n + int(v[i]-'0'); n > 1_000_000 {
			n = 1_000_000
		}
	}
	if n == 0 {
		return 0, "i=0; instances begin at 1"
	}
	return n, ""
}

// resultsInstance reads the instance of an ARC-Authentication-Results field. It
// stands first and is followed by a semicolon (RFC 8617 §4.1.1, §4.2.1);
// comments and blanks may stand anywhere around it.
func resultsInstance(v string) (n int, why string) {
	first, _, found := cutComments(v)
	name, value, eq := strings.Cut(first, "=")
	if !eq || strings.TrimSpace(name) != "i" {
		return 0, "it does not begin with i="
	}
	if n, why = instance(strings.TrimSpace(value)); why == "" && !found {
		why = "no semicolon follows i="
	}
	return n, why
}

// cutComments returns what stands before the first semicolon outside of
// comments, without its comments.
func cutComments(v string) (before, after string, found bool) {
	const longest = 1000 // the instance is a few bytes; the rest are comments
	var b strings.Builder
	depth := 0
	for i := 0; i < len(v) && b.Len() < longest; i++ {
		switch c := v[i]; {
		case depth > 0 && c == '\\':
			i++
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == ';':
			return b.String(), v[i+1:], true
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", false
}

// readMessageSignature reads the tags of a message signature that a report
// names, and what RFC 8617 forbids beyond RFC 6376. Package dkim verifies the
// rest.
func (s *set) readMessageSignature(value string, tags []dkim.Tag) {
	s.AMSDomain, _ = dkim.TagValue(tags, "d")
	s.AMSSelector, _ = dkim.TagValue(tags, "s")
	s.amsBad = strictTags(value, tags)
	h, _ := dkim.TagValue(tags, "h")
	for name := range strings.SplitSeq(h, ":") {
		switch name = strings.ToLower(strings.Trim(name, " \t\r\n")); name {
		case "arc-seal":
			// A seal is made after the message signature (RFC 8617 §4.1.2).
			s.amsBad = "h= names ARC-Seal"
		case "arc-authentication-results", "arc-message-signature":
			// QUIRK: forbidden by RFC 8617 §4.1.2, but drafts allowed it and
			// signatures made that way verify.
		}
	}
}

// readSeal reads a seal (RFC 8617 §4.1.3).
func (s *set) readSeal(value string, tags []dkim.Tag, err error) {
	s.sealTags = tags
	get := func(name string) string {
		v, ok := dkim.TagValue(tags, name)
		switch {
		case !ok:
			s.badSeal(dkim.ReasonSyntax, "the required tag %s= is missing", name)
		case v == "":
			s.badSeal(dkim.ReasonSyntax, "the required tag %s= is empty", name)
		}
		return v
	}
	if err != nil {
		s.badSeal(dkim.ReasonSyntax, "%s", err)
	}
	if why := strictTags(value, tags); why != "" {
		s.badSeal(dkim.ReasonSyntax, "%s", why)
	}
	s.SealAlgorithm = get("a")
	s.Domain, s.Selector = normalDomain(get("d")), get("s")
	s.CV = get("cv")
	if _, has := dkim.TagValue(tags, "h"); has {
		s.badSeal(dkim.ReasonSyntax, "a seal must not have h=")
	}
	if t, ok := dkim.TagValue(tags, "t"); ok {
		s.SealedAt = unixTime(t)
	}
	if b := get("b"); b != "" {
		if s.b = decodeBase64(b); s.b == nil {
			s.badSeal(dkim.ReasonSyntax, "b= is not base64")
		}
	}
}

// normalDomain returns a domain in lower case and A-labels, as it is where it is
// no domain name.
func normalDomain(d string) string {
	const selector = "x"
	if name, ok := dkim.KeyName(d, selector); ok {
		return strings.TrimPrefix(name, selector+"._domainkey.")
	}
	return d
}

// badSeal notes why a seal cannot be used, the first time.
func (s *set) badSeal(code dkim.Reason, format string, args ...any) {
	if s.sealBad == "" {
		s.sealBad, s.sealCode = fmt.Sprintf(format, args...), code
	}
}

// strictTags finds what package dkim lets through in a tag list and RFC 6376
// §3.2 forbids: an empty part, and blanks inside a time.
func strictTags(value string, tags []dkim.Tag) string {
	empty := false
	for part := range strings.SplitSeq(value, ";") {
		if empty {
			return "a semicolon stands alone in the tag list"
		}
		empty = strings.Trim(part, " \t\r\n") == ""
	}
	if t, ok := dkim.TagValue(tags, "t"); ok && unixTime(t) == nil {
		return fmt.Sprintf("t=%s is not a time", clip(t))
	}
	return ""
}

// check holds the sets against the rules (RFC 8617 §5.2 step 3) and reports
// whether they keep them.
func (c *chain) check() bool {
	for at, s := range c.sets {
		before := 0
		if at > 0 {
			before = c.sets[at-1].Instance
		}
		switch missing := s.Instance - before - 1; {
		case missing == 1:
			s.problem("set %d is missing below it", s.Instance-1)
		case missing > 1:
			s.problem("sets %d to %d are missing below it", before+1, s.Instance-1)
		}
		for k, field := range s.fields {
			if field < 0 {
				s.problem("it has no %s", fieldNames[k])
			}
		}
		if s.Seal >= 0 && s.CV != "" {
			s.checkValidation()
		}
		if s.sealBad != "" && s.sealCode == dkim.ReasonSyntax {
			s.problem("ARC-Seal: %s", s.sealBad)
		}
		if s.amsBad != "" {
			s.problem("ARC-Message-Signature: %s", s.amsBad)
		}
	}
	return len(c.Problems) == 0 && !slices.ContainsFunc(c.sets, func(s *set) bool { return len(s.Problems) > 0 })
}

// checkValidation checks cv=. The words match in any case (RFC 5234 §2.3).
func (s *set) checkValidation() {
	want := "pass"
	if s.Instance == 1 {
		want = "none"
	}
	switch {
	case strings.EqualFold(s.CV, want):
	case strings.EqualFold(s.CV, "fail"):
		s.problem("its seal says cv=fail")
	default:
		s.problem("its seal says cv=%s where only %s or fail can stand", clip(s.CV), want)
	}
}

// condemned reports whether a seal says cv=fail.
func (s *set) condemned() bool { return s.Seal >= 0 && strings.EqualFold(s.CV, "fail") }
