package headers

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// bordersOf finds the deliveries on the path: the reader's, as the chain of
// custody has it, and below it, for the story only, those that the header tells
// of.
func bordersOf(c Facts) Borders {
	f := &c
	f.trace()
	f.contradict()
	f.readEnvelopes()
	f.unmaskEnvelopes()
	f.assignRoles()
	f.spfAtBorders()
	f.lookAtBorder()
	f.findApart()
	return f.Borders
}

// trace cuts the path into runs, newest first. RFC 7208 §2.5 and appendix F: SPF
// is a test between border servers of two organisations, so the first hop whose
// client is not on the same side is the one where it belongs.
func (f *Facts) trace() {
	f.runOf = make([]int, len(f.Hops))
	for k := len(f.Hops) - 1; k >= 0; {
		var r Run
		if len(f.Runs) == 0 {
			r = f.recipientRun()
		} else {
			r = f.walk(k)
		}
		for i := r.First; i <= r.Last; i++ {
			f.runOf[i] = len(f.Runs)
		}
		f.Runs = append(f.Runs, r)
		k = r.First - 1
	}
}

// recipientRun is the reader's part of the path, as the chain of custody has
// it.
func (f *Facts) recipientRun() Run {
	c := &f.Custody
	top := len(f.Hops) - 1
	w := walker{f: f, r: Run{First: c.First, Last: top, Border: c.Border, NAT: c.NAT, Weak: c.Other != nil || slices.ContainsFunc(c.Steps, func(s Step) bool { return s.Grade == Likely })}}
	for _, d := range c.Domains {
		w.addDomain(d)
	}
	if !c.Above {
		w.addOrg(f.Hops[top].Org)
	}
	if len(c.Domains) > 0 {
		w.ownFirst(c.Domains[0], top)
	}
	for k := top; k >= c.First; k-- {
		w.addOrg(f.Hops[k].Org)
	}
	for _, d := range c.Domains {
		if !ofService("mx." + mailname.Org(d)) {
			w.addOrg(mailname.Org(d))
		}
	}
	w.r.Rcpt = f.Options.Rcpt
	if w.r.Rcpt == "" {
		w.r.Rcpt = f.rcptOf(w.r.First, w.r.Last)
	}
	if w.r.Rcpt == "" && len(f.Recipients) > 0 && slices.Contains(c.Domains, mailname.DomainOf(f.Recipients[0])) {
		w.r.Rcpt = f.Recipients[0]
	}
	w.nameAfterCustomer()
	if h := w.r.Border; h >= 0 {
		w.r.Helo = f.Hops[h].Helo
		if d := w.exchangerOf(mailname.Host(f.Hops[h].By)); d != "" {
			w.addBasis(mailname.Host(f.Hops[h].By) + " is the MX of " + d)
		}
	}
	if c.Border >= 0 || c.Above {
		w.addBasis(c.Why)
	}
	for i := len(c.Steps) - 1; i >= 0; i-- {
		w.addBasis(c.Steps[i].Why)
	}
	w.r.Basis = strings.Join(w.basis, "; ")
	return w.r
}

// nameAfterCustomer puts the customer's name before that of the service whose
// hosts the run's are.
func (w *walker) nameAfterCustomer() {
	d := mailname.DomainOf(w.r.Rcpt)
	if len(w.r.Orgs) == 0 || serviceNamed(w.r.Orgs[0]) == nil || serviceOf(d) != nil {
		return
	}
	if org := mailname.Org(d); org != "" {
		w.r.Orgs = slices.DeleteFunc(w.r.Orgs, func(o string) bool { return o == org })
		w.r.Orgs = append([]string{org}, w.r.Orgs...)
	}
}

// walk finds the run below the recipient's whose newest hop is top. All of it is
// testimony: the runs tell the story, and decide nothing.
func (f *Facts) walk(top int) Run {
	w := walker{f: f, r: Run{First: top, Last: top, Border: -1}}
	w.addOrg(f.Hops[top].Org)
	if rcpt := f.Hops[top].For; rcpt != "" {
		w.addDomain(mailname.DomainOf(rcpt))
	}
	for k := top; ; k-- {
		s := w.side(k)
		if !s.inside {
			w.r.Border, w.r.NAT = k, s.nat
			w.addBasis(s.basis)
			break
		}
		w.r.Weak = w.r.Weak || s.weak
		w.addBasis(s.basis)
		if k == 0 {
			break // made inside: no border
		}
		w.r.First = k - 1
		w.addOrg(f.Hops[k-1].Org)
		if rcpt := f.Hops[k-1].For; rcpt != "" && len(w.domains) == 0 {
			w.addDomain(mailname.DomainOf(rcpt))
		}
	}
	w.r.Rcpt = f.rcptOf(w.r.First, w.r.Last)
	if h := w.r.Border; h >= 0 {
		w.r.Helo = f.Hops[h].Helo
		// That the border is an exchanger of the recipient says more than how
		// its inner hops hang together.
		if d := w.exchangerOf(mailname.Host(f.Hops[h].By)); d != "" {
			w.basis = append([]string{mailname.Host(f.Hops[h].By) + " is the MX of " + d}, w.basis...)
		} else if n := len(w.basis); n > 1 {
			w.basis = append(w.basis[n-1:], w.basis[:n-1]...)
		}
	}
	w.r.Basis = strings.Join(w.basis, "; ")
	return w.r
}

// walker builds one run.
type walker struct {
	f       *Facts
	r       Run
	domains []string // mail domains that the run receives for
	basis   []string
}

func (w *walker) addOrg(org string) {
	if org != "" && !slices.Contains(w.r.Orgs, org) {
		w.r.Orgs = append(w.r.Orgs, org)
	}
}

func (w *walker) addDomain(d string) {
	if d != "" && !slices.Contains(w.domains, d) {
		w.domains = append(w.domains, d)
	}
}

func (w *walker) isDomain(d string) bool {
	return d != "" && (slices.Contains(w.domains, d) || slices.Contains(w.r.Orgs, mailname.Org(d)))
}

func (w *walker) addBasis(b string) {
	if b != "" && !slices.Contains(w.basis, b) && len(w.basis) < 8 {
		w.basis = append(w.basis, b)
	}
}

func (w *walker) inOrgs(org string) bool { return org != "" && slices.Contains(w.r.Orgs, org) }

// ownFirst adds the organisation of the recipient's domain; a customer's name
// comes before that of the service whose host the newest hop is.
func (w *walker) ownFirst(domain string, top int) {
	org := mailname.Org(domain)
	if org == "" || w.inOrgs(org) {
		return
	}
	if serviceOf(w.f.Hops[top].By) != nil {
		w.r.Orgs = append([]string{org}, w.r.Orgs...)
		return
	}
	w.addOrg(org)
}

// lookAtBorder asks for the names of the border's client and the mail
// exchangers of the recipient.
func (f *Facts) lookAtBorder() {
	if ip := f.ClientIP(f.LastRun()); Public(ip) {
		f.BorderNames, f.BorderPTR = f.ask.names(ip)
	}
	if r := f.LastRun(); r != nil && r.Rcpt != "" {
		f.MX = f.ask.exchangers(mailname.DomainOf(r.Rcpt))
	}
}
