package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/report"
)

var dmarcRecordInvalid = &Rule{
	Code:     "dmarc-record-invalid",
	Group:    GroupDMARC,
	Title:    "DMARC record unusable or duplicated",
	Severity: report.High,
	Since:    "0.1",
	Causes:   []Cause{{Rank: bySender + 60, Status: report.SenderMisconfigured, When: notAuthenticated}},
	Refs:     []string{"RFC 9989 §4.7", "RFC 9989 §4.10"},
	Doc: `
## What happened
The domain means to publish a DMARC policy, but receivers must ignore it: there are two records, the version is not in front or not written
v=DMARC1, the policy can't be read, or the record stands at the domain itself and not at _dmarc below it.

## How it is proved
The records themselves, as the DNS has them.

## What looks like it
Receivers differ in what they tolerate: RFC 7489 wanted p= in second place and demanded it, RFC 9989 takes a missing p= for none. Unknown tags are not an error.

## What to do
Owner of the domain: publish exactly one valid record at _dmarc below the domain.
`,
	Find: func(f *Facts) []report.Finding {
		if f.DMARC == nil {
			return nil
		}
		d := &f.DMARC.Discovered
		x := report.Finding{
			Confidence: report.Proved,
			AtFault:    report.Party{Role: report.RoleSender, Host: f.FromDomain},
		}
		switch {
		case len(d.Invalid) > 0 && (d.Record == nil || d.Domain != f.FromDomain):
			at := "_dmarc." + f.FromDomain
			for _, q := range d.Queries {
				if strings.HasSuffix(q.Answer, "discarded") || strings.HasPrefix(q.Answer, "no valid record") {
					at = q.Name
					break
				}
			}
			x.Parts = report.Say("the record at %s can't be used: it does not begin with v=DMARC1", at)
			x.AdviceParts = report.Say("publish one record at %v that begins with v=DMARC1", at)
			if len(d.Invalid) > 1 {
				x.Parts = report.Say("%s has %d DMARC records: receivers must discard them all", at, len(d.Invalid))
				x.AdviceParts = report.Say("leave one record at %v", at)
			}
			if d.Record != nil {
				// RFC 9989 §4.10.1 goes on at the parent; RFC 7489 §6.6.3 stops at
				// several records.
				x.Severity = report.Medium
				x.Parts = x.Parts.Add(report.Say("; receivers that look further find that of %v", report.DomainRef(d.Domain))...)
			}
			for i, text := range d.Invalid {
				if i < 4 {
					x.Evidence = append(x.Evidence, record(at, "TXT", text))
				}
			}
		case d.Record != nil && f.DMARC.Result == dmarc.PermError:
			x.Parts = report.Say("the DMARC record of %v can't be used: %s", report.DomainRef(d.Domain), problemText(d.Record, f.DMARC.Reason))
			x.AdviceParts = report.Say("correct the record at _dmarc.%v", report.DomainRef(d.Domain))
			x.Evidence = dmarcRecord(f)
		case d.Record != nil && unreadablePolicy(d.Record) != "":
			x.Severity = report.Medium
			x.Parts = report.Say("the DMARC record of %v has a %s that is none of none, quarantine and reject; receivers fall back to p=none or apply no DMARC", report.DomainRef(d.Domain), unreadablePolicy(d.Record))
			x.AdviceParts = report.Say("correct the policy in the record at _dmarc.%v", report.DomainRef(d.Domain))
			x.Evidence = dmarcRecord(f)
		case d.Record == nil && f.StrayDMARC != nil:
			s := f.StrayDMARC
			x.Parts = report.Say("the DMARC record of %v stands at the domain itself; receivers look at _dmarc.%v", report.DomainRef(s.Domain), report.DomainRef(s.Domain))
			x.AdviceParts = report.Say("move the record to _dmarc.%v", report.DomainRef(s.Domain))
			x.Evidence = append(x.Evidence, record(s.Domain, "TXT", s.Text))
		default:
			return nil
		}
		t := f.Border
		if t.DKIM == "pass" || t.SPF == "pass" && f.SPF != nil && sameOrganisation(f, f.SPF.Domain) {
			// This message is vouched for without it.
			x.Severity = report.Medium
		}
		x.AdviceParts = report.Say("owner of %v: %v", report.DomainRef(f.FromDomain), x.Advice)
		x.Evidence = append(x.Evidence, computed("RFC 9989 §4.10", "dmarc of %v: %s", report.DomainRef(f.FromDomain), f.DMARC.Reason))
		if c := trustedAtBorder(f, "dmarc"); c != nil {
			x.Evidence = append(x.Evidence, claim(f, c))
		}
		return []report.Finding{x}
	},
}

// unreadablePolicy is the first policy tag of a record whose value is not a policy,
// "" where there is none.
func unreadablePolicy(r *dmarc.Record) string {
	for _, name := range []string{"p", "sp", "np"} {
		v, ok := r.Tag(name)
		if !ok {
			continue
		}
		switch dmarc.Policy(strings.ToLower(strings.TrimSpace(v))) {
		case dmarc.PolicyNone, dmarc.PolicyQuarantine, dmarc.PolicyReject:
		default:
			return name + "=" + v
		}
	}
	return ""
}

// problemText is the fatal problem of a record, or else what the evaluation
// says.
func problemText(r *dmarc.Record, otherwise string) string {
	for _, p := range r.Problems {
		if p.Fatal {
			return p.Text
		}
	}
	return otherwise
}
