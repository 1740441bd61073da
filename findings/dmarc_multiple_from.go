package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

var dmarcMultipleFrom = &Rule{
	Code:     "dmarc-multiple-from",
	RestsOn:  wholeHeader,
	Group:    GroupDMARC,
	Title:    "No single author domain: several From fields or domains",
	Severity: report.Critical,
	Since:    "0.1",
	Causes: []Cause{
		{Rank: deception + 10, Status: report.SpoofSuspected, When: severalFromFields},
		{Rank: residual + 30, Status: report.Unauthenticated, When: func(f *Facts) bool { return foundNothing(f) != nil }},
		{Rank: residual + 31, Status: report.Undetermined, When: always},
	},
	Refs: []string{"RFC 9989 §5.3.1", "RFC 5322 §3.6"},
	Doc: `
## What happened
The message has more than one From field, authors of more than one domain, no author whose domain can be asked for, or no From at all. DMARC can't choose whose policy applies, and a mail
program may show the very author that nobody checked.

## How it is proved
The From fields are counted, and the domains in them.

## What looks like it
Several authors of one domain in one From field are legal and no problem. Faulty list software and gateways duplicate From without any ill intent.

## What to do
Receiver: refuse messages with more than one From field. Sender: write one From field and name it twice in the signed fields (h=from:from), so
that none can be added.
`,
	Find: func(f *Facts) []report.Finding {
		fields := f.Msg.All("From")
		x := report.Finding{
			Hop:        index(f, borderHop(f)),
			Confidence: report.Proved,
			AtFault:    senderAt(f),
		}
		var names []string
		for i, d := range f.FromOthers {
			if i < 4 {
				names = append(names, d)
			}
		}
		switch {
		case f.FromFields > 1 && len(f.FromOthers) > 1:
			x.Parts = report.Say("the message has %d From fields with the domains %s: DMARC can't tell whose policy applies, and readers may see the one that was not checked", f.FromFields, domainList(names))
			x.AdviceParts = report.Words("receiver: refuse messages with more than one From field")
		case f.FromFields > 1:
			x.Severity = report.Medium
			x.Parts = report.Say("the message has %d From fields; only one is allowed, and DMARC can't be decided", f.FromFields)
			x.AdviceParts = report.Words("sender: find the program or gateway that writes From twice")
		case len(f.FromOthers) > 1:
			x.Severity = report.Medium
			x.Parts = report.Say("the From field names authors of several domains (%s): DMARC can't tell whose policy applies", domainList(names))
			x.AdviceParts = report.Words("sender: name authors of one domain in From, the others in Cc or Reply-To")
		case f.FromFields == 0 && borderHop(f) >= 0:
			x.Severity = report.Medium
			x.Parts = report.Words("the message has no From field: there is no author to check")
			x.AdviceParts = report.Words("receiver: refuse messages without From field; sender: write one")
		case f.FromFields == 1 && len(f.FromOthers) == 0:
			x.Severity = report.Medium
			x.Parts = report.Say("From holds no address with a domain, so there is no author to check: %v", noAuthor(f))
			x.AdviceParts = report.Words("receiver: refuse messages without an author; sender: write one address in From")
		default:
			return nil
		}
		for n, i := range fields {
			if n < 4 {
				x.Evidence = append(x.Evidence, field(f, i))
			}
		}
		x.Evidence = append(x.Evidence, computed("RFC 9989 §5.3.1", "%d From field(s), %d domain(s)", f.FromFields, len(f.FromOthers)))
		if k := borderHop(f); k >= 0 {
			x.Evidence = append(x.Evidence, hop(f, k))
		}
		return []report.Finding{x}
	},
}

// noAuthor says why the one From field gives no domain.
func noAuthor(f *Facts) string {
	for i := range f.From {
		if p := f.From[i].Problem; p != "" {
			return p
		}
	}
	value := f.Msg.Value(f.Msg.First("From"))
	switch {
	case strings.TrimSpace(value) == "":
		return "it is empty"
	case strings.Contains(value, "=?"):
		return "nothing but an encoded word stands there, which some programs decode and show as an address"
	}
	return "there is only a name"
}
