package headers

import (
	"bytes"
	"strings"

	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/message/mailbox"
)

// Hidden is text of the header that some programs read as a header field, and
// that is none by RFC 5322: it stands behind a byte that they take for the end
// of a line, or its name holds bytes that they pass over.
type Hidden struct {
	Name   string // of the field, as in RFC 5322: "From"
	How    string // "behind a bare carriage return (CR)"
	Line   int    // 1-based
	Text   string // as it came, up to maxHiddenText bytes
	Domain string // of the first author in it, "" where there is none
}

const (
	maxHidden     = 16
	maxHiddenText = 300
	maxHiddenName = 80
)

// hideable are the fields that a reader or a receiver goes by.
var hideable = map[string]string{
	"from": "From", "sender": "Sender", "reply-to": "Reply-To", "to": "To", "cc": "Cc", "subject": "Subject", "date": "Date",
	"content-type": "Content-Type", "dkim-signature": "DKIM-Signature", "authentication-results": "Authentication-Results",
}

// breaks are what some programs end a line at besides LF, and how people know
// it. Python's splitlines goes by all of them.
var breaks = []struct{ text, how string }{
	{"\r", "behind a bare carriage return (CR)"},
	{"\x00", "behind a NUL byte"},
	{"\v", "behind a vertical tab"},
	{"\f", "behind a form feed"},
	{"\x1c", "behind a file separator (0x1C)"},
	{"\x1d", "behind a group separator (0x1D)"},
	{"\x1e", "behind a record separator (0x1E)"},
	{"\u0085", "behind a next line character (U+0085)"},
	{"\u2028", "behind a line separator (U+2028)"},
	{"\u2029", "behind a paragraph separator (U+2029)"},
}

// findHidden finds such text, in time linear in the header.
func (f *Facts) findHidden() {
	m := f.Msg
	end := m.Header.End
	if m.Note(message.NoBlankLine) != nil {
		// A line that ends the header here may be a field elsewhere.
		if nl := bytes.IndexByte(m.Raw[end:min(len(m.Raw), end+maxHiddenText)], '\n'); nl >= 0 {
			end += nl + 1
		}
	}
	next := 0 // field whose start is not passed yet
	line := 1 + bytes.Count(m.Raw[:m.Header.Start], []byte{'\n'})
	odd := hasBreaks(m.Raw[m.Header.Start:end])
	for pos := m.Header.Start; pos < end && len(f.Hidden) < maxHidden; line++ {
		stop := end
		if nl := bytes.IndexByte(m.Raw[pos:end], '\n'); nl >= 0 {
			stop = pos + nl + 1
		}
		for next < len(m.Fields) && m.Fields[next].Name.Start < pos {
			next++
		}
		isField := next < len(m.Fields) && m.Fields[next].Name.Start == pos
		folded := !isField && next > 0 && pos < m.Fields[next-1].End
		text := bytes.TrimRight(m.Raw[pos:stop], "\r\n")
		if !folded {
			if name, how := looksLikeField(text); name != "" && (how != "" || !isField) {
				if how == "" {
					how = "outside of all fields"
				}
				f.hide(name, how, text, line)
			}
		}
		if odd || bytes.IndexByte(text, '\r') >= 0 {
			f.hiddenBehind(text, line)
		}
		pos = stop
	}
}

// hasBreaks reports whether any of breaks but CR, which all lines end in, is in a
// header: hardly ever.
func hasBreaks(header []byte) bool {
	for _, b := range breaks[1:] {
		if bytes.Contains(header, []byte(b.text)) {
			return true
		}
	}
	return false
}

// hiddenBehind looks behind the bytes that some programs take for a line end.
func (f *Facts) hiddenBehind(text []byte, line int) {
	for _, b := range breaks {
		rest := text
		for len(f.Hidden) < maxHidden {
			i := bytes.Index(rest, []byte(b.text))
			if i < 0 {
				break
			}
			rest = rest[i+len(b.text):]
			if name, _ := looksLikeField(rest); name != "" {
				f.hide(name, b.how, rest, line)
			}
		}
	}
}

func (f *Facts) hide(name, how string, text []byte, line int) {
	h := Hidden{Name: name, How: how, Line: line, Text: string(text[:min(len(text), maxHiddenText)])}
	if colon := strings.IndexByte(h.Text, ':'); colon >= 0 && name == "From" {
		for _, mb := range mailbox.Parse(h.Text[colon+1:]) {
			if mb.Domain != "" {
				h.Domain = mb.Domain
				break
			}
		}
	}
	f.Hidden = append(f.Hidden, h)
}

// looksLikeField returns the field that a line would be to a program that
// passes over blanks, control characters and bytes above 127 in its name. odd
// says what it passes over, "" where the name is as it should be.
func looksLikeField(line []byte) (name, odd string) {
	var clean [maxHiddenName]byte
	n := 0
	for i, c := range line[:min(len(line), maxHiddenName)] {
		switch {
		case c == ':':
			name = hideable[string(clean[:n])]
			if odd == "blank" { // only before the colon: obsolete syntax, read by all
				if bytes.IndexByte(bytes.TrimRight(line[:i], " \t"), ' ') < 0 && line[0] != ' ' && line[0] != '\t' {
					return name, ""
				}
				odd = "with a blank in its name"
			}
			return name, odd
		case c == ' ' || c == '\t':
			if odd == "" {
				odd = "blank"
			}
		case c == 0:
			odd = "with a NUL byte in its name"
		case c < ' ' || c == 0x7f:
			odd = "with a control character in its name"
		case c > 0x7f:
			odd = "with a character in its name that does not show"
		default:
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			clean[n] = c
			n++
		}
	}
	return "", ""
}

// Shown returns the field of a name that stands for the message: of those that
// a signature covers which verifies, the bottom-most, since h= names from the
// bottom up; else the topmost. -1 where there is none.
func (f *Facts) Shown(name string) int {
	if f.Msg.Count(name) > 1 {
		for i := range f.DKIM {
			if f.DKIM[i].Result == "pass" && f.DKIM[i].Names(name) > 0 {
				return f.Msg.Last(name)
			}
		}
	}
	return f.Msg.First(name)
}

// ShownValue is the value of that field, "" where there is none.
func (f *Facts) ShownValue(name string) string {
	if i := f.Shown(name); i >= 0 {
		return f.Msg.Value(i)
	}
	return ""
}
