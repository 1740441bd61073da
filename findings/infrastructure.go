package findings

import (
	"fmt"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

// nobody is the party of findings that blame nobody.
var nobody = report.Party{Role: "none"}

// operatorOf is the party that runs the host that wrote hop k.
func operatorOf(f *Facts, k int) report.Party {
	p := report.Party{Role: report.RoleUnknown, Host: byName(f, k)}
	if r := f.RunOf(k); r != nil {
		switch r.Role {
		case headers.Sender:
			p.Role = report.RoleSender
		case headers.Intermediary:
			p.Role = report.RoleIntermediary
		case headers.Recipient:
			p.Role = report.RoleRecipient
		}
	}
	return p
}

// told is how firmly the word of hop k's server stands: what the recipient's
// own servers wrote is seen, the rest came with the message.
func told(f *Facts, k int, observed string) string {
	if f.Observed(k) {
		return observed
	}
	return weaker(observed, 1)
}

// span writes a duration in the two largest units.
func span(d time.Duration) string {
	d = d.Abs().Round(time.Second)
	days, h, m, s := int(d/(24*time.Hour)), int(d/time.Hour)%24, int(d/time.Minute)%60, int(d/time.Second)%60
	var parts []string
	for _, x := range []struct {
		n    int
		unit string
	}{{days, "d"}, {h, "h"}, {m, "min"}, {s, "s"}} {
		if x.n > 0 && len(parts) < 2 {
			parts = append(parts, fmt.Sprintf("%d %s", x.n, x.unit))
		}
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts, " ")
}

// firstOf returns the index of the first of these fields that the message has,
// -1 without any.
func firstOf(f *Facts, names ...string) int {
	for _, n := range names {
		if i := f.Msg.First(n); i >= 0 {
			return i
		}
	}
	return -1
}

// maxListed bounds the items that one sentence lists.
const maxListed = 4

// someTexts is some of texts.
func someTexts(items []report.Text) report.Text {
	if len(items) <= maxListed {
		return report.List(items...)
	}
	return report.List(append(items[:maxListed:maxListed], report.Words(itoa(len(items)-maxListed)+" more"))...)
}

// some lists the first items, and says how many more there are.
func some(items []string) string {
	if len(items) <= maxListed {
		return list(items)
	}
	return strings.Join(items[:maxListed], ", ") + " and " + itoa(len(items)-maxListed) + " more"
}
