package findings

import (
	"cmp"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var spfWrongIPFromHeaderParse = &Rule{
	Code:     "spf-wrong-ip-from-header-parse",
	Group:    GroupWrongPlace,
	Title:    "A look behind the relay picked the wrong address",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aVerdict,
	Causes:   []Cause{{Rank: wrongPlace + 70, Status: report.CheckedInWrongPlace, When: notAuthenticated}},
	Refs:     []string{"RFC 7208 §2.5"},
	Doc: `
## What happened
The recipient's filter does not judge the host that connected to it but an address out of the Received fields (skip listing,
external_relay, trusted_networks, incoming relays). It stopped too early, or walked too far, past the recipient's border.

## How it is proved
The address that it used is the client of some hop, but not of the border: either an inner relay or a host on the sender's side.

## What looks like it
The same host's IPv4 and IPv6 addresses.

## What to do
Recipient: list all addresses of the relays, never look past the first field that a trusted server wrote.
`,
	Find: func(f *Facts) []report.Finding {
		last := f.LastRun()
		border := f.ClientIP(last)
		if last == nil || !border.IsValid() {
			return nil
		}
		for c := range claims(f, "") {
			chosen := c.Method == skipListing || c.Method == "spf" && c.IPBasis != "position"
			if !chosen || c.Trust != headers.Trusted || !c.IP.IsValid() || c.IP == border || c.Method == "spf" && c.Normal == "" {
				continue
			}
			// Which hop's client it is; for SPF only one on the far side of the
			// border, since the near side is the group of wrong places.
			at := -1
			for k := range f.Hops {
				if f.Hops[k].IP == c.IP && k != c.Hop {
					at = k
				}
			}
			if at < 0 || c.Method == "spf" && at >= last.Border || headers.Private(c.IP) {
				continue
			}
			// The client of a relay that took the message for the same address: if
			// that is the recipient's gateway, and without the DNS nobody can say,
			// the address is the right one.
			if f.Offline() && len(f.Runs) > 1 && at == f.Runs[1].Border && sameRecipient(f, 1) {
				continue
			}
			x := report.Finding{
				Hop:         index(f, max(c.Hop, last.Border)),
				Confidence:  report.Strong,
				AtFault:     report.Party{Role: report.RoleRecipient, Host: cmp.Or(c.Writer, byName(f, last.Last))},
				Parts:       report.Say("%s looked behind its relay and picked %s, the client of %v; the message entered %v from %s (%v)", report.HostRef(cmp.Or(c.Writer, "the filter")), c.IP, report.HopRef(f.Hops[at].Index), report.DomainRef(last.Name()), border, report.HopRef(f.Hops[last.Border].Index)),
				AdviceParts: report.Words("list all relays of the path, and do not look past the first field that a trusted server wrote"),
				Evidence:    []report.Evidence{claim(f, c), hop(f, at), hop(f, last.Border)},
			}
			if e := f.CheckAt(last, c.IP); e != nil && f.SPF != nil {
				x.Evidence = append(x.Evidence, computed("RFC 7208 §4.1", "%s; for the border's client %s", evaluated(e), f.SPF.Result))
				if (e.Result == spf.Pass) == (f.SPF.Result == spf.Pass) {
					x.Severity = report.Low
				}
			}
			return []report.Finding{x}
		}
		return nil
	},
}
