package paste

import (
	"bytes"
	"strings"

	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/message"
)

// maxOrder bounds the Received fields that are looked at for their order.
const maxOrder = 64

// order turns a header round whose oldest field stands first. Anybody can write
// fields with any time below the newest, so the times alone show nothing: no
// server writes below From and Subject, and where those are missing, all times
// and hand-overs must run the other way.
func (w *work) order(end int) {
	var text []byte
	for i := 0; i < end; i++ {
		text = append(append(text, w.lines[i].b...), '\n')
	}
	m := message.Parse(text)
	all := m.All("Received")
	if len(all) == 0 || len(all) > maxOrder {
		return
	}
	if len(all) == 1 {
		// The fields of the delivery below that of the last server.
		for _, name := range []string{"Return-Path", "Delivered-To", "X-Original-To", "Envelope-To"} {
			if i := m.First(name); i > all[0] && fromOnTop(m) {
				w.turn(end)
				return
			}
		}
		return
	}
	hops := make([]received.Received, len(all))
	for i, f := range all {
		hops[i] = received.Parse(m.Value(f))
	}
	up, down, chainUp, chainDown := 0, 0, 0, 0
	for i := 0; i+1 < len(hops); i++ {
		a, b := &hops[i], &hops[i+1]
		if !a.Time.IsZero() && !b.Time.IsZero() {
			switch {
			case a.Time.Before(b.Time):
				up++
			case b.Time.Before(a.Time):
				down++
			}
		}
		if handed(b, a) {
			chainUp++
		}
		if handed(a, b) {
			chainDown++
		}
	}
	above := fromOnTop(m)
	switch {
	case above && (chainUp > chainDown || chainUp == chainDown && up >= down):
	case up == 0 && chainUp == 0, down > 0 && up <= 2*down, chainDown > 0 && chainDown >= chainUp:
		return
	}
	if !above {
		// Without the author's fields nothing shows where the top was.
		for _, name := range []string{"From", "Subject", "Date", "Message-ID", "To"} {
			if m.First(name) >= 0 {
				return
			}
		}
		if down > 0 || chainDown > 0 || up+chainUp < 2 {
			return
		}
	}
	w.turn(end)
}

// turn reverses the order of the fields; each stays as it is.
func (w *work) turn(end int) {
	var starts []int
	for i := 0; i < end; i++ {
		if b := w.lines[i].b; len(b) > 0 && b[0] != ' ' && b[0] != '\t' {
			starts = append(starts, i)
		}
	}
	if len(starts) == 0 || starts[0] != 0 {
		return
	}
	out := make([]line, 0, len(w.lines))
	for k := len(starts) - 1; k >= 0; k-- {
		stop := end
		if k+1 < len(starts) {
			stop = starts[k+1]
		}
		out = append(out, w.lines[starts[k]:stop]...)
	}
	for i := range out {
		if out[i].end == "" {
			out[i].end = "\n"
		}
	}
	w.lines = append(out, w.lines[end:]...)
	w.note(UpsideDown, len(starts), false, "the fields stood upside down, the oldest first: they were turned round")
}

// handed reports whether the writer of an older field was the client of a newer
// one.
func handed(newer, older *received.Received) bool {
	by := strings.ToLower(older.By)
	if by == "" {
		return false
	}
	return strings.EqualFold(newer.Helo, by) || strings.EqualFold(newer.RDNS, by) || older.ByIP.IsValid() && older.ByIP == newer.IP
}

// cut notes that the header ends inside its last field: a comment that is not
// closed, a Received field without its date where others have one, a signature
// without its end.
func (w *work) cut(end int) {
	if end < len(w.lines) || len(w.rest) > 0 {
		return // there is a body
	}
	last := -1
	for i := end - 1; i >= 0; i-- {
		if b := w.lines[i].b; len(b) > 0 && b[0] != ' ' && b[0] != '\t' {
			last = i
			break
		}
	}
	if last <= 0 {
		return
	}
	var field []byte
	for _, l := range w.lines[last:end] {
		field = append(append(field, bytes.TrimLeft(l.b, " \t")...), ' ')
	}
	n, after := nameAt(field)
	if n == 0 {
		return
	}
	value := bytes.TrimSpace(field[after:])
	open := bytes.Count(value, []byte("(")) > bytes.Count(value, []byte(")")) || bytes.Count(value, []byte("<")) > bytes.Count(value, []byte(">"))
	switch strings.ToLower(string(field[:n])) {
	case "received":
		open = open || bytes.IndexByte(value, ';') < 0 && w.dated(last)
	case "dkim-signature", "arc-message-signature", "arc-seal":
		open = open || !bytes.Contains(value, []byte("b=")) || !bytes.Contains(value, []byte("d="))
	case "subject", "comments":
		open = false
	}
	if open {
		w.note(CutBottom, 1, false, "the header ends inside a field: what stood below is missing")
	}
}

// dated reports whether Received fields above line i have a date.
func (w *work) dated(i int) bool {
	for _, l := range w.lines[:i] {
		if bytes.Contains(l.b, []byte("; ")) && (bytes.Contains(l.b, []byte(" +")) || bytes.Contains(l.b, []byte(" -")) || bytes.Contains(l.b, []byte("GMT"))) {
			return true
		}
	}
	return false
}
