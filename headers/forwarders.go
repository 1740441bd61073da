package headers

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/headers/services"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/spf"
)

// forwardProof says what shows that run i received the message for a mailbox of
// its own, rcpt where that is known, and sent it on to another; "" where nothing
// does. The smarthost of a
// sender, its filter, its sister domain and its hoster stand on the path in the
// same way; what tells them apart is a second recipient.
func (f *Facts) forwardProof(i int) (why, rcpt string) {
	r, to := &f.Runs[i], &f.Runs[i-1]
	if r.Border < 0 || f.submitted(r) {
		return "", ""
	}
	egress := f.ClientIP(to)
	final := f.finalRcpt(i)
	if s, ok := parseSRSOf(to.MailFrom); ok && s.Forwarder != "" {
		if org := mailname.Org(s.Forwarder); slices.Contains(r.Orgs, org) || r.Rcpt != "" && org == mailname.Org(mailname.DomainOf(r.Rcpt)) {
			return "the envelope sender was rewritten by " + s.Forwarder + " (SRS)", ""
		}
	}
	if why := f.forwardMark(r); why != "" {
		return why, ""
	}
	for _, rcpt := range f.recipientsOf(i) {
		if strings.EqualFold(rcpt, final) || final == "" {
			continue
		}
		d := mailname.DomainOf(rcpt)
		if own := f.receivesMailOf(r, d, egress); own != "" {
			return "it received the message for " + rcpt + " (" + own + ")", rcpt
		}
		// The author addressed that mailbox, and it came to another.
		if f.Returned() {
			continue
		}
		if HasDomain(f.Msg.Get("To"), mailname.Domain(d)) && !HasDomain(f.Msg.Get("To"), mailname.Domain(mailname.DomainOf(final))) && f.passedFor(r) {
			return "it received the message for " + rcpt + ", to whom it is addressed, and SPF passed there", rcpt
		}
	}
	return "", ""
}

func parseSRSOf(mailFrom *string) (SRS, bool) {
	if mailFrom == nil {
		return SRS{}, false
	}
	return ParseSRS(*mailFrom)
}

// recipientsOf are the addresses for which run i is said to have received the
// message: by its lines, and by what a delivery left between its newest line and
// the next newer run's oldest.
func (f *Facts) recipientsOf(i int) []string {
	r, to := &f.Runs[i], &f.Runs[i-1]
	var out []string
	add := func(a string) {
		a = strings.Trim(strings.TrimSpace(a), "<>")
		if mailname.DomainOf(a) != "" && !slices.ContainsFunc(out, func(have string) bool { return strings.EqualFold(have, a) }) && len(out) < maxMailboxes {
			out = append(out, a)
		}
	}
	for k := r.First; k <= r.Last; k++ {
		add(f.Hops[k].For)
	}
	if to.First < len(f.Hops) {
		for _, name := range deliveryFields {
			for _, field := range f.Msg.All(name) {
				if field > f.Hops[to.First].Field && field < f.Hops[r.First].Field {
					add(f.Msg.Value(field))
				}
			}
		}
	}
	return out
}

// receivesMailOf says how it is known that a run takes mail for a domain, "" where
// it is not.
func (f *Facts) receivesMailOf(r *Run, d string, egress netip.Addr) string {
	if slices.Contains(r.Orgs, mailname.Org(d)) && serviceNamed(mailname.Org(d)) == nil {
		return "its own domain"
	}
	var at services.Set
	for k := r.First; k <= r.Last; k++ {
		at = at.Or(services.InZone(mailname.Host(f.Hops[k].By)))
	}
	if !services.InZone(d).And(at).Empty() {
		return "its own domain"
	}
	for _, x := range f.ask.exchangers(d) {
		for k := r.First; k <= r.Last; k++ {
			if mailname.Host(f.Hops[k].By) == x.Host {
				return x.Host + " is the MX of " + d
			}
		}
		if egress.IsValid() && slices.Contains(x.Addrs, egress) {
			return egress.String() + " is an address of the MX of " + d
		}
		if !services.Find(x.Host, services.MX|services.Border).And(at).Empty() {
			return x.Host + ", the MX of " + d + ", is of the same service"
		}
		for _, a := range x.Addrs[:min(len(x.Addrs), 2)] {
			names, _ := f.ask.ptrNames(a)
			for _, n := range names {
				if org := mailname.Org(n); org != "" && slices.Contains(r.Orgs, org) {
					return "the MX of " + d + " is " + n
				}
			}
		}
	}
	return ""
}

// passedFor reports whether SPF passed where the run received the message, for a
// sender of another organisation: nobody checks its own customers.
func (f *Facts) passedFor(r *Run) bool {
	if r.MailFrom == nil || slices.Contains(r.Orgs, mailname.Org(envelopeDomain(*r.MailFrom))) {
		return false
	}
	if ip := f.ClientIP(r); Public(ip) && *r.MailFrom != "" {
		q := spfQuery(*r.MailFrom, r.Helo)
		q.IP = ip
		if e := f.ask.check(q); e != nil {
			return e.Result == spf.Pass
		}
	}
	for n := range f.Claims {
		c := &f.Claims[n]
		if c.Hop >= r.First && c.Hop <= r.Last && c.Method == "spf" && c.Normal == "pass" && c.Identity != "helo" && c.Identity != "pra" && c.Trust == Testimony {
			return true
		}
	}
	return false
}

// forwardFields are written by software that sends a message on, with the
// addresses from and to which it does.
var forwardFields = []string{"X-Forwarded-For", "X-Forwarded-To", "Resent-To", "Resent-From", "X-Mailgun-Incoming", "X-SimpleLogin-Envelope-To", "X-AnonAddy-Original-Envelope-To", "X-Forward-Email-Sender"}

// forwardMark finds a field of a forwarder that names an address in the run's own
// domain.
func (f *Facts) forwardMark(r *Run) string {
	for _, name := range forwardFields {
		for _, i := range f.Msg.All(name) {
			for _, w := range strings.FieldsFunc(f.Msg.Value(i), func(c rune) bool { return strings.ContainsRune(" \t\r\n,;<>", c) }) {
				if d := mailname.DomainOf(w); d != "" && (slices.Contains(r.Orgs, mailname.Org(d)) || f.receivesMailOf(r, d, netip.Addr{}) != "") {
					return name + " names " + w
				}
			}
		}
	}
	return ""
}

// sendsForSender reports whether run i is a relay of the sender: the record of
// the domain that it sends for allows what the next newer run saw of it, and
// nothing shows another recipient.
func (f *Facts) sendsForSender(i int) bool {
	r, to := &f.Runs[i], &f.Runs[i-1]
	if to.MailFrom == nil || *to.MailFrom == "" {
		return false
	}
	ip := f.ClientIP(to)
	if !Public(ip) || slices.Contains(r.Orgs, mailname.Org(envelopeDomain(*to.MailFrom))) {
		return false
	}
	q := spfQuery(*to.MailFrom, to.Helo)
	q.IP = ip
	e := f.ask.check(q)
	return e != nil && e.Result == spf.Pass
}
