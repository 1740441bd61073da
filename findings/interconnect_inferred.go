package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

var interconnectInferred = &Rule{
	Code:     "interconnect-inferred",
	Group:    GroupPath,
	Title:    "Private link or partner connection between two organisations",
	Severity: report.Info,
	Since:    "0.1",
	Quiet:    true,
	Refs:     []string{"RFC 5321 §4.4", "RFC 1918 §3"},
	Doc: `
## What happened
Two organisations hand mail to each other on a path of their own: a private line, a tunnel, or a connector that both have set up.

## How it is proved
Both ends of a hop between two organisations have private addresses of different blocks, and the server is none of those to which the MX points. Or Exchange says that the
client is a partner, or names the server behind its connector.

## What looks like it
A load balancer in front of a mail server hides the client's address in the same way: spf-checked-behind-nat. One hosting
provider that serves both.

## What to do
Nothing. Make sure that SPF and DMARC are not judged on that path by the addresses of the line.
`,
	Find: func(f *Facts) []report.Finding {
		if i := f.Msg.First("X-MS-Exchange-Organization-AuthAs"); i >= 0 && strings.EqualFold(strings.TrimSpace(f.Msg.Value(i)), "Partner") {
			return []report.Finding{{
				Hop: index(f, borderHop(f)), Confidence: report.Likely, AtFault: nobody,
				Parts:       report.Words("Exchange took the client for a partner: the two organisations have a connector between them"),
				AdviceParts: report.Words("none needed"),
				Evidence:    []report.Evidence{field(f, i)},
			}}
		}
		if i := f.Msg.First("X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp"); i >= 0 {
			return []report.Finding{{
				Hop: index(f, borderHop(f)), Confidence: report.Likely, AtFault: nobody,
				Parts:       report.Say("Exchange Online attributed the connection to a tenant by its connector: %v", connector(f.Msg.Value(i))),
				AdviceParts: report.Words("none needed"),
				Evidence:    []report.Evidence{field(f, i)},
			}}
		}
		var out []report.Finding
		for _, l := range f.Links() {
			x := report.Finding{
				Hop: index(f, l.Hop), Confidence: report.Likely, AtFault: nobody,
				Parts:       report.Say("%s handed the message to %s between private addresses (%v): a link of their own", l.From, l.To, report.HopRef(f.Hops[l.Hop].Index)),
				AdviceParts: report.Words("none needed"),
				Evidence:    []report.Evidence{hop(f, l.Hop)},
			}
			if len(f.MX) == 0 {
				// Without the MX a load balancer can't be told apart.
				x.Confidence = report.Hint
			}
			out = append(out, x)
		}
		return out
	},
}

// connector reads Ip and Helo of the attribution.
func connector(v string) string {
	var parts []string
	for _, p := range strings.Split(v, ";") {
		if name, val, ok := strings.Cut(strings.TrimSpace(p), "="); ok && (strings.EqualFold(name, "Ip") || strings.EqualFold(name, "Helo")) {
			parts = append(parts, strings.Trim(strings.TrimSpace(val), "[]"))
		}
	}
	if len(parts) == 0 {
		return "no address given"
	}
	return strings.Join(parts, ", ")
}
