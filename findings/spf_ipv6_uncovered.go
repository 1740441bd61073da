package findings

import (
	"github.com/mailtrace/mailtrace/report"
)

var spfIPv6Uncovered = &Rule{
	Code:     "spf-ipv6-uncovered",
	RestsOn:  wholeHeader,
	Group:    GroupSPF,
	Title:    "Sender left over IPv6, the SPF record lists only its IPv4 address",
	Severity: report.High,
	Since:    "0.1",
	AtBorder: true,
	Causes:   []Cause{{Rank: bySender + 50, Status: report.SenderMisconfigured, When: notAuthenticated}},
	Refs:     []string{"RFC 7208 §5", "RFC 7208 §5.6"},
	Doc: `
## What happened
The sender's server has an IPv4 and an IPv6 address. This message left over IPv6, and the SPF record names only the IPv4 one. Whether mail passes
depends on which way it took, so it fails now and then.

## How it is proved
The client's name has both addresses in the DNS. SPF passes for the one and not for the other.

## What looks like it
The terms a and mx cover IPv6 addresses too, so a record with them is right. A foreign host with a name of the domain has no IPv4 address
that passes.

## What to do
Sender: add the ip6 address to the record, or switch off IPv6 for outgoing mail; set the reverse DNS of the IPv6 address.
`,
	Find: func(f *Facts) []report.Finding {
		s, ok := spfAtBorder(f)
		t := f.Twin
		if !ok || t == nil || s.eval == nil {
			return nil
		}
		x := report.Finding{
			Hop:         index(f, s.hop),
			Confidence:  report.Strong,
			AtFault:     report.Party{Role: report.RoleSender, Host: t.Name},
			Parts:       report.Say("%s sent over IPv6 from %s, which the SPF record of %v does not cover (%s); for its IPv4 address %s SPF passes", t.Name, s.eval.IP, report.DomainRef(s.domain), s.result, t.IP),
			AdviceParts: report.Say("owner of %v: add ip6:%s to the SPF record, or send over IPv4 only", report.DomainRef(s.domain), s.eval.IP),
			Evidence:    append(s.evidence(f), computed("RFC 7208 §4.1", "%s", evaluated(t.SPF)), record(t.Name, "A", t.IP.String()), record(t.Name, "AAAA", s.eval.IP.String())),
		}
		if s.claim != nil && s.claim.Normal == s.result {
			x.Confidence = report.Proved
		}
		if dmarcPasses(f) {
			x.Severity = report.Medium
		}
		return []report.Finding{x}
	},
}
