package headers

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/headers/authres"
	"github.com/mailtrace/mailtrace/internal/mask"
)

// Masked says what was taken out of the header before it was shown.
type Masked struct {
	Values int    // how many
	First  string // one of them, as it stands there
	// Writers is how many servers lost their names.
	Writers int
	// Clients are the indexes into Facts.Hops of those whose client is not known
	// because its address was taken out.
	Clients map[int]bool
}

// Any reports whether anything was taken out.
func (m *Masked) Any() bool { return m.Values > 0 }

// Client reports whether the client's address of hop k was taken out.
func (m *Masked) Client(k int) bool { return m.Clients[k] }

// MaskedPath reports whether names or addresses of the path, of the author or of
// the envelope were taken out, and not only those of recipients.
func (f *Facts) MaskedPath() bool {
	return f.MaskedFrom || f.MaskedSender || len(f.Masked.Clients) > 0 || f.Masked.Writers > 0
}

// unmask takes the place-holders for names out of the hops: they are no hosts.
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
	f.Masked.Clients = map[int]bool{}
	for k := range f.Hops {
		h := &f.Hops[k]
		value := m.Value(h.Field)
		lost := false
		for _, s := range []*string{&h.Helo, &h.RDNS, &h.By, &h.For, &h.AuthUser} {
			if *s != "" && mask.Name(*s) {
				if s == &h.By {
					f.Masked.Writers++
				}
				*s, lost = "", s != &h.For || lost
			}
		}
		if h.RDNS == "" {
			h.RDNSKind = ""
		}
		if h.EnvelopeFrom != nil && mask.Name(*h.EnvelopeFrom) {
			h.EnvelopeFrom = nil
		}
		if h.IP.IsValid() || h.Local {
			if lost && !h.IP.IsValid() {
				f.Masked.Clients[k] = true
			}
			continue
		}
		if _, _, ok := mask.Address(value); ok || lost {
			f.Masked.Clients[k] = true
			continue
		}
		if n, _ := mask.Count(value); n > 0 {
			f.Masked.Clients[k] = true
		}
	}
	f.ask.addGap(Gap{"what was redacted", strconv.Itoa(f.Masked.Values) + " names and addresses had been redacted before the header was given (" + f.Masked.First + "): nothing is concluded from what is missing"})
}

// masksIn names the fields in which place-holders are looked for: those that
// hold hosts, addresses and mailboxes.
func masksIn(name string) bool {
	switch strings.ToLower(name) {
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
		if !mask.Name(domainOf(r)) {
			keep = append(keep, r)
		}
	}
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
	if !f.Masked.Any() {
		return f.verdicts
	}
	out := slices.Clone(f.verdicts)
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
