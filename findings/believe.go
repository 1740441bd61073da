package findings

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

// believe says which results a reader can rely on: those that hold at the
// border; and which of those in the header cannot be: what somebody invented,
// and what the recipient's side found when it asked SPF or DMARC of a client
// behind its own border, where it comes out otherwise.
func believe(f *Facts, v *report.Verdict) {
	b := borderHop(f)
	if b >= 0 || v.Border != (report.Triple{}) {
		for _, x := range []report.Held{{Method: "spf", Result: v.Border.SPF}, {Method: "dkim", Result: v.Border.DKIM}, {Method: "dmarc", Result: v.Border.DMARC}} {
			if x.Result == "" {
				continue
			}
			x.Hop, x.By = index(f, b), byName(f, b)
			v.Believe = append(v.Believe, x)
		}
	}
	for _, m := range misplacedChecks(f) {
		if m.run == f.LastRun() {
			continue // doubtful finds it
		}
		at := m.run.Border
		x := report.Held{Method: "spf", Result: "pass", Hop: index(f, at), By: byName(f, at)}
		if !slices.ContainsFunc(v.Believe, func(y report.Held) bool { return sameHeld(x, y) }) {
			v.Believe = append(v.Believe, x)
		}
		x = report.Held{Method: "spf", Result: m.claim.Normal, Hop: index(f, m.claim.Hop), By: byName(f, m.claim.Hop)}
		if !slices.ContainsFunc(v.Doubt, func(y report.Held) bool { return sameHeld(x, y) }) {
			v.Doubt = append(v.Doubt, x)
		}
	}
	for c := range claims(f, "") {
		x := report.Held{Method: c.Method, Result: c.Normal, Hop: index(f, c.Hop), By: strings.ToLower(c.Writer), Forged: c.Trust == headers.Forged}
		if c.Hop >= 0 {
			x.By = byName(f, c.Hop)
		}
		if x.Forged && c.AuthservID != "" {
			x.By = strings.ToLower(c.AuthservID)
		}
		if c.Normal != "" && c.Identity != "pra" && doubtful(f, v, c, b) && !slices.ContainsFunc(v.Doubt, func(y report.Held) bool { return sameHeld(x, y) }) {
			v.Doubt = append(v.Doubt, x)
		}
	}
}

func sameHeld(a, b report.Held) bool {
	return a.Method == b.Method && a.Result == b.Result && a.By == b.By && a.Forged == b.Forged && (a.Hop == nil) == (b.Hop == nil) && (a.Hop == nil || *a.Hop == *b.Hop)
}

// doubtful reports whether a verdict must not be believed.
func doubtful(f *Facts, v *report.Verdict, c *headers.Claim, border int) bool {
	held := ""
	switch c.Method {
	case "spf":
		held = v.Border.SPF
	case "dkim":
		held = v.Border.DKIM
	case "dmarc":
		held = v.Border.DMARC
	default:
		return false
	}
	switch c.Trust {
	case headers.Forged:
		return true
	case headers.Untrusted:
		// Nobody can be held to it; a pass is what a forger would write.
		return c.Normal == "pass" && held != "" && held != "pass"
	case headers.Testimony:
		return false
	}
	if c.Method == "dkim" || held == "" || c.Normal == held || c.Hop == border || border < 0 || c.Hop < 0 || f.RunOf(c.Hop) != f.LastRun() {
		return false
	}
	return (c.Normal == "pass") != (held == "pass")
}
