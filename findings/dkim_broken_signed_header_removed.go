package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenSignedHeaderRemoved = &Rule{
	Code:     "dkim-broken-signed-header-removed",
	Group:    GroupBroken,
	Title:    "A signed header field is gone",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aBrokenSignature,
	Causes:   []Cause{{Rank: onTheWay + 130, Status: report.BrokenInTransit, When: brokenOnTheWay, Of: theAuthors}},
	Refs:     []string{"RFC 6376 §5.4", "RFC 6376 §3.5"},
	Doc: `
## What happened
A relay took out a field that the sender had signed: Received, Reply-To, Sender, X-… or another. The signature does not verify without it.

## How it is proved
The copy in z= of the signature, put back, makes it verify. Without z=: h= names a field that signers sign only where it is there, such as
Received, and the message has it less often.

## What looks like it
A name in h= without such a field is normal: it signs that the field is absent.

## What to do
Sender: do not sign Received and X-… fields; relays take them out by rule. Relay: leave other people's fields in.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for _, c := range changes(f, repair.FieldRemoved) {
			if x, ok := c.finding(f, "leave header fields of others in the message"); ok {
				x.Confidence = atMost(x.Confidence, report.Strong)
				out = append(out, x)
			}
		}
		for i := range f.DKIM {
			s, b := &f.DKIM[i], f.Bracket(i)
			name := missingTrace(f, s)
			if b == nil || f.Repair(i) != nil || name == "" || atSource(b) || s.HeaderSignature != dkim.Mismatch || otherKey(f, i) {
				continue
			}
			x := locate(f, b)
			x.Severity = brokenSeverity(f, i)
			x.Confidence = report.Likely
			x.Parts = report.Say("%v signed %s, which the message has fewer of than h= names: %s seems to have taken it out", report.DomainRef(s.Domain), name, who(f, b))
			x.AdviceParts = report.Say("%v: do not sign %s; relays take such fields out by rule", report.DomainRef(s.Domain), name)
			x.Evidence = append([]report.Evidence{field(f, s.Field), computed("RFC 6376 §5.4", "h= names %s %d times, below the signature there are %d", name, s.Names(name), occurs(f, s, name))}, x.Evidence...)
			out = append(out, x)
		}
		return merge(out)
	},
}

// missingTrace is a field that signers sign only where it is there, that h=
// names more often than it occurs below the signature; "" where there is none.
func missingTrace(f *Facts, s *dkim.Signature) string {
	seen := map[string]bool{} // each name once: there may be as many as fields
	for _, h := range s.SignedFields {
		// QUIRK: Exchange Online signs X-MS-Exchange-SenderADCheck, which it never
		// sends.
		if n := strings.ToLower(h); n != "received" && !strings.HasPrefix(n, "x-") || strings.HasPrefix(n, "x-ms-exchange-") {
			continue
		}
		if seen[strings.ToLower(h)] {
			continue
		}
		seen[strings.ToLower(h)] = true
		// Named once more than it is there, and there: signed against more.
		if have, named := occurs(f, s, h), s.Names(h); named > have && (have == 0 || named > have+1) {
			return h
		}
	}
	return ""
}

// occurs counts a field below a signature.
func occurs(f *Facts, s *dkim.Signature, name string) int {
	n := 0
	for _, i := range f.Msg.All(name) {
		if i > s.Field {
			n++
		}
	}
	return n
}
