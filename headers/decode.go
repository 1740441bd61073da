package headers

import (
	"mime"

	"github.com/emersion/go-message/charset"
)

// maxDecode bounds the field values that are decoded.
const maxDecode = 64 << 10

// Decode reads the encoded words of a field value (RFC 2047). A value that
// can't be decoded comes back as it is. The result is not safe to print.
func Decode(v string) string {
	if len(v) > maxDecode {
		return v
	}
	d := mime.WordDecoder{CharsetReader: charset.Reader}
	s, err := d.DecodeHeader(v)
	if err != nil {
		return v
	}
	return s
}
