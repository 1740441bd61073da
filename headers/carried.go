package headers

import (
	"bytes"
	"io"
	"mime"
	"strconv"
	"strings"
	"time"

	gomessage "github.com/emersion/go-message"

	"github.com/mailtrace/mailtrace/internal/outlook"
	"github.com/mailtrace/mailtrace/message"
)

// TypeInline is the type of a part that is a header written into the text of a
// message; TypeOutlook of a header out of an attached .msg.
const (
	TypeInline  = "inline"
	TypeOutlook = "application/vnd.ms-outlook"
)

// maxInline bounds how much of a text is searched for a header.
const maxInline = 256 << 10

// Collected is what a report is about that receivers send of many messages.
type Collected struct {
	Kind      string // "DMARC aggregate report" (RFC 7489 §7.2), "TLS report" (RFC 8460)
	Submitter string // who reports
	Domain    string // about whom
	Begin     time.Time
	End       time.Time
	Part      string
}

// collected reads the name of a report's file: submitter!domain!begin!end.xml.gz
// (RFC 7489 §7.2.1.1, RFC 8460 §5.1).
func collected(kind, name string) *Collected {
	low := strings.ToLower(name)
	c := &Collected{}
	switch {
	case strings.Contains(kind, "tlsrpt"), strings.HasSuffix(low, ".json.gz"), strings.HasSuffix(low, ".json"):
		c.Kind = "TLS report"
	case strings.HasSuffix(low, ".xml.gz"), strings.HasSuffix(low, ".xml.zip"), strings.HasSuffix(low, ".xml"), strings.HasSuffix(low, ".zip"), strings.HasSuffix(low, ".gz"):
		c.Kind = "DMARC aggregate report"
	default:
		return nil
	}
	base := name
	for _, ext := range []string{".gz", ".zip", ".xml", ".json"} {
		if len(base) > len(ext) && strings.EqualFold(base[len(base)-len(ext):], ext) {
			base = base[:len(base)-len(ext)]
		}
	}
	parts := strings.Split(base, "!")
	if len(parts) < 4 || len(parts) > 6 {
		return nil
	}
	c.Submitter, c.Domain = parts[0], parts[1]
	var ok bool
	if c.Begin, ok = unixTime(parts[2]); !ok {
		return nil
	}
	if c.End, ok = unixTime(parts[3]); !ok {
		return nil
	}
	return c
}

func unixTime(s string) (time.Time, bool) {
	if len(s) < 9 || len(s) > 10 {
		return time.Time{}, false
	}
	n := int64(0)
	for _, r := range s {
		if r < '0' || r > '9' {
			return time.Time{}, false
		}
		n = n*10 + int64(r-'0')
	}
	return time.Unix(n, 0).UTC(), true
}

// fileName is the name that a part gives its file.
func fileName(h *gomessage.Header) string {
	if _, params, err := h.ContentDisposition(); err == nil && params["filename"] != "" {
		return params["filename"]
	}
	_, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return params["name"]
}

// carried looks at a part of no message type: a message in a file of another
// type, a report of many messages, a header in a text.
func (w *partWalker) carried(e *gomessage.Entity, kind, number string) {
	f := w.f
	name := fileName(&e.Header)
	if f.Collected == nil {
		if c := collected(kind, name); c != nil {
			c.Part = number
			f.Collected = c
			return
		}
	}
	low := strings.ToLower(name)
	switch {
	case strings.HasSuffix(low, ".eml"), strings.HasSuffix(low, ".msg"), kind == TypeOutlook, kind == "message/rfc-822", kind == "message/x-rfc822",
		(kind == "application/octet-stream" || kind == "application/x-mimearchive") && strings.HasSuffix(low, ".mht"):
		raw, _ := io.ReadAll(io.LimitReader(e.Body, maxEmbeddedBytes+1))
		if outlook.Is(raw) {
			m, err := outlook.Read(raw)
			if err != nil || len(m.Headers) == 0 && len(m.Inside) == 0 {
				f.ask.addGap(Gap{"part " + number, "an Outlook message without Internet headers"})
				return
			}
			if len(m.Headers) > 0 {
				w.add(Part{Number: number, Type: TypeOutlook, Raw: m.Headers})
			}
			for _, in := range m.Inside {
				t := "message/rfc822"
				if in.HeadersOnly {
					t = TypeOutlook
				}
				w.add(Part{Number: number, Type: t, Raw: in.Raw})
			}
			return
		}
		if m := message.Parse(raw[:min(len(raw), 64<<10)]); len(m.Fields) > 1 && (m.First("From") >= 0 || m.First("Received") >= 0) {
			w.add(partOf(number, "message/rfc822", raw))
		}
	case kind == "text/plain", kind == "":
		if w.inline != nil {
			return
		}
		text, _ := io.ReadAll(io.LimitReader(e.Body, maxInline))
		w.inline = inlineHeader(text)
		w.inlineAt = number
	}
}

// partOf is a message that stands in a part, as much of it as is read.
func partOf(number, kind string, raw []byte) Part {
	p := Part{Number: number, Type: kind, Raw: raw}
	if len(raw) > maxEmbeddedBytes {
		p.Raw, p.Cut = raw[:maxEmbeddedBytes], true
	}
	return p
}

// add keeps a message inside the message, the first ones that come.
func (w *partWalker) add(p Part) {
	if len(w.f.Embedded) == maxEmbedded {
		w.f.ask.addGap(Gap{"embedded messages", "only the first " + strconv.Itoa(maxEmbedded) + " were analysed"})
		return
	}
	w.f.Embedded = append(w.f.Embedded, p)
}

// inlineHeader returns the text from where a header with Received fields begins
// in it; nil where there is none. What was done to it on the way into the text
// is repaired later.
func inlineHeader(text []byte) []byte {
	if !holdsAny(text, traces) {
		return nil
	}
	received, others := 0, 0
	for _, l := range bytes.Split(text, []byte("\n")) {
		l = bytes.TrimLeft(l, "> \t|\xc2\xa0")
		name, _, ok := bytes.Cut(l, []byte(":"))
		if !ok || len(name) > 40 || bytes.ContainsAny(name, " \t") {
			continue
		}
		switch strings.ToLower(string(name)) {
		case "received":
			received++
		case "from", "to", "subject", "date", "message-id", "return-path", "delivered-to", "authentication-results", "received-spf", "dkim-signature", "mime-version", "content-type":
			others++
		}
	}
	if received == 0 || others < 2 {
		return nil
	}
	return text
}
