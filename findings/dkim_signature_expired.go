package findings

import (
	"time"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var dkimSignatureExpired = &Rule{
	Code:     "dkim-signature-expired",
	RestsOn:  deliveryTime,
	Group:    GroupKeys,
	Title:    "Signature had expired when the message was received, or is dated in the future",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aSignature,
	Causes:   []Cause{{Rank: bySender + 210, Status: report.SenderMisconfigured, When: dmarcFails, Of: theAuthors}},
	Refs:     []string{"RFC 6376 §3.5", "RFC 6376 §6.1.1"},
	Doc: `
## What happened
The signature says until when it holds (x=), and the message came in later. Or it is dated (t=) after its own arrival, or x= is not
after t=, so that it never held.

## How it is proved
x= and t= beside the time in the Received field of the border, and of the hop before which the time was lost.

## What looks like it
A signature that has expired only by now, as most with x= have when old mail is looked at: that is never reported. A server whose clock
is wrong writes a wrong time into Received. Some receivers accept expired signatures.

## What to do
Owner of the server where the message waited: see why it did. Sender: let signatures hold for a week at least. A copy that comes long after
the rest may be a replay.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for i := range f.DKIM {
			s := &f.DKIM[i]
			var x report.Finding
			switch s.Code {
			case dkim.ReasonExpired:
				x = expired(f, s)
			case dkim.ReasonFuture:
				x = dkimFinding(f, s)
				x.Parts = report.Say("the signature of %v is dated %s, after the message was received (%s)", report.DomainRef(s.Domain), stamp(*s.SignedAt), stamp(f.At))
				x.AdviceParts = report.Say("%v: set the clock of the signing server; receiver: likewise", report.DomainRef(s.Domain))
				x.Confidence = report.Strong
			case dkim.ReasonTimes:
				x = dkimFinding(f, s)
				x.Parts = report.Say("the signature of %v never held: x= is not after t=", report.DomainRef(s.Domain))
				x.AdviceParts = report.Say("%v: fix the lifetime that the signer puts into x=", report.DomainRef(s.Domain))
			}
			// A time of judgement that nobody received the message at proves
			// nothing.
			if len(x.Parts) == 0 || s.Code != dkim.ReasonTimes && f.AtBasis == "now" {
				continue
			}
			x.Severity = weight(f, i)
			x.Evidence = append(x.Evidence, computed("RFC 6376 §3.5", "%s", s.Reason))
			if c := failedThen(f, s); c != nil {
				x.Evidence = append(x.Evidence, claim(f, c))
			} else if c := passedThen(f, s); c != nil {
				// The receiver's clock or its tolerance let it pass.
				x.Evidence = append(x.Evidence, claim(f, c))
				x.Confidence = atMost(x.Confidence, report.Strong)
				x.Severity = report.Low
			}
			disown(s, &x)
			out = append(out, x)
		}
		return out
	},
}

// shortLife is a lifetime that ordinary queues outlive.
const shortLife = 24 * time.Hour

// expired finds where the time was lost: before the oldest hop whose clock is
// past x=.
func expired(f *Facts, s *dkim.Signature) report.Finding {
	x := dkimFinding(f, s)
	late := -1
	for k := range f.Hops {
		if t := f.Hops[k].Time; !t.IsZero() && t.After(*s.ExpiresAt) {
			late = k
			break
		}
	}
	x.Parts = report.Say("the signature of %v held until %s; the message came in at %s", report.DomainRef(s.Domain), stamp(*s.ExpiresAt), stamp(f.At))
	x.AdviceParts = report.Say("%v: let signatures hold for a week at least", report.DomainRef(s.Domain))
	if f.AtBasis == "flag" {
		x.Parts = report.Say("the signature of %v held until %s, before the time of judgement (%s)", report.DomainRef(s.Domain), stamp(*s.ExpiresAt), stamp(f.At))
	}
	if late < 0 {
		return x
	}
	x.Evidence = append(x.Evidence, hop(f, late))
	if late > 0 && !f.Hops[late-1].Time.IsZero() {
		// It was in time at the hop below, and waited there.
		x.Hop = index(f, late)
		x.Evidence = append(x.Evidence, hop(f, late-1))
		x.AtFault = report.Party{Role: role(f.RunOf(late - 1)), Host: byName(f, late-1)}
		x.Parts = x.Parts.Add(report.Say("; it waited at %s, between hops %d and %d", report.HostRef(x.AtFault.Host), f.Hops[late-1].Index, f.Hops[late].Index)...)
		x.AdviceParts = report.Say("%s: see why the message waited there; %v: let signatures hold for a week at least", report.HostRef(x.AtFault.Host), report.DomainRef(s.Domain))
	} else {
		x.Parts = x.Parts.Add(report.Words("; it was late already when the first server on its path took it")...)
		x.AdviceParts = report.Say("%v: see where the message waited after signing, and let signatures hold for a week at least", report.DomainRef(s.Domain))
	}
	if s.SignedAt != nil && s.ExpiresAt.Sub(*s.SignedAt) < shortLife {
		x.Parts = x.Parts.Add(report.Say("; it was made to hold for %s only", s.ExpiresAt.Sub(*s.SignedAt))...)
		if late < 0 || x.AtFault.Role != report.RoleSender {
			x.AtFault = dkimFinding(f, s).AtFault
		}
	}
	return x
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// role is that of a run, in the words of the report.
func role(r *headers.Run) string {
	if r == nil {
		return report.RoleUnknown
	}
	return string(r.Role)
}
