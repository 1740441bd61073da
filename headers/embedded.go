package headers

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"mime"
	"net/netip"
	"strconv"
	"strings"

	gomessage "github.com/emersion/go-message"

	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/message/mailbox"
)

// Bounds on what is read out of a MIME body.
const (
	maxMIMEDepth     = 6
	maxMIMEParts     = 128
	maxEmbedded      = 8
	maxEmbeddedBytes = 4 << 20 // of one embedded message; the rest is cut off, its header is whole
	maxStatusBytes   = 64 << 10
	maxRecipients    = 64
)

// Part is a message inside the message.
type Part struct {
	Number string // MIME part number: "3", "2.1"
	Type   string // "message/rfc822", "text/rfc822-headers"
	Raw    []byte
	// Cut says that the body was longer than is kept.
	Cut bool
}

// HeadersOnly reports whether the part has no whole body.
func (p Part) HeadersOnly() bool {
	return p.Cut || p.Type == "text/rfc822-headers" || p.Type == TypeInline || p.Type == TypeOutlook
}

// FromDomain is the author's domain of the embedded message, "" where it has
// none or several.
func (p Part) FromDomain() string {
	m := message.Parse(p.Raw)
	all := m.All("From")
	if len(all) != 1 {
		return ""
	}
	d := ""
	for _, mb := range mailbox.Parse(m.Value(all[0])) {
		switch got := mailname.Domain(mb.Domain); {
		case got == "" || got == d:
		case d != "":
			return ""
		default:
			d = got
		}
	}
	return d
}

// Hops is the number of Received fields of the embedded message.
func (p Part) Hops() int { return len(message.Parse(p.Raw).All("Received")) }

// MadeIn reports whether the oldest hop of the embedded message was written by
// a host of the organisation.
func (p Part) MadeIn(org string) bool {
	m := message.Parse(p.Raw)
	all := m.All("Received")
	if len(all) == 0 {
		return false
	}
	h := received.Parse(m.Value(all[len(all)-1]))
	return org != "" && mailname.Org(h.By) == org
}

// DSN is what a delivery status notification says (RFC 3464).
type DSN struct {
	ReportingMTA string
	Recipients   []DSNRecipient
	// FromText says that there was no report, and all of this was read in the text
	// for people; Server is the software whose words it has.
	FromText bool
	Server   string
}

// DSNRecipient is the fate of one recipient (RFC 3464 §2.3).
type DSNRecipient struct {
	Final, Original, Action, Status, RemoteMTA, Diagnostic string

	// From the text of a notice only.
	RemoteIP netip.Addr
	MailFrom string // envelope sender that was given
	Command  string // what the server replied to: "MAIL FROM", "RCPT TO"
}

// IsReport reports whether the message is a delivery report or a receipt
// (RFC 6522).
func (f *Facts) IsReport() bool {
	kind, _, _ := mime.ParseMediaType(f.Msg.Get("Content-Type"))
	return kind == "multipart/report"
}

// IsReceipt reports whether the message says that somebody read or got another
// (RFC 8098).
func (f *Facts) IsReceipt() bool {
	kind, param, _ := mime.ParseMediaType(f.Msg.Get("Content-Type"))
	return kind == "multipart/report" && strings.EqualFold(param["report-type"], "disposition-notification")
}

// readParts looks for messages and delivery reports inside the body. It reads
// the body only where the header says that it has parts and the bytes name a
// type that matters.
func (f *Facts) readParts() {
	if f.Body == BodyMissing {
		return
	}
	ct := f.Msg.Get("Content-Type")
	body := f.Msg.BodyBytes()
	switch kind, _, _ := strings.Cut(strings.ToLower(ct), "/"); strings.TrimSpace(kind) {
	case "multipart":
		if !mayCarry(body) {
			return
		}
	case "", "text":
		// The encoding may hide a header; it is read where the text is small.
		cte := strings.ToLower(f.Msg.Get("Content-Transfer-Encoding"))
		if !strings.HasPrefix(strings.TrimSpace(strings.ToLower(ct)), "text/calendar") && !holdsAny(body[:min(len(body), maxInline)], traces) && (cte != "base64" || len(body) > maxInline) {
			return
		}
	case "application", "message":
	default:
		return
	}
	var h gomessage.Header
	if ct != "" {
		h.Set("Content-Type", ct)
	}
	for _, name := range []string{"Content-Transfer-Encoding", "Content-Disposition"} {
		if v := f.Msg.Get(name); v != "" {
			h.Set(name, v)
		}
	}
	e, err := gomessage.New(h, bytes.NewReader(body))
	if e == nil || err != nil && !gomessage.IsUnknownCharset(err) && !gomessage.IsUnknownEncoding(err) {
		return
	}
	w := partWalker{f: f}
	w.walk(e, "", 0)
	if w.inline != nil && len(f.Embedded) == 0 {
		f.Embedded = append(f.Embedded, Part{Number: cmp.Or(w.inlineAt, "1"), Type: TypeInline, Raw: w.inline})
	}
}

type partWalker struct {
	f     *Facts
	parts int
	// inline is the text part that holds a header, the part's number beside it.
	inline   []byte
	inlineAt string
}

func (w *partWalker) walk(e *gomessage.Entity, number string, depth int) {
	w.parts++
	if depth > maxMIMEDepth || w.parts > maxMIMEParts {
		w.f.ask.addGap(Gap{"MIME parts", "more parts, or deeper ones, than are read"})
		return
	}
	if mr := e.MultipartReader(); mr != nil {
		defer mr.Close()
		for n := 1; ; n++ {
			part, err := mr.NextPart()
			if part == nil || err != nil && !gomessage.IsUnknownCharset(err) && !gomessage.IsUnknownEncoding(err) {
				if err != nil && !errors.Is(err, io.EOF) && w.parts < maxMIMEParts {
					w.f.ask.addGap(Gap{"MIME parts", "the structure breaks off in part " + strconv.Itoa(n)})
				}
				return
			}
			sub := strconv.Itoa(n)
			if number != "" {
				sub = number + "." + sub
			}
			if w.parts > maxMIMEParts {
				return
			}
			w.walk(part, sub, depth+1)
		}
	}
	kind, _, _ := e.Header.ContentType()
	switch kind = strings.ToLower(kind); kind {
	case "message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers":
		if len(w.f.Embedded) == maxEmbedded {
			w.add(Part{})
			return
		}
		raw, _ := io.ReadAll(io.LimitReader(e.Body, maxEmbeddedBytes+1))
		w.add(partOf(number, strings.Replace(kind, "global", "rfc822", 1), raw))
	case "message/delivery-status", "message/global-delivery-status":
		raw, _ := io.ReadAll(io.LimitReader(e.Body, maxStatusBytes))
		w.f.DSN = parseDSN(raw)
	case "text/calendar":
		w.calendar(e)
	default:
		w.carried(e, kind, number)
	}
}

// parseDSN reads the blocks of a delivery status: one for the message, then
// one for each recipient (RFC 3464 §2.1).
func parseDSN(raw []byte) *DSN {
	d := &DSN{}
	for len(raw) > 0 && len(d.Recipients) < maxRecipients {
		m := message.Parse(raw)
		if len(m.Fields) == 0 {
			break
		}
		if mta := m.Get("Reporting-MTA"); mta != "" {
			d.ReportingMTA = typed(mta)
		}
		if final := m.Get("Final-Recipient"); final != "" || m.Get("Action") != "" {
			d.Recipients = append(d.Recipients, DSNRecipient{
				Final:      typed(final),
				Original:   typed(m.Get("Original-Recipient")),
				Action:     strings.ToLower(m.Get("Action")),
				Status:     m.Get("Status"),
				RemoteMTA:  typed(m.Get("Remote-MTA")),
				Diagnostic: typed(m.Get("Diagnostic-Code")),
			})
		}
		if m.Body.Start >= len(raw) {
			break
		}
		raw = raw[m.Body.Start:]
	}
	return d
}

// typed takes the type off a value: "dns; mx.example.org" (RFC 3464 §2.1.2).
func typed(v string) string {
	if _, rest, ok := strings.Cut(v, ";"); ok {
		v = rest
	}
	return strings.TrimSpace(v)
}

func upperByte(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}
