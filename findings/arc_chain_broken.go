package findings

import (
	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var arcChainBroken = &Rule{
	Code:     "arc-chain-broken",
	RestsOn:  wholeHeader,
	Group:    GroupARC,
	Title:    "ARC chain does not verify",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    anARCSet,
	SymptomOf: []*Rule{
		dkimBrokenSubjectTag, dkimBrokenFooter, dkimBrokenBanner, dkimBrokenLinkRewrite, dkimBrokenMIMEReencoded,
		dkimBrokenHeaderNormalised, dkimBrokenTNEFConversion, dkimBrokenAttachmentRemoved, dkimBrokenSignedHeaderRemoved,
	},
	Refs: []string{"RFC 8617 §5.2"},
	Doc: `
## What happened
The message carries ARC seals, but the chain does not hold: the message was changed after the last sealer signed it, or a seal itself does not
verify. What the sealers say can't be used.

## How it is proved
The message signature of the newest set does not fit the message: somebody after that sealer changed it without sealing again. Or the seal
of a set does not verify: its sealer computed it wrongly, or somebody changed a field of the sets.

## What looks like it
Known wrong sealers: Rspamd before 2023 from the second set on, old OpenARC with simple canonicalisation. Keys that were replaced since. A
copy of the message that lacks its body, or that was changed when it was exported.

## What to do
Who changes a message must seal it afterwards, or sign it as its own author. Sealer with a broken seal: update the software.
`,
	Find: func(f *Facts) []report.Finding {
		c := f.ARC
		if c == nil || c.Result != arc.Fail {
			return nil
		}
		switch c.Code {
		case arc.ReasonMessage, arc.ReasonSeal, arc.ReasonKey:
		default:
			return nil // arc-malformed, arc-fail-inherited
		}
		s := setAt(c, c.FailedInstance)
		if s == nil {
			return nil
		}
		x := report.Finding{
			Confidence: report.Proved,
			Evidence:   append(setEvidence(f, s), computed("RFC 8617 §5.2", "%s", setsLine(c))),
		}
		switch {
		case c.Code == arc.ReasonKey:
			keyOfSealerGone(f, s, &x)
		case c.Code == arc.ReasonSeal:
			x.Hop = index(f, f.SealerHop(s))
			x.AtFault = sealerParty(f, s)
			x.Confidence = report.Strong // the fields of the set may have been changed later
			x.Parts = report.Say("the ARC seal of set %d, by %s, does not verify: %s", s.Instance, report.HostRef(sealerName(f, s)), s.SealReason)
			x.AdviceParts = report.Say("%s: update the software that seals; a wrong seal is a known defect of older ones", report.HostRef(sealerName(f, s)))
		case f.Body != headers.BodyWhole && s.Message != nil && s.Message.HeaderSignature != dkim.Mismatch:
			return nil // the copy has not the body that was signed
		case s.Message != nil && s.Message.Result == dkim.Fail:
			changedAfterSeal(f, s, &x)
		default:
			x.Hop = index(f, f.SealerHop(s))
			x.AtFault = sealerParty(f, s)
			x.Parts = report.Say("the ARC message signature of set %d, by %s, does not hold: %s", s.Instance, report.HostRef(sealerName(f, s)), s.AMSReason)
			x.AdviceParts = report.Say("%s: fix the software that seals", report.HostRef(sealerName(f, s)))
		}
		if x.AtFault.Role == report.RoleRecipient || dmarcPasses(f) {
			// Changed behind the border, or by a chain that nobody needed.
			x.Severity = report.Low
		}
		for o := range claims(f, "arc", trusted) {
			x.Evidence = append(x.Evidence, claim(f, o))
			break
		}
		return []report.Finding{x}
	},
}

// keyOfSealerGone describes a chain that can't be checked for want of a key: it
// may have verified at delivery.
func keyOfSealerGone(f *Facts, s *arc.Set, x *report.Finding) {
	x.Hop = index(f, f.SealerHop(s))
	x.AtFault = sealerParty(f, s)
	x.Confidence = report.Strong
	why := s.SealReason
	if s.AMSResult != "pass" && s.AMSReason != "" {
		why = s.AMSReason
	}
	x.Parts = report.Say("the ARC chain can't be verified: the key of set %d, by %s, is of no use (%s)", s.Instance, report.HostRef(sealerName(f, s)), why)
	x.AdviceParts = report.Say("%s: publish the key; where the message is old, it may have been replaced since", report.HostRef(sealerName(f, s)))
	for c := range claims(f, "arc", trusted) {
		if c.Normal == "pass" {
			x.Severity, x.AtFault = report.Info, report.Party{Role: "none"}
			x.Parts = x.Parts.Add(report.Words("; it verified at delivery")...)
			x.Evidence = append(x.Evidence, claim(f, c))
			return
		}
	}
}

// changedAfterSeal describes a message that was changed after its newest sealer
// had signed it. The servers between that one and the next that checks are the
// ones who can have done it.
func changedAfterSeal(f *Facts, s *arc.Set, x *report.Finding) {
	what := "the body"
	if r := f.SealRepair; r != nil && len(r.Changes) > 0 {
		x.Evidence = append(x.Evidence, computed("RFC 8617 §4.1.2", "undone: %s; then body hash %s, header signature %s", r.Changes[0].Description, matches(r.BodyProved), matches(r.HeaderProved)))
	}
	switch {
	case s.Message.BodyHash != dkim.Mismatch:
		what = "a header field that it signs"
	case s.Message.HeaderSignature == dkim.Mismatch:
		what = "body and header"
	}
	sealer := sealerName(f, s)
	x.Parts = report.Say("%s was changed after %s had sealed it (set %d)", what, report.HostRef(sealer), s.Instance)
	x.AdviceParts = report.Say("who changes a message after %s must seal it again, or sign it as its own author", report.HostRef(sealer))
	from := f.SealerHop(s) + 1
	to := len(f.Hops) - 1
	for c := range claims(f, "arc", trusted) {
		// Found broken where it came in: no later server can have done it.
		if c.Normal == "fail" || c.Result == "reject" {
			to = min(to, c.Hop-1)
		}
	}
	x.AtFault = report.Party{Role: report.RoleUnknown}
	if from < 1 {
		return
	}
	if from > to {
		// Only the sealer itself is left.
		x.Hop, x.AtFault = index(f, from-1), sealerParty(f, s)
		x.Parts = x.Parts.Add(report.Say(", by %v itself on its way out", report.HostRef(sealer))...)
		return
	}
	k := -1
	for i := from; i <= to; i++ {
		if k < 0 || byName(f, i) == byName(f, k) {
			k = i
			continue
		}
		k = -1
		break
	}
	if k < 0 {
		// Where the signature of the author broke on the same stretch, that says
		// more.
		for i := range f.DKIM {
			if b := f.Bracket(i); b != nil && b.Hop >= from && b.Hop <= to {
				k = b.Hop
			}
		}
	}
	if k < 0 {
		x.Hop = index(f, from)
		x.Parts = x.Parts.Add(report.Say(", between hops %d and %d", f.Hops[from].Index, f.Hops[to].Index)...)
		return
	}
	x.Hop = index(f, k)
	x.AtFault = report.Party{Role: role(f.RunOf(k)), Host: byName(f, k)}
	x.Parts = x.Parts.Add(report.Say(", by %s (%v)", report.HostRef(x.AtFault.Host), report.HopRef(f.Hops[k].Index))...)
	x.AdviceParts = report.Say("%s: seal after every change, or leave forwarded messages alone", report.HostRef(x.AtFault.Host))
	x.Evidence = append(x.Evidence, hop(f, k))
}
