package findings

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var verdictConflictBetweenHops = &Rule{
	Code:     "verdict-conflict-between-hops",
	Group:    GroupTrust,
	Title:    "Two servers disagree about the same message",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aVerdict,
	AtBorder: true,
	SymptomOf: []*Rule{
		spfRecheckedBehindBorder, spfRecheckedOnInternalRelay, spfCheckedBehindBackupMX, spfCheckedBehindGatewayService,
		spfCheckedBehindOwnForwarder, spfCheckedOnFilterLoopback, spfCheckedBehindNAT, forwardWithoutSRS, dmarcBothPathsBroken,
		dkimBrokenSubjectTag, dkimBrokenFooter, dkimBrokenBanner, dkimBrokenLinkRewrite, dkimBrokenMIMEReencoded,
		dkimBrokenRefold, dkimBrokenHeaderNormalised, dkimBrokenTNEFConversion, dkimBrokenOversignedHeaderAdded,
		dkimBrokenSignedHeaderRemoved, dkimBrokenAttachmentRemoved, dkimBrokenLineEndings, dkimSignatureRemoved,
		dkimBrokenUnlocated, arForgedOwnID,
	},
	Refs: []string{"RFC 8601 §1.6"},
	Doc: `
## What happened
The header holds two verdicts by the same method on the same domain, and they contradict each other.

## How it is proved
Both fields, with the server and the address that each one judged. For SPF another address explains it; for DKIM a change in
between, or another key.

## What looks like it
SPF of HELO beside SPF of MAIL FROM, two signatures of one domain with different selectors, softfail in place of fail.

## What to do
What the finding that explains the contradiction says.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		at := map[[2]int]int{}   // pair of hops → place in out
		var said [][]report.Text // of each finding
		if !divided(f.Claims) {
			return nil
		}
		opposite := contradictors(f.Claims)
		for i := range f.Claims {
			a := &f.Claims[i]
			if !contradictable(a) {
				continue
			}
			for _, j := range opposite(i) {
				b := &f.Claims[j]
				if !contradict(a, b) {
					continue
				}
				n, known := at[[2]int{a.Hop, b.Hop}]
				if known && len(out[n].Evidence) >= 8 {
					continue
				}
				says := report.Say("%s of %v: %v says %s (%v)%s, %v said %s (%v)%s",
					a.Method, report.DomainRef(a.Domain), report.HostRef(a.Writer), a.Normal, report.HopRef(f.Hops[a.Hop].Index), judgedFor(a),
					report.HostRef(b.Writer), b.Normal, report.HopRef(f.Hops[b.Hop].Index), judgedFor(b))
				if known {
					x := &out[n]
					if !slices.ContainsFunc(said[n], says.Equal) {
						said[n] = append(said[n], says)
						x.Parts = x.Parts.Add(report.Say("; %v", says)...)
						x.Evidence = append(x.Evidence, claim(f, a), claim(f, b))
					}
					continue
				}
				if len(out) == 3 {
					return out
				}
				said = append(said, []report.Text{says})
				x := report.Finding{
					Severity:    report.Medium,
					Hop:         index(f, a.Hop),
					Confidence:  report.Proved,
					AtFault:     report.Party{Role: "unknown", Host: a.Writer},
					Parts:       says,
					AdviceParts: report.Words("see the finding that explains it"),
					Evidence:    []report.Evidence{claim(f, a), claim(f, b)},
				}
				if f.DMARC != nil && f.DMARC.Result == "pass" && f.DMARCDelivered != nil && f.DMARCDelivered.Result == "pass" {
					x.Severity = report.Info
				}
				if a.Trust != headers.Trusted || b.Trust != headers.Trusted {
					x.Confidence = report.Strong
				}
				at[[2]int{a.Hop, b.Hop}] = len(out)
				out = append(out, x)
			}
		}
		return out
	},
}

// maxContradictors is how many later verdicts one is held against.
const maxContradictors = 64

// contradictors lists for each claim the next ones that may contradict it: on the
// same domain and selector, with the other result. The list is short however
// many claims there are.
func contradictors(claims []headers.Claim) func(i int) []int {
	type subject struct {
		method, domain, selector string // "*": whatever selector
		pass                     bool
	}
	of := func(c *headers.Claim, selector string, pass bool) subject {
		return subject{c.Method, strings.ToLower(c.Domain), selector, pass}
	}
	lists := map[subject][]int{}
	for i := range claims {
		if c := &claims[i]; contradictable(c) {
			pass := c.Normal == "pass"
			for _, s := range []string{c.Selector, "*"} {
				lists[of(c, s, pass)] = append(lists[of(c, s, pass)], i)
			}
		}
	}
	return func(i int) []int {
		c := &claims[i]
		pass := c.Normal == "pass"
		names := []string{c.Selector, ""}
		if c.Selector == "" {
			names = []string{"*"}
		}
		var out []int
		for _, s := range names {
			list := lists[of(c, s, !pass)]
			from, _ := slices.BinarySearch(list, i)
			for _, j := range list[from:min(len(list), from+maxContradictors)] {
				if claims[j].Hop != c.Hop {
					out = append(out, j)
				}
			}
		}
		slices.Sort(out)
		return out
	}
}

// divided reports whether some method has verdicts both ways: else none can
// contradict another.
func divided(claims []headers.Claim) bool {
	var said [3][2]bool
	for i := range claims {
		c := &claims[i]
		if !contradictable(c) {
			continue
		}
		s, way := &said[0], 0
		switch c.Method {
		case "dkim":
			s = &said[1]
		case "dmarc":
			s = &said[2]
		}
		if c.Normal == "pass" {
			way = 1
		}
		s[way] = true
		if s[0] && s[1] {
			return true
		}
	}
	return false
}

// contradict reports whether two verdicts on the same thing differ between
// pass and not.
func contradict(a, b *headers.Claim) bool {
	return a.Hop != b.Hop && a.Method == b.Method && strings.EqualFold(a.Domain, b.Domain) &&
		(a.Selector == b.Selector || a.Selector == "" || b.Selector == "") && (a.Normal == "pass") != (b.Normal == "pass")
}

// contradictable reports whether a verdict can be held against another: written by
// a known server, on a named domain, with a firm result.
func contradictable(c *headers.Claim) bool {
	if c.Hop < 0 || c.Domain == "" || c.Identity == "helo" || c.Identity == "pra" || c.Trust == headers.Forged || c.Trust == headers.Untrusted {
		return false
	}
	if c.Method != "spf" && c.Method != "dkim" && c.Method != "dmarc" {
		return false
	}
	return c.Normal == "pass" || c.Normal == "fail" || c.Normal == "softfail"
}

func judgedFor(c *headers.Claim) report.Text {
	if c.Method == "spf" && c.IP.IsValid() {
		return report.Say(" for %v", c.IP)
	}
	return nil
}
