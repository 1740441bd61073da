package dkim

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// MaxTags bounds the tags of one list. RFC 6376 defines thirteen.
const MaxTags = 100

// TagError says where a tag list breaks the syntax of RFC 6376 §3.2.
type TagError struct {
	Offset int // byte offset in the list
	Text   string
}

func (e *TagError) Error() string { return e.Text }

// ParseTags reads a tag list (RFC 6376 §3.2) as it stands in a header field,
// folding included, or in a key record. Tag names are case-sensitive.
//
// The tags that can be read come back even with an error, which is a
// *[TagError] for the first fault: a part without "=", a bad name or
// character, a tag named twice, more than [MaxTags].
//
// QUIRK: empty parts (";;" and blanks after the last ";") are passed over, and
// "-" and "." are let through in names, as most verifiers do. Bytes over 127
// are legal in values (RFC 8616).
func ParseTags(s string) ([]Tag, error) {
	var first *TagError
	fault := func(offset int, format string, args ...any) {
		if first == nil {
			first = &TagError{offset, fmt.Sprintf(format, args...)}
		}
	}
	tags := make([]Tag, 0, 14)
	for pos := 0; pos < len(s); {
		end := strings.IndexByte(s[pos:], ';')
		if end < 0 {
			end = len(s)
		} else {
			end += pos
		}
		start, part := trimFWS(s[pos:end])
		start += pos
		pos = end + 1
		if part == "" {
			continue
		}
		eq := strings.IndexByte(part, '=')
		if eq < 0 {
			fault(start, "%s has no \"=\"", clip(part))
			continue
		}
		_, name := trimFWS(part[:eq])
		if !isTagName(name) {
			fault(start, "%s is not a tag name", clip(name))
			continue
		}
		valueAt, value := trimFWS(part[eq+1:])
		if i := badByte(value); i >= 0 {
			fault(start+eq+1+valueAt+i, "tag %s= holds the byte 0x%02x", name, value[i])
		}
		if len(tags) == MaxTags {
			fault(start, "more than %d tags", MaxTags)
			break
		}
		if _, dup := TagValue(tags, name); dup {
			// RFC 6376 §3.2: the whole list is invalid.
			fault(start, "tag %s= stands twice", name)
		}
		tags = append(tags, Tag{Name: name, Value: value, Offset: start})
	}
	if first != nil {
		return tags, first
	}
	return tags, nil
}

// TagValue returns the value of the first tag with this name.
func TagValue(tags []Tag, name string) (value string, ok bool) {
	for i := range tags {
		if tags[i].Name == name {
			return tags[i].Value, true
		}
	}
	return "", false
}

func isFWS(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// trimFWS cuts folding white space off both ends and says where the rest
// begins.
func trimFWS(s string) (start int, rest string) {
	end := len(s)
	for start < end && isFWS(s[start]) {
		start++
	}
	for end > start && isFWS(s[end-1]) {
		end--
	}
	return start, s[start:end]
}

func isTagName(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case i > 0 && ('0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return s != ""
}

// badByte returns the offset of the first byte that cannot stand in a value,
// -1 where there is none: a control other than folding white space.
func badByte(s string) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	i := 0
	for i < len(s) {
		// Eight bytes that are all printable pass at once: none under 0x20 and
		// none 0x7f (Hacker's Delight, 6-1).
		for ; i+8 <= len(s); i += 8 {
			w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
				uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
			del := w ^ 0x7f*ones
			if ((w-0x20*ones)&^w|(del-ones)&^del)&highs != 0 {
				break
			}
		}
		for stop := min(i+8, len(s)); i < stop; i++ {
			if c := s[i]; (c < ' ' && !isFWS(c)) || c == 0x7f {
				return i
			}
		}
	}
	return -1
}

// dropFWS removes all folding white space.
func dropFWS(s string) string {
	if strings.IndexByte(s, ' ') < 0 && strings.IndexByte(s, '\t') < 0 && strings.IndexByte(s, '\n') < 0 && strings.IndexByte(s, '\r') < 0 {
		return s
	}
	i := 0
	for !isFWS(s[i]) {
		i++
	}
	out := make([]byte, 0, len(s))
	out = append(out, s[:i]...)
	for ; i < len(s); i++ {
		if !isFWS(s[i]) {
			out = append(out, s[i])
		}
	}
	return string(out)
}

// decodeBase64 decodes base64 with folding white space in it
// (RFC 6376 §2.10).
func decodeBase64(s string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(dropFWS(s))
}

// list splits a colon-separated value and trims each part. Empty parts are
// passed over.
func list(s string) []string {
	if s == "" {
		return nil
	}
	out := make([]string, 0, strings.Count(s, ":")+1)
	for part := range strings.SplitSeq(s, ":") {
		if _, part = trimFWS(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// clip quotes text of a sender for a reason, cut to a length that a line can
// hold.
func clip(s string) string {
	const most = 64
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
