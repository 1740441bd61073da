package render

import (
	"bytes"
	"cmp"

	"github.com/mailtrace/mailtrace/report"
)

// carrying shows a message that carries another one: the carried one first,
// then a line about the carrier. In full the carrier follows as well.
func (p *page) carrying(r *report.Report, o Options, depth int) {
	start := p.Len()
	p.below = 1 // about the carrier
	p.report(r.Subject(), o, depth+1)
	if o.Detail == Verdict {
		return
	}
	text := join(" ", "carried by", subjectOf(&r.Message), "from", cmp.Or(from(&r.Message), "an unknown author"))
	if len(r.Message.RcptTo) > 0 {
		text += " to " + Clean(r.Message.RcptTo[0])
	}
	text += ": " + statusWords(r.Verdict.Status)
	if r.Verdict.RootCause != nil {
		text += ", " + Clean(*r.Verdict.RootCause)
	}
	text += " (--carrier)"
	used, most := bytes.Count(p.Bytes()[start:], []byte("\n")), len(wrap(text, p.width-labelWidth))
	switch {
	case o.Detail == Full || used+1+most <= p.lines(screen):
		p.blank()
	case used+most > p.lines(screen):
		most = 1
	}
	p.few("carrier", unstyled, text, most)
	p.repaired(r)
	p.dsn(r.DSN)
	// Where nothing is wrong with the carried message, what to do is about the
	// carrier.
	if root := rootOf(r); root != nil && rootOf(r.Subject()) == nil {
		if step := cmp.Or(firstStep(r, root.Code), Clean(root.Advice)); step != "" {
			p.few("do", bold, step, p.lines(2))
		}
	}
	if o.Detail == Full {
		p.blank()
		own := *r
		own.Headline, own.Embedded, own.DSN, own.Repairs = nil, nil, nil, nil
		p.report(&own, o, depth+1)
	}
	for i := range r.Embedded {
		if i != *r.Headline {
			p.blank()
			p.report(&r.Embedded[i], o, depth+1)
		}
	}
}

// subjectOf is the subject of a message in quotation marks.
func subjectOf(m *report.Message) string {
	if m.Subject == "" {
		return ""
	}
	return "“" + Clean(m.Subject) + "”"
}

// collected says what a report of many messages is about, and what reads on.
func (p *page) collected(r *report.Report) {
	c := r.Collected
	if c == nil {
		return
	}
	const day = "2 Jan 2006"
	text := "this mail carries a " + Clean(c.Kind) + " of " + Clean(c.Submitter) + " on " + Clean(c.Domain) + ", " + c.Begin.Format(day) + " to " + c.End.Format(day) +
		": a report on many messages, to be read with a program for such reports; mailtrace domain " + Clean(c.Domain) + " checks what the domain publishes"
	p.labelled("report", unstyled, text)
}
