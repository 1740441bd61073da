package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var senderNullMX = &Rule{
	Code:     "sender-null-mx",
	RestsOn:  wholeHeader,
	Group:    GroupSpoofing,
	Title:    "Envelope or From domain declares it sends/receives no mail",
	Severity: report.Medium,
	Since:    "0.1",
	Refs:     []string{"RFC 7505 §4.2", "RFC 7208 §10.1.2"},
	Doc: `
## What happened
The message uses a domain whose owner declares that it takes no mail, or sends none. Bounces and answers go nowhere.

## How it is proved
The domain has the null MX (MX 0 .), or its SPF record is v=spf1 -all. It is asked only where DMARC does not pass: an authenticated message is its owner's,
whatever the domain says.

## What looks like it
Honest senders that use a name made for the web only. A null MX on the author's domain with an envelope sender that takes bounces is
untidy, not false.

## What to do
Receiver: may refuse with 550 5.7.27. Owner, if the message is yours: send from a domain that takes mail.
`,
	Find: func(f *Facts) []report.Finding {
		if dmarcPasses(f) {
			return nil
		}
		b := borderHop(f)
		var out []report.Finding
		for _, n := range f.NullMX {
			x := report.Finding{
				Hop:         index(f, b),
				Confidence:  report.Proved,
				AtFault:     senderAt(f),
				Parts:       report.Say("the domain of the %s, %v, takes no mail (null MX)", n.Use, report.DomainRef(n.Domain)),
				AdviceParts: report.Say("receiver: treat with suspicion, 550 5.7.27; owner of %v, if the message is yours: use a domain that takes mail", report.DomainRef(n.Domain)),
				Evidence:    []report.Evidence{record(n.Domain, "MX", "0 .")},
			}
			if f.SPF != nil && f.SPF.Result == spf.Pass {
				// Its owner allows the host: untidy, not false.
				x.Severity = report.Low
			}
			out = append(out, x)
		}
		for n, e := range []*spf.Evaluation{f.SPF, f.AuthorSPF} {
			if e == nil || !sendsNothing(e.Record) || n == 1 && f.SPF != nil && f.SPF.Domain == e.Domain {
				continue
			}
			out = append(out, report.Finding{
				Hop:         index(f, b),
				Confidence:  report.Proved,
				AtFault:     senderAt(f),
				Parts:       report.Say("%v sends no mail, its SPF record says: %s", report.DomainRef(e.Domain), e.Record),
				AdviceParts: report.Say("receiver: treat as forged; owner of %v, if the message is yours: name the sending hosts in the record", report.DomainRef(e.Domain)),
				Evidence:    spfRecord(e),
			})
		}
		return out
	},
}

// sendsNothing reports whether an SPF record allows no host at all.
func sendsNothing(rec string) bool {
	w := strings.Fields(strings.ToLower(rec))
	return len(w) == 2 && w[0] == "v=spf1" && w[1] == "-all"
}
