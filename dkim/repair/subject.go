package repair

import (
	"bytes"
	"encoding/base64"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxTagWords is how many words of a Subject a tag may have.
const maxTagWords = 6

// replyMarks are put before a Subject, and taken off and put back by lists.
var replyMarks = []string{"Re: ", "RE: ", "Fwd: ", "FW: ", "AW: ", "Fw: "}

// subjectEdits proposes what a Subject may have been.
func subjectEdits(p *proposals) {
	raw := string(p.value)
	put := func(v string) { p.propose(SubjectTag, v) }
	bare := untagged(raw)
	for _, v := range bare {
		put(v)
	}
	if decoded, names := decodeWords(raw); decoded != raw || !plainASCII(decoded) {
		p.stream(0)
		texts := append([]string{decoded}, untagged(decoded)...)
		if decoded != raw && len(texts) > 1 {
			// It is encoded still, so that was not the change, or not all.
			texts[0], texts[1] = texts[1], texts[0]
		}
		texts = compactTexts(texts, 12)
		for _, charsets := range [][]string{append(names, "UTF-8", "utf-8"), {"iso-8859-1", "ISO-8859-1", "windows-1252"}} {
			for _, text := range texts {
				for _, v := range encodeWords(text, charsets) {
					put(v)
				}
				p.dense()
			}
		}
	}
	p.stream(12)
	for _, v := range append([]string{raw}, bare[:min(len(bare), 3)]...) {
		for _, mark := range replyMarks {
			put(mark + v)
		}
	}
	// A list takes the tag off and puts it in front: "Re: [x] y" to "[x] Re: y".
	if i := strings.IndexByte(raw, ']'); i > 0 && strings.HasPrefix(raw, "[") {
		tag, rest := raw[:i+1], strings.TrimLeft(raw[i+1:], " ")
		for _, mark := range replyMarks {
			if after, ok := strings.CutPrefix(rest, mark); ok {
				put(mark + tag + " " + after)
			} else {
				put(mark + tag + " " + rest)
			}
		}
	}
}

// untagged returns a Subject without its first words, also behind a reply mark,
// and without its last ones, the likelier first.
func untagged(s string) []string {
	var out []string
	starts := []int{0}
	for i := 1; i < len(s); i++ {
		if isFWS(s[i-1]) && !isFWS(s[i]) {
			starts = append(starts, i)
		}
	}
	from := []int{0}
	if len(starts) > 1 && strings.HasSuffix(strings.TrimRight(s[:starts[1]], " \t\r\n"), ":") {
		from = append(from, 1)
	}
	drop := func(i, j int) {
		if j <= len(starts)-1 {
			out = append(out, s[:starts[i]]+s[starts[j]:])
		}
	}
	last := func(n int) {
		if n < len(starts) {
			out = append(out, strings.TrimRight(s[:starts[len(starts)-n]], " \t\r\n"))
		}
	}
	for _, i := range from {
		drop(i, i+1)
	}
	// A tag that the text follows without a blank.
	for _, i := range from {
		for n, at := 0, starts[i]; n < 3 && at < len(s); n++ {
			k := strings.IndexAny(s[at:], "])}>:|*-")
			if k < 0 {
				break
			}
			for at += k + 1; at < len(s) && s[at] == '*'; at++ {
			}
			if at < len(s) && !isFWS(s[at]) {
				out = append(out, s[:starts[i]]+s[at:])
			}
			out = append(out, s[:starts[i]]+strings.TrimLeft(s[at:], " \t\r\n"))
		}
	}
	for n := 1; n <= maxTagWords; n++ {
		last(n)
		for _, i := range from {
			drop(i, i+n)
		}
	}
	return out
}

// compactTexts drops what stands twice, and all after the first few.
func compactTexts(texts []string, most int) []string {
	var out []string
	for _, s := range texts {
		if len(out) < most && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// decodeWords decodes the encoded words (RFC 2047) of a value and returns the
// charsets as they are written there.
func decodeWords(s string) (text string, charsets []string) {
	for rest := s; ; {
		i := strings.Index(rest, "=?")
		if i < 0 {
			break
		}
		rest = rest[i+2:]
		if name, _, ok := strings.Cut(rest, "?"); ok && len(name) < 40 && len(charsets) < 4 {
			charsets = append(charsets, name)
		}
	}
	d := mime.WordDecoder{CharsetReader: charsetReader}
	text, err := d.DecodeHeader(strings.NewReplacer("\r\n", "", "\n", "").Replace(s))
	if err != nil {
		return s, charsets
	}
	return text, charsets
}

func plainASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// encodeWords returns the usual ways to write a text in a header field.
func encodeWords(text string, names []string) []string {
	if text == "" {
		return nil
	}
	out := []string{text}
	if plainASCII(text) {
		return out
	}
	seen := make(map[string]bool)
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		b, ok := fromUTF8(text, name)
		if !ok {
			continue
		}
		if !isUTF8(name) {
			out = append(out, string(b)) // raw, as it was before RFC 6532
		}
		for _, enc := range []string{"Q", "B", "q", "b"} {
			whole := encodeWord(name, enc, b)
			if len(whole) <= 75 {
				out = append(out, whole)
			} else {
				out = append(out, whole, splitWords(text, name, enc, " "), splitWords(text, name, enc, "\r\n "))
			}
			if w := encodeSomeWords(text, name, enc); w != whole {
				out = append(out, w)
			}
		}
	}
	return out
}

func encodeWord(charset, enc string, b []byte) string {
	head := "=?" + charset + "?" + enc + "?"
	if enc == "B" || enc == "b" {
		return head + base64.StdEncoding.EncodeToString(b) + "?="
	}
	var q strings.Builder
	for _, c := range b {
		switch {
		case c == ' ':
			q.WriteByte('_')
		case c > ' ' && c < 0x7f && !strings.ContainsRune("=?_()<>@,;:\"/[].", rune(c)) || strings.IndexByte("/:.,@;()[]<>", c) >= 0:
			q.WriteByte(c)
		default:
			const hex = "0123456789ABCDEF"
			q.WriteByte('=')
			q.WriteByte(hex[c>>4])
			q.WriteByte(hex[c&15])
		}
	}
	return head + q.String() + "?="
}

// splitWords encodes a text in words of at most 75 octets (RFC 2047 §2).
func splitWords(text, charset, enc, joint string) string {
	var words []string
	start := 0
	for i, r := range text {
		b, _ := fromUTF8(text[start:i+utf8.RuneLen(r)], charset)
		if i > start && len(encodeWord(charset, enc, b)) > 75 {
			b, _ = fromUTF8(text[start:i], charset)
			words = append(words, encodeWord(charset, enc, b))
			start = i
		}
		if len(words) > 16 {
			break
		}
	}
	b, _ := fromUTF8(text[start:], charset)
	return strings.Join(append(words, encodeWord(charset, enc, b)), joint)
}

// encodeSomeWords encodes from the first word that needs it to the last.
func encodeSomeWords(text, charset, enc string) string {
	words := strings.Split(text, " ")
	first, last := -1, 0
	for i, w := range words {
		if !plainASCII(w) {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	b, _ := fromUTF8(strings.Join(words[first:last+1], " "), charset)
	out := append([]string{}, words[:first]...)
	out = append(out, encodeWord(charset, enc, b))
	return strings.Join(append(out, words[last+1:]...), " ")
}

// dateEdits proposes the ways to write the same time.
func dateEdits(p *proposals) {
	v := string(p.value)
	put := func(s string) { p.propose(HeaderNormalised, s) }
	base, comment, _ := strings.Cut(v, " (")
	if comment != "" {
		put(base)
	}
	for _, zone := range []string{"+0000", "-0000", "GMT", "UT", "UTC", "Z"} {
		if s, ok := strings.CutSuffix(base, zone); ok {
			for _, other := range []string{"+0000", "-0000", "GMT", "UTC", "+0000 (UTC)", "+0000 (GMT)", "+0000 (Coordinated Universal Time)"} {
				put(s + other)
			}
			break
		}
	}
	put(base + " (UTC)")
	if day, rest, ok := strings.Cut(base, ", "); ok {
		if after, ok := strings.CutPrefix(rest, "0"); ok {
			put(day + ", " + after)
			put(day + ",  " + after)
		} else if len(rest) > 1 && rest[1] == ' ' {
			put(day + ", 0" + rest)
		}
		put(rest)
	}
}

// idEdits proposes other spacings and brackets of message identifiers.
func idEdits(p *proposals) {
	v := p.value
	put := func(s string) { p.propose(HeaderNormalised, s) }
	words := bytes.Fields(v)
	put(string(bytes.Join(words, oneSP)))
	put(string(bytes.Join(words, nil)))
	put(string(bytes.Join(words, []byte(","))))
	put(string(bytes.Join(words, []byte(", "))))
	if len(words) == 1 {
		put(string(bytes.Trim(v, "<>")))
		put("<" + string(bytes.Trim(v, "<>")) + ">")
	}
}
