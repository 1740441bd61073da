package paste

import (
	"bytes"

	"github.com/mailtrace/mailtrace/message"
)

// reading says how well the bytes read as they are.
type reading int

const (
	exact      reading = iota // a message: nothing may be touched
	readable                  // the fields read; names, order or signs may still be damaged
	partly                    // the newest trace reads, something below it does not
	unreadable                // most does not read
)

// look tells how well a message reads.
func look(m *message.Message) reading {
	if len(m.Fields) == 0 {
		return unreadable
	}
	odd := -1
	received, from, top := 0, false, -1
	for i := range m.Fields {
		name := m.Raw[m.Fields[i].Name.Start:m.Fields[i].Name.End]
		if odd < 0 && classOf(name, true) == noField && !plainName(name) {
			odd = m.Fields[i].Name.Start
		}
		if m.Is(i, "Received") {
			if received++; received == 1 {
				top = m.Fields[i].End
			}
		}
		from = from || m.Is(i, "From")
	}
	bad := -1
	if n := m.Note(message.BadLine); n != nil {
		bad = n.Offset
	}
	if n := m.Note(message.NoBlankLine); n != nil && (bad < 0 || n.Offset < bad) {
		bad = n.Offset
	}
	if odd >= 0 && (bad < 0 || odd < bad) {
		bad = odd
	}
	if bad >= 0 {
		n := m.Note(message.BadLine)
		if top >= 0 && bad >= top && from && (n == nil || n.Count <= deepLines) && hasBody(m) && m.Note(message.NoBlankLine) == nil {
			return partly
		}
		return unreadable
	}
	if t := m.Raw[m.Header.Start:newest(m)]; midFields(t) >= 2 || escapedFields(t) >= 2 {
		return unreadable // several fields in one
	}
	if empty(m) {
		return unreadable // names alone: the values stand somewhere else
	}
	if !from && (bodyIsHeader(m) || len(m.Fields) <= 2 && someFields(m.BodyBytes()[:min(m.Body.Len(), 4<<10)], 2)) {
		return unreadable // blank lines between the fields
	}
	if hasBody(m) && from && received > 0 {
		if !topDamaged(m) && !fromOnTop(m) {
			return exact
		}
	}
	return readable
}

// hasBody reports whether something stands behind the header.
func hasBody(m *message.Message) bool { return len(bytes.TrimSpace(m.BodyBytes())) > 0 }

// deepLines is how many bad lines below the newest trace a message may have of
// its sender, without being damaged by a copy.
const deepLines = 8

// plainName reports whether a field name is of the signs that names are made of.
func plainName(name []byte) bool {
	for _, c := range name {
		if c <= ' ' || c >= 127 {
			return false
		}
	}
	return len(name) <= longestName && !bytes.ContainsAny(name, "<>()[]\"@=;,|*\\")
}

// empty reports whether more than half of the trace fields have no value.
func empty(m *message.Message) bool {
	n, all := 0, 0
	for i := range m.Fields {
		f := m.Fields[i]
		if classOf(m.Raw[f.Name.Start:f.Name.End], true) < standard {
			continue
		}
		all++
		if len(bytes.TrimSpace(m.Raw[f.Value.Start:f.Value.End])) == 0 {
			n++
		}
	}
	return n >= 2 && n*2 > all
}

// bodyIsHeader reports whether the first line behind the blank one begins a
// field that belongs into a header.
func bodyIsHeader(m *message.Message) bool {
	body := m.BodyBytes()
	body = bytes.TrimLeft(body, "\r\n")
	if i := bytes.IndexByte(body, '\n'); i >= 0 {
		body = body[:i]
	}
	return classify(body) >= standard
}

// newest is the end of the topmost Received field: what the recipient's server
// wrote, and what it or later programs put above. Without one it is the whole
// header.
func newest(m *message.Message) int {
	if i := m.First("Received"); i >= 0 {
		return m.Fields[i].End
	}
	return m.Header.End
}

// topDamaged reports whether what the recipient's server wrote shows damage of
// its signs.
func topDamaged(m *message.Message) bool {
	return damaged(m.Raw[m.Header.Start:newest(m)])
}

// fromOnTop reports whether all trace fields stand below the author's: no
// server writes there.
func fromOnTop(m *message.Message) bool {
	r := m.First("Received")
	if r < 0 {
		return false
	}
	n := 0
	for _, name := range []string{"From", "To", "Subject", "Date", "Message-ID"} {
		if i := m.First(name); i >= 0 {
			if i > r {
				return false
			}
			n++
		}
	}
	return n >= 2
}
