package headers

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/headers/authres"
	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/internal/mask"
	"github.com/mailtrace/mailtrace/message"
)

// Masked says what was taken out of the header before it was shown.
type Masked struct {
	Values int    // how many
	First  string // one of them, as it stands there
	// Rcpt says that a recipient of a hop was taken out.
	Rcpt bool
	// Writers are the indexes into Facts.Hops of the servers that lost their names.
	Writers []int
}

// Any reports whether anything was taken out.
func (m *Masked) Any() bool { return m.Values > 0 }

// MaskedPath reports whether names or addresses of the path, of the author or of
// the envelope were taken out, and not only those of recipients. Where it is known
// from whom the recipient's side got the message, the lines below count for
// nothing: whoever sent it can have left out there what they like.
func (f *Facts) MaskedPath() bool {
	if f.MaskedFrom || f.MaskedSender {
		return true
	}
	from := 0
	if f.Custody.Border >= 0 && f.Custody.Client.IsValid() {
		from = f.Custody.First
	}
	for k := from; k < len(f.Hops) && f.Masked.Any(); k++ {
		if f.Hops[k].Masked {
			return true
		}
	}
	return slices.ContainsFunc(f.Masked.Writers, func(k int) bool { return k >= from })
}

// unmask takes the place-holders for names out of the hops: they are not hosts.
func (f *Facts) unmask() {
	m := f.Msg
	note := func(value string) int {
		n, first := mask.Count(value)
		if n > 0 {
			if f.Masked.First == "" {
				f.Masked.First = first
			}
			f.Masked.Values += n
		}
		return n
	}
	for i := range m.Fields {
		name := m.Name(i)
		if !masksIn(name) {
			continue
		}
		note(m.Value(i))
	}
	if !f.Masked.Any() {
		return
	}
	for k := range f.Hops {
		h := &f.Hops[k]
		value := m.Value(h.Field)
		lost := false
		for _, s := range []*string{&h.Helo, &h.RDNS, &h.By, &h.For, &h.AuthUser} {
			if *s != "" && mask.Name(*s) {
				if s == &h.By {
					f.Masked.Writers = append(f.Masked.Writers, k)
				}
				f.Masked.Rcpt = f.Masked.Rcpt || s == &h.For
				*s, lost = "", s != &h.For || lost
			}
		}
		if h.RDNS == "" {
			h.RDNSKind = ""
		}
		if h.EnvelopeFrom != nil && mask.Name(*h.EnvelopeFrom) {
			h.EnvelopeFrom = nil
		}
		if n, _ := mask.Count(value); !h.Masked && !h.IP.IsValid() && !h.Local && (lost || n > 0) {
			h.Masked = true
		}
	}
	f.ask.addGap(Gap{"what was redacted", strconv.Itoa(f.Masked.Values) + " names and addresses had been redacted before the header was given (" + f.Masked.First + "): nothing is concluded from what is missing"})
}

// masksIn names the fields in which place-holders are looked for: those that
// hold hosts, addresses and mailboxes.
func masksIn(name string) bool {
	var low [32]byte
	if len(name) > len(low) {
		return false
	}
	for i := 0; i < len(name); i++ {
		low[i] = name[i]
		if 'A' <= name[i] && name[i] <= 'Z' {
			low[i] += 'a' - 'A'
		}
	}
	switch string(low[:len(name)]) {
	case "received", "return-path", "delivered-to", "envelope-to", "x-original-to", "authentication-results", "received-spf", "from", "to", "cc", "reply-to", "sender",
		"message-id", "arc-authentication-results", "x-received", "x-originating-ip", "authentication-results-original":
		return true
	}
	return false
}

// unmaskPeople takes place-holders out of what the header says of people.
func (f *Facts) unmaskPeople() {
	if !f.Masked.Any() {
		return
	}
	keep := f.Recipients[:0]
	for _, r := range f.Recipients {
		if !mask.Name(mailname.DomainOf(r)) {
			keep = append(keep, r)
		}
	}
	f.MaskedRcpt = f.Masked.Rcpt || len(keep) < len(f.Recipients)
	f.Recipients = keep
	for _, i := range f.Msg.All("From") {
		v := f.Msg.Value(i)
		if n, _ := mask.Count(v); n == 0 {
			continue
		}
		known := len(f.From) > 0
		for _, mb := range f.From {
			known = known && mb.Domain != "" && !mask.Name(mb.Domain) && strings.Contains(mb.Domain, ".")
		}
		if !known {
			f.MaskedFrom, f.From, f.FromDomain, f.FromOthers = true, nil, "", nil
		}
	}
}

// unmaskedVerdicts takes place-holders out of the verdicts of the header.
func unmaskedVerdicts(f Facts) []authres.Verdict {
	out := f.closedComments()
	if !f.Masked.Any() {
		return out
	}
	for i := range out {
		v := &out[i]
		if mask.Name(v.Domain) {
			v.Domain = ""
		}
		if mask.Name(v.AuthservID) {
			v.AuthservID = ""
		}
	}
	return out
}

// unmaskEnvelopes takes place-holders out of envelope senders.
func (f *Facts) unmaskEnvelopes() {
	if !f.Masked.Any() {
		return
	}
	gone := func(p *string) bool {
		lost := p != nil && *p != "" && mask.Name(*p)
		f.MaskedSender = f.MaskedSender || lost
		return lost
	}
	if gone(f.MailFrom) {
		f.MailFrom, f.MailFromBasis = nil, ""
	}
	if mask.Name(f.Helo) {
		f.Helo = ""
	}
	for i := range f.Runs {
		if r := &f.Runs[i]; gone(r.MailFrom) {
			r.MailFrom, r.MailFromBasis = nil, ""
		}
	}
}

// readMasked reads a Received field out of which addresses were taken: the names
// beside them are there still.
func (h *Hop) readMasked(value string) received.Received {
	text, gone := mask.StandIns(value)
	r := received.Parse(text)
	if slices.Contains(gone, r.IP) {
		h.Masked, h.MaskedPrivate = true, Private(r.IP)
		r.IP = netip.Addr{}
		if r.RDNS == "" && r.RDNSKind == received.RDNSUnknown {
			r.RDNSKind = received.RDNSNone
		}
	}
	if slices.Contains(gone, r.ByIP) {
		r.ByIP = netip.Addr{}
	}
	return r
}

// closedComments are the verdicts of the header, with those behind a comment that
// stands open because its end was taken out: "spf=fail (sender IP is;; dkim=fail".
// Only what fails is taken: a pass may have stood inside the comment.
func (f *Facts) closedComments() []authres.Verdict {
	if !f.Masked.Any() && !f.Options.Copy.Mended {
		return f.verdicts
	}
	out := slices.Clone(f.verdicts)
	for _, name := range []string{"Authentication-Results", "ARC-Authentication-Results", "Authentication-Results-Original"} {
		for _, i := range f.Msg.All(name) {
			closed, n := closeOpen(f.Msg.Value(i))
			if n == 0 {
				continue
			}
			for _, x := range authres.All(message.Parse([]byte(name + ": " + closed + "\r\n"))) {
				if x.Normal == "pass" || x.Normal == "" || slices.ContainsFunc(out, func(have authres.Verdict) bool {
					return have.Field == i && have.Method == x.Method && have.Normal == x.Normal
				}) {
					continue
				}
				x.Field = i
				out = append(out, x)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b authres.Verdict) int { return a.Field - b.Field })
	return out
}

// closeOpen closes comments that no parenthesis closes, at the next semicolon or
// at the end.
func closeOpen(v string) (string, int) {
	if strings.Count(v, "(") <= strings.Count(v, ")") {
		return v, 0
	}
	n := 0
	parts := strings.Split(v, ";")
	for i, p := range parts {
		if d := strings.Count(p, "(") - strings.Count(p, ")"); d > 0 {
			parts[i] += strings.Repeat(")", d)
			n += d
		}
	}
	return strings.Join(parts, ";"), n
}
