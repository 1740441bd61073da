package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

var dnssecAbsent = &Rule{
	Code:     "dnssec-absent",
	Group:    GroupPath,
	Title:    "Authentication records are not DNSSEC-signed",
	Severity: report.Info,
	Since:    "0.1",
	Quiet:    true,
	Refs:     []string{"RFC 4035 §3.2.3", "RFC 6376 §8.5", "RFC 7208 §11.3"},
	Doc: `
## What happened
The records by which the message was judged (SPF, DKIM keys, DMARC) came without DNSSEC: whoever can forge DNS answers on the way could forge them.

## How it is proved
The resolver validates, since other answers carried its mark (the AD bit), and these did not. Nothing is asked for this finding alone; the check of
a domain looks closer.

## What looks like it
A resolver that does not validate marks nothing: then nothing is said. A zone whose signatures are wrong gives no answer at all, which is
spf-temperror and its like, not this.

## What to do
Owner of the domain: sign the zone, and hand the DS record to the parent.
`,
	Find: func(f *Facts) []report.Finding {
		var open []string
		x := report.Finding{Confidence: report.Proved, AtFault: report.Party{Role: report.RoleSender}}
		for _, s := range f.Secured {
			if s.Authenticated || !authRecord(f, s.Name) {
				continue
			}
			open = append(open, s.Name)
			x.Evidence = append(x.Evidence, report.Evidence{Kind: report.EvidenceDNS, Text: "answered without the AD bit", DNS: s.Name + " TXT", Ref: "RFC 4035 §3.2.3"})
		}
		if len(open) == 0 {
			return nil
		}
		x.Parts = report.Say("%s not signed by DNSSEC: %s", isOrAre(len(open), "record used is", "records used are"), some(open))
		x.AdviceParts = report.Words("owner of the domain: sign the zone")
		x.Evidence = x.Evidence[:min(len(x.Evidence), 8)]
		return []report.Finding{x}
	},
}

func isOrAre(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return itoa(n) + " " + many
}

// authRecord reports whether the name is one whose record decided about this
// message: the SPF records, the keys and the policy.
func authRecord(f *Facts, name string) bool {
	if strings.Contains(name, "._domainkey.") || strings.HasPrefix(name, "_dmarc.") {
		return true
	}
	return f.SPF != nil && name == f.SPF.Domain
}
