package findings

import (
	"fmt"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

var dsnOriginalAnalysed = &Rule{
	Code:     "dsn-original-analysed",
	Group:    GroupPath,
	Title:    "Bounce or receipt contains the original headers: that part was analysed too",
	Severity: report.Info,
	Since:    "0.1",
	Refs:     []string{"RFC 3464 §2", "RFC 6522 §3", "RFC 8098 §3"},
	Doc: `
## What happened
The message is a delivery report or a receipt and carries the message that it is about, or its header. That header shows the
path on the other side, up to the host that reports. It is analysed by itself, as an embedded report.

## How it is proved
The MIME structure: multipart/report with message/rfc822 or text/rfc822-headers inside.

## What looks like it
A forged bounce carries an invented original: its header is the word of whoever sent the bounce (backscatter). Without the body no
body hash can be checked.

## What to do
See the findings of the embedded message.
`,
	Find: func(f *Facts) []report.Finding {
		if !f.IsReport() && !f.IsBounce() || len(f.Embedded) == 0 {
			return nil
		}
		x := report.Finding{
			Confidence:  report.Proved,
			AtFault:     nobody,
			Parts:       report.Words("the message is a report and carries the header of the message that it is about; that is analysed as an embedded message"),
			AdviceParts: report.Words("see the embedded report"),
		}
		if f.DSN != nil && f.DSN.ReportingMTA != "" {
			// The host that reports joins the two paths: the inner one ends there,
			// the outer one begins.
			x.AtFault.Host = f.DSN.ReportingMTA
			x.Parts = report.Say("the message is a report of %s and carries the header of the message that it is about: that one's path, up to %s, is analysed as an embedded message", f.DSN.ReportingMTA, f.DSN.ReportingMTA)
		}
		if i := f.Msg.First("Content-Type"); i >= 0 {
			x.Evidence = append(x.Evidence, field(f, i))
		}
		for _, p := range f.Embedded {
			x.Evidence = append(x.Evidence, computed("RFC 6522 §3", "part %s is %s with %d Received fields", p.Number, p.Type, p.Hops()))
		}
		if f.DSN != nil {
			for _, r := range f.DSN.Recipients[:min(len(f.DSN.Recipients), maxReported)] {
				x.Evidence = append(x.Evidence, computed("RFC 3464 §2.3", "%s", strings.TrimSpace(fmt.Sprintf("%s for %s: %s %s", r.Action, r.Final, r.Status, r.Diagnostic))))
			}
		}
		return []report.Finding{x}
	},
}

// maxReported bounds the recipients that are quoted of a report.
const maxReported = 8
