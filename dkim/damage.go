package dkim

import (
	"fmt"
	"slices"
	"strings"
)

// What relays do to the signature field itself, so that nobody can read it.

// maxDamaged is the longest field that is looked at.
const maxDamaged = 32 << 10

// encodedWords decodes a tag list that was written as encoded words, ok is false
// where it was not. RFC 2047 §5 allows them in text and phrases only; a tag list is
// neither (RFC 6376 §3.2), and no verifier decodes it.
func encodedWords(value string) (decoded string, ok bool) {
	if !strings.HasPrefix(strings.TrimLeft(value, " \t\r\n"), "=?") || len(value) > maxDamaged {
		return "", false
	}
	decoded, _ = decodeWords(value)
	tags, err := ParseTags(decoded)
	if err != nil {
		return "", false
	}
	_, b := TagValue(tags, "b")
	_, d := TagValue(tags, "d")
	return strings.TrimSpace(decoded), b && d
}

// worded reads a signature out of encoded words for people: whose it is, what it
// covered, whether the body is whole. As it stands it verifies nothing.
func worded(kind Kind, index int, field []byte, decoded string) *parsed {
	p := parseSignature(kind, index, field, decoded)
	p.EncodedWords = true
	p.Tags, p.B = nil, nil // the places of the tags are those of another text
	p.code, p.fault = ReasonNone, ""
	p.bad(ReasonSyntax, "the field was written as encoded words (RFC 2047), which a tag list may not hold: no verifier reads it")
	return p
}

// swallowable are fields that stand below a signature in nearly every message.
var swallowable = []string{"from", "to", "cc", "subject", "date", "message-id", "mime-version", "content-type", "content-transfer-encoding",
	"reply-to", "sender", "list-id", "in-reply-to", "references", "return-path", "received"}

// swallowed names the header fields that stand in the folded lines of a
// signature: a bare line end in it made a server take the fields below for its
// continuation, and indent them.
func swallowed(value string) []string {
	if len(value) > maxDamaged {
		return nil
	}
	var out []string
	for i, line := range strings.Split(value, "\n") {
		if i == 0 || line == "" || line[0] != ' ' && line[0] != '\t' {
			continue
		}
		name, rest, ok := strings.Cut(strings.TrimLeft(line, " \t"), ":")
		if ok && strings.HasPrefix(rest, " ") && slices.Contains(swallowable, strings.ToLower(name)) && len(out) < 8 {
			out = append(out, name)
		}
	}
	return out
}

// noteSwallowed says so where the signature can't be read for that. One name
// alone may stand in z=.
func (p *parsed) noteSwallowed(value string) {
	if names := swallowed(value); len(names) > 1 && p.code == ReasonSyntax {
		p.fault = fmt.Sprintf("header fields were folded into the signature (%s): %s", strings.Join(names, ", "), p.fault)
	}
}
