package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

var dualDeliveryHybrid = &Rule{
	Code:     "dual-delivery-hybrid",
	Group:    GroupPath,
	Title:    "Message went on-premises and cloud, or twice through the cloud",
	Severity: report.Info,
	Since:    "0.1",
	Refs:     []string{"RFC 5321 §4.4", "RFC 7208 §2.5"},
	Doc: `
## What happened
The message passed Exchange Online, left it for the organisation's own Exchange servers, and came back (hybrid with centralised
transport), or passed the cloud twice. Each pass checks the sender again, the second time against the organisation's own egress.

## How it is proved
Two stretches of Exchange Online hops with an Exchange Server in between, all of one tenant; headers of the hybrid connector support it.

## What looks like it
Two tenants that write to each other also give two stretches: their tenant ids differ.

## What to do
Recipient: let mail pass the cloud once, and let the hybrid connector be recognised by its certificate, so that the second pass counts as
internal. Enhanced Filtering does not support this route.
`,
	Find: func(f *Facts) []report.Finding {
		// Newest first: cloud, own servers, cloud.
		newest, between, oldest := -1, -1, -1
		for k := len(f.Hops) - 1; k >= 0; k-- {
			switch h := &f.Hops[k]; {
			case h.Family == "exo" || h.Product == "Exchange Online":
				if between >= 0 {
					oldest = k
				} else {
					newest = k
				}
			case newest >= 0 && between < 0 && h.Product == "Exchange Server":
				between = k
			}
			if oldest >= 0 {
				break
			}
		}
		if oldest < 0 || tenants(f) > 1 || len(f.FromOthers) > 0 && twoCustomers(f, oldest, newest) {
			return nil
		}
		x := report.Finding{
			Hop:         index(f, newest),
			Confidence:  report.Likely,
			AtFault:     nobody,
			Parts:       report.Say("the message passed Exchange Online (up to %v), then the organisation's own %v (%v), then Exchange Online again (from %v)", report.HopRef(f.Hops[oldest].Index), report.HostRef(byName(f, between)), report.HopRef(f.Hops[between].Index), report.HopRef(f.Hops[newest].Index)),
			AdviceParts: report.Words("recipient: let mail pass the cloud once, or make the hybrid connector recognise the own servers by certificate"),
			Evidence:    []report.Evidence{hop(f, newest), hop(f, between), hop(f, oldest)},
		}
		for _, name := range []string{"X-MS-Exchange-CrossPremises-AuthSource", "X-MS-Exchange-Organization-AuthSource", "X-MS-Exchange-CrossTenant-Id", "X-EOPAttributedMessage"} {
			if i := f.Msg.First(name); i >= 0 {
				x.Evidence = append(x.Evidence, field(f, i))
				if strings.HasPrefix(name, "X-MS-Exchange-CrossPremises") || name == "X-MS-Exchange-CrossTenant-Id" {
					x.Confidence = report.Strong
				}
			}
		}
		return []report.Finding{x}
	},
}

// tenants counts the tenants that the message names.
func tenants(f *Facts) int {
	ids := map[string]bool{}
	for n, i := range f.Msg.All("X-MS-Exchange-CrossTenant-Id") {
		if n == 16 {
			break
		}
		ids[strings.ToLower(strings.TrimSpace(f.Msg.Value(i)))] = true
	}
	return len(ids)
}

// twoCustomers reports whether the two stretches in the cloud are for two
// mail domains, as far as the hops say for whom they received.
func twoCustomers(f *Facts, a, b int) bool {
	old, new := "", ""
	for k := range f.Hops {
		d := ""
		if strings.Contains(f.Hops[k].For, "@") {
			d = domainPart(f.Hops[k].For)
		}
		if d == "" {
			continue
		}
		if k <= a {
			old = d
		} else if k >= b {
			new = d
		}
	}
	return old != "" && new != "" && old != new
}
