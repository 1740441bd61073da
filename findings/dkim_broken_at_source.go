package findings

import (
	"fmt"
	"slices"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var dkimBrokenAtSource = &Rule{
	Code:     "dkim-broken-at-source",
	RestsOn:  wholeHeader,
	Group:    GroupBroken,
	Title:    "Signature was not valid when the message left its sender",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aBrokenSignature,
	Causes: []Cause{
		{Rank: bySender + 130, Status: report.SenderMisconfigured, When: signerSent, Of: theAuthors},
		{Rank: bySender + 170, Status: report.Unauthenticated, When: notAuthenticated, Of: theAuthors},
	},
	SymptomOf: []*Rule{directSpoof, directSpoofOwnDomain},
	Refs:      []string{"RFC 6376 §5.3", "RFC 6376 §5.6"},
	Doc: `
## What happened
The first server that received the message from its sender found the signature broken. So it was never valid outside: the signer uses another
private key than the one published, signs before its own servers change the message (footer, disclaimer, long lines), or computes wrongly.

## How it is proved
The verdict of the first foreign server on the path, with no other server between. With RSA, a signature that was made with another key
shows that by itself; and where the change is found, the proof names it. A signature that breaks a rule by its own text (From is not in h=, an
unknown algorithm, x= before t=) is valid nowhere.

## What looks like it
A recipient's gateway that changes the message before its own check. A key that was replaced since, with a verdict of delivery that says pass:
dkim-key-rotated.

## What to do
Sender: sign last, at the outermost server; compare the private key with the published one; wrap lines under 998 octets.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for i := range f.DKIM {
			s, b := &f.DKIM[i], f.Bracket(i)
			if neverValid(s.Code) && passedThen(f, s) == nil {
				x := dkimFinding(f, s)
				x.Severity = brokenSeverity(f, i)
				x.Confidence = report.Strong
				x.Parts = report.Say("the signature of %v can't be valid anywhere: %s", report.DomainRef(s.Domain), s.Reason)
				x.AdviceParts = report.Say("%v: fix the signer's settings: %s", report.DomainRef(s.Domain), s.Reason)
				x.Evidence = append(x.Evidence, computed("RFC 6376 §6.1.1", "%s", s.Reason))
				if c := failedThen(f, s); c != nil {
					x.Evidence = append(x.Evidence, claim(f, c))
				}
				disown(s, &x)
				out = append(out, x)
				continue
			}
			if b == nil || passedThen(f, s) != nil || b.Intact != nil || b.IntactSet > 0 {
				continue
			}
			other := otherKey(f, i)
			direct := atSource(b) && b.Broken != nil && !changedByReceiver(f, i)
			if !other && !direct {
				continue
			}
			x := dkimFinding(f, s)
			x.Severity = brokenSeverity(f, i)
			x.Confidence = report.Strong
			if direct {
				x.Parts = report.Say("the signature of %v was broken already when %s received the message", report.DomainRef(s.Domain), receiver(f, b))
			}
			x.AdviceParts = report.Say("%v: sign last, at the outermost server, and compare the private key with the one published at %s", report.DomainRef(s.Domain), report.DomainRef(s.KeyName))
			switch r := f.Repair(i); {
			case other:
				x.Parts = report.Say("the signature of %v was made with another private key than the one published at %s", report.DomainRef(s.Domain), report.DomainRef(s.KeyName))
				x.AdviceParts = report.Say("%v: give the signer the private key that belongs to %s, or publish the key it uses", report.DomainRef(s.Domain), report.DomainRef(s.KeyName))
				x.Evidence = append(x.Evidence, computed("RFC 8017 §8.2.2", "with the published key the signature turns into no hash at all: it was made with another key"))
				if b.Broken == nil {
					// The key may have been replaced since.
					x.Confidence = report.Likely
					x.Parts = x.Parts.Add(report.Words("; the key may have been replaced since")...)
				}
			case r != nil:
				x.Parts = x.Parts.Add(report.Say(": %v", r.Changes[0].Description)...)
				x.AdviceParts = report.Say("%v: sign last, after everything that changes the message", report.DomainRef(s.Domain))
				x.Evidence = append(x.Evidence, computed("RFC 6376 §3.7", "undone: %s; then body hash %s, header signature %s", r.Changes[0].Description, matches(r.BodyProved), matches(r.HeaderProved)))
			case s.BodyHash == dkim.Mismatch:
				x.Parts = x.Parts.Add(report.Words(": the body is not the one that was signed")...)
			default:
				x.Parts = x.Parts.Add(report.Words(": the header signature does not verify")...)
			}
			disown(s, &x)
			x.Evidence = append(x.Evidence, computed("RFC 6376 §6.1.3", "%s", s.Reason))
			if b.Broken != nil {
				x.Evidence = append(x.Evidence, claim(f, b.Broken), hop(f, b.Broken.Hop))
				if b.Broken.Trust != headers.Trusted {
					x.Confidence = atMost(x.Confidence, report.Likely)
				}
			}
			out = append(out, x)
		}
		return out
	},
}

// neverValid reports whether a signature breaks a rule by its own text, so that
// no verifier can accept it (RFC 6376 §6.1.1).
func neverValid(code dkim.Reason) bool {
	switch code {
	case dkim.ReasonFromUnsigned, dkim.ReasonVersion, dkim.ReasonAlgorithm, dkim.ReasonQuery, dkim.ReasonTimes:
		return true
	}
	return false
}

// changedByReceiver reports whether what broke a signature is what receivers do.
func changedByReceiver(f *Facts, i int) bool {
	r := f.Repair(i)
	return r != nil && slices.ContainsFunc(r.Changes, func(c repair.Change) bool { return receiversEdit(c.Kind) })
}

// receiver names the server that found a signature broken.
func receiver(f *Facts, b *headers.Bracket) string {
	k := b.Broken.Hop
	return fmt.Sprintf("%s (hop %d)", byName(f, k), f.Hops[k].Index)
}
