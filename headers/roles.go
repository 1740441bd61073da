package headers

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// assignRoles says for each run whose part of the path it is.
func (f *Facts) assignRoles() {
	last := len(f.Runs) - 1
	for i := range f.Runs {
		r := &f.Runs[i]
		if i > 0 {
			why, rcpt := f.forwardProof(i)
			r.Forwards, r.Rcpt = why, cmp.Or(rcpt, r.Rcpt)
		}
		switch {
		case i == 0:
			r.Role = Recipient
		case r.Forwards != "", f.isList(r) && r.Border >= 0:
			r.Role = Intermediary
		case f.ofSender(r), i == last && r.Border < 0, f.submitted(r), f.sendsForSender(i):
			r.Role = Sender
		default:
			r.Role = UnknownRole // a relay: the sender's, as a rule
		}
	}
}

// contradict marks runs below the recipient's that claim to be an earlier
// delivery to its own border: the very host that took the message from a stranger,
// or its MX, is said to have received it before, from outside and for the same
// mailbox. A message that came home would carry the lines of those who brought it
// back. That another host of the organisation stands below the border says
// nothing: notices go home by a smarthost, hosts have two names, tenants cut lines
// out.
func (f *Facts) contradict() {
	last := f.LastRun()
	if last == nil || last.Border < 0 || f.isList(last) || len(f.Runs) < 2 {
		return
	}
	border := &f.Hops[last.Border]
	if f.Offline() && f.Custody.Own(border.Helo) {
		return // its client calls itself one of them, and the DNS was not asked
	}
	r := &f.Runs[1]
	for k := r.Last; k >= r.First; k-- {
		h := &f.Hops[k]
		by := mailname.Host(h.By)
		if by == "" || !strings.Contains(by, ".") || serviceOf(by) != nil || h.Local || h.Fetched || h.Auth || !Public(h.IP) {
			continue
		}
		if by != mailname.Host(border.By) && !slices.ContainsFunc(f.Custody.Domains, func(d string) bool {
			yes, _ := f.ask.isExchanger(by, d)
			return yes
		}) {
			continue
		}
		if h.For != "" && border.For != "" && !strings.EqualFold(h.For, border.For) {
			continue // it went to another mailbox first
		}
		seen := cmp.Or(border.confirmedName(), mailname.Host(border.Helo), border.IP.String())
		if f.Custody.Own(seen) || slices.Contains(r.Orgs, mailname.Org(seen)) {
			continue
		}
		r.Contradicted = "hop " + strconv.Itoa(h.Index) + " names " + by + " as its writer, but hop " + strconv.Itoa(border.Index) +
			" received the message from " + seen + ", which wrote no line of its own"
		return
	}
}

// Returned reports whether the message was in the recipient's organisation
// before it left and came back: then fields of its servers below the border
// are old, not forged.
func (f *Facts) Returned() bool {
	last := f.LastRun()
	for i := 1; i < len(f.Runs); i++ {
		r := &f.Runs[i]
		if r.Contradicted != "" {
			return false
		}
		for _, o := range r.Orgs {
			if slices.Contains(last.Orgs, o) {
				return true
			}
		}
	}
	return false
}

// ofSender reports whether a run belongs to the organisation of the author or
// of the envelope sender.
func (f *Facts) ofSender(r *Run) bool {
	for _, d := range f.senderDomains() {
		if slices.Contains(r.Orgs, mailname.Org(d)) {
			return true
		}
	}
	return false
}

// senderDomains are the domains that the message claims to come from.
func (f *Facts) senderDomains() []string {
	out := slices.Clone(f.FromOthers)
	if f.MailFrom != nil {
		d := envelopeDomain(*f.MailFrom)
		if s, ok := ParseSRS(*f.MailFrom); ok {
			d = s.Domain
		}
		if d != "" && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

// submitted reports whether the message entered the run as a user's or a
// program's submission and not as mail from another server.
func (f *Facts) submitted(r *Run) bool {
	if r.Border < 0 {
		return false
	}
	h := &f.Hops[r.Border]
	return h.Auth || h.Local
}

// finalRcpt is the recipient for which the run newer than i received the
// message.
func (f *Facts) finalRcpt(i int) string {
	for k := i - 1; k >= 0; k-- {
		if f.Runs[k].Rcpt != "" {
			return f.Runs[k].Rcpt
		}
	}
	if len(f.Recipients) > 0 {
		return f.Recipients[0]
	}
	return ""
}

// isList reports whether the run is a mailing list's: the list fields name its
// domain.
func (f *Facts) isList(r *Run) bool {
	for _, name := range []string{"List-Id", "List-Post", "X-BeenThere"} {
		v := ListName(f.Msg.Get(name))
		d := mailname.DomainOf(v)
		if d == "" {
			d = v
		}
		if d != "" && slices.Contains(r.Orgs, mailname.Org(d)) {
			return true
		}
	}
	return false
}
