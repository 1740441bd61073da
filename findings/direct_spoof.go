package findings

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

var directSpoof = &Rule{
	Code:     "direct-spoof",
	RestsOn:  wholeHeader | noSignature | noForwarder,
	Group:    GroupSpoofing,
	Title:    "Unauthorised source uses the From domain",
	Severity: report.Critical,
	Since:    "0.1",
	Needs:    aFailure,
	AtBorder: true,
	Causes:   []Cause{{Rank: bySender + 90, Status: report.SpoofSuspected, When: notAuthenticated}},
	Refs:     []string{"RFC 9989 §2.1", "RFC 7208 §2.6.4"},
	Doc: `
## What happened
The message claims to come from a domain that has given its source no authority: DMARC fails where the recipient's organisation received it,
and nothing ties the host that brought it to the author.

## How it is proved
At the border DMARC fails. The client is not in the SPF record of the author's domain and no confirmed name of it is the author's; no key of the
author signed the message, and no forwarder shows with proof. A signature that does not verify says nothing about its d=, and what the
message says of itself (its own Received lines, list fields, verdicts that came with it) ties nobody to anybody. It is firm where the owner
itself says so: by -all, or by p=quarantine or p=reject.

## What looks like it
A server of the domain's owner that was forgotten in the record: forgotten-sender. A mail service that the owner uses and did not set up:
third-party-sender-unaligned. A forwarder that leaves no trace; the finding then says what the header hints at.

## What to do
Recipient: treat it as forged, and answer by another way. Owner of the domain: publish p=reject once your own mail is in order.
`,
	Find: func(f *Facts) []report.Finding {
		s, ok := strangerAtBorder(f)
		if !ok || sentByService(f) != "" || operator(f) != "" || len(directSpoofOwnDomain.Find(f)) > 0 {
			return nil
		}
		// An owner who says nothing firm may have forgotten the source, and the hints
		// may be true: then it is a question, not a spoof.
		firm := s.firm()
		if !firm && len(s.hints) > 0 {
			return nil
		}
		last := f.LastRun()
		x := report.Finding{
			Hop:         index(f, s.hop),
			Severity:    report.High,
			Confidence:  report.Strong,
			AtFault:     report.Party{Role: report.RoleSender, Host: fromHost(f, s.hop)},
			Parts:       report.Say("%v writes for %v to %v (%v), and nothing ties it to that domain: %s", clientRef(f, s.hop), report.DomainRef(f.FromDomain), report.DomainRef(last.Name()), report.HopRef(f.Hops[s.hop].Index), s.found(f)),
			AdviceParts: report.Say("%v: treat it as forged, and ask the author by another way", report.DomainRef(last.Name())),
			Evidence:    []report.Evidence{hop(f, s.hop)},
		}
		if s.policy != "" {
			x.AdviceParts = report.Say("%v: refuse or quarantine it, as p=%s asks", report.DomainRef(last.Name()), s.policy)
		}
		if len(s.hints) > 0 {
			x.Parts = x.Parts.Add(report.Say("; %v, which the sender could have written", strings.Join(s.hints, ", "))...)
			x.AdviceParts = x.AdviceParts.Add(report.Say("; in doubt ask the operator of %v: its log says whether it only passed this on", clientRef(f, s.hop))...)
		}
		if firm {
			x.Severity = "" // as grave as it gets, whatever the sender wrote
		} else {
			x.Confidence = report.Likely
		}
		if i := f.Msg.First("From"); i >= 0 {
			x.Evidence = append(x.Evidence, field(f, i))
		}
		if s.known {
			x.Evidence = append(x.Evidence, s.spf.evidence(f)[1:]...)
		}
		if e := authorSPF(f); e != nil && e != f.SPF {
			x.Evidence = append(append(x.Evidence, computed("RFC 7208 §2.6.4", "%s", evaluated(e))), spfRecord(e)...)
		}
		if c := trustedAtBorder(f, "dmarc"); c != nil {
			x.Evidence = append(x.Evidence, claim(f, c))
		} else {
			x.Evidence = append(x.Evidence, computed("RFC 9989 §5.3", "dmarc of %v: %s", report.DomainRef(f.FromDomain), f.Border.DMARC))
		}
		x.Evidence = append(x.Evidence, dmarcRecord(f)...)
		return []report.Finding{x}
	},
}

// ownSource is the confirmed name of the border's client where it lies in the
// author's organisation: then the source is the owner's own, whatever the
// records say. "" where it does not.
func ownSource(f *Facts) string {
	org := mailname.Org(f.FromDomain)
	if f.Twin != nil && org != "" && mailname.Org(f.Twin.Name) == org {
		// Its IPv4 side is in the domain's own SPF record.
		return f.Twin.Name
	}
	names := f.BorderNames
	// The border's own look-up at the time counts as much as ours now.
	if h := f.BorderHop(); h != nil && h.RDNSKind == received.RDNSConfirmed {
		names = append(slices.Clone(names), strings.ToLower(h.RDNS))
	}
	for _, n := range names {
		if org != "" && mailname.Org(n) == org {
			return n
		}
	}
	return ""
}
