package findings

import (
	"github.com/mailtrace/mailtrace/report"
)

var internalAddressDisclosure = &Rule{
	Code:     "internal-address-disclosure",
	Group:    GroupPath,
	Title:    "Private addresses, host names, versions exposed",
	Severity: report.Low,
	Since:    "0.1",
	Quiet:    true,
	Refs:     []string{"RFC 5321 §7.6", "RFC 1918 §3"},
	Doc: `
## What happened
The trace fields tell every recipient about the network in which the message was made: private addresses, inner host names, accounts,
versions of software.

## How it is proved
The fields are in the message. Only those count that were written before the recipient's border, and not by one of the large services,
whose inner addresses tell nothing.

## What looks like it
A private address in HELO alone is that of a laptop at home, and says little.

## What to do
Sender: take the inner fields out at the outbound edge (Exchange: remove the right ms-Exch-Send-Headers-Routing from anonymous; Postfix:
header_checks on the outbound service). Keep at least one Received field, so that loops and faults can still be traced.
`,
	Find: func(f *Facts) []report.Finding {
		var kinds [5][]string
		var ev []report.Evidence
		names := [...]string{"address", "name", "client", "user", "software"}
		at, quoted := -1, map[int]bool{}
		servers := false
		for _, d := range f.Disclosures() {
			for k, n := range names {
				if d.Kind == n {
					kinds[k] = append(kinds[k], d.Value)
				}
			}
			if d.Hop >= 0 && (d.Kind == "address" || d.Kind == "name") {
				at = d.Hop
				h := &f.Hops[d.Hop]
				// A server's own address or name; a client's may be anybody's.
				servers = servers || d.Value == h.ByIP.String() || d.Value == byName(f, d.Hop)
			}
			if !quoted[d.Field] && len(ev) < 8 {
				quoted[d.Field] = true
				ev = append(ev, field(f, d.Field))
			}
		}
		if len(kinds[0])+len(kinds[1])+len(kinds[2]) == 0 {
			return nil
		}
		var parts []string
		for k, label := range [...]string{"addresses", "names", "the author's client", "accounts", "software"} {
			if len(kinds[k]) > 0 {
				parts = append(parts, label+" "+some(kinds[k]))
			}
		}
		x := report.Finding{
			Hop:         index(f, at),
			Confidence:  report.Proved,
			AtFault:     report.Party{Role: report.RoleSender},
			Parts:       report.Say("the header tells of the inside of the sender's network: %s", list(parts)),
			AdviceParts: report.Words("sender: strip inner trace fields at the outbound edge, but keep one Received field"),
			Evidence:    ev,
		}
		if at >= 0 {
			x.AtFault = operatorOf(f, at)
		}
		if !servers {
			x.Severity = report.Info
		}
		return []report.Finding{x}
	},
}
