package findings

import (
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var forgottenSender = &Rule{
	Code:      "forgotten-sender",
	RestsOn:   wholeHeader | noSignature,
	Group:     GroupDMARC,
	Title:     "An own system of the domain is missing from SPF and does not sign",
	Severity:  report.Medium,
	Since:     "0.1",
	AtBorder:  true,
	Causes:    []Cause{{Rank: bySender + 70, Status: report.SenderMisconfigured, When: notAuthenticated}},
	SymptomOf: []*Rule{spfIPv6Uncovered},
	Refs:      []string{"RFC 7208 §3", "RFC 9989 §7.4"},
	Doc: `
## What happened
A host of the author's own organisation sent the message straight to the recipient: a web server, a printer, a new or an old data centre. It is not in
the SPF record and does not sign, so its mail looks forged.

## How it is proved
Reverse DNS of the client's address gives a name in the author's domain, and that name points back to the address. Only the owner of
both can set that up. SPF does not pass, no signature is there.

## What looks like it
A forger uses a host name of the domain (HELO); that is not proof, the DNS does not confirm it. A host of the organisation that was
broken into looks the same.

## What to do
Owner of the domain: add the address to the SPF record, or send through the relay that signs.
`,
	Find: func(f *Facts) []report.Finding {
		s, ok := spfAtBorder(f)
		carried := dmarcPasses(f)
		if !ok || s.null || f.FromDomain == "" || forwarded(f) || resent(f) || !carried && signedByAuthor(f) || f.Twin != nil {
			return nil
		}
		switch s.result {
		case "fail", "softfail":
		case "neutral":
			// A record that names nobody forgets nobody.
			if s.eval == nil || !namesSenders(s.eval.Record) {
				return nil
			}
		case "none":
			// A program's own envelope sender, user@host.
			if s.domain == f.FromDomain || s.domain != fromHost(f, s.hop) {
				return nil
			}
		default:
			return nil
		}
		if !sameOrganisation(f, s.domain) {
			return nil
		}
		host, confirmed := confirmedClient(f, s.hop)
		if host == "" {
			return nil
		}
		x := report.Finding{
			Hop:         index(f, s.hop),
			Confidence:  report.Likely,
			AtFault:     report.Party{Role: report.RoleSender, Host: host},
			Parts:       report.Say("%v is a host of %s by its reverse DNS, but SPF of %v is %s for it and it does not sign: a system that the records forgot", clientRef(f, s.hop), report.DomainRef(mailname.Org(f.FromDomain)), report.DomainRef(s.domain), s.result),
			AdviceParts: report.Say("owner of %v: add %s to the SPF record, or let it send through the relay that signs", report.DomainRef(s.domain), f.Hops[s.hop].IP),
			Evidence:    append(s.evidence(f), confirmed),
		}
		if carried {
			x.Severity = report.Low
			x.Parts = report.Say("%v is a host of %s by its reverse DNS, but SPF of %v is %s for it: its record forgot it, and DMARC hangs on its signature alone", clientRef(f, s.hop), report.DomainRef(mailname.Org(f.FromDomain)), report.DomainRef(s.domain), s.result)
			x.AdviceParts = report.Say("owner of %v: add %s to the SPF record", report.DomainRef(s.domain), f.Hops[s.hop].IP)
		}
		for _, name := range []string{"X-PHP-Originating-Script", "X-PHP-Script", "X-Mailer", "User-Agent", "X-Cron-Env", "Auto-Submitted"} {
			if i := f.Msg.First(name); i >= 0 {
				x.Evidence = append(x.Evidence, field(f, i))
				break
			}
		}
		return []report.Finding{x}
	},
}

// namesSenders reports whether an SPF record has a term that authorises
// somebody.
func namesSenders(text string) bool {
	rec, _ := spf.Parse(text)
	for i := range rec.Terms {
		if t := &rec.Terms[i]; t.Qualifier == '+' && t.Kind != "all" || t.Kind == "redirect" {
			return true
		}
	}
	return false
}

// confirmedClient is the name of the border's client in the author's
// organisation, forward-confirmed by us or by the server that received it.
func confirmedClient(f *Facts, k int) (string, report.Evidence) {
	if n := ownSource(f); n != "" {
		return n, computed("RFC 1912 §2.1", "reverse DNS of %s is %s, which points back to it", f.Hops[k].IP, n)
	}
	h := &f.Hops[k]
	if len(f.BorderNames) == 0 && f.BorderPTR == headers.PTRUnknown && h.RDNSKind == received.RDNSConfirmed && sameOrganisation(f, h.RDNS) {
		return fromHost(f, k), computed("RFC 1912 §2.1", "%v wrote down %s as the confirmed name of %s", report.HostRef(byName(f, k)), h.RDNS, h.IP)
	}
	return "", report.Evidence{}
}
