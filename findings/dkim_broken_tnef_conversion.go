package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/pattern"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenTNEFConversion = &Rule{
	Code:     "dkim-broken-tnef-conversion",
	Group:    GroupBroken,
	Title:    "Message was taken into a mail store and written again (Exchange, TNEF)",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aBrokenSignature,
	Causes:   []Cause{{Rank: onTheWay + 30, Status: report.BrokenInTransit, When: brokenOnTheWay, Of: theAuthors}},
	Refs:     []string{"RFC 7960 §3.2.1", "RFC 6376 §5.3"},
	Doc: `
## What happened
An Exchange organisation delivered the message into a mailbox, and a rule or a remote-domain setting sent it on from there. What went out was
written again from the store: new MIME parts and boundaries, HTML put together again, or winmail.dat. No signature outlives that.

## How it is proved
The body does not have the hash that was signed, no small change explains it, and between signer and recipient stands a hop that took the message
out of a store (with mapi), or a TNEF correlator of a server there, with MIME boundaries as Exchange writes them.

## What looks like it
A sender that uses Exchange itself: its store comes before the signature. Journal copies.

## What to do
Exchange organisation: switch TNEF off for the remote domain (TNEFEnabled false), forward by transport and not by mailbox rule, and seal by ARC.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for i := range f.DKIM {
			s, b := &f.DKIM[i], f.Bracket(i)
			if b == nil || atSource(b) || bodyExplained(f, i) {
				continue
			}
			k, why, at := storeHop(f, b)
			style := exchangeStyle(f)
			if k < 0 || why == "" {
				continue
			}
			x := locate(f, b)
			x.Hop = index(f, k)
			x.AtFault = report.Party{Role: role(f.RunOf(k)), Host: byName(f, k)}
			x.Severity = brokenSeverity(f, i)
			x.Confidence = report.Likely
			if style >= 0 {
				x.Confidence = report.Strong
				x.Evidence = append(x.Evidence, field(f, style))
			}
			x.Parts = report.Say("%v (%v) took the message into a store and wrote it again (%s): the body is not the one that %v signed", report.HostRef(byName(f, k)), report.HopRef(f.Hops[k].Index), why, report.DomainRef(s.Domain))
			x.AdviceParts = report.Say("%v: switch TNEF off for the remote domain, forward by transport instead of a mailbox rule, seal by ARC", report.HostRef(byName(f, k)))
			x.Evidence = append([]report.Evidence{field(f, s.Field), hop(f, k), computed("RFC 6376 §6.1.3", "%s", s.Reason)}, x.Evidence...)
			if at >= 0 {
				x.Evidence = append(x.Evidence, field(f, at))
			}
			out = append(out, x)
		}
		return merge(out)
	},
}

// storeHop finds a hop of the stretch that took the message out of an Exchange
// store: why says what shows it, at is the field where it is not the hop's.
func storeHop(f *Facts, b *headers.Bracket) (k int, why string, at int) {
	for k := min(b.Last, len(f.Hops)-1); k >= b.First && k >= 0; k-- {
		if strings.Contains(strings.ToLower(f.Hops[k].With), "mapi") {
			return k, "with mapi", -1
		}
	}
	i := f.Msg.First("X-MS-TNEF-Correlator")
	if i < 0 {
		return -1, "", -1
	}
	v := strings.ToLower(strings.Trim(f.Msg.Value(i), " \t\r\n<>"))
	_, host, ok := strings.Cut(v, "@")
	if !ok || host == "" {
		return -1, "", -1
	}
	for k := min(b.Last, len(f.Hops)-1); k >= b.First && k >= 0; k-- {
		if byName(f, k) == host {
			return k, "its name stands in X-MS-TNEF-Correlator", i
		}
	}
	return -1, "", -1
}

// exchangeBoundary is a MIME boundary as Exchange writes it.
var exchangeBoundary = pattern.New(`boundary="?_\d{3}_[0-9A-Za-z]+_"?`)

// exchangeStyle is the field that shows that Exchange put the message's MIME
// parts together, -1 where it did not.
func exchangeStyle(f *Facts) int {
	i := f.Msg.First("Content-Type")
	if i < 0 {
		return -1
	}
	v := f.Msg.Value(i)
	if strings.Contains(strings.ToLower(v), "application/ms-tnef") || exchangeBoundary.MatchString(strings.ReplaceAll(v, "\n", "")) {
		return i
	}
	return -1
}
