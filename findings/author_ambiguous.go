package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

var authorAmbiguous = &Rule{
	Code:      "author-ambiguous",
	Group:     GroupSpoofing,
	Title:     "Programs read the author's address differently",
	Severity:  report.Low,
	Since:     "0.2",
	SymptomOf: []*Rule{dmarcMultipleFrom},
	Refs:      []string{"RFC 5322 §3.4", "RFC 5322 §4.4"},
	Doc: `
## What happened
The address in From deviates from the grammar: several @, a route, a blank before the colon, an address without its brackets, something that is
not closed. Programs differ in what they read there, so the one that checks and the one that shows may see different authors.

## How it is proved
The text of the field, held against RFC 5322 §3.4. DMARC is decided for the domain that the report names.

## What looks like it
Old programs write such addresses without ill intent: routes, names with a comma outside quotes, blanks before the colon.

## What to do
Sender: write From as RFC 5322 §3.4 says. Recipient: do not go by the shown author alone.
`,
	Find: func(f *Facts) []report.Finding {
		if f.FromFields != 1 || len(f.FromOthers) != 1 {
			return nil // dmarc-multiple-from
		}
		at := f.Msg.First("From")
		var why []string
		add := func(s string) {
			for _, have := range why {
				if have == s {
					return
				}
			}
			if len(why) < 4 {
				why = append(why, s)
			}
		}
		if s := f.Msg.Fields[at]; s.Name.End < s.Value.Start-1 {
			add("a blank stands before the colon of From, where some programs see no From")
		}
		for i := range f.From {
			if p := f.From[i].Problem; p != "" {
				add(p)
			}
			if strings.ContainsAny(f.From[i].Address, "\uff20\ufe6b") {
				add("the address holds a character that looks like @")
			}
			if strings.HasPrefix(f.From[i].Local, `"`) && strings.Contains(f.From[i].Local, "@") {
				add("the quoted part before @ holds an @ itself, where some programs end the address")
			}
			if strings.Contains(f.From[i].Address, "=?") {
				add("an encoded word stands inside the address, which some programs decode")
			}
		}
		if len(why) == 0 {
			return nil
		}
		x := report.Finding{
			Hop:         index(f, borderHop(f)),
			Confidence:  report.Proved,
			AtFault:     senderAt(f),
			Parts:       report.Say("readers may take another author than %v from From: %s", report.DomainRef(f.FromDomain), strings.Join(why, "; ")),
			AdviceParts: report.Words("sender: write one address in angle brackets, as RFC 5322 §3.4 says"),
			Evidence:    []report.Evidence{field(f, at), computed("RFC 5322 §3.4", "domain of the author: %v", report.DomainRef(f.FromDomain))},
		}
		return []report.Finding{x}
	},
}
