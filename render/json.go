package render

import (
	"bytes"
	"encoding/json"
	"io"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/mailtrace/mailtrace/report"
)

// JSON writes a report as indented JSON, followed by a line end. The same
// report always gives the same bytes. An empty list is [], never null.
func JSON(w io.Writer, r *report.Report) error { return Indented(w, filled(r)) }

// JSONL writes a report as one line of JSON.
func JSONL(w io.Writer, r *report.Report) error { return lineOf(w, filled(r)) }

// buffers are what lines are made in, so that each is not a new one.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// keepBuffer is how long a line may be whose buffer is kept.
const keepBuffer = 1 << 20

// lineOf writes any part of a report as one line of JSON.
func lineOf(w io.Writer, v any) error {
	buf := buffers.Get().(*[]byte)
	b, err := appendJSON((*buf)[:0], v)
	if err == nil {
		b = append(b, '\n')
		_, err = w.Write(b)
	}
	if cap(b) <= keepBuffer {
		*buf = b
		buffers.Put(buf)
	}
	return err
}

// Indented writes any part of a report as [JSON] does.
func Indented(w io.Writer, v any) error {
	line, err := appendJSON(nil, v)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, line, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err = w.Write(b.Bytes())
	return err
}

func encode(b *bytes.Buffer, v any, indent string) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	return e.Encode(v)
}

// safeJSON writes every character that a terminal might obey, or a reader not
// see, as \uXXXX. The value stays the same (RFC 8259 §7). encoding/json does
// so for C0 controls only.
func safeJSON(b []byte) []byte {
	at := 0
	for at < len(b) && b[at] < 0x7f {
		at++
	}
	if at == len(b) {
		return b
	}
	out := append(make([]byte, 0, len(b)+64), b[:at]...)
	for at < len(b) {
		if b[at] < 0x7f {
			out = append(out, b[at])
			at++
			continue
		}
		r, size := utf8.DecodeRune(b[at:])
		switch {
		case unicode.IsPrint(r) && !invisible(r):
			out = append(out, b[at:at+size]...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = appendU(appendU(out, hi), lo)
		default:
			out = appendU(out, r)
		}
		at += size
	}
	return out
}

func appendU(b []byte, r rune) []byte {
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// filled returns the report with an empty list for every list that is nil. The
// report itself is not changed.
func filled(r *report.Report) *report.Report {
	c := *r
	if c.Kind == "" { // a report of a version that wrote none
		c.Kind = report.DocMessage
	}
	fill(&c.Message.From)
	fill(&c.Message.RcptTo)
	fill(&c.Hops)
	fill(&c.Zones)
	c.Zones = each(c.Zones, func(z *report.Zone) bool { return z.Hops == nil }, func(z *report.Zone) { fill(&z.Hops) })
	fill(&c.Borders)
	fill(&c.Claims)
	fill(&c.SPFMatrix)
	fill(&c.DKIM)
	c.DKIM = each(c.DKIM, func(d *report.DKIM) bool { return d.Repair != nil && d.Repair.Changes == nil },
		func(d *report.DKIM) {
			repair := *d.Repair
			fill(&repair.Changes)
			d.Repair = &repair
		})
	if c.ARC != nil && c.ARC.Sets == nil {
		arc := *c.ARC
		fill(&arc.Sets)
		c.ARC = &arc
	}
	fill(&c.CrossChecks)
	c.Checklist = each(c.Checklist, func(b *report.BulkRule) bool { return b.Receivers == nil }, func(b *report.BulkRule) { fill(&b.Receivers) })
	fill(&c.Findings)
	c.Findings = each(c.Findings, func(f *report.Finding) bool { return f.Because == nil || f.Evidence == nil },
		func(f *report.Finding) { fill(&f.Because); fill(&f.Evidence) })
	fill(&c.Gaps)
	fill(&c.DNS)
	c.DNS = each(c.DNS, func(a *report.DNSAnswer) bool { return a.Values == nil },
		func(a *report.DNSAnswer) { fill(&a.Values) })
	if c.DSN != nil && c.DSN.Recipients == nil {
		dsn := *c.DSN
		fill(&dsn.Recipients)
		c.DSN = &dsn
	}
	if len(c.Embedded) > 0 {
		inner := make([]report.Report, len(c.Embedded))
		for i := range c.Embedded {
			inner[i] = *filled(&c.Embedded[i])
		}
		c.Embedded = inner
	}
	return &c
}

func fill[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}

// each changes the elements that need it, in a copy of the list.
func each[T any](list []T, needs func(*T) bool, change func(*T)) []T {
	copied := false
	for i := range list {
		if !needs(&list[i]) {
			continue
		}
		if !copied {
			list, copied = append([]T(nil), list...), true
		}
		change(&list[i])
	}
	return list
}
