// Package outlook reads the Internet headers of messages that Outlook saved as
// .msg, and of those attached to them.
package outlook

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/richardlehane/mscfb"

	"github.com/mailtrace/mailtrace/internal/guard"
)

// A .msg is a compound file [MS-CFB] with one stream a property [MS-OXMSG
// §2.1.1]. It keeps the header of a message that came over SMTP in
// PidTagTransportMessageHeaders, but not the body as it came, so nothing that
// hashes the body can be checked. An attached message is a storage of its own
// (§2.2.2.1).
const (
	headersUnicode = "__substg1.0_007D001F"
	headersBytes   = "__substg1.0_007D001E"
	attached       = "__substg1.0_3701000D"  // storage of an attached message
	attachedData   = "__substg1.0_37010102"  // an attached file
	attachment     = "__attach_version1.0_#" // storage of an attachment
	// maxHeaders bounds one header in bytes, maxFile one attached file.
	maxHeaders = 8 << 20
	maxFile    = 4 << 20
	// maxInside bounds the messages inside that are returned, maxEntries the
	// directory entries that are looked at.
	maxInside  = 8
	maxEntries = 20_000
)

var magic = []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")

// ErrNoHeaders is returned for a message that keeps no Internet headers.
var ErrNoHeaders = errors.New("an Outlook message without Internet headers: it never came over SMTP, or they were taken out")

// ErrFormat is returned for a file that is damaged.
var ErrFormat = errors.New("a damaged Outlook message: not a whole compound file")

// Is reports whether a file is a compound file, as .msg is.
func Is(raw []byte) bool { return bytes.HasPrefix(raw, magic) }

// Inside is a message that is attached to another.
type Inside struct {
	Name string // of the attachment's storage
	Raw  []byte
	// HeadersOnly says that Raw is a header, of an attached .msg; a file .eml is
	// whole.
	HeadersOnly bool
}

// Message is what a .msg keeps of the mail.
type Message struct {
	Headers []byte // decoded to UTF-8; empty where there are none
	Inside  []Inside
}

// Headers returns the Internet headers of an Outlook message, decoded to UTF-8.
// A file may hold anything: an error comes back where they cannot be found.
func Headers(raw []byte) ([]byte, error) {
	m, err := Read(raw)
	if err != nil {
		return nil, err
	}
	if len(m.Headers) == 0 {
		return nil, ErrNoHeaders
	}
	return m.Headers, nil
}

// Read returns the headers of an Outlook message and of the messages inside.
func Read(raw []byte) (m *Message, err error) {
	defer guard.Catch(&err)
	doc, err := mscfb.New(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrFormat, err)
	}
	m = &Message{}
	for n, e := range doc.File {
		if n == maxEntries {
			break
		}
		switch e.Name {
		case headersUnicode, headersBytes:
			text := read(e, maxHeaders)
			if e.Name == headersUnicode {
				text = fromUTF16(text)
			}
			text = bytes.TrimRight(text, "\x00")
			if len(bytes.TrimSpace(text)) == 0 {
				continue
			}
			storage, depth := place(e.Path)
			switch {
			case depth == 0:
				if len(m.Headers) == 0 || e.Name == headersUnicode {
					m.Headers = text
				}
			case depth == 1:
				m.add(Inside{Name: storage, Raw: text, HeadersOnly: true})
			}
		case attachedData:
			storage, _ := place(e.Path)
			if head := read(e, maxFile); storage != "" && isMail(head) {
				m.add(Inside{Name: storage, Raw: head, HeadersOnly: e.Size > maxFile})
			}
		}
	}
	return m, nil
}

func (m *Message) add(in Inside) {
	if i := slices.IndexFunc(m.Inside, func(have Inside) bool { return have.Name == in.Name }); i >= 0 {
		if len(in.Raw) > len(m.Inside[i].Raw) {
			m.Inside[i] = in
		}
		return
	}
	if len(m.Inside) < maxInside {
		m.Inside = append(m.Inside, in)
	}
}

// place tells in which attachment an entry stands, and how many attached
// messages are around it.
func place(path []string) (storage string, depth int) {
	for _, p := range path {
		switch {
		case strings.HasPrefix(p, attachment):
			storage = p
		case p == attached:
			depth++
		}
	}
	return storage, depth
}

func read(e *mscfb.File, limit int64) []byte {
	b, _ := io.ReadAll(io.LimitReader(e, min(limit, e.Size)))
	return b
}

// isMail reports whether an attached file begins as a message does.
func isMail(b []byte) bool {
	head := b[:min(len(b), 4<<10)]
	for _, name := range []string{"Received:", "Return-Path:", "Delivered-To:", "From:", "Date:", "Message-ID:", "ARC-Seal:", "Authentication-Results:", "X-"} {
		if len(head) > len(name) && bytes.EqualFold(head[:len(name)], []byte(name)) {
			return bytes.Contains(head, []byte("\nFrom:")) || bytes.Contains(head, []byte("\nReceived:")) || bytes.HasPrefix(head, []byte("Received:"))
		}
	}
	return false
}

func fromUTF16(b []byte) []byte {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
	}
	out := make([]byte, 0, len(units))
	for _, r := range utf16.Decode(units) {
		out = utf8.AppendRune(out, r)
	}
	return out
}
