package findings

import (
	"time"

	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/report"
)

const (
	// skewNoted is the smallest disagreement of clocks that is reported.
	skewNoted = 2 * time.Minute
	// dateAhead is how far Date may lie after the first hop: clocks of
	// people's own machines are set less well than those of servers.
	dateAhead = 10 * time.Minute
	// dateBehind is how long a message may have lain before the first hop.
	dateBehind = 24 * time.Hour
)

var timeAnomaly = &Rule{
	Code:     "time-anomaly",
	RestsOn:  wholeHeader | deliveryTime,
	Group:    GroupPath,
	Title:    "Clock skew or impossible order",
	Severity: report.Low,
	Since:    "0.1",
	Quiet:    true,
	Refs:     []string{"RFC 5321 §4.4", "RFC 5322 §3.6.1"},
	Doc: `
## What happened
The time stamps on the path contradict each other: a later hop is earlier than one before it, or the author's Date lies after the message
was first received, or long before it.

## How it is proved
Every pair of hops is compared. One constant offset of one host that removes all its contradictions is a clock that is wrong. Where no
offset does, the stamps were not made by a clock that runs: the fields may be invented, or were put in another order.

## What looks like it
Messages that wait in a queue, in greylisting or in moderation are late, not out of order. An offset of whole or half hours is a wrong time
zone. A message that was written offline or scheduled has an old Date.

## What to do
Operator of the host: set its clock by NTP, and its time zone. Signatures (t=, x=), keys and rewritten senders are judged by these
times, so an error of hours can make them fail.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		clocks := f.Clocks()
		for i := range clocks {
			c := &clocks[i]
			k := c.Hops[len(c.Hops)-1]
			if !c.Irregular && c.Offset.Abs() < skewNoted {
				continue
			}
			x := report.Finding{
				Hop:         index(f, k),
				Confidence:  report.Strong,
				AtFault:     operatorOf(f, k),
				AdviceParts: report.Say("operator of %v: set the clock by NTP", report.HostRef(byName(f, k))),
				Evidence:    []report.Evidence{hop(f, k)},
			}
			switch {
			case c.Irregular:
				x.Confidence = report.Likely
				x.Parts = report.Say("no constant error of the clock of %v explains its time stamps (%v): they were changed, invented or put in another order", report.HostRef(byName(f, k)), report.HopRef(f.Hops[k].Index))
				x.AdviceParts = report.Say("do not rely on the times of %v; compare them with its log", report.HostRef(byName(f, k)))
			case c.Zone:
				x.Parts = report.Say("the clock of %v (%v) is %s %s, a wrong time zone", report.HostRef(byName(f, k)), report.HopRef(f.Hops[k].Index), span(c.Offset), aheadOrBehind(c.Offset))
				x.AdviceParts = report.Say("operator of %v: set the time zone", report.HostRef(byName(f, k)))
			default:
				x.Parts = report.Say("the clock of %v (%v) is at least %s %s", report.HostRef(byName(f, k)), report.HopRef(f.Hops[k].Index), span(c.Offset), aheadOrBehind(c.Offset))
			}
			if c.Peer != "" && !c.Irregular {
				x.Confidence = report.Likely
				x.Parts = x.Parts.Add(report.Say("; or that of %v is wrong by as much the other way", c.Peer)...)
			}
			for _, o := range []int{k - 1, k + 1} {
				if o >= 0 && o < len(f.Hops) {
					x.Evidence = append(x.Evidence, hop(f, o))
				}
			}
			out = append(out, x)
		}
		if x, ok := dateOutOfOrder(f); ok {
			out = append(out, x)
		}
		return out
	},
}

func aheadOrBehind(d time.Duration) string {
	if d < 0 {
		return "behind"
	}
	return "ahead"
}

// dateOutOfOrder compares Date with the first hop.
func dateOutOfOrder(f *Facts) (report.Finding, bool) {
	i := f.Msg.First("Date")
	if i < 0 || len(f.Hops) == 0 {
		return report.Finding{}, false
	}
	date, ok := received.ParseDate(f.Msg.Value(i))
	first := f.Hops[0].Time
	if !ok || first.IsZero() {
		return report.Finding{}, false
	}
	if c := f.ClockOf(0); c != nil {
		if c.Irregular {
			return report.Finding{}, false
		}
		first = first.Add(-c.Offset)
	}
	if d := date.Sub(first); d <= dateAhead && d >= -dateBehind {
		return report.Finding{}, false
	}
	x := report.Finding{
		Hop:         index(f, 0),
		Confidence:  report.Strong,
		AtFault:     report.Party{Role: report.RoleSender},
		AdviceParts: report.Words("sender: set the clock and the time zone of the machine that wrote the message"),
		Evidence:    []report.Evidence{field(f, i), hop(f, 0)},
	}
	switch d := date.Sub(first); {
	case d > dateAhead && beforeSecondHop(f, date):
		// Date agrees with the rest of the path: it may be the first server
		// whose clock is behind.
		x.Confidence, x.AtFault.Role, x.AtFault.Host = report.Likely, report.RoleUnknown, byName(f, 0)
		x.Parts = report.Say("Date lies %s after %v received the message (hop 1), but before the next hop: the clock of %v is behind, or the author's is ahead", span(d), report.HostRef(byName(f, 0)), report.HostRef(byName(f, 0)))
		x.AdviceParts = report.Say("operator of %v: set the clock and the time zone by NTP", report.HostRef(byName(f, 0)))
		x.Evidence = append(x.Evidence, hop(f, 1))
	case d > dateAhead:
		x.Parts = report.Say("Date lies %s after the first server received the message", span(d))
	default:
		x.Severity, x.Confidence, x.AtFault = report.Info, report.Likely, nobody
		x.Parts = report.Say("Date lies %s before the first server received the message", span(d))
		x.AdviceParts = report.Words("none needed where the message was written offline, scheduled or sent again; otherwise the author's clock is wrong")
	}
	return x, true
}

// beforeSecondHop reports whether a time is not later than the second hop.
func beforeSecondHop(f *Facts, t time.Time) bool {
	return len(f.Hops) > 1 && !f.Hops[1].Time.IsZero() && !t.After(f.Hops[1].Time.Add(skewNoted))
}

// aheadOfFirst is by how much Date lies after the first hop where it agrees
// with the second: then that much of the delay between the two is in doubt.
func aheadOfFirst(f *Facts) time.Duration {
	date, ok := received.ParseDate(f.Msg.Get("Date"))
	if !ok || len(f.Hops) < 2 || f.Hops[0].Time.IsZero() || !beforeSecondHop(f, date) {
		return 0
	}
	return max(0, date.Sub(f.Hops[0].Time))
}
