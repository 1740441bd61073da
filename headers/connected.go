package headers

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/headers/received"
)

// findApart marks the runs whose message the next newer border got from a client
// that is known as a host of another organisation.
func (f *Facts) findApart() {
	for i := range f.Runs {
		f.Runs[i].Apart = !f.connected(i)
	}
}

// connected reports whether nothing shows that run i did not hand the message to
// the next newer one.
func (f *Facts) connected(i int) bool {
	if i <= 0 || i >= len(f.Runs) || f.Runs[i-1].Border < 0 {
		return true
	}
	r, h := &f.Runs[i], &f.Hops[f.Runs[i-1].Border]
	if h.IP.IsValid() && !Public(h.IP) || h.Local || h.Fetched || h.Auth {
		return true
	}
	if host(f.Hops[r.Last].By) == "" {
		return true // the older line does not say whose it is
	}
	of := func(name string) bool {
		org := hostOrg(name)
		return org == "" || slices.Contains(r.Orgs, org) || org == hostOrg(f.Hops[r.Last].By)
	}
	if name := h.confirmedName(); name != "" && of(name) {
		return true
	}
	if !of(h.Helo) {
		// Its own word and, where there is one, its confirmed name are of others.
		return h.confirmedName() == "" && hostOrg(h.RDNS) != "" && of(h.RDNS)
	}
	// It says that it is the forwarder. A confirmed name elsewhere is common for
	// small servers; then the name that it gives must not lead elsewhere too.
	if h.RDNSKind != received.RDNSConfirmed || h.confirmedName() == "" || i != 1 || slices.ContainsFunc(f.BorderNames, of) {
		return true
	}
	helo := host(h.Helo)
	if f.Offline() || !strings.Contains(helo, ".") {
		return true
	}
	yes, known := f.ask.pointsTo("address of the HELO name", helo, h.IP)
	return yes || !known
}
