package findings

import (
	"fmt"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var evidenceIncomplete = &Rule{
	Code:     "evidence-incomplete",
	Group:    GroupPath,
	Title:    "Tool could not decide",
	Severity: report.Info,
	Since:    "0.1",
	Refs:     []string{"RFC 5321 §4.4"},
	Doc: `
## What happened
Something that a decision needs is not in what was given: Received fields that are missing or can't be read, a body that is not there or is cut off.

## How it is proved
By what is missing. Each item says what would settle it. What was not asked or not answered in the DNS stands under the gaps of the report.

## What looks like it
Nothing: missing data is never turned into a verdict.

## What to do
Get the raw message (show original, save as .eml, not copied from a mail program's window), the log line of the border server, or the sender's copy.
`,
	Find: func(f *Facts) []report.Finding {
		x := report.Finding{Confidence: report.Proved, AtFault: nobody}
		var missing []string
		miss := func(what string, ev report.Evidence) {
			missing = append(missing, what)
			x.Evidence = append(x.Evidence, ev)
		}
		if len(f.Hops) == 0 {
			miss("no Received field is there, so the border is not known", computed("RFC 5321 §4.4", "0 Received fields"))
			x.AdviceParts = report.Words("get the raw message as the recipient's server stored it")
		}
		unread := 0
		first := -1
		for k := range f.Hops {
			if f.Hops[k].Confidence <= unreadable {
				unread++
				first = k
			}
		}
		if unread > 0 {
			miss(fmt.Sprintf("%d of %d Received fields could not be read", unread, len(f.Hops)), hop(f, first))
			x.Hop = index(f, first)
			x.AdviceParts = report.Words("get the raw message: copies change Received fields")
		}
		if body := bodyNeeded(f); body >= 0 {
			miss(fmt.Sprintf("the body is %s, so the body hash of the signature of %s was not checked", f.Body, f.DKIM[body].Domain), field(f, f.DKIM[body].Field))
			x.AdviceParts = report.Words("get the raw message with its whole body")
		}
		if len(missing) == 0 {
			return nil
		}
		x.Parts = report.Say("not all could be decided: %v", list(missing))
		if len(missing) > 1 {
			x.AdviceParts = report.Words("get the raw message, whole, as the recipient's server stored it")
		}
		return []report.Finding{x}
	},
}

// unreadable is the confidence of Received fields out of which only some parts
// could be picked.
const unreadable = 0.2

// bodyNeeded is the index of a signature that could not be judged for want of
// the body, -1 where there is none.
func bodyNeeded(f *Facts) int {
	if f.Body == headers.BodyWhole {
		return -1
	}
	for i := range f.DKIM {
		if f.DKIM[i].BodyHash == dkim.Unchecked && f.DKIM[i].Domain != "" {
			return i
		}
	}
	return -1
}
