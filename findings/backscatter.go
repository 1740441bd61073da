package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

var backscatter = &Rule{
	Code:     "backscatter",
	RestsOn:  wholeHeader,
	Group:    GroupPath,
	Title:    "Bounce for a message we did not send",
	Severity: report.Low,
	Since:    "0.1",
	Refs:     []string{"RFC 5321 §6.2", "RFC 3834 §2"},
	Doc: `
## What happened
Somebody sent mail with a forged sender, a server accepted it, could not deliver it, and sent the bounce to the owner of the address, who
has nothing to do with it.

## How it is proved
The bounce has no envelope sender and returns a message that passed no host of the addressee's organisation, carries no signature of it, and came from addresses
that its SPF record does not allow.

## What looks like it
Bounces of mail that the addressee really sent through a service, or forwarded (SRS). Those pass the SPF record, or carry a tag in the address.

## What to do
Server that bounced: refuse during the SMTP session and do not bounce later. Addressee: publish SPF with -all and DMARC with p=reject; tag
envelope senders (BATV) where bounces are many.
`,
	Find: func(f *Facts) []report.Finding {
		b := f.Bounced
		if b == nil || b.Own != "" || len(b.Foreign) == 0 || !f.IsBounce() || f.MailFrom != nil && *f.MailFrom != "" {
			return nil
		}
		x := report.Finding{
			Confidence:  report.Strong,
			AtFault:     report.Party{Role: report.RoleUnknown},
			Parts:       report.Say("the bounce returns a message that did not come from %v: nothing on its path is of that domain", report.DomainRef(b.Domain)),
			AdviceParts: report.Words("server that bounced: refuse during the SMTP session; addressee: ignore the bounce, publish SPF -all and DMARC p=reject"),
		}
		if f.DSN != nil && f.DSN.ReportingMTA != "" {
			x.AtFault.Host = f.DSN.ReportingMTA
		}
		// A Message-ID of the domain may be forged, but it may also be ours.
		if id := strings.Trim(b.MessageID, "<> "); mailname.SameOrg(domainPart(id), b.Domain) {
			x.Confidence = report.Likely
		}
		for _, e := range b.Foreign {
			x.Evidence = append(x.Evidence, computed("RFC 7208 §2.6", "%s", evaluated(e)))
		}
		x.Evidence = append(x.Evidence, spfRecord(b.Foreign[0])...)
		if i := f.Msg.First("Content-Type"); i >= 0 {
			x.Evidence = append(x.Evidence, field(f, i))
		}
		return []report.Finding{x}
	},
}
