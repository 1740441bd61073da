package headers

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/headers/services"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/spf"
)

// side is what is known of a hop's client: whether it is on the same side as
// the hop, why, and how firmly.
type side struct {
	inside bool
	weak   bool // rests on names that only the client gave
	nat    bool // outside, but its address was replaced on the way in
	basis  string
}

// side decides for the client of hop k.
func (w *walker) side(k int) side {
	h := &w.f.Hops[k]
	var older *Hop
	if k > 0 {
		older = &w.f.Hops[k-1]
	}
	if s, ok := w.configured(h, older); ok {
		return s
	}
	if h.Fetched {
		return side{inside: true, basis: "fetched from a mailbox by " + cmp.Or(h.By, "an unnamed host")}
	}
	if h.OwnHost {
		// Whatever address it shows, it is its own server's.
		return side{inside: true, basis: "a filter on the machine of " + cmp.Or(h.ByName, h.By, "an unnamed host")}
	}
	if s, ok := w.service(h); ok {
		return s
	}
	switch {
	case !h.IP.IsValid():
		return w.sideByName(h, older)
	case Private(h.IP):
		return w.sidePrivate(h, older)
	}
	s := w.sidePublic(h, older)
	return s
}

// configured applies --trust.
func (w *walker) configured(h, older *Hop) (side, bool) {
	t := w.f.trust
	if t == nil {
		return side{}, false
	}
	if h.IP.IsValid() && t.hasIP(h.IP) {
		return side{inside: true, basis: h.IP.String() + " is trusted by option"}, true
	}
	names := []string{h.confirmedName()}
	if Private(h.IP) || h.RDNSKind == received.RDNSUnconfirmed {
		names = append(names, mailname.Host(h.RDNS), mailname.Host(h.Helo))
	}
	for _, n := range names {
		if t.hasName(n) {
			return side{inside: true, basis: n + " is trusted by option"}, true
		}
	}
	// A dialect without reverse DNS leaves only the client's word, which the
	// DNS or the next older line must confirm.
	if n := mailname.Host(h.Helo); t.hasName(n) && h.IP.IsValid() {
		if yes, known := w.f.ask.pointsTo("names of the path's hosts", n, h.IP); yes || (!known && older != nil && mailname.Host(older.By) == n) {
			return side{inside: true, weak: !yes, basis: n + " is trusted by option"}, true
		}
	}
	return side{}, false
}

// service decides for hosts of the large services, whose names tell an inner
// line from one that faces the Internet.
func (w *walker) service(h *Hop) (side, bool) {
	by := mailname.Host(h.By)
	at := services.Find(by, services.Any)
	for _, n := range h.clientNames() {
		// Two hosts of one mailbox service, neither of which faces the world.
		same := services.InZone(n).And(services.InZone(by)).Of(services.Mailbox)
		if !same.Empty() && services.Find(n, services.Outbound).Empty() && services.Find(by, services.Border).Empty() {
			return side{inside: true, basis: "inner hop of " + same.First().Name}, true
		}
	}
	if at.Empty() {
		return side{}, false
	}
	if s := innerService(by, mailname.Host(h.Helo), mailname.Host(h.RDNS)); s != nil {
		return side{inside: true, basis: "inner hop of " + s.Name}, true
	}
	for _, n := range h.clientNames() {
		if s := services.Find(n, services.Outbound).And(at); !s.Empty() && Public(h.IP) {
			return side{basis: n + " sends for customers of " + s.First().Name}, true
		}
	}
	return side{}, false
}

// sideByName decides where the hop shows no address: pipes, queues, mapi, and
// services that hide it.
func (w *walker) sideByName(h, older *Hop) side {
	names := h.clientNames()
	if h.Masked && !h.Local {
		switch {
		case h.MaskedPrivate:
			return side{inside: true, weak: true, basis: "the address of its client was redacted, and was private"}
		case len(names) == 0 && (older == nil || !w.inOrgs(older.Org)):
			return side{basis: "name and address of the client of " + cmp.Or(h.By, "an unnamed host") + " were redacted"}
		}
	}
	if len(names) == 0 || h.Local {
		return side{inside: true, basis: "handed over inside " + cmp.Or(h.By, "an unnamed host")}
	}
	for _, n := range names {
		if w.inOrgs(hostOrg(n)) || privateName(n) {
			return side{inside: true, basis: n + " is named as a host of " + w.r.Name()}
		}
	}
	if older != nil && w.inOrgs(older.Org) {
		return side{inside: true, weak: true, basis: "the next older hop was written inside " + w.r.Name()}
	}
	return side{basis: names[0] + " is foreign and has no address"}
}

// sidePrivate decides for a client with an address that is not reachable from
// outside: an inner relay, the machine on which the mail was made, or a
// foreign client behind a NAT or load balancer that hides its address.
func (w *walker) sidePrivate(h, older *Hop) side {
	inner := side{inside: true, basis: h.IP.String() + " is a private address"}
	if older == nil {
		if w.looksTranslated(h) {
			return side{nat: true, basis: h.IP.String() + " is private, but the client " + mailname.Host(h.Helo) + " is foreign: its address was replaced on the way in"}
		}
		return inner
	}
	by := mailname.Host(older.By)
	switch {
	case older.Org == "", w.inOrgs(older.Org), by == mailname.Host(h.Helo) && privateName(by):
		return inner
	case older.ByIP == h.IP:
		// Both ends show the same private address: one network.
		return inner
	}
	for _, n := range h.clientNames() {
		if w.inOrgs(hostOrg(n)) {
			return inner
		}
	}
	if w.isExchanger(by) {
		return inner
	}
	if w.receivesFor(h) {
		return side{nat: true, basis: h.IP.String() + " is private, but the message came from " + by + " of another organisation"}
	}
	return inner
}

// looksTranslated reports whether the private client of the oldest hop is
// really a foreign mail server: it calls itself by a public name of another
// organisation, did not log in, and brings mail for a recipient here from a
// sender elsewhere.
func (w *walker) looksTranslated(h *Hop) bool {
	helo := hostOrg(h.Helo)
	return helo != "" && !w.inOrgs(helo) && !h.Auth && !h.Local && w.receivesFor(h) && !w.inOrgs(mailname.Org(w.f.FromDomain)) && strings.Contains(mailname.Host(h.Helo), ".")
}

// receivesFor reports whether the hop's host receives mail for the recipient
// that it names, by name or by MX.
func (w *walker) receivesFor(h *Hop) bool {
	d := mailname.DomainOf(h.For)
	if d == "" {
		return false
	}
	if w.inOrgs(mailname.Org(d)) {
		return true
	}
	yes, _ := w.f.ask.isExchanger(mailname.Host(h.By), d)
	return yes
}

// sidePublic decides for a client with a public address.
func (w *walker) sidePublic(h, older *Hop) side {
	const what = "names of the path's hosts"
	// The server's own look-up of the client's name.
	if n := h.confirmedName(); n != "" {
		if org := hostOrg(n); w.inOrgs(org) && serviceOf(n) == nil {
			return side{inside: true, basis: n + " is a host of " + org}
		}
	}
	if s, ok := w.exchanger(h, older); ok {
		return s
	}
	// Names that the client gave, or that nobody confirmed: the DNS must bear
	// them out.
	unknown := false
	confirmed, state := w.f.ask.names(h.IP)
	unknown = state == PTRUnknown
	for _, n := range confirmed {
		if org := hostOrg(n); w.inOrgs(org) && serviceOf(n) == nil {
			return side{inside: true, basis: n + " is a host of " + org}
		}
	}
	names := h.clientNames()
	if older != nil && mailname.Host(older.By) != "" {
		names = append(names, mailname.Host(older.By))
	}
	own := ""
	for _, n := range names {
		org := hostOrg(n)
		if !w.inOrgs(org) || serviceOf(n) != nil {
			continue
		}
		own = org
		yes, known := w.f.ask.pointsTo(what, n, h.IP)
		if yes {
			return side{inside: true, basis: n + " is a host of " + org}
		}
		unknown = unknown || !known
	}
	if own == "" {
		return side{basis: h.IP.String() + " is not of " + w.r.Name()}
	}
	// The organisation's own SPF record names the addresses that it sends
	// from. Whoever gave the name, the address is its own.
	if e := w.f.ask.check(spf.Query{IP: h.IP, MailFrom: "postmaster@" + own}); e != nil {
		if e.Result == spf.Pass {
			return side{inside: true, basis: h.IP.String() + " is in the SPF record of " + own}
		}
		unknown = unknown || e.Result == spf.TempError
	} else {
		unknown = true
	}
	// Without answers the header alone must do: the next older line was written
	// inside, for a recipient here, and nothing contradicts it.
	if unknown && older != nil && w.inOrgs(older.Org) && h.confirmedName() == "" {
		byName := mailname.Host(older.By) == mailname.Host(h.Helo) || w.inOrgs(hostOrg(h.Helo))
		if byName || w.isDomain(mailname.DomainOf(older.For)) {
			return side{inside: true, weak: true, basis: "the header shows " + mailname.Host(older.By) + " handing on to " + cmp.Or(h.By, "an unnamed host") + "; the DNS was not asked"}
		}
	}
	return side{basis: h.IP.String() + " calls itself a host of " + own + ", which the DNS does not confirm"}
}

// exchanger decides for clients that are MX hosts of the run's recipients: a
// backup MX, or the security gateway to which the MX points.
func (w *walker) exchanger(h, older *Hop) (side, bool) {
	for _, d := range w.domains {
		for _, x := range w.f.ask.exchangers(d) {
			if slices.Contains(x.Addrs, h.IP) || (h.confirmedName() != "" && h.confirmedName() == x.Host) {
				if w.sameService(x.Host, h, older, d) {
					continue
				}
				return side{inside: true, basis: x.Host + " is an MX of " + d}, true
			}
			// A gateway sends from other addresses than it receives at: the next
			// older line must be written by the MX, and the client be of the
			// same organisation.
			if older == nil || mailname.Host(older.By) != x.Host && (hostOrg(older.By) == "" || hostOrg(older.By) != hostOrg(x.Host)) {
				continue
			}
			if w.sameService(x.Host, h, older, d) {
				continue
			}
			names, state := w.f.ask.names(h.IP)
			if n := h.confirmedName(); n != "" {
				names = append(names, n)
			}
			for _, n := range names {
				if o := hostOrg(n); o != "" && o == hostOrg(x.Host) {
					return side{inside: true, basis: n + " belongs to the MX of " + d + ", " + x.Host}, true
				}
			}
			if org := hostOrg(x.Host); org == "" || hostOrg(h.Helo) != org {
				continue
			} else if w.sendsFor(hostOrg(x.Host), h.IP) {
				return side{inside: true, basis: h.IP.String() + " is in the SPF record of " + hostOrg(x.Host) + ", which receives for " + d}, true
			}
			if state == PTRUnknown && h.confirmedName() == "" {
				return side{inside: true, weak: true, basis: mailname.Host(h.Helo) + " calls itself a host of the MX of " + d}, true
			}
		}
	}
	return side{}, false
}

// sendsFor reports whether an organisation's own SPF record allows an address.
func (w *walker) sendsFor(org string, ip netip.Addr) bool {
	e := w.f.ask.check(spf.Query{IP: ip, MailFrom: "postmaster@" + org})
	return e != nil && e.Result == spf.Pass
}

// sameService guards against a service that is at once the recipient's MX and
// the sender's outbound: only a line that shows it receiving for the recipient
// makes it the recipient's.
func (w *walker) sameService(mx string, h, older *Hop, domain string) bool {
	if serviceOf(mx) == nil {
		return false
	}
	for _, n := range h.clientNames() {
		if s := services.Find(n, services.Outbound); !s.And(services.Find(mailname.Host(h.By), services.Any)).Empty() {
			return true
		}
	}
	return older == nil || older.Auth || mailname.DomainOf(older.For) != domain
}

func (w *walker) isExchanger(name string) bool { return w.exchangerOf(name) != "" }

// exchangerOf is the domain of the run's recipients that a host is an MX of.
func (w *walker) exchangerOf(name string) string {
	if name == "" {
		return ""
	}
	for _, d := range w.domains {
		for _, x := range w.f.ask.exchangers(d) {
			if x.Host == name {
				return d
			}
		}
	}
	return ""
}
