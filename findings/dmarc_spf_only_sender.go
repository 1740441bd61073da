package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

var dmarcSPFOnlySender = &Rule{
	Code:      "dmarc-spf-only-sender",
	RestsOn:   wholeHeader | noSignature,
	Group:     GroupDMARC,
	Title:     "Enforcing DMARC policy without DKIM",
	Severity:  report.High,
	Since:     "0.1",
	AtBorder:  true,
	Causes:    []Cause{{Rank: bySender + 240, Status: report.SenderMisconfigured, When: func(f *Facts) bool { return f.Border.DMARC == "fail" }}},
	SymptomOf: []*Rule{dmarcDKIMUnaligned, thirdPartySenderUnaligned, dkimSignatureRemoved},
	Refs:      []string{"RFC 9989 §7.4", "RFC 7960 §3.2.1"},
	// Where the service signs with its own domain only, that is the cause.
	Doc: `
## What happened
The author's domain asks receivers to refuse or put aside what fails DMARC, but its mail carries no DKIM signature of its own. DMARC then
hangs on SPF, and SPF does not survive a forward or a mailing list: such mail is lost.

## How it is proved
The policy is quarantine or reject; no signature of the author's organisation is there and no server saw one; SPF passed for the author's domain where the
message left its sender, so the sender is a real one.

## What looks like it
A signature that was taken out on the way: dkim-signature-removed. A forgery has no signature either, but there SPF never passed.

## What to do
Sender: sign all mail with DKIM for the From domain. RFC 9989 demands it of domains with p=reject.
`,
	Find: func(f *Facts) []report.Finding {
		policy := enforced(f)
		if policy == "" || f.FromDomain == "" || signedByAuthor(f) {
			return nil
		}
		for _, v := range signers(f) {
			if v.aligned {
				return nil
			}
		}
		ev, where := authorisedOnce(f)
		confidence := report.Strong
		if ev == nil {
			ev, where = sealedOnce(f)
		}
		if ev == nil {
			if ev, where = fromAuthorsHost(f); ev == nil {
				return nil
			}
			confidence = report.Likely
		}
		x := report.Finding{
			Confidence:  confidence,
			AtFault:     report.Party{Role: report.RoleSender, Host: f.FromDomain},
			AdviceParts: report.Say("owner of %v: sign all mail with DKIM for that domain before asking for p=%s", report.DomainRef(f.FromDomain), policy),
		}
		at := f.Border
		if s, ok := spfAtBorder(f); ok && at.DMARC == "fail" && s.result == "pass" && sameOrganisation(f, s.domain) {
			return nil // SPF did not get lost, its alignment is what fails
		}
		switch {
		case at.DMARC == "fail":
			x.Parts = report.Say("%v asks for p=%s but does not sign: %s; SPF was lost on the way, and nothing else vouches for the author", report.DomainRef(f.FromDomain), policy, where)
			x.Hop = index(f, borderHop(f))
		case at.DMARC == "pass":
			x.Parts = report.Say("%v asks for p=%s but does not sign: DMARC hangs on SPF alone, which no forward survives", report.DomainRef(f.FromDomain), policy)
			x.Severity = report.Low
			if f.Delivery.DMARC == "fail" {
				x.Severity = report.Medium
			}
		default:
			return nil
		}
		x.Evidence = append(ev, dmarcRecord(f)...)
		x.Evidence = append(x.Evidence, computed("RFC 6376 §3.5", "%d signature(s), none with a d= of %s", len(f.DKIM), report.DomainRef(mailname.Org(f.FromDomain))))
		if c := trustedAtBorder(f, "dkim"); c != nil {
			x.Evidence = append(x.Evidence, claim(f, c))
		}
		return []report.Finding{x}
	},
}

// enforced is the policy that applies to the author's domain where it is more
// than none: from the record, or as the border noted it.
func enforced(f *Facts) string {
	p := ""
	if f.DMARC != nil {
		p = string(f.DMARC.Policy)
	} else if c := trustedAtBorder(f, "dmarc"); c != nil {
		p = strings.ToLower(c.Policy)
		if p == "" {
			// "quarantine", "oreject": what it did, or set aside, tells what was asked.
			p = strings.TrimPrefix(strings.ToLower(c.Action), "o")
		}
	}
	if p == "quarantine" || p == "reject" {
		return p
	}
	return ""
}

// authorisedOnce shows a border at which SPF passed for the author's
// organisation; nil where there is none.
func authorisedOnce(f *Facts) (ev []report.Evidence, where report.Text) {
	for i := len(f.Runs) - 1; i >= 0; i-- {
		r := &f.Runs[i]
		if i > 0 && (r.Apart || r.Unasked || r.Role != headers.Intermediary && r.Role != headers.Sender) {
			continue // whatever its line says, nothing shows that it had the message
		}
		// Invented history counts for nothing, and a bounce tells nothing about
		// how the domain's mail is signed.
		if r.Border < 0 || r.Contradicted != "" || r.MailFrom != nil && *r.MailFrom == "" {
			continue
		}
		where = report.Say("it passed SPF where %v received it (%v)", report.DomainRef(r.Name()), report.HopRef(f.Hops[r.Border].Index))
		if r.Role == headers.Intermediary && refused(r.SPF) {
			return nil, nil // its source was not authorised there
		}
		if r.SPF != nil {
			if r.SPF.Result == "pass" && sameOrganisation(f, r.SPF.Domain) {
				return []report.Evidence{hop(f, r.Border), computed("RFC 7208 §4.1", "%v: %s", report.HopRef(f.Hops[r.Border].Index), evaluated(r.SPF))}, where
			}
			continue
		}
		if c := claimAt(f, r.Border, "spf"); c != nil && c.Normal == "pass" && sameOrganisation(f, c.Domain) && !bestGuess(c) {
			return []report.Evidence{hop(f, r.Border), claim(f, c)}, where
		}
	}
	return nil, nil
}

// sealedOnce shows a forwarding service that sealed that SPF passed for the
// author's organisation when the message came in there; nil where there is none.
func sealedOnce(f *Facts) (ev []report.Evidence, where report.Text) {
	set, service := sealingForwarder(f)
	if set == nil {
		return nil, nil
	}
	c := sealedInOrder(f, set, "spf")
	if c == nil {
		return nil, nil
	}
	return append(setEvidence(f, set), claim(f, c)), report.Say("it passed SPF where %v received it, as that service sealed", report.DomainRef(service))
}

// fromAuthorsHost shows an intermediary that received the message from a host of
// the author's organisation; nil where there is none. It stands in where the
// envelope sender of that time is lost, as behind a list.
func fromAuthorsHost(f *Facts) (ev []report.Evidence, where report.Text) {
	for i := len(f.Runs) - 1; i > 0; i-- {
		r := &f.Runs[i]
		if r.Role != headers.Intermediary || r.Border < 0 || r.Contradicted != "" || r.Apart || r.MailFrom != nil {
			continue
		}
		h := &f.Hops[r.Border]
		if h.RDNSKind == received.RDNSConfirmed && sameOrganisation(f, h.RDNS) {
			return []report.Evidence{hop(f, r.Border)}, report.Say("%v received it from %v (%v)", report.DomainRef(r.Name()), clientRef(f, r.Border), report.HopRef(h.Index))
		}
	}
	return nil, nil
}
