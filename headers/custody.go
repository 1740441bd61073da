package headers

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/headers/authres"
	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/headers/services"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/message/mailbox"
	"github.com/mailtrace/mailtrace/spf"
)

// Grade says how firmly something is known. The grade of a chain is that of its
// weakest step.
type Grade uint8

const (
	Proved Grade = iota // no honest layout of servers shows this otherwise
	Strong              // what a believed server saw or looked up
	Likely              // another reading is possible
)

func (g Grade) String() string { return [...]string{"proved", "strong", "likely"}[g] }

// Step is one line of the chain of custody: the client that a believed line
// shows belongs inside, so the next older line is believed too.
type Step struct {
	Hop   int // index into Facts.Hops of the line that shows the client
	Grade Grade
	Row   string // the rule that let it in, as docs/borders.md names them: "b1"
	Why   string
}

// Other is a second reading of the path that the facts allow.
type Other struct {
	Reading  string // what it says, for people
	Question string // what settles it
	Settle   string // the option that says yes
	// Inside says that in this reading the client of Hop belongs inside, and
	// else that it is a stranger although the chosen reading lets it in.
	Inside bool
	Hop    int // index into Facts.Hops
	// ByTo says that only To, which the sender wrote, names the reader's domain.
	ByTo bool
	// Unanswered says that the DNS of the reader's side was asked, and did not
	// answer, what decides.
	Unanswered bool
}

// InOtherReading are the options that make Examine take the other reading.
func (o Options) InOtherReading(x *Other) Options {
	if x.Inside {
		o.admit = x.Hop + 1
	} else {
		o.deny = x.Hop + 1
	}
	return o
}

// Custody is who can be believed, from the newest line down. The newest line
// was written by the reader's side. An older one is believed only because the
// believed line above it observed a client that belongs inside; what a client
// said, and all that it handed over, never lets it in.
type Custody struct {
	Steps []Step // newest first
	// First is the index of the oldest believed line, len(hops) where none is.
	First int
	// Border is First where its client is a stranger, -1 where the message began
	// inside.
	Border int
	// Client is the address of the stranger; invalid where it is not known, and
	// then Unknown says why.
	Client  netip.Addr
	Unknown string
	// NAT says that the address is private although the client is foreign:
	// something between replaced it.
	NAT   bool
	Login bool // the client logged in: a submission, not mail from another server
	// Above says that the border has not written its Received field yet: the
	// message is seen as a milter sees it, and --client-ip names the client.
	Above bool
	Grade Grade
	Why   string // what makes the client a stranger
	// Domains are the mail domains that the believed lines receive for; Basis
	// says how they are known.
	Domains []string
	Basis   string
	ByTo    bool // by To, which the sender wrote
	Other   *Other

	mine  map[string]bool // organisations of the reader's side
	hosts map[string]bool // by-names of the believed lines
	at    services.Set    // services that wrote believed lines
}

// Own reports whether a name is a host or a domain of the reader's side: of a
// believed line's writer, of its organisation, of the mail domain that it was
// received for, or of the service that received it.
func (c *Custody) Own(name string) bool {
	name = mailname.Host(name)
	if name == "" {
		return false
	}
	if c.hosts[name] || c.mine[mailname.Org(name)] && mailname.Org(name) != "" || slices.ContainsFunc(c.Domains, func(d string) bool { return mailname.Org(d) != "" && mailname.Org(d) == mailname.Org(name) }) {
		return true
	}
	if !strings.Contains(name, ".") {
		for h := range c.hosts {
			if first, _, _ := strings.Cut(h, "."); first == name {
				return true
			}
		}
		return false
	}
	return !services.InZone(name).And(c.at).Empty()
}

// seal keeps what the walk learned of the reader's side.
func (c *Custody) seal(w *warden) {
	c.mine, c.hosts = w.mine, map[string]bool{}
	for k := c.First; k < len(w.hops); k++ {
		by := mailname.Host(w.hops[k].By)
		if by != "" && by != "localhost" {
			c.hosts[by] = true
		}
		c.at = c.at.Or(services.Find(by, services.Any)).Or(services.InZone(by))
		switch w.hops[k].Family {
		case "gmail":
			c.at = c.at.Or(services.InZone("google.com"))
		case "icloud":
			c.at = c.at.Or(services.InZone("icloud.com"))
		}
	}
}

// warden walks the chain.
type warden struct {
	hops    []Hop
	ask     *asker
	trust   *trustList
	mine    map[string]bool // organisations of the reader's side
	domains []string        // its mail domains
	basis   string
	byTo    bool
	to      []string // domains in To and Cc: the sender's word
	named   []namedRecipient
	tenant  bool // Exchange Online wrote that its customer's own server sent it
	deny    int  // a hop whose client is a stranger by request, -1 for none
	admit   int  // a hop whose client belongs inside by request, -1 for none
}

// namedRecipient is a mail domain that a field names. It counts once the
// Received field below it is believed.
type namedRecipient struct {
	field  int
	domain string
	basis  string
}

// custodyOf decides which lines of the path are believed. It asks the DNS for
// what the rows need, and for nothing where the header alone decides.
func custodyOf(f Facts) Custody {
	m, hops, verdicts, o, trust, ask := f.Msg, f.Hops, f.verdicts, f.Options, f.trust, f.ask
	w := &warden{
		hops: hops, ask: ask, trust: trust, mine: map[string]bool{}, to: addressees(m), named: namedRecipients(m, verdicts),
		tenant: fromTenant(m), deny: o.deny - 1, admit: o.admit - 1,
	}
	if d := mailname.DomainOf(o.Rcpt); d != "" {
		w.serve(d, "--rcpt", false)
	}
	c := w.told(w.walk(o.ClientIP), o)
	c.seal(w)
	return c
}

// told puts in the client's address that --client-ip names.
func (w *warden) told(c Custody, o Options) Custody {
	switch {
	case !o.ClientIP.IsValid() || c.Client == o.ClientIP:
		return c
	case c.Border >= 0 && !c.Client.IsValid():
		c.Client, c.Unknown, c.NAT = o.ClientIP, "", false
	case c.Border < 0 || c.Login || o.Rcpt != "" && !w.receives(len(w.hops)-1, mailname.DomainOf(o.Rcpt)):
		// Nothing in the header is of the server that this client speaks to.
		return Custody{
			First: len(w.hops), Border: -1, Above: true, Client: o.ClientIP, Why: o.ClientIP.String() + " is the client by option; the border's own Received field is not there yet",
			Domains: w.domains[:min(1, len(w.domains))], Basis: w.basis,
		}
	default:
		c.Client = o.ClientIP
	}
	c.Why = o.ClientIP.String() + " is the client by option; " + c.Why
	c.Other = nil
	return c
}

// receives reports whether the writer of a line is known to take mail for a
// domain: by its name, as its MX, or as a service's host.
func (w *warden) receives(k int, domain string) bool {
	if k < 0 {
		return false
	}
	by := w.hops[k].By
	if ofService(by) || privateName(by) || mailname.Org(by) != "" && mailname.Org(by) == mailname.Org(domain) || mailname.DomainOf(w.hops[k].For) == domain {
		return true
	}
	yes, _ := w.ask.isExchanger(mailname.Host(by), domain)
	return yes
}

// walk goes down the chain, at most to the line whose client is the one told.
func (w *warden) walk(told netip.Addr) Custody {
	hops := w.hops
	c := Custody{First: len(hops), Border: -1}
	for k := len(hops) - 1; k >= 0; k-- {
		h := &hops[k]
		c.First = k
		stop := func(ip netip.Addr, unknown, why string) Custody {
			c.Border, c.Client, c.Unknown, c.Why = k, ip, unknown, why
			c.Domains, c.Basis, c.ByTo = w.domains, w.basis, w.byTo
			return c
		}
		if strings.HasSuffix(h.With, "Catch-All Filter") {
			// QUIRK: MailEnable's filter repeats the line of the hop, without "by".
			c.Steps = append(c.Steps, Step{k, Strong, "e", "MailEnable's filter, which takes no mail from strangers"})
			c.Grade = max(c.Grade, Strong)
			continue
		}
		if unreadable(h) {
			return stop(netip.Addr{}, "the line can't be read", "nobody knows which client the newest believed line means")
		}
		w.learn(k)
		if h.Fetched || h.Resubmitted() {
			c.Steps = append(c.Steps, Step{k, Strong, "f", "taken from a mailbox: the next older line is that mailbox's"})
			c.Grade = max(c.Grade, Strong)
			if h.Fetched {
				w.domains, w.basis, w.byTo = nil, "", false
			}
			continue
		}
		if told.IsValid() && h.IP == told {
			return stop(told, "", told.String()+" is the client by option")
		}
		if h.Auth && Public(h.IP) && w.admit != k && !strings.Contains(h.Proto, "LMTP") {
			c.Login = true
			return stop(h.IP, "", "the client logged in at "+cmp.Or(h.By, "an unnamed host")+": a submission")
		}
		s, ok := w.step(k)
		if !ok.inside {
			if ok.other != nil && c.Other == nil {
				c.Other = ok.other
			}
			if c.Other != nil || ok.blind {
				c.Grade = Likely
			}
			if k > 0 {
				// Older lines tell of other servers: one of them may be a relay of the
				// reader's that nothing shows to be the reader's.
				c.Grade = max(c.Grade, Strong)
			}
			c.NAT = ok.nat
			return stop(ok.ip, ok.unknown, ok.why)
		}
		if ok.other != nil && c.Other == nil {
			c.Other = ok.other
		}
		c.Steps = append(c.Steps, s)
		c.Grade = max(c.Grade, s.Grade)
	}
	c.Domains, c.Basis, c.ByTo = w.domains, w.basis, w.byTo
	c.Why = "all lines are inside: the message began there"
	return c
}

// addressees are the domains in To and Cc.
func addressees(m *message.Message) []string {
	var out []string
	for _, name := range []string{"To", "Cc"} {
		for _, i := range m.All(name) {
			for _, mb := range mailbox.Parse(m.Value(i)) {
				if d := mailname.Domain(mb.Domain); d != "" && !slices.Contains(out, d) && len(out) < maxMailboxes {
					out = append(out, d)
				}
			}
		}
	}
	return out
}

// namedRecipients are the mail domains that a delivering server named outside
// of its Received fields.
func namedRecipients(m *message.Message, verdicts []authres.Verdict) []namedRecipient {
	var out []namedRecipient
	for _, name := range deliveryFields {
		for _, i := range m.All(name) {
			v, _, _ := strings.Cut(strings.TrimSpace(m.Value(i)), " ")
			if d := mailname.DomainOf(strings.Trim(v, "<>;")); d != "" && len(out) < maxMailboxes {
				out = append(out, namedRecipient{i, d, name})
			}
		}
	}
	for i := range verdicts {
		// QUIRK: Exchange Online wrote the recipient's domain between the
		// results until about 2021: "smtp.mailfrom=a.example; b.example; dkim=…".
		v := &verdicts[i]
		if d := mailname.Host(v.RecipientDomain); d != "" && !strings.HasSuffix(d, ".onmicrosoft.com") && v.Header == "Authentication-Results" && len(out) < maxMailboxes {
			out = append(out, namedRecipient{v.Field, d, "Exchange Online's " + v.Header})
		}
	}
	return out
}

// decision is what is known of the client of one line.
type decision struct {
	inside  bool
	grade   Grade
	row     string
	why     string
	ip      netip.Addr // of a stranger
	unknown string     // why ip is not known
	nat     bool
	blind   bool // rows that need the DNS had no answer
	unsaid  bool // the DNS of the reader's side did not say whose the client is
	other   *Other
}

// leaves takes over what rows that let nobody in leave open; the first question
// stays.
func (d *decision) leaves(of decision) {
	d.other, d.blind, d.unsaid = cmp.Or(d.other, of.other), d.blind || of.blind, d.unsaid || of.unsaid
}

func yes(g Grade, row, why string) decision {
	return decision{inside: true, grade: g, row: row, why: why}
}

// serve adds a mail domain of the reader's side. byTo says that To names it, which
// is the sender's word.
func (w *warden) serve(domain, basis string, byTo bool) {
	if domain == "" || slices.Contains(w.domains, domain) || len(w.domains) == maxMailboxes {
		return
	}
	w.domains = append(w.domains, domain)
	if w.basis == "" {
		w.basis, w.byTo = basis, byTo
	}
	w.own(domain)
}

// own adds the organisation of a name, where it is not a service's: its names
// are its customers' too.
func (w *warden) own(name string) {
	if org := mailname.Org(name); org != "" && !ofService(name) && !ofService("mx."+org) {
		w.mine[org] = true
	}
}

func ofService(name string) bool { return !services.Find(mailname.Host(name), services.Any).Empty() }

// learn takes what the believed line k, and the fields above it, tell of the
// reader's side.
func (w *warden) learn(k int) {
	h := &w.hops[k]
	by := ""
	if !ofService(h.By) {
		by = mailname.Org(h.By)
		w.own(h.By)
	}
	for _, n := range w.named {
		if n.field < h.Field {
			w.serve(n.domain, n.basis, false)
		}
	}
	if d := mailname.DomainOf(h.For); d != "" {
		w.serve(d, "the for of hop "+strconv.Itoa(h.Index), false)
	}
	for _, d := range w.to {
		if by != "" && mailname.Org(d) == by {
			w.serve(d, "To, in the domain of "+h.By, true)
		}
	}
}

func (w *warden) isMine(name string) bool {
	org := mailname.Org(name)
	return org != "" && w.mine[org]
}

// unreadable reports whether a line does not say who wrote it, or for whom.
func unreadable(h *Hop) bool {
	if h.Local || h.OwnHost || h.Fetched {
		return false
	}
	return h.Dialect == "unparsed" || h.By == "" || slices.ContainsFunc(h.Notes, func(n received.Note) bool {
		return n == received.NoteDuplicate || n == received.NoteTokens || n == received.NoteCut
	})
}

// Resubmitted reports whether a service took the message from a mailbox and
// put it in again (QUIRK: "by HOST with MailboxResubmission by AntispamTT").
func (h *Hop) Resubmitted() bool { return strings.HasPrefix(h.With, "MailboxResub") }

// older is the index of the next older line that names its writer, -1 where
// there is none.
func (w *warden) older(k int) int {
	for i := k - 1; i >= 0; i-- {
		if w.hops[i].Family != "qmail" || w.hops[i].By != "" {
			return i
		}
	}
	return -1
}

// step decides for the client of the believed line k.
func (w *warden) step(k int) (Step, decision) {
	h := &w.hops[k]
	d := w.decide(k)
	if w.admit == k && !d.inside {
		d = yes(Likely, "", "taken for a relay of the recipient's in this reading")
	}
	if w.deny == k && d.inside {
		d = decision{ip: publicOnly(h.IP), why: "taken for a stranger in this reading"}
		if !d.ip.IsValid() {
			d.unknown = "the client's address is private"
			d.nat = h.IP.IsValid()
		}
	}
	return Step{k, d.grade, d.row, d.why}, d
}

func publicOnly(ip netip.Addr) netip.Addr {
	if Public(ip) {
		return ip
	}
	return netip.Addr{}
}

func (w *warden) decide(k int) decision {
	h := &w.hops[k]
	if !h.IP.IsValid() {
		return w.nameless(k)
	}
	if h.OwnHost {
		return yes(Strong, "e", "a filter on the same machine, which takes no mail from strangers")
	}
	d := w.inside(k, w.domains)
	if d.inside {
		if d.grade == Likely {
			d.other = &Other{Reading: "a stranger's message", Question: "is " + h.IP.String() + " yours?", Settle: "--trust " + h.IP.String(), Hop: k}
		}
		return d
	}
	if d.nat {
		return d
	}
	// Nothing believed names the recipient: To is the sender's word.
	if len(w.domains) == 0 && len(w.to) > 0 && Public(h.IP) {
		x := *w
		x.mine = map[string]bool{}
		for o := range w.mine {
			x.mine[o] = true
		}
		for _, t := range w.to {
			x.own(t)
		}
		s := x.inside(k, w.to)
		if s.inside {
			names := strings.Join(w.to[:min(len(w.to), 3)], ", ")
			for _, t := range w.to {
				w.serve(t, "To, the sender's word", true)
			}
			s.grade = Likely
			s.why += ", if To names the reader's domain"
			s.other = &Other{
				Reading: "To was chosen by the sender, and the message came in at hop " + strconv.Itoa(h.Index), Hop: k, ByTo: true,
				Question: "is " + names + " your mail domain?", Settle: "--rcpt ADDRESS",
			}
			return s
		}
		d.unsaid = d.unsaid || s.unsaid
	}
	if d.other == nil {
		d.other = w.fork(k, d.blind)
	}
	if d.other == nil && d.unsaid && k > 0 && !w.ask.off {
		d.other = perhapsInside(h, h.IP.String(), "a relay of the recipient's: the DNS was asked and did not answer", "yours")
		d.other.Unanswered = true
	}
	if d.other == nil && k > 0 && Public(h.IP) {
		// A term of its own lets the client send for it; whether it also receives
		// for it, the line below does not say.
		for _, m := range w.domains {
			if in, _ := w.ask.ownTerms(m, h.IP); in {
				name := h.confirmedName()
				if n, _ := w.ask.names(h.IP); name == "" && len(n) > 0 {
					name = n[0]
				}
				d.other = perhapsInside(h, cmp.Or(name, h.IP.String()), "a relay of the recipient's under another name", "yours")
				break
			}
		}
	}
	return d
}

// nameless decides where the line shows no address.
func (w *warden) nameless(k int) decision {
	h := &w.hops[k]
	if h.Local || h.OwnHost || strings.HasPrefix(h.Proto, "LMTP") || strings.HasPrefix(h.Proto, "UTF8LMTP") || localForm(h) {
		why := "a hand-over that no stranger can reach (" + cmp.Or(h.With, h.Dialect) + ")"
		if h.UID != "" {
			why += ", by the user " + h.UID + " of that machine: a program there may have made the message"
		}
		return yes(Strong, "e", why)
	}
	if s := innerService(mailname.Host(h.By), mailname.Host(h.Helo), mailname.Host(h.RDNS)); s != nil {
		return yes(Strong, "d1", mailname.Host(h.By)+" is an inner host of "+s.Name+", which takes mail from the service only")
	}
	if h.Family == "icloud" {
		return yes(Strong, "d1", mailname.Host(h.By)+" is iCloud's mail gateway, which takes mail from iCloud's own hosts only")
	}
	if h.Masked {
		// Its address was taken out before the header was shown; the name that
		// was left says whose it is, as far as a name can.
		name := cmp.Or(mailname.Host(h.RDNS), mailname.Host(h.Helo))
		if h.MaskedPrivate || name != "" && (w.isMine(name) || k > 0 && (mailname.Host(w.hops[k-1].By) == name || mailname.Org(name) != "" && mailname.Org(w.hops[k-1].By) == mailname.Org(name) && w.isMine(w.hops[k-1].By))) {
			return yes(Likely, "name", cmp.Or(name, "the client")+", whose address was redacted, is named as a host of the reader's side")
		}
		return decision{unknown: "the address was redacted", why: cmp.Or(name, "the client") + " is not named as a host of the reader's side, and its address was redacted"}
	}
	d := decision{unknown: "the line shows no address", why: cmp.Or(mailname.Host(h.Helo), "the client") + " has no address in the line: anybody can call themselves so"}
	if w.isMine(h.Helo) || h.Helo != "" && privateName(h.Helo) {
		d.other = perhapsInside(h, mailname.Host(h.Helo), "an inner hand-over that shows no address", "yours")
	}
	return d
}

// localForm reports whether a line without "from" is one that its software
// writes for hand-overs inside one machine or service only.
func localForm(h *Hop) bool {
	if h.Helo != "" || h.RDNS != "" {
		return false
	}
	switch h.Family {
	case "postfix", "exim", "sendmail", "qmail", "gmail", "cyrus", "dovecot", "zmailer", "courier":
		return true
	}
	return false
}

// fits reports whether the older line is one that the client can have written.
// It may only deny: a by-name that fits proves nothing.
func (w *warden) fits(h, o *Hop) bool {
	switch {
	case o == nil, unreadable(o):
		return true
	case o.By == "":
		return o.Family == "qmail"
	}
	by := mailname.Host(o.By)
	if w.isMine(by) || privateName(by) || isAddress(by) || !services.Find(by, services.Inside|services.Border).Empty() {
		return true
	}
	org := mailname.Org(by)
	return org != "" && (org == mailname.Org(h.Helo) || org == mailname.Org(h.RDNS))
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(strings.TrimPrefix(s, "ipv6:"))
	return err == nil
}

// inside says why the client that the believed line k observed belongs inside,
// or why not, for these mail domains of the recipient. The rows are those of
// docs/borders.md.
func (w *warden) inside(k int, domains []string) decision {
	h := &w.hops[k]
	var o *Hop
	if i := w.older(k); i >= 0 {
		o = &w.hops[i]
	}
	ip, by, helo, rdns := h.IP, mailname.Host(h.By), mailname.Host(h.Helo), mailname.Host(h.RDNS)
	sure := h.confirmedName()
	if d, ok := w.trusted(h, o); ok {
		return d
	}
	fits := w.fits(h, o)
	if Private(ip) {
		return w.private(h, o, fits, domains)
	}
	stranger := decision{ip: ip}
	if !fits {
		stranger.why = ip.String() + " is a client from outside; the older line is of " + cmp.Or(mailname.Org(o.By), mailname.Host(o.By))
		return stranger
	}
	isMX, mxHosts, mxKnown := false, map[string]bool{}, true
	for _, d := range domains {
		list, known := w.ask.exchangersOf(d)
		mxKnown = mxKnown && known
		for _, x := range list {
			mxHosts[x.Host] = true
			isMX = isMX || x.Host == by
			if slices.Contains(x.Addrs, ip) {
				return yes(Proved, "c1", ip.String()+" is an address of "+x.Host+", the MX of "+d)
			}
		}
	}
	stranger.blind, stranger.unsaid = !mxKnown, !mxKnown
	ownLine := o != nil && (w.isMine(o.By) || privateName(o.By))
	if ownLine {
		for _, d := range domains {
			if in, known := w.ask.ownTerms(d, ip); in {
				return yes(Proved, "c2", ip.String()+" is in the SPF record of "+d+", by a term of its own")
			} else if !known {
				stranger.blind, stranger.unsaid = true, true
			}
		}
	}
	// At the recipient's MX the walk ends, where an older line would be believed
	// for less than an address of its own.
	if !isMX || o == nil {
		d := w.byName(h, domains, sure, helo, rdns)
		if d.inside {
			return d
		}
		stranger.leaves(d)
		if d = w.byOwnerOfMX(h, o, mxHosts, sure); d.inside {
			return d
		}
		stranger.leaves(d)
		if d = w.byService(h, o, mxHosts, by, helo, rdns, sure); d.inside {
			return d
		}
		stranger.leaves(d)
	}
	stranger.why = ip.String() + " is a client that nothing shows to be of " + w.name(h)
	return stranger
}

// name is what the reader's side is called.
func (w *warden) name(h *Hop) string {
	if len(w.domains) > 0 {
		return w.domains[0]
	}
	return cmp.Or(mailname.Org(h.By), h.By, "an unnamed host")
}

// trusted applies --trust (row a).
func (w *warden) trusted(h, o *Hop) (decision, bool) {
	t := w.trust
	if t == nil {
		return decision{}, false
	}
	if h.IP.IsValid() && t.hasIP(h.IP) {
		return yes(Proved, "a", h.IP.String()+" is trusted by option"), true
	}
	if n := h.confirmedName(); t.hasName(n) {
		return yes(Proved, "a", n+" is trusted by option"), true
	}
	names, _ := w.ask.names(h.IP)
	for _, n := range names {
		if t.hasName(n) {
			return yes(Proved, "a", n+" is trusted by option"), true
		}
	}
	for _, n := range []string{mailname.Host(h.Helo), mailname.Host(h.RDNS)} {
		if !t.hasName(n) {
			continue
		}
		if Private(h.IP) {
			return yes(Strong, "a", n+" is trusted by option"), true
		}
		yesno, known := w.ask.pointsTo("names of the path's hosts", n, h.IP)
		if yesno {
			return yes(Proved, "a", n+" is trusted by option"), true
		}
		// Without an answer there is the client's word and the next older line.
		if !known && o != nil && mailname.Host(o.By) == n {
			return yes(Likely, "a", n+" is trusted by option; the DNS was not asked whether "+h.IP.String()+" is it"), true
		}
	}
	return decision{}, false
}

// private decides for a client whose address can't be reached from outside
// (rows b1 to b3).
func (w *warden) private(h, o *Hop, fits bool, domains []string) decision {
	by, helo := mailname.Host(h.By), mailname.Host(h.Helo)
	known := helo == "" || privateName(helo) || isAddress(helo) || w.isMine(helo) || w.isMine(h.RDNS) ||
		mailname.Org(helo) != "" && mailname.Org(helo) == mailname.Org(by) || strings.HasPrefix(h.Proto, "LMTP") ||
		!services.Find(helo, services.Inside).Empty() ||
		!services.Find(helo, services.Border|services.Outbound).And(services.Find(by, services.Any)).Empty()
	nat := decision{nat: true, unknown: "the line shows " + h.IP.String() + ", a private address"}
	// The server's own look-up gave the private address the name that the client
	// calls itself: what stands in the way of a stranger has another.
	// That is so behind the border only, where nothing stands in the way.
	named := !known && helo == h.confirmedName() && o != nil && mailname.Host(o.By) == helo && h.Index < len(w.hops) && w.behindMX(by, domains)
	if !known && !named {
		nat.why = h.IP.String() + " is private, but the client calls itself " + helo + ": its address was replaced on the way in"
		return nat
	}
	if !fits {
		nat.why = h.IP.String() + " is private, but the older line is of " + cmp.Or(mailname.Org(o.By), mailname.Host(o.By)) + ": the address was replaced on the way in, or a line is missing"
		return nat
	}
	asked := true
	if !h.IP.IsLoopback() && h.RDNS == "" {
		for _, d := range domains {
			yes, known := w.ask.isExchanger(by, d)
			asked = asked && known
			if yes {
				// What strangers come through stands there too, and has no name either.
				nat.why = h.IP.String() + " is a private address without a name, at the MX itself: a relay of the reader's, or what replaced the address of a stranger"
				nat.other = perhapsInside(h, h.IP.String(), "a relay of yours at a private address", "a relay of yours, and no balancer or NAT")
				return nat
			}
		}
	}
	if !asked && !w.ask.off {
		return yes(Likely, "b1", h.IP.String()+" is a private address; the DNS did not answer whether "+by+" is the MX itself, where it may be a stranger's that was replaced")
	}
	if named {
		return yes(Likely, "b3", h.IP.String()+" is a private address, and "+by+" had confirmed that it is "+helo)
	}
	return yes(Strong, "b1", h.IP.String()+" is a private address")
}

// behindMX reports whether a host is known to be none of those that the MX
// records of the domains name.
func (w *warden) behindMX(by string, domains []string) bool {
	for _, d := range domains {
		if yes, known := w.ask.isExchanger(by, d); yes || !known {
			return false
		}
	}
	return len(domains) > 0
}

// byName looks for a name of the client in the reader's domains that the DNS
// confirms, or that the server had confirmed (rows c3 and c4).
func (w *warden) byName(h *Hop, domains []string, sure, helo, rdns string) decision {
	rank := func(n, why string) decision {
		for _, d := range domains {
			if mailname.SameOrg(d, n) {
				return yes(Strong, "c3", why)
			}
		}
		return w.ofOwner(h, n, mailname.Host(h.By), len(domains) > 0, why+"; that is the domain of the machine which took the message, and perhaps of its customers")
	}
	own := func(n string) bool { return w.isMine(n) && !spells(n, h.IP) }
	if own(sure) {
		return rank(sure, cmp.Or(h.By, "an unnamed host")+" had confirmed the name "+sure)
	}
	names, state := w.ask.names(h.IP)
	for _, n := range names {
		if own(n) {
			return rank(n, n+" is the confirmed name of "+h.IP.String())
		}
	}
	// Reverse DNS is the client's own, which may fail at its owner's will; the
	// address of a name of the reader's is not.
	d := decision{blind: state == PTRUnknown}
	for _, n := range []string{helo, rdns} {
		if !own(n) {
			continue
		}
		points, known := w.ask.pointsTo("names of the path's hosts", n, h.IP)
		if points {
			return rank(n, n+" has the address "+h.IP.String())
		}
		if !known {
			d.blind, d.unsaid = true, true
		}
	}
	return d
}

// ofOwner decides for a client with a name of the organisation that takes the
// reader's mail, at the host beside. Where that is not the reader's own, its names
// may be its customers' too: a machine that neither stands in one zone of its own
// with that host nor in its SPF record is a question.
func (w *warden) ofOwner(h *Hop, name, beside string, foreign bool, why string) decision {
	zone := mailname.Parent(name)
	if org := mailname.Org(name); foreign && (zone != mailname.Parent(beside) || zone == org) {
		if in, _ := w.ask.ownTerms(org, h.IP); !in {
			return decision{other: perhapsInside(h, h.IP.String(), "a mail server of "+org+", which takes your mail, and no machine that somebody rents there", "a mail server of "+org+" that hands you your mail")}
		}
	}
	return yes(Likely, "c4", why)
}

// byOwnerOfMX looks for a host of the organisation that runs the recipient's MX
// and is not a service of the table (row c4).
func (w *warden) byOwnerOfMX(h, o *Hop, mx map[string]bool, sure string) decision {
	if o == nil || !mx[mailname.Host(o.By)] {
		return decision{}
	}
	orgs := map[string]bool{}
	for m := range mx {
		if org := mailname.Org(m); org != "" && services.Find(m, services.MX).Empty() {
			orgs[org] = true
		}
	}
	const why = "a host of %s, which runs the recipient's MX, and the older line is that MX's"
	names, _ := w.ask.names(h.IP)
	for _, n := range append(slices.Clone(names), sure) {
		if org := mailname.Org(n); org != "" && orgs[org] && !spells(n, h.IP) {
			return w.ofOwner(h, n, mailname.Host(o.By), true, fmt.Sprintf(why, org))
		}
	}
	d := decision{}
	for org := range orgs {
		in, known := w.ask.ownTerms(org, h.IP)
		if in {
			return yes(Likely, "c4", fmt.Sprintf(why, org))
		}
		d.unsaid = d.unsaid || !known
	}
	helo := mailname.Host(h.Helo)
	if org := mailname.Org(helo); org != "" && orgs[org] {
		_, known := w.ask.pointsTo("names of the path's hosts", helo, h.IP)
		d.unsaid = d.unsaid || !known
	}
	return d
}

// byService decides for the hosts of the table of services (rows d1 and d2).
func (w *warden) byService(h, o *Hop, mx map[string]bool, by, helo, rdns, sure string) decision {
	border := services.Find(by, services.Border)
	if s := innerService(by, helo, rdns); s != nil {
		return yes(Strong, "d1", by+" is an inner host of "+s.Name+", which takes mail from the service only")
	}
	if w.tenant && !services.Find(by, services.Border).And(microsoft()).Empty() {
		return yes(Strong, "d3", "Exchange Online attributed the message to a server of its customer (MessageDirectionality: Originating)")
	}
	if o == nil {
		return decision{}
	}
	ofMX := services.Set{}
	for m := range mx {
		ofMX = ofMX.Or(services.Find(m, services.MX|services.Border))
	}
	if ofMX.Empty() {
		return decision{}
	}
	client := services.ByAddr(h.IP).Or(services.Find(sure, services.Outbound|services.Border))
	names, _ := w.ask.names(h.IP)
	for _, n := range names {
		client = client.Or(services.Find(n, services.Outbound|services.Border))
	}
	points, known := w.pointsTo(helo, h.IP)
	if points {
		client = client.Or(services.Find(helo, services.Outbound))
	}
	came := w.arrival(o)
	if w.forOthers(came) {
		return decision{}
	}
	receives := services.Find(mailname.Host(came.By), services.Border|services.Inside).And(ofMX).Without(border)
	s := client.And(receives)
	if s.Empty() {
		// A name that the DNS could not confirm is neither the client's nor not.
		nameless := sure == "" && len(names) == 0
		return decision{unsaid: !known && nameless && !services.Find(helo, services.Outbound).And(receives).Empty()}
	}
	name := sure
	switch {
	case name == "" && len(names) > 0:
		name = names[0]
	case name == "" && points:
		name = helo
	}
	if ours := tenantsOf(s.First(), mx); len(ours) > 0 {
		switch t := s.First().TenantOf(name); {
		case name == "":
			// Its name, which spells the customer, could not be asked for.
			return decision{other: perhapsInside(h, h.IP.String(), "a delivery host of "+s.First().Name+" for the recipient, and not for another customer", "a host of "+s.First().Name+" that serves you")}
		case t != "" && !slices.Contains(ours, t):
			return decision{} // another customer of the service
		}
	}
	return yes(Strong, "d2", "a delivery host of "+s.First().Name+", which is the recipient's MX, and the older line is the service's own")
}

// tenantsOf are the customers that the names of exchangers spell.
func tenantsOf(s *services.Service, mx map[string]bool) []string {
	var out []string
	for m := range mx {
		if t := s.TenantOf(m); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// arrival is the line of the service's border or inner host that stands below a
// delivery host of its own: the next older one, as a rule.
func (w *warden) arrival(o *Hop) *Hop {
	if o.Family == "gmail" && localForm(o) {
		// Gmail's sending host writes a line of its own, without "from". What
		// stands below it is the border's line, or that of one of its users.
		if i := w.older(o.Index - 1); i >= 0 && !w.forOthers(o) {
			return &w.hops[i]
		}
	}
	return o
}

// forOthers reports whether a line of a service names a recipient of another
// customer.
func (w *warden) forOthers(o *Hop) bool {
	d := mailname.DomainOf(o.For)
	return d != "" && !w.isMine(d) && !slices.Contains(w.domains, d)
}

// innerService is the service whose inner host took a message from another host
// of its own, nil where that is not so.
func innerService(by, helo, rdns string) *services.Service {
	inner := services.Find(by, services.Inside)
	if inner.Empty() || !services.Find(by, services.Border).Empty() {
		return nil
	}
	client := services.Find(helo, services.Inside|services.Border|services.Outbound).Or(services.Find(rdns, services.Inside))
	return client.And(inner).First()
}

func microsoft() services.Set {
	return services.Find("x.mail.protection.outlook.com", services.Border)
}

// fromTenant reports whether Exchange Online says that the message came from a
// server of its customer's own. It takes fields of this name off what strangers
// send, so that they are its own.
func fromTenant(m *message.Message) bool {
	all := m.All("X-MS-Exchange-Organization-MessageDirectionality")
	for _, i := range all {
		if !strings.EqualFold(strings.TrimSpace(m.Value(i)), "Originating") {
			return false
		}
	}
	return len(all) > 0
}

func (w *warden) pointsTo(name string, ip netip.Addr) (bool, bool) {
	if name == "" || privateName(name) || services.Find(name, services.Outbound).Empty() {
		return false, true
	}
	return w.ask.pointsTo("names of the path's hosts", name, ip)
}

// perhapsInside is the reading in which the client of a line, under the name by
// which it can be trusted, belongs inside, as the question asks.
func perhapsInside(h *Hop, name, reading, asked string) *Other {
	return &Other{
		Reading: reading, Inside: true, Hop: h.Index - 1,
		Question: "is " + name + ", the client of hop " + strconv.Itoa(h.Index) + ", " + asked + "?", Settle: "--trust " + name,
	}
}

// fork says what else the client of line k, a stranger as far as is known, may
// be. Only a relay of the recipient's or the recipient's gateway is worth the question: a
// foreign name is not, or most mail would be a question.
func (w *warden) fork(k int, blind bool) *Other {
	h := &w.hops[k]
	if k == 0 || !Public(h.IP) || !blind {
		return nil
	}
	o := &w.hops[k-1]
	helo := mailname.Host(h.Helo)
	own := w.isMine(h.RDNS)
	if h.RDNS == "" {
		own = w.isMine(helo) || privateName(helo) && w.isMine(o.By)
	}
	relay := false
	if org := mailname.Org(helo); len(w.domains) == 0 && org != "" && org == mailname.Org(o.By) && services.Find(helo, services.Outbound|services.Inside).Empty() {
		for i := 0; i < k; i++ {
			relay = relay || mailname.Org(mailname.DomainOf(w.hops[i].For)) == org
		}
	}
	if own || relay {
		return perhapsInside(h, h.IP.String(), "a relay of the recipient's", "yours")
	}
	// A gateway works for both ends under the same names. The outbound hosts of
	// a mailbox service are its senders'.
	sends := services.Find(cmp.Or(mailname.Host(h.RDNS), helo), services.Outbound).Of(services.Gateway)
	if sends.And(services.Find(mailname.Host(o.By), services.Border|services.Inside)).Without(services.Find(mailname.Host(h.By), services.Border)).Empty() {
		return nil
	}
	for i := 0; i < k; i++ {
		if d := mailname.DomainOf(w.hops[i].For); d != "" && !w.isMine(d) {
			return nil
		}
	}
	return &Other{
		Reading: "the recipient's gateway", Inside: true, Hop: k,
		Question: "is " + sends.First().Name + ", the client of hop " + strconv.Itoa(h.Index) + ", your own gateway?", Settle: "--trust " + h.IP.String(),
	}
}

// spells reports whether a name is made of the address that it stands for: then
// it is a customer's, or an access line's, under the domain of its provider.
func spells(name string, ip netip.Addr) bool {
	if !ip.Is4() {
		if !ip.Is6() {
			return false
		}
		full := strings.ReplaceAll(ip.StringExpanded(), ":", "")
		packed := strings.NewReplacer("-", "", ".", "", "x", "").Replace(name)
		return strings.Contains(packed, full) || strings.Contains(name, strings.ReplaceAll(ip.String(), ":", "-"))
	}
	b := ip.As4()
	for _, format := range []string{"%d", "%03d"} {
		for _, sep := range []string{"-", ".", "x", "_"} {
			p := make([]string, 4)
			for i := range b {
				p[i] = fmt.Sprintf(format, b[i])
			}
			if strings.Contains(name, strings.Join(p, sep)) {
				return true
			}
			slices.Reverse(p)
			if strings.Contains(name, strings.Join(p, sep)) {
				return true
			}
		}
	}
	return strings.Contains(name, fmt.Sprintf("%02x%02x%02x%02x", b[0], b[1], b[2], b[3])) ||
		strings.Contains(name, fmt.Sprintf("%03d%03d%03d%03d", b[0], b[1], b[2], b[3]))
}

// ownTerms reports whether an address is in a domain's own ip4, ip6, a and mx
// terms that pass and are at most as wide as /16, for IPv6 /32. What others publish
// (include, redirect), what anybody can meet (all, exists, ptr) and terms that
// do not pass say nothing of whose a host is. known is false where the record
// could not be asked for.
func (a *asker) ownTerms(domain string, ip netip.Addr) (in, known bool) {
	const what = "SPF record of the recipient's domain"
	domain = mailname.Host(domain)
	ans, ok := a.lookup(what, domain, dns.TypeTXT)
	if !ok {
		return false, false
	}
	text := ""
	for _, t := range ans.Texts() {
		if spf.IsRecord(t) {
			if text != "" {
				return false, true // two records are none
			}
			text = t
		}
	}
	if text == "" {
		return false, true
	}
	r, _ := spf.Parse(text)
	asked := 0
	known = true
	for i := range r.Terms {
		t := &r.Terms[i]
		if t.Bad || t.Modifier || t.Qualifier != '+' || strings.Contains(t.Spec, "%") {
			continue
		}
		switch t.Kind {
		case "ip4", "ip6":
			wide := 16
			if t.Kind == "ip6" {
				wide = 32
			}
			if t.Prefix.Bits() >= wide && t.Prefix.Masked().Contains(ip) {
				return true, true
			}
		case "a", "mx":
			bits := t.Bits4
			if ip.Is6() {
				bits = t.Bits6
			}
			if bits != ip.BitLen() || asked == maxMXHosts {
				continue
			}
			asked++
			name := mailname.Host(cmp.Or(t.Spec, domain))
			if t.Kind == "mx" {
				list, ok := a.exchangersOf(name)
				known = known && ok
				for _, x := range list {
					if slices.Contains(x.Addrs, ip) {
						return true, true
					}
				}
				continue
			}
			addrs, ok := a.addrs(what, name)
			known = known && ok
			if slices.Contains(addrs, ip) {
				return true, true
			}
		}
	}
	return false, known
}
