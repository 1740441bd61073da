package headers

import (
	"bytes"
	"io"
	"strings"

	gomessage "github.com/emersion/go-message"
)

// maxCalendar bounds what is read of a calendar part.
const maxCalendar = 64 << 10

// organizerOf is the address of the ORGANIZER of a calendar object, in lower case;
// "" where it names none by mailto (RFC 5545 §3.8.4.3). A line that begins with a
// blank goes on with the one before (§3.1).
func organizerOf(calendar []byte) string {
	for _, fold := range []string{"\r\n ", "\n ", "\r\n\t", "\n\t"} {
		calendar = bytes.ReplaceAll(calendar, []byte(fold), nil)
	}
	for line := range bytes.Lines(calendar) {
		l := strings.ToLower(strings.TrimSpace(string(line[:min(len(line), 1024)])))
		if !strings.HasPrefix(l, "organizer:") && !strings.HasPrefix(l, "organizer;") {
			continue
		}
		if i := strings.LastIndex(l, ":mailto:"); i >= 0 {
			return l[i+len(":mailto:"):]
		}
	}
	return ""
}

// calendar keeps the organizer of the first calendar part.
func (w *partWalker) calendar(e *gomessage.Entity) {
	if w.f.Organizer != "" {
		return
	}
	raw, _ := io.ReadAll(io.LimitReader(e.Body, maxCalendar))
	w.f.Organizer = organizerOf(raw)
}
