package domain

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// Seen is a selector that was met.
type Seen struct {
	Selector string
	Domain   string // that signed, lower case; "" where a list gives none
	Method   string // "dkim", "arc", or "list"
	Count    int
}

// SelectorsFrom reads selectors from a message, an mbox or a list, in the order
// of their first coming. What a message holds are claims: whether there is such
// a key, Check finds out.
//
// A line of a list is a selector, a selector and a domain, or the name of a key
// (SELECTOR._domainkey.DOMAIN); "#" begins a comment. Text is a list where no
// line of its beginning looks like a header field.
func SelectorsFrom(r io.Reader) ([]Seen, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxList+1))
	if err != nil {
		return nil, fmt.Errorf("domain: selectors: %w", err)
	}
	if len(text) > MaxList {
		return nil, fmt.Errorf("domain: selectors: more than %d bytes", MaxList)
	}
	f := &finder{index: map[Seen]int{}}
	if isList(text) {
		f.list(text)
	} else {
		eachMessage(text, f.message)
	}
	return f.out, nil
}

// Selectors picks those selectors that can be the domain's: signed with it, or
// from a list without a domain.
func Selectors(seen []Seen, domain string) []string {
	var out []string
	for _, s := range seen {
		if (s.Domain == "" || s.Domain == domain) && !slices.Contains(out, s.Selector) {
			out = append(out, s.Selector)
		}
	}
	return out
}

type finder struct {
	out   []Seen
	index map[Seen]int // without Count
}

// add counts a selector. At most MaxSelectors different ones are kept for one
// source; the rest is dropped, as Check would not ask for them either.
func (f *finder) add(s Seen) {
	s.Domain = strings.ToLower(strings.TrimSuffix(s.Domain, "."))
	if s.Domain != "" {
		name, err := Name(s.Domain)
		if err != nil {
			return
		}
		s.Domain = name
	}
	if s.Selector == "" || len(s.Selector) > 253 {
		return
	}
	if i, ok := f.index[s]; ok {
		f.out[i].Count++
		return
	}
	if len(f.out) == MaxSelectors {
		return
	}
	f.index[s] = len(f.out)
	s.Count = 1
	f.out = append(f.out, s)
}

// signatures are the fields that name a key.
var signatures = [...]struct{ field, method string }{
	{"DKIM-Signature", "dkim"}, {"ARC-Message-Signature", "arc"}, {"ARC-Seal", "arc"},
}

func (f *finder) message(raw []byte) {
	m := message.Parse(raw)
	for _, sig := range signatures {
		for _, i := range m.All(sig.field) {
			tags, _ := dkim.ParseTags(m.Value(i))
			selector, _ := dkim.TagValue(tags, "s")
			domain, _ := dkim.TagValue(tags, "d")
			if domain != "" {
				f.add(Seen{Selector: selector, Domain: domain, Method: sig.method})
			}
		}
	}
}

func (f *finder) list(text []byte) {
	for line := range bytes.Lines(text) {
		line, _, _ := strings.Cut(string(line), "#")
		words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' || r == ';' || r == '\r' || r == '\n' })
		switch len(words) {
		case 1:
			selector, domain, _ := strings.Cut(words[0], "._domainkey.")
			f.add(Seen{Selector: selector, Domain: domain, Method: "list"})
		case 2:
			f.add(Seen{Selector: words[0], Domain: words[1], Method: "list"})
		}
	}
}

// isList reports that none of the first lines is a header field or the
// beginning of an mbox.
func isList(text []byte) bool {
	const lines = 20
	n := 0
	for line := range bytes.Lines(text) {
		if n++; n > lines {
			break
		}
		if bytes.HasPrefix(line, []byte("From ")) {
			return false
		}
		if i := bytes.IndexByte(line, ':'); i > 0 && !bytes.ContainsAny(line[:i], " \t#") {
			return false
		}
	}
	return true
}

// eachMessage calls f for a message, or for each message of an mbox.
func eachMessage(text []byte, f func([]byte)) {
	if !bytes.HasPrefix(text, []byte("From ")) {
		f(text)
		return
	}
	start := 0
	for i := 0; i < len(text); {
		end := bytes.IndexByte(text[i:], '\n')
		if end < 0 {
			break
		}
		next := i + end + 1
		blank := end == 0 || end == 1 && text[i] == '\r'
		if blank && bytes.HasPrefix(text[next:], []byte("From ")) {
			f(text[start:next])
			start = next
		}
		i = next
	}
	f(text[start:])
}
