package headers

import (
	"slices"
	"strconv"
	"strings"
)

// assignRoles says for each run whose part of the path it is.
func (f *Facts) assignRoles() {
	last := len(f.Runs) - 1
	for i := range f.Runs {
		r := &f.Runs[i]
		switch {
		case i == 0:
			r.Role = Recipient
		case f.forwards(i):
			r.Role = Intermediary
		case f.ofSender(r), i == last && r.Border < 0, f.submitted(r):
			r.Role = Sender
		case i == last:
			r.Role = UnknownRole
		default:
			r.Role = Intermediary
		}
	}
}

// contradict marks runs below the recipient's that claim hosts of the
// recipient's organisation although the recipient's border saw another client:
// invented history, unless something between explains how it came back.
func (f *Facts) contradict() {
	last := f.LastRun()
	if last == nil || last.Border < 0 || f.isList(last) {
		// A list's own servers pass its mail around under several names.
		return
	}
	for i := 1; i < len(f.Runs); i++ {
		r := &f.Runs[i]
		newer := &f.Hops[f.Runs[i-1].Border]
		shown := ""
		for _, o := range r.Orgs {
			// Hosts of a large service are no one organisation's.
			if slices.Contains(last.Orgs, o) && serviceNamed(o) == nil {
				shown = o
			}
		}
		if shown == "" || newer.Joined && i > 1 {
			continue
		}
		if f.Offline() && hostOrg(newer.Helo) == shown {
			continue // its client calls itself one of them, and the DNS was not asked
		}
		seen := hostOrg(newer.RDNS)
		if seen == "" {
			seen = hostOrg(newer.Helo)
		}
		if seen != "" && seen != shown {
			r.Contradicted = "hop " + strconv.Itoa(f.Hops[r.Last].Index) + " names " + orElse(host(f.Hops[r.Last].By), "a host") + " of " + shown +
				" as its writer, but hop " + strconv.Itoa(newer.Index) + " received the message from " + seen
		} else if i == 1 {
			// Next below the border, and the border did not take its client for
			// one of its own.
			r.Contradicted = "hop " + strconv.Itoa(f.Hops[r.Last].Index) + " names " + orElse(host(f.Hops[r.Last].By), "a host") + " of " + shown +
				" as its writer, but the client of hop " + strconv.Itoa(newer.Index) + " is not of " + shown
		}
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
		if slices.Contains(r.Orgs, Org(d)) {
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

// forwards reports whether run i received the message for a recipient of its
// own and sent it on to another.
func (f *Facts) forwards(i int) bool {
	r := &f.Runs[i]
	if r.Border < 0 {
		return false
	}
	if r.Rcpt == "" {
		return f.isList(r)
	}
	d := domainOf(r.Rcpt)
	newer := f.finalRcpt(i)
	own := slices.Contains(r.Orgs, Org(d)) || slices.ContainsFunc(f.ask.exchangers(d), func(x Exchanger) bool {
		for k := r.First; k <= r.Last; k++ {
			if host(f.Hops[k].By) == x.Host {
				return true
			}
		}
		return false
	})
	if !own {
		return f.isList(r)
	}
	return !strings.EqualFold(newer, r.Rcpt) || f.isList(r)
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
		d := domainOf(v)
		if d == "" {
			d = v
		}
		if d != "" && slices.Contains(r.Orgs, Org(d)) {
			return true
		}
	}
	return false
}
