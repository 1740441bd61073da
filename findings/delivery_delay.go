package findings

import (
	"strconv"
	"time"

	"github.com/mailtrace/mailtrace/internal/pattern"
	"github.com/mailtrace/mailtrace/report"
)

const (
	// delayNoted is the shortest delay that is reported, delayLong the one from
	// which it counts for more than a note.
	delayNoted = 10 * time.Minute
	delayLong  = time.Hour
)

var deliveryDelay = &Rule{
	Code:     "delivery-delay",
	RestsOn:  deliveryTime,
	Group:    GroupPath,
	Title:    "Hop held the message",
	Severity: report.Low,
	Since:    "0.1",
	Quiet:    true,
	Refs:     []string{"RFC 5321 §4.5.4.1", "RFC 6647 §2"},
	Doc: `
## What happened
One hop accounts for most of the time that the message was on its way.

## How it is proved
The difference of two neighbouring time stamps, after clocks that are wrong were set right, or a field in which a greylisting
server says how long it made the client wait.

## What looks like it
A wrong clock. The author's Date is not a hop: a draft that lay for a day was not delayed by a server. Moderated lists hold messages
on purpose.

## What to do
Operator of the holding host: read its queue log for that time. Sender: where signatures expire (x=) or keys change, leave room for a
delay of some days.
`,
	Find: func(f *Facts) []report.Finding {
		var total, longest time.Duration
		at := -1
		for k := range f.Hops {
			if f.Corrected(k) == nil {
				continue
			}
			d := *f.Corrected(k)
			if k == 1 {
				d = max(0, d-aheadOfFirst(f))
			}
			total += d
			if d > longest {
				longest, at = d, k
			}
		}
		grey, wait := greylisted(f)
		if at < 0 || longest < delayNoted || 2*longest <= total {
			if grey < 0 || wait < delayNoted {
				return nil
			}
			at = borderHop(f)
		}
		x := report.Finding{
			Hop:        index(f, at),
			Confidence: report.Strong,
			AtFault:    report.Party{Role: report.RoleUnknown, Host: fromHost(f, at)},
		}
		if longest >= delayNoted {
			x.Parts = report.Say("the message lay for %s before %v received it (%v), of %s in all", span(longest), report.HostRef(byName(f, at)), report.HopRef(f.Hops[at].Index), span(total))
			x.AdviceParts = report.Say("operator of %v: read the queue log for that time", report.HostRef(fromHost(f, at)))
			x.Evidence = []report.Evidence{hop(f, at), hop(f, at-1)}
			if raw := f.Hops[at].Delay; raw != nil && (*raw-longest).Abs() > time.Second {
				x.Evidence = append(x.Evidence, computed("", "by the stamps alone %s; corrected for the clocks %s", raw, longest))
				x.Confidence = report.Likely
			}
		}
		if grey >= 0 {
			x.AtFault = report.Party{Role: report.RoleRecipient}
			x.Evidence = append(x.Evidence, field(f, grey))
			if len(x.Parts) == 0 {
				x.Parts = report.Say("greylisting held the message for %s", span(wait))
			} else {
				x.Parts = x.Parts.Add(report.Say("; greylisting made the client wait %v", span(wait))...)
			}
			x.AdviceParts = report.Words("receiver: exempt servers that come back from greylisting, or shorten it")
			longest = max(longest, wait)
		}
		if longest < delayLong {
			x.Severity = report.Info
		}
		return []report.Finding{x}
	},
}

var greylistWait = pattern.New(`(?i)(?:delayed|for)\s+(?:(\d{1,7}) seconds?|(\d{1,4}):(\d\d):(\d\d))`)

// greylisted reads X-Greylist, as postgrey ("delayed 3600 seconds by …") and
// milter-greylist ("Delayed for 00:10:02 by …") write it.
func greylisted(f *Facts) (at int, wait time.Duration) {
	i := f.Msg.First("X-Greylist")
	if i < 0 {
		return -1, 0
	}
	m := greylistWait.FindStringSubmatch(f.Msg.Value(i))
	if m == nil {
		return -1, 0
	}
	if m[1] != "" {
		n, _ := strconv.Atoi(m[1])
		return i, time.Duration(n) * time.Second
	}
	h, _ := strconv.Atoi(m[2])
	min, _ := strconv.Atoi(m[3])
	s, _ := strconv.Atoi(m[4])
	return i, time.Duration(h)*time.Hour + time.Duration(min)*time.Minute + time.Duration(s)*time.Second
}
