package findings

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/headers/received"
	known "github.com/mailtrace/mailtrace/headers/services"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// Some forwarders leave no Received field. What they leave is an ARC set, and the
// envelope sender in their own name. Anybody can seal anything under a domain
// of their own; that a service which is known to forward sealed it can't be made up:
// the client is one of its hosts, and its key made the seal.

// sealingForwarder is the ARC set that the service which brought the message to
// the border sealed when it took it, nil where there is none, and that service.
func sealingForwarder(f *Facts) (*arc.Set, string) {
	if f.ARC == nil || !chainHolds(f) {
		return nil, ""
	}
	at := clientServices(f).Of(known.Forwarder)
	if at.Empty() {
		return nil, ""
	}
	for i := range f.ARC.Sets {
		s := &f.ARC.Sets[i]
		if own := known.InZone(mailname.Org(s.Domain)).And(at); !own.Empty() && sealsBelowHold(f.ARC, i) {
			return s, mailname.Org(s.Domain)
		}
	}
	return nil, ""
}

// chainHolds reports whether the ARC chain verifies, or did where the border's
// server looked.
func chainHolds(f *Facts) bool {
	if f.ARC.Result == "fail" {
		return false
	}
	return f.ARC.Result == "pass" || firstClaim(f, "arc", trusted, at(borderHop(f)), result("pass")) != nil
}

// clientServices are the services that the border's client sends for, by names
// that the DNS confirms or by its address.
func clientServices(f *Facts) known.Set {
	b := borderHop(f)
	if b < 0 {
		return known.Set{}
	}
	out := known.ByAddr(f.ClientIP(f.LastRun()))
	names := slices.Clone(f.BorderNames)
	if h := &f.Hops[b]; h.RDNSKind == received.RDNSConfirmed {
		names = append(names, h.RDNS)
	}
	for _, n := range names {
		if n = strings.ToLower(n); !known.Senders(n, known.Any).Empty() {
			return known.Set{} // anybody sends from there
		}
		out = out.Or(known.Find(n, known.Outbound|known.Border))
	}
	return out
}

// sealedInOrder is what a sealing forwarder's set says of the message as it came
// in there: the verdict by which the author was authenticated; nil where it says
// no such thing.
func sealedInOrder(f *Facts, s *arc.Set, method string) *headers.Claim {
	for _, c := range f.SetClaims(s) {
		if c.Method == method && c.Normal == "pass" && sameOrganisation(f, c.Domain) && !bestGuess(c) {
			return c
		}
	}
	return nil
}
