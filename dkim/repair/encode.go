package repair

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// style is a way to write text in a transfer encoding.
type style struct {
	cte   string // "8bit" also stands for 7bit and none
	width int    // characters of a line; for quoted-printable before the "="
	// flags of quoted-printable
	loose bool   // a last piece of width+1 needs no soft line end
	also  string // characters that are encoded as well at the beginning of a line
	every string // characters that are always encoded
	lf    bool   // base64 over LF line ends
	lower bool   // hexadecimal digits in lower case
}

// The usual styles, the likelier first.
var (
	plainStyle = style{cte: "8bit"}
	qpStyles   = []style{
		{cte: "quoted-printable", width: 75, loose: true},
		{cte: "quoted-printable", width: 75},
		{cte: "quoted-printable", width: 1 << 20},
		{cte: "quoted-printable", width: 75, loose: true, also: "."},
		{cte: "quoted-printable", width: 75, loose: true, also: ".F"},
		{cte: "quoted-printable", width: 75, also: ".F"},
		{cte: "quoted-printable", width: 75, loose: true, also: "F"},
		{cte: "quoted-printable", width: 72},
		{cte: "quoted-printable", width: 72, also: ".F"},
		{cte: "quoted-printable", width: 73},
		{cte: "quoted-printable", width: 71},
		{cte: "quoted-printable", width: 74},
		{cte: "quoted-printable", width: 75, loose: true, every: "!\"#$@[\\]^`{|}~"},
		{cte: "quoted-printable", width: 75, loose: true, every: "\t"},
		{cte: "quoted-printable", width: 75, loose: true, lower: true},
	}
	base64Styles = []style{
		{cte: "base64", width: 76}, {cte: "base64", width: 72}, {cte: "base64", width: 64}, {cte: "base64", width: 60},
		{cte: "base64", width: 76, lf: true}, {cte: "base64", width: 1 << 20}, {cte: "base64", width: 998}, {cte: "base64", width: 996},
		{cte: "base64", width: 68}, {cte: "base64", width: 74}, {cte: "base64", width: 56}, {cte: "base64", width: 80}, {cte: "base64", width: 70},
		{cte: "base64", width: 72, lf: true}, {cte: "base64", width: 64, lf: true},
	}
)

// encode appends text with CRLF line ends in a style, without a line end after
// it that the text does not have.
func (s style) encode(dst, text []byte) []byte {
	switch s.cte {
	case "base64":
		if s.lf {
			text = bytes.ReplaceAll(text, crlf, crlf[1:])
		}
		return wrapBase64(dst, text, s.width)
	case "quoted-printable":
		always := s.always()
		for len(text) > 0 {
			line, end := text, 0
			if nl := bytes.IndexByte(text, '\n'); nl >= 0 {
				line, end = text[:nl], 1
				if nl > 0 && text[nl-1] == '\r' {
					line, end = text[:nl-1], 2
				}
			}
			dst = s.encodeLine(dst, line, &always)
			if end > 0 {
				dst = append(dst, '\r', '\n')
			}
			text = text[len(line)+end:]
		}
		return dst
	}
	return append(dst, text...)
}

func wrapBase64(dst, b []byte, width int) []byte {
	n := max(width/4*3, 3)
	for len(b) > 0 {
		k := min(n, len(b))
		dst = base64.StdEncoding.AppendEncode(dst, b[:k])
		if b = b[k:]; len(b) > 0 {
			dst = append(dst, '\r', '\n')
		}
	}
	return dst
}

// always are the characters that are encoded wherever they stand.
func (s style) always() (t [256]bool) {
	for c := range t {
		t[c] = c == '=' || c >= 0x7f || c < ' ' && c != '\t'
	}
	for i := 0; i < len(s.every); i++ {
		t[s.every[i]] = true
	}
	return t
}

// encodeLine encodes one line (RFC 2045 §6.7).
func (s style) encodeLine(dst, line []byte, always *[256]bool) []byte {
	hex := "0123456789ABCDEF"
	if s.lower {
		hex = "0123456789abcdef"
	}
	column, last := 0, len(line)-1
	atStart := s.also != "" && last >= 0 && (line[0] == '.' && strings.Contains(s.also, ".") ||
		line[0] == 'F' && strings.Contains(s.also, "F") && bytes.HasPrefix(line, []byte("From ")))
	for i := 0; i <= last; {
		if i > 0 || !atStart { // as much as stands as it is
			j := i
			for end := min(last, i+s.width-column); j < end && !always[line[j]]; {
				j++
			}
			if j > i {
				dst = append(dst, line[i:j]...)
				column += j - i
				i = j
				continue
			}
		}
		c, size, most := line[i], 1, s.width
		if always[c] || i == last && isWSP(c) || i == 0 && atStart {
			size = 3
		}
		if s.loose && i == last {
			most++
		}
		if column+size > most {
			dst = append(dst, "=\r\n"...)
			column = 0
		}
		if size == 3 {
			dst = append(dst, '=', hex[c>>4], hex[c&15])
		} else {
			dst = append(dst, c)
		}
		column += size
		i++
	}
	return dst
}

// decodePart decodes the content of a part. It reports false where the encoding
// is not known or the content is broken.
func decodePart(cte string, b []byte) ([]byte, bool) {
	switch cte {
	case "", "7bit", "8bit", "binary":
		return b, true
	case "base64":
		out := make([]byte, base64.StdEncoding.DecodedLen(len(b)))
		n, err := base64.StdEncoding.Decode(out, b) // passes over CR and LF
		if err != nil {
			return nil, false
		}
		return out[:n], true
	case "quoted-printable":
		return decodeQuoted(b)
	}
	return nil, false
}

// decodeQuoted decodes quoted-printable. What no encoder writes is broken.
func decodeQuoted(b []byte) ([]byte, bool) {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		i := bytes.IndexByte(b, '=')
		if i < 0 {
			return append(out, b...), true
		}
		out = append(out, b[:i]...)
		b = b[i+1:]
		blank := 0
		for blank < len(b) && isWSP(b[blank]) {
			blank++
		}
		switch {
		case len(b) == blank:
			return out, true
		case bytes.HasPrefix(b[blank:], crlf):
			b = b[blank+2:]
		case len(b) >= 2 && unhex(b[0]) >= 0 && unhex(b[1]) >= 0:
			out = append(out, byte(unhex(b[0])<<4|unhex(b[1])))
			b = b[2:]
		default:
			return nil, false
		}
	}
	return out, true
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// high are the code points of the bytes 0x80 to 0x9f of windows-1252; 0 where
// there is none.
var high = [32]rune{
	0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
	0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
}

// latin9 are the places where ISO-8859-15 differs from ISO-8859-1.
var latin9 = map[byte]rune{0xa4: 0x20ac, 0xa6: 0x160, 0xa8: 0x161, 0xb4: 0x17d, 0xb8: 0x17e, 0xbc: 0x152, 0xbd: 0x153, 0xbe: 0x178}

// runeOf returns the character of a byte in a charset of one byte.
func runeOf(charset string, c byte) (rune, bool) {
	switch strings.ToLower(charset) {
	case "us-ascii":
		return rune(c), c < 0x80
	case "iso-8859-1", "latin1":
		return rune(c), true
	case "iso-8859-15":
		if r, ok := latin9[c]; ok {
			return r, true
		}
		return rune(c), true
	case "windows-1252", "cp1252":
		if c >= 0x80 && c < 0xa0 {
			return high[c-0x80], high[c-0x80] != 0
		}
		return rune(c), true
	}
	return 0, false
}

func isUTF8(charset string) bool {
	return strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}

// fromUTF8 converts text to a charset.
func fromUTF8(text, charset string) ([]byte, bool) {
	if isUTF8(charset) {
		return []byte(text), true
	}
	if _, ok := runeOf(charset, 'a'); !ok {
		return nil, false
	}
	out := make([]byte, 0, len(text))
	for _, r := range text {
		c, ok := byteOf(charset, r)
		if !ok {
			return nil, false
		}
		out = append(out, c)
	}
	return out, true
}

func byteOf(charset string, r rune) (byte, bool) {
	if r == utf8.RuneError {
		return 0, false
	}
	if r < 0x80 {
		return byte(r), true
	}
	if r < 0x100 {
		if got, ok := runeOf(charset, byte(r)); ok && got == r {
			return byte(r), true
		}
	}
	for c := 0x80; c < 0x100; c++ {
		if got, ok := runeOf(charset, byte(c)); ok && got == r {
			return byte(c), true
		}
	}
	return 0, false
}

// toUTF8 converts text from a charset.
func toUTF8(b []byte, charset string) ([]byte, bool) {
	if isUTF8(charset) {
		return b, utf8.Valid(b)
	}
	out := make([]byte, 0, len(b)+len(b)/8)
	for _, c := range b {
		r, ok := runeOf(charset, c)
		if !ok {
			return nil, false
		}
		out = utf8.AppendRune(out, r)
	}
	return out, true
}

// maxEncodedWord bounds one encoded word in bytes; RFC 2047 §2 ends at 75.
const maxEncodedWord = 1 << 20

func charsetReader(charset string, r io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxEncodedWord))
	if err != nil {
		return nil, err
	}
	out, ok := toUTF8(b, charset)
	if !ok {
		return nil, errors.New("charset not known")
	}
	return bytes.NewReader(out), nil
}
