package headers

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/message/mailbox"
)

// maxMailboxes bounds the mailboxes kept of the From fields.
const maxMailboxes = 64

// authorsOf finds the author and the recipients that the header names.
func authorsOf(c Facts) Authors {
	f, m := &c, c.Msg
	seen := map[string]bool{}
	for _, i := range m.All("From") {
		f.FromFields++
		for _, mb := range mailbox.Parse(m.Value(i)) {
			if len(f.From) == maxMailboxes {
				f.From[maxMailboxes-1].Problem = "more mailboxes follow, which are not listed"
				break
			}
			f.From = append(f.From, mb)
			if d := mailname.Domain(mb.Domain); d != "" && !seen[d] {
				seen[d] = true
				f.FromOthers = append(f.FromOthers, d)
			}
		}
	}
	// RFC 9989 §5.3.1: DMARC needs exactly one author domain.
	if len(f.FromOthers) == 1 && f.FromFields == 1 {
		f.FromDomain = f.FromOthers[0]
	}
	f.readRecipients()
	f.findHidden()
	f.unmaskPeople()
	return f.Authors
}

// deliveryFields name the final recipient as the delivering server knew it,
// best first. They count only where they stand above the newest Received
// field, or next below it: a copy further down belongs to an earlier delivery.
var deliveryFields = []string{"X-Original-To", "Envelope-To", "Delivered-To", "X-Envelope-To", "X-Apparently-To", "X-RCPT-TO"}

// deliveryAddress takes the address from the value of a delivery field. Yahoo
// writes more into X-Apparently-To: "bob@example.com via 98.138.85.242; DATE".
func deliveryAddress(value string) string {
	addr, _, _ := strings.Cut(strings.TrimSpace(value), " via ")
	return addr
}

// readRecipients collects recipients, the final one first.
func (f *Facts) readRecipients() {
	m := f.Msg
	add := func(addr string) {
		addr = strings.Trim(strings.TrimSpace(addr), "<>")
		if at := strings.LastIndexByte(addr, '@'); at <= 0 || strings.ContainsAny(addr, " \t,;") {
			return
		}
		for _, have := range f.Recipients {
			if strings.EqualFold(have, addr) {
				return
			}
		}
		if len(f.Recipients) < maxMailboxes {
			f.Recipients = append(f.Recipients, addr)
		}
	}
	if f.Options.Rcpt != "" {
		add(f.Options.Rcpt)
	}
	top := len(m.Fields)
	if n := len(f.Hops); n > 0 {
		top = f.Hops[n-1].Field
	}
	for _, name := range deliveryFields {
		for _, i := range m.All(name) {
			if i < top {
				add(deliveryAddress(m.Value(i)))
				break
			}
		}
	}
	for i := len(f.Hops) - 1; i >= 0; i-- {
		add(f.Hops[i].For)
	}
}

// rcptOf returns the recipient of the newest hop in [first, last] that names
// one.
func (f *Facts) rcptOf(first, last int) string {
	for i := last; i >= first; i-- {
		if r := f.Hops[i].For; strings.Contains(r, "@") {
			return r
		}
	}
	return ""
}

// HasDomain reports whether an address field holds an address of the domain.
func HasDomain(value, domain string) bool {
	for _, mb := range mailbox.Parse(value) {
		if mb.Domain == domain {
			return true
		}
	}
	return false
}
