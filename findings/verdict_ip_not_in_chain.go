package findings

import (
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var verdictIPNotInChain = &Rule{
	Code:      "verdict-ip-not-in-chain",
	RestsOn:   wholeHeader,
	Group:     GroupTrust,
	Title:     "Verdict based on an address that no Received line shows",
	Severity:  report.Medium,
	Since:     "0.1",
	Needs:     aVerdict,
	SymptomOf: []*Rule{receivedGap, arForgedOwnID},
	Refs:      []string{"RFC 7208 §9.1", "RFC 5321 §4.4"},
	Doc: `
## What happened
A trusted verdict judges an address that is neither client nor server of any hop. A host on the way left no line: a load balancer, a proxy, a NAT,
a server that takes Received fields out.

## How it is proved
The address in the verdict, held against every address on the path.

## What looks like it
The same host's other address family; Enhanced Filtering, which names the address that it looked behind for.

## What to do
Recipient: hand the real client address on (PROXY protocol, XCLIENT).
`,
	Find: func(f *Facts) []report.Finding {
		for c := range claims(f, "spf", trusted, decided) {
			if c.Hop < 0 || c.IPBasis == "position" || !c.IP.IsValid() {
				continue
			}
			shown := false
			for k := range f.Hops {
				shown = shown || f.Hops[k].IP == c.IP || f.Hops[k].ByIP == c.IP
			}
			h := &f.Hops[c.Hop]
			if shown || skipListed(f, c) || !h.IP.IsValid() || twin(f, c, h) {
				continue
			}
			return []report.Finding{{
				Hop:         index(f, c.Hop),
				Confidence:  report.Strong,
				AtFault:     report.Party{Role: report.RoleRecipient, Host: c.Writer},
				Parts:       report.Say("%v judged %s, but no Received field shows that address; %v came from %s", report.HostRef(c.Writer), c.IP, report.HopRef(h.Index), h.IP),
				AdviceParts: report.Words("find the host between them; let it hand the real client address on (PROXY protocol, XCLIENT)"),
				Evidence:    []report.Evidence{claim(f, c), hop(f, c.Hop)},
			}}
		}
		return nil
	},
}

func skipListed(f *Facts, c *headers.Claim) bool {
	return firstClaim(f, skipListing, func(o *headers.Claim) bool { return o.IP == c.IP }) != nil
}

// twin reports whether the verdict's address may be the hop's client by its
// other address family.
func twin(f *Facts, c *headers.Claim, h *headers.Hop) bool {
	if c.IP.Is4() == h.IP.Is4() {
		return false
	}
	for _, k := range f.BorderNames {
		if k != "" {
			return true
		}
	}
	return c.Helo != "" && domainPart(c.Helo) == domainPart(h.Helo)
}
