package headers

import (
	"bytes"
	"mime"
	"strings"

	"github.com/mailtrace/mailtrace/message"
)

// readBody tells whether the body is there and whole. Pasted headers and cut
// copies are common, and a body hash over them says nothing.
func (f *Facts) readBody() {
	f.Body = bodyState(f.Msg)
	if f.Options.HeadersOnly {
		f.Body = BodyMissing
	}
}

func bodyState(m *message.Message) BodyState {
	if m.Note(message.HeaderOnly) != nil {
		return BodyMissing
	}
	body := m.BodyBytes()
	blank := len(bytes.TrimSpace(body)) == 0
	kind, params, err := mime.ParseMediaType(m.Get("Content-Type"))
	if err == nil && strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" {
		if blank {
			return BodyMissing
		}
		// RFC 2046 §5.1.1: the closing delimiter ends the last part. Footers may
		// follow, so it is looked for anywhere.
		if b := params["boundary"]; bytes.Contains(body, []byte("--"+b)) && !bytes.Contains(body, []byte("--"+b+"--")) {
			return BodyTruncated
		}
	}
	return BodyWhole
}
