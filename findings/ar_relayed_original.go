package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var arRelayedOriginal = &Rule{
	Code:     "ar-relayed-original",
	Group:    GroupTrust,
	Title:    "Earlier verdict kept under another name",
	Severity: report.Info,
	Since:    "0.1",
	Needs:    aVerdict,
	Refs:     []string{"RFC 8601 §5"},
	Doc: `
## What happened
A server found verdicts of an earlier one in the header and kept them under another name (Authentication-Results-Original and the
like). They are testimony on the path before it.

## How it is proved
The name of the field; a signature of a later server that covers it makes it stronger.

## What looks like it
A sender can add such a field too.

## What to do
Nothing: read it as what the earlier server says of the path before it.
`,
	Find: func(f *Facts) []report.Finding {
		seen := map[int]bool{}
		var out []report.Finding
		for c := range claims(f, "") {
			name := strings.ToLower(c.Header)
			if c.Trust != headers.Testimony || seen[c.Field] || !strings.Contains(name, "original") && !strings.HasSuffix(name, "-untrusted") || len(out) == 2 {
				continue
			}
			seen[c.Field] = true
			out = append(out, report.Finding{
				Hop:         index(f, c.Hop),
				Confidence:  report.Likely,
				AtFault:     report.Party{Role: "none"},
				Parts:       report.Say("%s keeps what an earlier server wrote: %s=%s", f.Msg.Name(c.Field), c.Method, c.Result),
				AdviceParts: report.Words("none needed"),
				Evidence:    []report.Evidence{claim(f, c)},
			})
		}
		return out
	},
}
