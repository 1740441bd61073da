package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var thirdPartySenderUnaligned = &Rule{
	Code:     "third-party-sender-unaligned",
	RestsOn:  wholeHeader,
	Group:    GroupDMARC,
	Title:    "A mail service sends for the author without alignment",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aFailure,
	AtBorder: true,
	Causes: []Cause{
		{Rank: bySender + 250, Status: report.SenderMisconfigured, When: dmarcFails, Of: ownersFault},
		{Rank: bySender + 255, Status: report.Unauthenticated, When: dmarcFails},
	},
	SymptomOf: []*Rule{spoofAuthenticatedPlatform, cousinDomain},
	Refs:      []string{"RFC 9989 §4.4", "RFC 9989 §7.4"},
	Doc: `
## What happened
A service for newsletters, tickets or invoices sends with the author's address in From, but with its own envelope sender and its own signature. Both
pass, both for the service; DMARC of the author's domain fails.

## How it is proved
SPF and DKIM pass for one and the same foreign organisation, and the message shows that it is a service: its header fields, its return address, or
the author's own SPF record, which names the service's servers.

## What looks like it
Phishing through the same service looks the same. Only the author's own records can show that the service was asked to send; where they do not, the
finding is weak.

## What to do
Owner of the domain: set up DKIM and the return path for your domain in the service, or give the service a subdomain of its own.
`,
	Find: func(f *Facts) []report.Finding {
		s, ok := spfAtBorder(f)
		result, mark := borderDMARC(f)
		if !ok || s.null || result != "fail" || s.domain == "" || sameOrganisation(f, s.domain) || forwarded(f) || alignsRelaxed(f, s.domain) || f.Border.DKIM == "pass" {
			return nil
		}
		own := f.AuthorSPF != nil && f.AuthorSPF.Result == spf.Pass
		// A service is known by its machines. That a sender signs with the domain of
		// its envelope, and adds the fields of bulk mail, is a reason to ask.
		service := sentByService(f)
		var signature *voucher
		for _, v := range signers(f) {
			if mailname.SameOrg(v.domain, s.domain) || service != "" && mailname.Org(v.domain) == service {
				signature = &v
			}
		}
		marks := serviceMarks(f)
		if service == "" && !own && (s.result != "pass" || signature == nil || len(marks) == 0) {
			return nil
		}
		if service == "" {
			service = mailname.Org(s.domain)
		}
		found := report.Finding{
			Hop:         index(f, s.hop),
			Confidence:  report.Likely,
			AtFault:     report.Party{Role: report.RoleUnknown, Host: service},
			Parts:       report.Say("%s sent it for %v with the envelope sender %v%s; nothing of %v passes, so DMARC fails; either %v uses the service and did not set it up, or somebody writes in its name there", service, report.DomainRef(f.FromDomain), report.DomainRef(s.domain), andSignature(signature), report.DomainRef(f.FromDomain), report.DomainRef(f.FromDomain)),
			AdviceParts: report.Say("recipient: ask %v by another way whether it sends through %s, and treat the message as forged until then", report.DomainRef(f.FromDomain), service),
			Evidence:    s.evidence(f),
		}
		if by := sentOn(f, s); by != "" {
			found.Parts = report.Say("%s; nothing of %v passes any more, so DMARC fails: a forward without an aligned signature does that to honest mail, and a forged message looks the same", by, report.DomainRef(f.FromDomain))
			found.AdviceParts = report.Say("recipient: if you had your mail forwarded to here, %v has to sign with DKIM for it to pass; if not, treat the message as forged", report.DomainRef(f.FromDomain))
		}
		if signature != nil {
			found.Evidence = append(found.Evidence, field(f, signature.field))
		}
		for _, i := range marks {
			found.Evidence = append(found.Evidence, field(f, i))
		}
		if own {
			found.Confidence = report.Strong
			found.AtFault = senderAt(f)
			found.Parts = report.Say("%s sends for %v with the envelope sender %v%s: what passes is not aligned, DMARC fails; the SPF record of %v names the service's server, so it was meant to send", service, report.DomainRef(f.FromDomain), report.DomainRef(s.domain), andSignature(signature), report.DomainRef(f.FromDomain))
			found.AdviceParts = report.Say("owner of %v: set up DKIM and the return path for your domain at %s, or let it send from a subdomain", report.DomainRef(f.FromDomain), service)
			found.Evidence = append(found.Evidence, computed("RFC 7208 §4.1", "%s", evaluated(f.AuthorSPF)))
			found.Evidence = append(found.Evidence, spfRecord(f.AuthorSPF)...)
		}
		if mark != nil {
			found.Evidence = append(found.Evidence, claim(f, mark))
		}
		return []report.Finding{found}
	},
}

// ownersFault: it is shown that the owner meant the client to send.
func ownersFault(x *report.Finding) bool { return x.AtFault.Role == report.RoleSender }

func andSignature(v *voucher) string {
	if v == nil {
		return ""
	}
	return " and its own signature (d=" + v.domain + ")"
}

// maxServiceMarks bounds the fields quoted.
const maxServiceMarks = 3

// serviceMarks are header fields by which a bulk mail service is known: those of
// the standards for bulk mail, and the identifiers that services add.
func serviceMarks(f *Facts) []int {
	var out []int
	for i := range f.Msg.Fields {
		name := strings.ToLower(f.Msg.Name(i))
		switch {
		case name == "list-unsubscribe", name == "list-unsubscribe-post", name == "feedback-id", name == "x-csa-complaints",
			name == "x-campaign", name == "x-campaignid", name == "x-campaign-id", name == "x-mailer-campaign", name == "x-job",
			name == "precedence" && strings.EqualFold(strings.TrimSpace(f.Msg.Value(i)), "bulk"),
			strings.HasPrefix(name, "x-sg-"), strings.HasPrefix(name, "x-mc-"), strings.HasPrefix(name, "x-mailgun-"),
			strings.HasPrefix(name, "x-ses-"), strings.HasPrefix(name, "x-mandrill-"), strings.HasPrefix(name, "x-pm-"),
			strings.HasPrefix(name, "x-mj-"), strings.HasPrefix(name, "x-msys-"), strings.HasPrefix(name, "x-sfmc-"),
			strings.HasPrefix(name, "x-hubspot-"), strings.HasPrefix(name, "x-zendesk-"), strings.HasPrefix(name, "x-sib-"):
			out = append(out, i)
		}
		if len(out) == maxServiceMarks {
			break
		}
	}
	return out
}
