package headers

import (
	"slices"
	"strings"
)

// trace cuts the path into runs, newest first. It starts at the newest hop,
// which the recipient's own server wrote, and walks down for as long as the
// client of a hop is shown to be on the same side. RFC 7208 §2.5 and appendix
// F: SPF is a test between border servers of two organisations, so the first
// hop whose client is not on the same side is the one where it belongs.
func (f *Facts) trace() {
	for k := len(f.Hops) - 1; k >= 0; {
		r := f.walk(k, len(f.Runs) == 0)
		n := len(f.Runs)
		for i := r.First; i <= r.Last; i++ {
			f.Hops[i].Run = n
			f.Hops[i].Observed = n == 0
		}
		f.Runs = append(f.Runs, r)
		k = r.First - 1
	}
}

// walk finds the run whose newest hop is top.
func (f *Facts) walk(top int, newest bool) Run {
	w := walker{f: f, newest: newest, r: Run{First: top, Last: top, Border: -1}}
	w.addOrg(f.Hops[top].Org)
	if newest {
		w.seedRecipient(top)
	}
	if rcpt := f.Hops[top].For; rcpt != "" {
		w.addDomain(domainOf(rcpt))
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
			w.addDomain(domainOf(rcpt))
		}
	}
	w.r.Rcpt = f.rcptOf(w.r.First, w.r.Last)
	if w.r.Rcpt == "" && newest && len(f.Recipients) > 0 && w.isDomain(domainOf(f.Recipients[0])) {
		w.r.Rcpt = f.Recipients[0]
	}
	if d := domainOf(w.r.Rcpt); newest && len(w.r.Orgs) > 0 && providerNamed(w.r.Orgs[0]) != nil && providerOf(d) == nil {
		// A service's run is named after the customer.
		if org := Org(d); org != "" {
			w.r.Orgs = slices.DeleteFunc(w.r.Orgs, func(o string) bool { return o == org })
			w.r.Orgs = append([]string{org}, w.r.Orgs...)
		}
	}
	if h := w.r.Border; h >= 0 {
		w.r.Helo = f.Hops[h].Helo
		// That the border is an exchanger of the recipient says more than how
		// its inner hops hang together.
		if d := w.exchangerOf(host(f.Hops[h].By)); d != "" {
			w.basis = append([]string{host(f.Hops[h].By) + " is the MX of " + d}, w.basis...)
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
	newest  bool
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
	return d != "" && (slices.Contains(w.domains, d) || slices.Contains(w.r.Orgs, Org(d)))
}

func (w *walker) addBasis(b string) {
	if b != "" && !slices.Contains(w.basis, b) && len(w.basis) < 8 {
		w.basis = append(w.basis, b)
	}
}

func (w *walker) inOrgs(org string) bool { return org != "" && slices.Contains(w.r.Orgs, org) }

// seedRecipient adds the recipient's own organisation to the newest run. A
// recipient is believed where the delivering server named it; one that only an
// older hop names might have been the forwarder's, so it counts only where the
// newest host belongs to a service whose names never tell the customer.
func (w *walker) seedRecipient(top int) {
	f := w.f
	m := f.Msg
	strong := ""
	for _, name := range deliveryFields {
		if i := m.First(name); i >= 0 && i < f.Hops[top].Field && strings.Contains(m.Value(i), "@") {
			strong = strings.Trim(m.Value(i), "<> ")
			break
		}
	}
	if f.Options.Rcpt != "" {
		strong = f.Options.Rcpt
	}
	if strong == "" {
		strong = f.Hops[top].For
	}
	if d := domainOf(strong); d != "" {
		w.addDomain(d)
		if providerOf(d) == nil {
			w.ownFirst(d, top)
		}
		return
	}
	if providerOf(f.Hops[top].By) == nil {
		return
	}
	d := ""
	for _, v := range f.verdicts {
		// QUIRK: Exchange Online wrote the recipient's domain between the
		// results until about 2021: "smtp.mailfrom=a.example; b.example; dkim=…".
		if v.Field < f.Hops[0].Field && v.RecipientDomain != "" {
			d = host(v.RecipientDomain)
			break
		}
	}
	// A tenant's routing domain names the customer by a label only.
	if tenant, ok := strings.CutSuffix(d, ".onmicrosoft.com"); ok {
		tenant, _, _ = strings.Cut(tenant, ".")
		d = ""
		for _, r := range f.Recipients {
			org := Org(domainOf(r))
			if label, _, _ := strings.Cut(org, "."); label == tenant {
				d = domainOf(r)
				w.addBasis("the tenant " + tenant + " is taken for " + org)
				break
			}
		}
	}
	if d == "" && len(f.Recipients) > 0 {
		d = domainOf(f.Recipients[0])
		w.addBasis("no field names the final recipient; taken for that of the older hops, " + d)
	}
	if d != "" {
		w.addDomain(d)
		w.ownFirst(d, top)
	}
}

// ownFirst adds the organisation of the recipient's domain; a customer's name
// comes before that of the service whose host the newest hop is.
func (w *walker) ownFirst(domain string, top int) {
	org := Org(domain)
	if org == "" || w.inOrgs(org) {
		return
	}
	if providerOf(w.f.Hops[top].By) != nil {
		w.r.Orgs = append([]string{org}, w.r.Orgs...)
		return
	}
	w.addOrg(org)
}
