package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var senderIDNotSPF = &Rule{
	Code:     "sender-id-not-spf",
	Group:    GroupWrongPlace,
	Title:    "Received-SPF was written by a Sender ID check",
	Severity: report.Low,
	Since:    "0.1",
	Needs:    aVerdict,
	Refs:     []string{"RFC 4406 §4", "RFC 7208 §9.1"},
	Doc: `
## What happened
The Sender ID agent of an Exchange server tested the address in From, Sender or Resent-From, not the envelope sender, and wrote its
result into Received-SPF. It is not an SPF result.

## How it is proved
The field is an Exchange server's, and the domain in it is that of From or Sender while the envelope sender is in another.

## What looks like it
Where both domains are the same it can't be told.

## What to do
Recipient: switch the Sender ID agent off; check SPF and DMARC at the border. Sender: nothing.
`,
	Find: func(f *Facts) []report.Finding {
		if f.MailFrom == nil || *f.MailFrom == "" {
			return nil
		}
		for c := range claims(f, "") {
			if c.Method != "spf" && c.Method != "sender-id" || c.Hop < 0 || c.Domain == "" || !strings.EqualFold(f.Msg.Name(c.Field), "Received-SPF") {
				continue
			}
			r := f.RunOf(c.Hop)
			if f.Hops[c.Hop].Product != "Exchange Server" && c.Identity != "pra" || r.MailFrom == nil || c.MailFrom != "" && strings.EqualFold(c.MailFrom, *r.MailFrom) {
				continue
			}
			if d := domainPart(*r.MailFrom); d == c.Domain || !purported(f, c.Domain) {
				continue
			}
			return []report.Finding{{
				Hop:         index(f, c.Hop),
				Confidence:  report.Strong,
				AtFault:     report.Party{Role: report.RoleRecipient, Host: c.Writer},
				Parts:       report.Say("Received-SPF of %v (%v) is about %v, the author's domain; the envelope sender is in %s: this was a Sender ID check", report.HostRef(c.Writer), report.HopRef(f.Hops[c.Hop].Index), report.DomainRef(c.Domain), domainPart(*r.MailFrom)),
				AdviceParts: report.Say("switch the Sender ID agent off on %v and check SPF at the border", report.HostRef(c.Writer)),
				Evidence:    []report.Evidence{claim(f, c), hop(f, c.Hop)},
			}}
		}
		return nil
	},
}

// purported reports whether a domain is that of the purported responsible
// address: From, Sender or Resent-From (RFC 4407 §2).
func purported(f *Facts, domain string) bool {
	for _, name := range []string{"Resent-Sender", "Resent-From", "Sender", "From"} {
		if i := f.Msg.First(name); i >= 0 && headers.HasDomain(f.Msg.Value(i), domain) {
			return true
		}
	}
	return false
}
