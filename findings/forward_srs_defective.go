package findings

import (
	"fmt"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// srsWindow is how old an SRS time stamp may be, in days; the usual
// implementations accept bounces for 21.
const srsWindow = 21

var forwardSRSDefective = &Rule{
	Code:     "forward-srs-defective",
	RestsOn:  wholeHeader | deliveryTime,
	Group:    GroupForwarding,
	Title:    "SRS present but unusable",
	Severity: report.Medium,
	Since:    "0.1",
	Causes:   []Cause{{Rank: onTheWay + 170, Status: report.BrokenInTransit, When: notAuthenticated}},
	Refs:     []string{"RFC 7960 §3.2.1"},
	Doc: `
## What happened
A forwarder rewrote the envelope sender, but the result does not serve: SPF does not pass for the forwarder's domain, or the time stamp
in the address is far from the day of the message, so that a bounce to it will be refused.

## How it is proved
The address has the form of SRS; SPF for its domain at that hop is not pass, or the stamp decodes to another time.

## What looks like it
A second forwarder wraps the first one's address (SRS1); the stamp is then the first one's. Clocks that are wrong.

## What to do
Forwarder: publish SPF for the domain that it rewrites to, keep the address as it is (its case too), set the clock.
`,
	Find: func(f *Facts) []report.Finding {
		if f.MailFrom == nil {
			return nil
		}
		s, ok := headers.ParseSRS(*f.MailFrom)
		b := borderHop(f)
		if !ok || b < 0 {
			return nil
		}
		var wrong []string
		x := report.Finding{
			Hop:         index(f, b),
			Confidence:  report.Likely,
			AtFault:     report.Party{Role: report.RoleIntermediary, Host: fromHost(f, b)},
			AdviceParts: report.Say("%s: publish SPF for the domain that senders are rewritten to, and keep the clock right", report.DomainRef(s.Forwarder)),
			Evidence:    []report.Evidence{hop(f, b)},
		}
		if e := f.SPF; e != nil {
			switch e.Result {
			case spf.None, spf.Fail, spf.SoftFail, spf.Neutral, spf.PermError:
				wrong = append(wrong, fmt.Sprintf("SPF of %s is %s", e.Domain, e.Result))
				x.Evidence = append(x.Evidence, computed("RFC 7208 §4.1", "%s", evaluated(e)))
				x.Confidence = report.Strong
			}
		}
		if days, ok := s.Age(f.At); ok && s.Scheme == "SRS0" && (days > srsWindow || days < -2) {
			wrong = append(wrong, fmt.Sprintf("its time stamp %s is %d days from the day of delivery", s.Stamp, days))
			x.Evidence = append(x.Evidence, computed("", "time stamp %s: %d days before delivery", s.Stamp, days))
		}
		if len(wrong) == 0 {
			return nil
		}
		x.Parts = report.Say("the forwarder %s rewrote the envelope sender, but %s", report.DomainRef(s.Forwarder), strings.Join(wrong, ", and "))
		if i := f.Msg.First("Return-Path"); i >= 0 {
			x.Evidence = append(x.Evidence, field(f, i))
		}
		return []report.Finding{x}
	},
}
