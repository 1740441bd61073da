package headers

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/spf"
)

// findApart marks the runs whose message the next newer border got from a client
// that is known as a host of another organisation.
func (f *Facts) findApart() {
	for i := range f.Runs {
		connected, known := f.connected(i)
		f.Runs[i].Apart, f.Runs[i].Unasked = !connected, !known
	}
}

// connected reports whether nothing shows that run i did not hand the message to
// the next newer one. known is false where the DNS was asked and did not answer.
func (f *Facts) connected(i int) (yes, known bool) {
	if i <= 0 || i >= len(f.Runs) || f.Runs[i-1].Border < 0 {
		return true, true
	}
	r, h := &f.Runs[i], &f.Hops[f.Runs[i-1].Border]
	if h.IP.IsValid() && !Public(h.IP) || h.Local || h.Fetched || h.Auth {
		return true, true
	}
	if mailname.Host(f.Hops[r.Last].By) == "" {
		return true, true // the older line does not say whose it is
	}
	of := func(name string) bool {
		org := hostOrg(name)
		return org == "" || slices.Contains(r.Orgs, org) || org == hostOrg(f.Hops[r.Last].By)
	}
	if name := h.confirmedName(); name != "" && of(name) {
		return true, true
	}
	if !of(h.Helo) {
		// Its own word and, where there is one, its confirmed name are of others.
		return h.confirmedName() == "" && hostOrg(h.RDNS) != "" && of(h.RDNS), true
	}
	// It says that it is the forwarder. That its name leads elsewhere is common
	// for small servers; then another name, or the forwarder's own SPF record,
	// must speak against it too.
	helo := mailname.Host(h.Helo)
	if i != 1 || f.Offline() || !strings.Contains(helo, ".") || slices.ContainsFunc(f.BorderNames, of) {
		return true, true
	}
	if yes, known := f.ask.pointsTo("address of the HELO name", helo, h.IP); yes || !known {
		return true, known
	}
	if h.confirmedName() != "" || len(f.BorderNames) > 0 {
		return false, true
	}
	e := f.ask.check(spf.Query{IP: h.IP, Helo: helo, MailFrom: "postmaster@" + hostOrg(helo)})
	return e == nil || e.Result != spf.Fail, true
}
