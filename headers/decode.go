package headers

import (
	"bytes"
	"io"
	"mime"
	"strings"

	"github.com/emersion/go-message/charset"
)

// maxDecode bounds the field values that are decoded.
const maxDecode = 64 << 10

// Decode reads the encoded words of a field value (RFC 2047) as mail programs do,
// which is more than the grammar allows: a word that cannot be read must not hide
// those beside it. A language behind the charset (RFC 2231 §5) is left out, base64
// may lack its padding, and of a charset that nobody knows the ASCII is read.
// The result is not safe to print.
func Decode(v string) string {
	if len(v) > maxDecode || !strings.Contains(v, "=?") {
		return v
	}
	d := mime.WordDecoder{CharsetReader: anyCharset}
	s, err := d.DecodeHeader(padded(v))
	if err != nil {
		return v
	}
	return s
}

// anyCharset reads a charset by its name, and the ASCII of one that is not known.
func anyCharset(name string, r io.Reader) (io.Reader, error) {
	name, _, _ = strings.Cut(name, "*")
	if strings.EqualFold(name, "utf-8") {
		return r, nil
	}
	text, err := io.ReadAll(io.LimitReader(r, maxDecode))
	if err != nil {
		return nil, err
	}
	if known, err := charset.Reader(name, bytes.NewReader(text)); err == nil {
		return known, nil
	}
	return strings.NewReader(strings.Map(func(c rune) rune {
		if c > '~' {
			return '\ufffd'
		}
		return c
	}, string(text))), nil
}

// padded is a value whose words in base64 have the padding that they lack.
func padded(v string) string {
	var out strings.Builder
	from := 0
	for i := 0; i+2 < len(v); i++ {
		if v[i] != '?' || v[i+1]|0x20 != 'b' || v[i+2] != '?' {
			continue
		}
		n := strings.Index(v[i+3:], "?=")
		if n < 0 {
			break
		}
		text := strings.TrimRight(v[i+3:i+3+n], "=")
		out.WriteString(v[from : i+3])
		out.WriteString(text)
		out.WriteString([4]string{"", "", "==", "="}[len(text)%4])
		from = i + 3 + n
		i = from
	}
	return out.String() + v[from:]
}
