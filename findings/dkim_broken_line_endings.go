package findings

import (
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenLineEndings = &Rule{
	Code:     "dkim-broken-line-endings",
	Group:    GroupBroken,
	Title:    "Blanks, line ends or dots of the body altered",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aBrokenSignature,
	Causes:   []Cause{{Rank: onTheWay + 110, Status: report.BrokenInTransit, When: brokenOnTheWay, Of: theAuthors}},
	Refs:     []string{"RFC 6376 §3.4.3", "RFC 6376 §5.3"},
	Doc: `
## What happened
Blanks at line ends, blank lines at the end, line ends themselves, “>From ” or doubled dots differ from what was signed. Nobody sees it; under
simple canonicalization of the body it breaks the signature.

## How it is proved
With these put back the body has the hash that was signed.

## What looks like it
Very often not the mail was changed but the copy at hand: mail programs, mbox files and editors all do this when they store or export.

## What to do
First get the raw message from the server and look again. Sender: sign with c=relaxed/relaxed. Lines over 998 octets are broken by servers
(Postfix: smtp_line_length_limit), and no canonicalization forgives that: write shorter ones, or encode the text.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for _, c := range changes(f, repair.LineEndings) {
			x, ok := c.finding(f, "pass the body on as it is")
			if !ok {
				continue
			}
			x.AdviceParts = report.Words("look at the raw message on the server first: saving and exporting does this too")
			switch {
			case c.edit.Software != "": // no canonicalization forgives a line that is broken
				x.AdviceParts = report.Say("%s: write lines of at most 998 octets, or encode the text", report.DomainRef(c.sig.Domain))
			case c.sig.BodyCanon != dkim.Relaxed:
				x.AdviceParts = x.AdviceParts.Add(report.Say("; %s: sign with c=relaxed/relaxed", report.DomainRef(c.sig.Domain))...)
			}
			if k := sentOnBy(f, c.where, c.edit.Software); k >= 0 {
				x.Hop = index(f, k)
				x.AtFault = report.Party{Role: role(f.RunOf(k)), Host: byName(f, k)}
				x.Confidence = report.Strong
				x.Parts = c.message(report.Say("%v, a %s that sent the message on, changed it", serverAt(f, k), c.edit.Software))
				x.Evidence = append(x.Evidence, hop(f, k))
				x.AdviceParts = report.Say("%v: take longer lines from the servers behind it, or have them verify here; %s", report.HostRef(byName(f, k)), x.Advice)
				if c.where.Broken == nil {
					x.Severity = report.Low
				}
			} else if c.where.Broken == nil {
				// No server found it broken: the copy is the first suspect.
				x.Severity = report.Low
				x.AtFault = report.Party{Role: report.RoleUnknown}
				x.Hop = nil
				x.Parts = c.message(report.Words("the copy at hand, or a server on the way, differs from the message"))
			}
			out = append(out, x)
		}
		return merge(out)
	},
}

// sentOnBy returns the hop that a server of a known kind wrote and sent on, behind
// the last that found the signature whole; -1 where there is none or several.
func sentOnBy(f *Facts, b *headers.Bracket, software string) int {
	if software == "" || b.Intact == nil || b.Intact.Hop < 0 {
		return -1
	}
	last := len(f.Hops) - 2
	if b.Broken != nil && b.Broken.Hop-1 < last {
		last = b.Broken.Hop - 1
	}
	found := -1
	for k := b.Intact.Hop; k <= last; k++ {
		if f.Hops[k].Product != software || f.Hops[k].ByShape {
			continue
		}
		if found >= 0 && byName(f, k) != byName(f, found) {
			return -1
		}
		found = k
	}
	return found
}
