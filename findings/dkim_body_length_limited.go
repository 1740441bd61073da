package findings

import (
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBodyLengthLimited = &Rule{
	Code:     "dkim-body-length-limited",
	Group:    GroupKeys,
	Title:    "l= leaves part of the body unsigned",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aSignature,
	Causes:   []Cause{{Rank: misuse + 10, Status: report.SpoofSuspected, When: textAppended}},
	Refs:     []string{"RFC 6376 §3.5", "RFC 6376 §8.2"},
	Doc: `
## What happened
The signature covers the first octets of the body only (l=). Whatever follows was signed by nobody, and the signature passes with it: anybody who
has one such message can put other text into it, and with a new MIME boundary or HTML even hide what was signed.

## How it is proved
l= beside the length of the body in canonical form, with a signature that verifies.

## What looks like it
A mailing list that puts its footer behind the signed part is what l= was made for. A signature with l= that covers the whole body
shows that others of the sender can be extended; nothing was added to this one.

## What to do
Sender: take l= out of the signer's settings. Receiver: treat a signature that leaves octets unsigned as one that failed.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for i := range f.DKIM {
			s := &f.DKIM[i]
			if s.BodyLength == nil || s.HeaderSignature != dkim.Match {
				continue
			}
			x := dkimFinding(f, s)
			x.AdviceParts = report.Say("%v: take l= out of the settings of the signer; receivers: treat a signature that leaves octets unsigned as failed", report.DomainRef(s.Domain))
			x.Evidence = append(x.Evidence, computed("RFC 6376 §3.5", "l=%d; the body has %d octets in canonical form", *s.BodyLength, s.CanonicalBody))
			switch {
			case s.Result == dkim.Pass && s.UnsignedBytes > blankTail:
				extended(f, s, &x)
			case s.Result == dkim.Pass || s.BodyHash == dkim.Unchecked:
				x.Severity = report.Medium
				x.Parts = report.Say("%v signs with l=%d: whoever has the message can put text behind what is signed, and the signature still passes", report.DomainRef(s.Domain), *s.BodyLength)
			default:
				continue // it does not pass: nothing gains by it
			}
			if !aligned(f, i) && x.Severity != report.Medium {
				x.Severity = report.Medium
			}
			out = append(out, x)
		}
		return out
	},
}

// blankTail is how much behind l= says nothing: a blank line that a relay put
// at the end.
const blankTail = 2

// extended describes a message with text behind the signed part.
func extended(f *Facts, s *dkim.Signature, x *report.Finding) {
	x.Severity = report.Critical
	x.Parts = report.Say("the last %d of %d octets of the body are not signed (l=%d of %v): they may be anybody's, although the signature passes", s.UnsignedBytes, s.CanonicalBody, *s.BodyLength, report.DomainRef(s.Domain))
	b := borderHop(f)
	switch {
	case listHop(f) >= 0:
		x.Severity = report.Medium
		x.Parts = x.Parts.Add(report.Words("; a mailing list sent this copy on, whose footer that may be")...)
	case resent(f):
		x.Hop = index(f, b)
		x.AtFault = report.Party{Role: report.RoleIntermediary, Host: fromHost(f, b)}
	case f.SPF != nil && f.SPF.Result != "pass" && b >= 0:
		// It did not come from where the domain sends: the likeliest hand is the
		// client's.
		x.Hop = index(f, b)
		x.AtFault = report.Party{Role: report.RoleUnknown, Host: fromHost(f, b)}
		x.Parts = x.Parts.Add(report.Say("; the message came from %v, for which SPF of %s is %s", clientRef(f, b), report.DomainRef(f.SPF.Domain), f.SPF.Result)...)
		x.Evidence = append(x.Evidence, hop(f, b), computed("RFC 7208 §4.1", "%s", evaluated(f.SPF)))
	}
}

// listHop is the hop at which a mailing list took the message in, or sent it
// out where that does not show; -1 where no list had it.
func listHop(f *Facts) int {
	if l := findList(f); l != nil {
		for i := 1; i < len(f.Runs); i++ {
			r := &f.Runs[i]
			if r.Border < 0 || r.Role != headers.Intermediary {
				continue
			}
			for _, o := range r.Orgs {
				if o == mailname.Org(l.domain) {
					return r.Border
				}
			}
		}
		return l.hop
	}
	if toList(f) {
		return borderHop(f)
	}
	return -1
}
