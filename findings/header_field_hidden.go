package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

var headerFieldHidden = &Rule{
	Code:     "header-field-hidden",
	Group:    GroupSpoofing,
	Title:    "Text that some programs read as a header field",
	Severity: report.Medium,
	Since:    "0.2",
	Refs:     []string{"RFC 5322 §2.2", "RFC 5322 §2.3"},
	Doc: `
## What happened
The header holds a line that is not a header field by the standard and is one to some programs: it stands behind a bare carriage return, a NUL or
another byte that they take for the end of a line, or its name holds bytes that they pass over. The server that checks and the program that shows
may then see two different authors.

## How it is proved
The bytes stand in the message. DMARC and the signatures are judged without them, as RFC 5322 reads the header.

## What looks like it
Broken programs that write CR CR LF, or fold with a bare CR: what stands behind is then no name of a field.

## What to do
Receiver: refuse or repair headers with bare CR or NUL before anything is checked (RFC 5322 §2.3 and §4 forbid to make them). Recipient: do not go
by the author that is shown.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for i := range f.Hidden {
			h := &f.Hidden[i]
			line := h.Line
			x := report.Finding{
				Hop:         index(f, borderHop(f)),
				Confidence:  report.Proved,
				AtFault:     senderAt(f),
				Parts:       report.Say("some programs read a second %s here: the text stands %s", h.Name, h.How),
				AdviceParts: report.Words("receiver: refuse headers with such bytes before anything is checked"),
				Evidence: []report.Evidence{
					{Kind: report.EvidenceHeader, Text: cutQuote(strings.Join(strings.Fields(h.Text), " ")), Line: &line},
					computed("RFC 5322 §2.2", "line %d: %s %s", h.Line, h.Name, h.How),
				},
			}
			switch h.Name {
			case "From":
				if h.Domain != "" && !mailname.SameOrg(h.Domain, f.FromDomain) {
					x.Severity = report.High
					x.Parts = report.Say("some programs read the author %v here, whom nobody checked: the From line stands %s", report.DomainRef(h.Domain), h.How)
				}
			case "Subject", "Sender", "Reply-To":
			default:
				x.Severity = report.Low
			}
			out = append(out, x)
		}
		return out
	},
}
