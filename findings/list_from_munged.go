package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/message/mailbox"
	"github.com/mailtrace/mailtrace/report"
)

var listFromMunged = &Rule{
	Code:     "list-from-munged",
	Group:    GroupForwarding,
	Title:    "List replaced the From address to survive DMARC",
	Severity: report.Info,
	Since:    "0.1",
	Refs:     []string{"RFC 7960 §4.1.3.1"},
	Doc: `
## What happened
A mailing list put its own address into From, so that DMARC is about the list and passes by the list's own SPF and DKIM. The
author stands in Reply-To, X-Original-From or Cc.

## How it is proved
From is in the list's domain, list fields name the same domain, and another field holds the author of another domain, often
with a signature of that domain that no longer verifies.

## What looks like it
A display name with "via" and no list behind it is a common disguise.

## What to do
Nothing. Whoever must know the author reads Reply-To, with the care that an unauthenticated field needs.
`,
	Find: func(f *Facts) []report.Finding {
		if f.FromDomain == "" {
			return nil
		}
		for _, name := range listFields {
			i := f.Msg.First(name)
			if i < 0 {
				continue
			}
			d := domainPart(headers.ListName(f.Msg.Value(i)))
			if d == "" || !mailname.SameOrg(d, f.FromDomain) {
				continue
			}
			author, at := mungedAuthor(f)
			if author == "" {
				continue
			}
			b := borderHop(f)
			x := report.Finding{
				Hop:         index(f, b),
				Confidence:  report.Strong,
				AtFault:     report.Party{Role: "none", Host: fromHost(f, b)},
				Parts:       report.Say("the list put its own address into From; the author is %s (%s). DMARC is about %v now", author, f.Msg.Name(at), report.DomainRef(f.FromDomain)),
				AdviceParts: report.Say("none needed; read the author from %v with care", f.Msg.Name(at)),
				Evidence:    []report.Evidence{field(f, f.Msg.First("From")), field(f, at), field(f, i)},
			}
			for k := range f.DKIM {
				s := &f.DKIM[k]
				if s.Domain != "" && mailname.SameOrg(s.Domain, domainPart(author)) && s.Result != "pass" {
					x.Confidence = report.Proved
					x.Evidence = append(x.Evidence, field(f, s.Field))
				}
			}
			return []report.Finding{x}
		}
		return nil
	},
}

// mungedAuthor finds the author that a list moved out of From: an address of
// another organisation in a field that keeps it. at is the field.
func mungedAuthor(f *Facts) (author string, at int) {
	via := false
	for _, a := range f.From {
		n := strings.ToLower(headers.Decode(a.Name))
		via = via || strings.Contains(n, " via ") || strings.HasPrefix(n, "via ")
	}
	for _, name := range []string{"X-Original-From", "X-MailFrom", "Reply-To", "Cc"} {
		i := f.Msg.First(name)
		if i < 0 {
			continue
		}
		// Reply-To and Cc name others for many reasons; there the display name
		// or an older signature must say that this was From.
		for _, mb := range mailbox.Parse(f.Msg.Value(i)) {
			if mb.Domain == "" || mailname.SameOrg(mb.Domain, f.FromDomain) {
				continue
			}
			if strings.HasPrefix(name, "X-") || via || signedBy(f, mb.Domain) {
				return mb.Address, i
			}
		}
	}
	return "", -1
}

func signedBy(f *Facts, domain string) bool {
	for i := range f.DKIM {
		if d := f.DKIM[i].Domain; d != "" && mailname.SameOrg(d, domain) {
			return true
		}
	}
	return false
}
