package findings

import (
	"cmp"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var spfHeloMailfromDiffer = &Rule{
	Code:     "spf-helo-mailfrom-differ",
	Group:    GroupSPF,
	Title:    "SPF verdicts on HELO and MAIL FROM differ",
	Severity: report.Info,
	Since:    "0.1",
	Needs:    aVerdict,
	Refs:     []string{"RFC 7208 §2.3", "RFC 7208 §2.4", "RFC 9989 §4.4"},
	Doc: `
## What happened
A server checked SPF for two identities, the name in HELO and the envelope sender, and came to different results. Both are right: they are
answers to two questions.

## How it is proved
Both verdicts stand in the header and name their identity.

## What looks like it
A contradiction. Only the verdict on the envelope sender counts for DMARC; that on HELO counts where the envelope sender is empty.

## What to do
Nothing. The sender may publish an SPF record for the names of its servers.
`,
	Find: func(f *Facts) []report.Finding {
		if f.MailFrom == nil || *f.MailFrom == "" {
			return nil
		}
		for h := range claims(f, "spf", trusted, at(borderHop(f)), decided) {
			if h.Identity != "helo" {
				continue
			}
			for m := range claims(f, "spf", trusted, at(h.Hop), decided, ofMailFrom) {
				if m.Normal == h.Normal || !sameWriter(h, m) {
					continue
				}
				x := report.Finding{
					Hop:         index(f, h.Hop),
					Confidence:  report.Proved,
					AtFault:     report.Party{Role: "none", Host: fromHost(f, h.Hop)},
					Parts:       report.Say("SPF is %s for the envelope sender (%s) and %s for the HELO name (%s); only the first counts for DMARC", m.Normal, cmp.Or(m.Domain, domainPart(*f.MailFrom)), h.Normal, cmp.Or(h.Domain, h.Helo, "of the client")),
					AdviceParts: report.Words("none needed; the sender may publish an SPF record for its host name"),
					Evidence:    []report.Evidence{claim(f, m), claim(f, h)},
				}
				return []report.Finding{x}
			}
		}
		return nil
	},
}

// sameWriter reports whether two verdicts are one server's on one client.
func sameWriter(a, b *headers.Claim) bool {
	return !a.IP.IsValid() || !b.IP.IsValid() || a.IP == b.IP
}
