package headers

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/spf"
)

// envelopeDomain is the domain of an envelope sender, which some servers write
// without its local part.
func envelopeDomain(addr string) string {
	if d := mailname.DomainOf(addr); d != "" {
		return d
	}
	return mailname.Host(addr)
}

// spfQuery is the question to ask for an envelope sender. A domain alone
// stands for its postmaster, as for a missing local part (RFC 7208 §4.3).
func spfQuery(mailFrom, helo string) spf.Query {
	if mailFrom != "" && !strings.Contains(mailFrom, "@") {
		mailFrom = "postmaster@" + mailname.Host(mailFrom)
	}
	return spf.Query{MailFrom: mailFrom, Helo: mailname.Host(helo)}
}

// senderFields hold the envelope sender as some server saw it. Return-Path is
// the one of the standard (RFC 5321 §4.4).
var senderFields = []string{"Return-Path", "X-Envelope-From", "X-Return-Path", "X-MDReturn-Path", "X-Sonic-MF"}

// readEnvelopes finds the envelope sender with which each run received the
// message.
func (f *Facts) readEnvelopes() {
	claims := make([][]int, len(f.Runs)) // of each run
	for n := range f.Claims {
		if hop := f.Claims[n].Hop; hop >= 0 && hop < len(f.runOf) {
			claims[f.runOf[hop]] = append(claims[f.runOf[hop]], n)
		}
	}
	for i := range f.Runs {
		r := &f.Runs[i]
		if r.Border < 0 && i > 0 {
			continue
		}
		r.MailFrom, r.MailFromBasis = f.envelopeOf(i, claims[i])
		if i == 0 && r.MailFrom != nil {
			// The recipient's own server rewrote it once it had the message
			// (postsrsd, for what it may send on): it came with the original.
			if s, ok := ParseSRS(*r.MailFrom); ok && s.Original() != "" && r.Border >= 0 && f.Custody.Own(s.Forwarder) && !f.Custody.Own(f.Hops[r.Border].confirmedName()) {
				r.MailFrom, r.MailFromBasis = ptrTo(s.Original()), "srs"
			}
		}
	}
	if r := f.LastRun(); r != nil {
		f.MailFrom, f.MailFromBasis, f.Helo = r.MailFrom, r.MailFromBasis, r.Helo
	} else {
		f.MailFrom, f.MailFromBasis = f.envelopeField(0)
	}
	if f.Options.MailFrom != nil {
		f.MailFrom, f.MailFromBasis = f.Options.MailFrom, "flag"
	}
	if f.Options.Helo != "" {
		f.Helo = f.Options.Helo
	}
	if r := f.LastRun(); r != nil {
		r.MailFrom, r.MailFromBasis, r.Helo = f.MailFrom, f.MailFromBasis, f.Helo
	}
}

// envelopeOf looks for the envelope sender of run i where it was written by
// the run itself: its Received fields, then the verdicts that it wrote, then,
// for the newest run, the fields of final delivery. A run without any of these
// is taken to have had the sender of the next newer one, unless that rewrote it.
func (f *Facts) envelopeOf(i int, claims []int) (*string, string) {
	r := &f.Runs[i]
	for k := r.First; k <= r.Last; k++ {
		if e := f.Hops[k].EnvelopeFrom; e != nil {
			return e, "received"
		}
	}
	if i == 0 {
		// What may have come with the message speaks last: Return-Path is written
		// at delivery.
		said, saidBasis, whole := f.envelopeSaid(r, claims, func(c *Claim) bool { return c.Trust == Trusted })
		if whole {
			return said, saidBasis
		}
		if e, basis := f.envelopeField(0); e != nil && (said == nil || envelopeDomain(*e) == envelopeDomain(*said)) {
			return e, basis
		}
		if said == nil {
			said, saidBasis, _ = f.envelopeSaid(r, claims, func(c *Claim) bool { return c.Trust == Testimony })
		}
		return said, saidBasis
	}
	domainOnly, domainBasis, whole := f.envelopeSaid(r, claims, func(c *Claim) bool { return c.Trust != Forged && c.Trust != Untrusted })
	if whole {
		return domainOnly, domainBasis
	}
	if domainOnly != nil {
		return domainOnly, domainBasis
	}
	// A Return-Path that an earlier delivery left below its own Received.
	for _, field := range f.Msg.All("Return-Path") {
		if field > f.Hops[r.Last].Field-2 && field < f.Hops[r.First].Field {
			return ptrTo(cleanPath(f.Msg.Value(field))), "return-path"
		}
	}
	newer := f.Runs[i-1].MailFrom
	if newer == nil {
		return nil, ""
	}
	if s, ok := ParseSRS(*newer); ok {
		if o := s.Original(); o != "" {
			return &o, "srs"
		}
		return nil, ""
	}
	if f.isList(&f.Runs[i]) {
		// The list put its own bounce address in; X-MailFrom keeps the one
		// before (Mailman 3).
		if v := f.Msg.Get("X-MailFrom"); v != "" {
			return ptrTo(cleanPath(v)), "x-mailfrom"
		}
		return nil, ""
	}
	return newer, "unchanged"
}

// onlyHelo reports whether all SPF verdicts of a run are about HELO, as for a
// null sender.
func (f *Facts) onlyHelo(r *Run) bool {
	for n := range f.Claims {
		c := &f.Claims[n]
		if c.Hop >= r.First && c.Hop <= r.Last && c.Method == "spf" && c.Identity != "helo" && (c.MailFrom != "" || c.Domain != "") {
			return false
		}
	}
	return true
}

// envelopeSaid is the envelope sender that the run's verdicts on SPF name, those
// that count; whole says that it is more than its domain.
func (f *Facts) envelopeSaid(r *Run, claims []int, counts func(*Claim) bool) (mailFrom *string, basis string, whole bool) {
	for _, n := range claims {
		c := &f.Claims[n]
		if c.Method != "spf" || c.Identity == "pra" || !counts(c) {
			continue
		}
		name := strings.ToLower(c.Header)
		switch {
		case c.Identity == "helo" && c.MailFrom == "":
			// HELO is checked in place of a null sender, and also beside it.
			if f.onlyHelo(r) {
				return new(string), name, true
			}
		case strings.Contains(c.MailFrom, "@"):
			return ptrTo(c.MailFrom), name, true
		case c.MailFrom != "" && mailFrom == nil:
			mailFrom, basis = ptrTo(mailname.Host(c.MailFrom)), name
		case c.Domain != "" && c.Identity != "helo" && mailFrom == nil:
			mailFrom, basis = ptrTo(c.Domain), name
		}
	}
	return mailFrom, basis, false
}

// envelopeField reads the n-th of the fields of final delivery.
func (f *Facts) envelopeField(n int) (*string, string) {
	for _, name := range senderFields {
		all := f.Msg.All(name)
		if n < len(all) {
			return ptrTo(cleanPath(f.Msg.Value(all[n]))), strings.ToLower(name)
		}
	}
	return nil, ""
}

// cleanPath takes an address out of its angle brackets and drops comments that
// follow.
func cleanPath(v string) string {
	v = strings.TrimSpace(v)
	if i := strings.IndexByte(v, '<'); i >= 0 {
		if j := strings.IndexByte(v[i:], '>'); j > 0 {
			return strings.TrimSpace(v[i+1 : i+j])
		}
	}
	if i := strings.IndexAny(v, " \t"); i > 0 {
		v = v[:i]
	}
	return strings.Trim(v, "<>\"")
}

func ptrTo[T any](v T) *T { return &v }
