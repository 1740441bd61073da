package dkim

import (
	"crypto"
	"fmt"
	"mime"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/message"
)

// What relays do to the signature field itself, so that nobody can read it.

// maxDamaged is the longest field that is looked at.
const maxDamaged = 32 << 10

// EncodedWords decodes a tag list that was written as encoded words, ok is false
// where it was not. RFC 2047 §5 allows them in text and phrases only; a tag list is
// neither (RFC 6376 §3.2), and no verifier decodes it.
func EncodedWords(value string) (decoded string, ok bool) {
	if !strings.HasPrefix(strings.TrimLeft(value, " \t\r\n"), "=?") || len(value) > maxDamaged {
		return "", false
	}
	var words mime.WordDecoder
	decoded, err := words.DecodeHeader(strings.NewReplacer("\r\n", "", "\n", "").Replace(value))
	if err != nil {
		return "", false
	}
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

// ReadSignature reads the tags of a signature field and verifies nothing: the
// results are empty. field is its index in the message, raw the whole field, value
// what stands after the colon. Verifiers have [Verifier.Verify]; this is for
// programs that hash other texts than the one at hand.
func ReadSignature(kind Kind, field int, raw []byte, value string) *Signature {
	return parseSignature(kind, field, raw, value).Signature
}

// Uses returns what a= stands for: the k= of the key that fits, and the hash; ""
// and 0 where it is not known.
func (s *Signature) Uses() (key string, hash crypto.Hash) {
	a, ok := algorithms[s.Algorithm]
	if !ok {
		a = algorithms[strings.ToLower(clipRaw(s.Algorithm))]
	}
	return a.key, a.hash
}

// Message is the message of v.
func (v *Verifier) Message() *message.Message { return v.m }

// HeadersOnly says that v was told that the body is not there or not whole.
func (v *Verifier) HeadersOnly() bool { return v.o.HeadersOnly }
