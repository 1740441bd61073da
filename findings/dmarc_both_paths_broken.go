package findings

import (
	"cmp"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var dmarcBothPathsBroken = &Rule{
	Code:     "dmarc-both-paths-broken",
	RestsOn:  noSignature,
	Group:    GroupDMARC,
	Title:    "Forward broke SPF and modification broke DKIM",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aFailure,
	AtBorder: true,
	Causes:   []Cause{{Rank: onTheWay + 10, Status: report.BrokenInTransit, When: dmarcFails}},
	SymptomOf: []*Rule{
		spfRecheckedBehindBorder, spfCheckedBehindGatewayService, spfCheckedBehindBackupMX, spfRecheckedOnInternalRelay,
		spfCheckedOnFilterLoopback, spfCheckedBehindOwnForwarder,
		dkimBrokenSubjectTag, dkimBrokenFooter, dkimBrokenBanner, dkimBrokenLinkRewrite, dkimBrokenMIMEReencoded,
		dkimBrokenRefold, dkimBrokenHeaderNormalised, dkimBrokenFromRewritten, dkimBrokenTNEFConversion,
		dkimBrokenOversignedHeaderAdded, dkimBrokenSignedHeaderRemoved, dkimBrokenAttachmentRemoved,
		dkimBrokenLineEndings, dkimBrokenUnlocated,
	},
	Refs: []string{"RFC 7960 §2.3", "RFC 9989 §7.4"},
	Doc: `
## What happened
The sender did everything right: SPF and DKIM passed where the message first left the sender. On the way one organisation sent it on from
its own address (SPF can't pass any more) and changed it (DKIM can't verify any more). DMARC fails for want of either.

## How it is proved
At an earlier border SPF passes for a domain aligned with From; at the last one nothing aligned passes. The signature does not
verify, and a server before the change wrote that it did, or undoing the change makes it verify.

## What looks like it
A sender that never signed: dmarc-spf-only-sender. A sender that was never authorised: spf-unauthorised-sender.

## What to do
Intermediary: stop changing messages, or take responsibility for them (own From, own signature, ARC). Receiver: honour ARC of forwarders that you
know; RFC 9989 asks not to reject on p=reject alone.
`,
	Find: func(f *Facts) []report.Finding {
		if f.FromDomain == "" || len(f.DKIM) == 0 {
			return nil
		}
		last := f.LastRun()
		// Broken at the last place that decides.
		decided := f.DMARC
		if f.DMARCDelivered != nil && f.DMARCDelivered.Result == dmarc.Fail {
			decided = f.DMARCDelivered
		}
		if decided == nil || decided.Result != dmarc.Fail || last == nil || last.Border < 0 {
			return nil
		}
		signed := -1
		for i := range f.DKIM {
			if f.Aligned[i] && f.DKIM[i].Result == dkim.Fail && f.DKIM[i].Code != dkim.ReasonExpired {
				signed = i
			}
		}
		if signed < 0 {
			return nil
		}
		// Whole at an earlier one.
		for i := len(f.Runs) - 1; i >= 0; i-- {
			r := &f.Runs[i]
			if r.Border < 0 || r.SPF == nil || r.SPF.Result != spf.Pass || !mailname.SameOrg(r.SPF.Domain, f.FromDomain) {
				continue
			}
			if i == 0 && f.DMARC.Result == dmarc.Pass && len(misplacedChecks(f)) == 0 {
				continue
			}
			culprit := last.Border
			role := report.RoleIntermediary
			host := fromHost(f, culprit)
			if i == 0 {
				// Whoever changed it, never just the last server.
				role, host, culprit = report.RoleRecipient, r.Name(), r.Last
				if b := f.Bracket(signed); b != nil && b.Hop >= 0 {
					culprit = b.Hop
					if !b.Vague() {
						host = byName(f, b.Hop)
					}
				}
			}
			s := &f.DKIM[signed]
			x := report.Finding{
				Hop:         index(f, culprit),
				Confidence:  report.Strong,
				AtFault:     report.Party{Role: role, Host: host},
				Parts:       bothBroken(f, r, last, signed, host),
				AdviceParts: report.Say("%s: send messages on unchanged, or take responsibility for them: a From, a signature and an envelope sender (SRS) of your own, and an ARC seal", report.HostRef(cmp.Or(host, "the intermediary"))),
				Evidence: []report.Evidence{
					field(f, s.Field), hop(f, r.Border), hop(f, last.Border),
					computed("RFC 7208 §4.1", "%v: %s", report.HopRef(f.Hops[r.Border].Index), evaluated(r.SPF)),
					computed("RFC 6376 §6.1.3", "signature of %v: body hash %s, header signature %s", report.DomainRef(s.Domain), s.BodyHash, s.HeaderSignature),
				},
			}
			if c := provenBefore(f, s); c != nil {
				x.Confidence = report.Proved
				x.Evidence = append(x.Evidence, claim(f, c))
			}
			notWhole(&x, absentUsual(f, signed))
			return []report.Finding{x}
		}
		return nil
	},
}

// bothBroken names who changed the message, how, and who sent it on. r is the
// run at whose border SPF passed, last the recipient's, which is r itself where
// the recipient's own servers did it.
func bothBroken(f *Facts, r, last *headers.Run, signed int, sender string) report.Text {
	s := &f.DKIM[signed]
	changed := report.Say("the content was changed (%s)", s.Reason)
	if fixed, b := f.Repair(signed), f.Bracket(signed); fixed != nil && b != nil && len(fixed.Changes) > 0 && !atSource(b) && !otherKey(f, signed) {
		changed = report.Say("%v changed it: %s", who(f, b), fixed.Changes[0].Description)
		if n := len(fixed.Changes) - 1; n > 0 {
			changed = changed.Add(report.Words(" and " + otherEdits(n))...)
		}
	}
	t := report.Say("SPF passed for %v at %v, where %v received it; then %v", report.DomainRef(r.SPF.Domain), report.HopRef(f.Hops[r.Border].Index), report.DomainRef(r.Name()), changed)
	if r == last {
		return t.Add(report.Words("; behind the border neither SPF nor the signature can pass")...)
	}
	how := "from its own address"
	if last.SPF != nil && last.SPF.Domain == r.SPF.Domain {
		how = "without SRS"
	}
	return t.Add(report.Say(", and %v sent it on %s: at %v neither SPF nor the signature can pass", report.HostRef(cmp.Or(sender, "a server")), how, report.HopRef(f.Hops[last.Border].Index))...)
}

// provenBefore is a verdict written on the way, and not by the sender, that a
// signature of this domain verified there.
func provenBefore(f *Facts, s *dkim.Signature) *headers.Claim {
	return firstClaim(f, "dkim", credible, result("pass"), func(c *headers.Claim) bool { return c.Domain == s.Domain })
}
