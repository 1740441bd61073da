// Package outlook reads the Internet headers of a message that Outlook saved
// as .msg.
package outlook

import (
	"bytes"
	"errors"
)

// A .msg is a compound file with one stream a property [MS-OXMSG
// §2.1.1]. It keeps the header of a message that came over SMTP in
// PidTagTransportMessageHeaders, but not the body as it came, so nothing that
// hashes the body can be checked.
const (
	headersUnicode = "__substg1.0_007D001F"
	headersBytes   = "__substg1.0_007D001E"
	// maxHeaders bounds the header in bytes.
	maxHeaders = 8 << 20
)

// ErrNoHeaders is returned for a message that keeps no Internet headers.
var ErrNoHeaders = errors.New("an Outlook message without Internet headers: it never came over SMTP, or they were taken out")

// Is reports whether a file is a compound file, as .msg is.
func Is(raw []byte) bool { return bytes.HasPrefix(raw, compoundMagic) }

// Headers returns the Internet headers of an Outlook message, decoded to UTF-8.
// A file may hold anything: an error comes back where they cannot be found.
func Headers(raw []byte) ([]byte, error) {
	c, err := openCompound(raw)
	if err != nil {
		return nil, err
	}
	text, ok := c.stream(headersUnicode, maxHeaders)
	if ok {
		text = fromUTF16(text)
	} else {
		text, _ = c.stream(headersBytes, maxHeaders)
	}
	text = bytes.TrimRight(text, "\x00")
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, ErrNoHeaders
	}
	return text, nil
}
