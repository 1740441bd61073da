package authres

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/fieldtext"
	"github.com/mailtrace/mailtrace/message"
)

// Written is one result to be written into an Authentication-Results field.
type Written struct {
	Method  string // "spf", "dkim", "dmarc", "arc" …
	Result  string // a word of RFC 8601 §2.7
	Reason  string // reason=, "" for none
	Comment string // in parentheses behind the result, "" for none
	// Properties come in this order. One without a value is left out.
	Properties []Property
}

// Format writes the value of an Authentication-Results field (RFC 8601 §2.2),
// folded, without a line end behind it: the name of the server that checked,
// then the results, or "none". Everything is written so that it is read back as
// it was given: values are quoted where they need it (RFC 2045 §5.1, RFC 5322
// §3.2.4), comments escaped (§3.2.2), and no octet of them can end the field or
// begin another result. Control characters, which a field cannot hold, become
// "?", and so do octets that are not UTF-8.
func Format(authservID string, results []Written) string {
	var w fieldWriter
	w.item(quotedValue(authservID, false))
	if len(results) == 0 {
		w.b.WriteByte(';')
		w.item("none")
		return w.b.String()
	}
	for _, r := range results {
		w.b.WriteString(";\r\n\t")
		w.line = 8
		w.fresh = true
		w.item(keyword(r.Method) + "=" + keyword(r.Result))
		if r.Comment != "" {
			w.words(fieldtext.Comment(r.Comment))
		}
		if r.Reason != "" {
			w.item("reason=" + quotedValue(r.Reason, false))
		}
		for _, p := range r.Properties {
			if p.Value != "" {
				w.item(keyword(p.Type) + "." + keyword(p.Name) + "=" + quotedValue(p.Value, true))
			}
		}
	}
	return w.b.String()
}

// ParseField reads the value of one Authentication-Results field. Field of each
// verdict is 0, and its Span counts in value.
func ParseField(value string) []Verdict {
	const name = "Authentication-Results:"
	m := message.Parse([]byte(name + unfolded(value) + "\r\n\r\n"))
	out := Parse(m, 0)
	for i := range out {
		out[i].Span.Start = max(out[i].Span.Start-len(name), 0)
		out[i].Span.End = max(out[i].Span.End-len(name), 0)
	}
	return out
}

// unfolded keeps a value in one field: a line that is not a continuation becomes
// one. The length stays.
func unfolded(value string) string {
	b := []byte(value)
	for i, c := range b {
		if c == '\r' || c == '\n' {
			b[i] = ' '
		}
	}
	return string(b)
}

// fieldWriter folds between items.
type fieldWriter struct {
	b     strings.Builder
	line  int
	fresh bool // a line was just begun
}

func (w *fieldWriter) item(s string) {
	switch {
	case w.b.Len() > 0 && !w.fresh && w.line+1+len(s) > 76:
		w.b.WriteString("\r\n\t")
		w.line = 8
	case !w.fresh:
		w.b.WriteByte(' ')
		w.line++
	}
	w.fresh = false
	w.b.WriteString(s)
	w.line += len(s)
}

// words writes a comment, folded between its words.
func (w *fieldWriter) words(s string) {
	for _, word := range strings.Split(s, " ") {
		w.item(word)
	}
}

// keyword keeps a word to what a Keyword may hold (RFC 8601 §2.2, RFC 5321
// §4.1.2).
func keyword(s string) string {
	out := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' {
			return c
		}
		return '-'
	}, s)
	if out == "" {
		return "-"
	}
	return out
}

// quotedValue writes a value as a token, where an address may stand bare as
// local@domain, or as a quoted string.
func quotedValue(s string, address bool) string {
	if isToken(s) || address && mailbox(s) {
		return s
	}
	return fieldtext.Quoted(s)
}

// mailbox reports whether s is an address that needs no quotes as a pvalue
// (RFC 8601 §2.2): a dot-atom, "@", a domain.
func mailbox(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && (local == "" || fieldtext.IsDotAtom(local)) && isToken(domain) && domain != ""
}

// isToken: the token of RFC 2045 §5.1.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?=`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
