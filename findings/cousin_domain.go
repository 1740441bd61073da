package findings

import (
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

var cousinDomain = &Rule{
	Code:     "cousin-domain",
	Group:    GroupSpoofing,
	Title:    "Look-alike domain",
	Severity: report.High,
	Since:    "0.1",
	Refs:     []string{"RFC 9989 §2.4", "RFC 5890 §4.4"},
	Doc: `
## What happened
The author's domain imitates the recipient's own, or one that is trusted by option. Its checks may all pass: they prove the false name.

## How it is proved
Letters that look alike (1 and l, rn and m, other alphabets) make the names the same, one letter was put in, left out or exchanged, or the
whole trusted name stands in front of another domain. The suffix alone is not compared.

## What looks like it
Sister domains of one owner that differ by a digit, a word or the suffix. Short names are alike by chance and are left out.

## What to do
Recipient: treat as forged until the owner is known. Owner of the imitated domain: have the other taken down; add an impersonation rule.
`,
	Find: func(f *Facts) []report.Finding {
		if f.FromDomain == "" {
			return nil
		}
		// A notice that the own server made crossed no border: nobody is there who
		// could imitate.
		if last := f.LastRun(); last != nil && last.Border < 0 && f.MailFrom != nil && *f.MailFrom == "" {
			return nil
		}
		for _, p := range f.Protected() {
			like := headers.LooksLike(f.FromDomain, p)
			if like == headers.Unlike || ownSourceOf(f, p) {
				continue
			}
			x := report.Finding{
				Hop:         index(f, borderHop(f)),
				Confidence:  report.Strong,
				AtFault:     report.Party{Role: report.RoleSender, Host: f.FromDomain},
				Parts:       report.Say("the author's domain %v imitates %s: it %s", report.DomainRef(f.FromDomain), p, like),
				AdviceParts: report.Say("recipient: treat as forged until the owner of %v is known", report.DomainRef(f.FromDomain)),
				Evidence:    []report.Evidence{field(f, f.Msg.First("From")), computed("", "%v and %s: %s", report.DomainRef(f.FromDomain), p, like)},
			}
			if like == headers.OneLetter {
				// Chance and sister companies make such pairs too.
				x.Severity, x.Confidence = report.Medium, report.Likely
			}
			return []report.Finding{x}
		}
		return nil
	},
}

// ownSourceOf reports whether the border's client is by its confirmed name, or
// as the SPF record allows, a host of the organisation: then the other name is
// its own too.
func ownSourceOf(f *Facts, org string) bool {
	for _, n := range f.BorderNames {
		if mailname.Org(n) == org {
			return true
		}
	}
	return f.SPF != nil && f.SPF.Result == "pass" && mailname.Org(f.SPF.Domain) == org
}
