package report

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Kinds of a [Part].
const (
	PartText    = "text"    // words of the report's own
	PartHost    = "host"    // name of a server or client
	PartIP      = "ip"      // address of one
	PartMailbox = "mailbox" // e-mail address
	PartDomain  = "domain"  // domain that mail is sent for
	PartRecord  = "record"  // DNS record; ref is "name TYPE"
	PartHop     = "hop"     // ref is the index of the hop
	PartFinding = "finding" // ref is the code
	PartField   = "field"   // header field; ref is its index from the top, from 0
	PartQuote   = "quote"   // words of the message: a subject, a line of the body, a display name
)

// Part is a piece of a sentence: what it says, and what kind of thing that is,
// so that a view can link it and a redaction can replace it.
type Part struct {
	Kind string `json:"kind"`
	Text string `json:"text"` // as it stands in the sentence
	Ref  string `json:"ref,omitempty"`
}

// Text is a sentence as a list of parts. Its English is made by [Text.String]
// and nowhere else; nobody reads it back.
type Text []Part

// String is the sentence.
func (t Text) String() string {
	if len(t) == 1 {
		return t[0].Text
	}
	n := 0
	for i := range t {
		n += len(t[i].Text)
	}
	var b strings.Builder
	b.Grow(n)
	for i := range t {
		b.WriteString(t[i].Text)
	}
	return b.String()
}

// Equal reports whether two sentences say the same with the same parts.
func (t Text) Equal(u Text) bool { return slices.Equal(t, u) }

// HostRef is a host by its name; an address literal becomes an address.
func HostRef(name string) Part {
	bare := strings.Trim(name, "[]")
	if _, err := netip.ParseAddr(strings.TrimPrefix(strings.ToLower(bare), "ipv6:")); err == nil {
		return Part{Kind: PartIP, Text: name}
	}
	if strings.ContainsAny(name, " \t") {
		return Part{Kind: PartText, Text: name} // words in the place of a name
	}
	return Part{Kind: PartHost, Text: name}
}

// IPRef is an IP address; "" where it is not valid.
func IPRef(ip netip.Addr) Part {
	if !ip.IsValid() {
		return Part{Kind: PartText}
	}
	return Part{Kind: PartIP, Text: ip.String()}
}

// MailboxRef is an e-mail address, "<>" the null sender.
func MailboxRef(addr string) Part {
	if addr == "" || addr == "<>" {
		return Part{Kind: PartText, Text: "<>"}
	}
	return Part{Kind: PartMailbox, Text: addr}
}

// DomainRef is a domain.
func DomainRef(name string) Part { return Part{Kind: PartDomain, Text: name} }

// RecordRef is a DNS record: its text, or, where that is "", its name and type.
func RecordRef(name, kind, text string) Part {
	ref := name + " " + kind
	if text == "" {
		text = ref
	}
	return Part{Kind: PartRecord, Text: text, Ref: ref}
}

// HopRef is "hop 4".
func HopRef(index int) Part {
	n := strconv.Itoa(index)
	return Part{Kind: PartHop, Text: "hop " + n, Ref: n}
}

// FindingRef is another finding by its code.
func FindingRef(code string) Part { return Part{Kind: PartFinding, Text: code, Ref: code} }

// QuoteRef quotes the message, in quotation marks.
func QuoteRef(s string) Part { return Part{Kind: PartQuote, Text: "“" + s + "”"} }

// Say makes a sentence as [fmt.Sprintf] does: an argument that is a [Part], a
// [Text] or an [netip.Addr] becomes parts of its kind, anything else is text.
//
//	report.Say("SPF was checked again at %v against %v", report.HopRef(4), ip)
func Say(format string, args ...any) Text {
	t := make(Text, 0, 2*min(len(args), 16)+1)
	next := 0
	for format != "" {
		i := strings.IndexByte(format, '%')
		if i < 0 {
			i = len(format)
		}
		t = t.plain(format[:i])
		if i == len(format) {
			break
		}
		n := verb(format[i:])
		spec := format[i : i+n]
		format = format[i+n:]
		switch {
		case spec == "%%":
			t = t.plain("%")
		case next >= len(args):
			t = t.plain("%!" + spec[1:] + "(MISSING)")
		default:
			t = t.add(spec, args[next])
			next++
		}
	}
	if next < len(args) {
		t = t.plain(fmt.Sprintf("%%!(EXTRA %v)", args[next:]))
	}
	if len(t) == 0 {
		return nil
	}
	return t
}

// verb is the length of the verb at the start of a format.
func verb(s string) int {
	for i := 1; i < len(s); i++ {
		if c := s[i]; c == '%' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return i + 1
		}
	}
	return len(s)
}

func (t Text) add(spec string, arg any) Text {
	switch x := arg.(type) {
	case Part:
		return t.push(x)
	case Text:
		return t.push(x...)
	case netip.Addr:
		return t.push(IPRef(x))
	}
	return t.plain(fmt.Sprintf(spec, arg))
}

// Add returns the text with parts behind it. Words behind words are one part,
// and empty parts none.
func (t Text) Add(parts ...Part) Text { return append(Text(nil), t...).push(parts...) }

// push is Add where nobody else holds the text.
func (t Text) push(parts ...Part) Text {
	for _, p := range parts {
		switch n := len(t); {
		case p.Text == "":
		case p.Kind == PartText && n > 0 && t[n-1].Kind == PartText:
			t[n-1].Text += p.Text
		default:
			t = append(t, p)
		}
	}
	return t
}

func (t Text) plain(s string) Text { return t.push(Part{Kind: PartText, Text: s}) }

// List is the items for a sentence: "a, b and c".
func List(items ...Text) Text {
	var t Text
	for i, x := range items {
		switch {
		case i == 0:
		case i == len(items)-1:
			t = t.plain(" and ")
		default:
			t = t.plain(", ")
		}
		t = t.push(x...)
	}
	return t
}

// Words is a sentence of the report's own words alone.
func Words(s string) Text { return Text(nil).plain(s) }
