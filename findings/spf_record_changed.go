package findings

import (
	"cmp"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var spfRecordChanged = &Rule{
	Code:     "spf-record-changed",
	Group:    GroupSPF,
	Title:    "SPF record differs from the one used at delivery",
	Severity: report.Info,
	Since:    "0.1",
	Refs:     []string{"RFC 7208 §4.4"},
	Doc: `
## What happened
What the DNS says today is not what the receiver found when the message came: the SPF record was changed since. Judgements that rest on today's
record may not hold for that day.

## How it is proved
The receiver kept the text of the record with its verdict, and it differs; or its verdict on the same client and domain differs from today's result.

## What looks like it
Receivers that treat limits, errors or softfail otherwise; allow lists of the receiver; DNS servers that answer each client differently; macros.

## What to do
Nothing. Judge by the record of that day.
`,
	Find: func(f *Facts) []report.Finding {
		s, ok := spfAtBorder(f)
		if !ok || s.eval == nil || s.claim == nil {
			return nil
		}
		x := report.Finding{
			Hop:         index(f, s.hop),
			AtFault:     report.Party{Role: "none", Host: s.domain},
			AdviceParts: report.Words("none; judge by the record of that day"),
			Evidence:    s.evidence(f),
		}
		if old := snapshot(f, s); old != nil {
			if s.eval.Record == "" || sameRecord(old.Record, s.eval.Record) {
				return nil
			}
			x.Confidence = report.Strong
			x.Parts = report.Say("the SPF record of %v is another today than the one that %s noted at delivery", report.DomainRef(s.domain), cmp.Or(old.Writer, "the receiver"))
			x.Evidence = append(x.Evidence, claim(f, old))
			return []report.Finding{x}
		}
		// Without the text only a plain reversal counts, by a server that went by
		// the record.
		c := s.claim
		if c.Domain != s.eval.Domain || bestGuess(c) || localDecision(c) || c.Identity == "helo" != s.null || strings.Contains(s.eval.Record, "%{") {
			return nil
		}
		was, is := statementOf(c.Normal), statementOf(s.result)
		if was == "" || is == "" || was == is {
			return nil
		}
		x.Confidence = report.Likely
		x.Parts = report.Say("%s found SPF of %v to be %s for %s; by today's record it is %s", report.HostRef(cmp.Or(c.Writer, "the receiver")), report.DomainRef(s.domain), c.Normal, s.eval.IP, s.result)
		return []report.Finding{x}
	},
}

// snapshot is a trusted verdict that keeps the record's text of that day.
func snapshot(f *Facts, s borderSPF) *headers.Claim {
	for c := range claims(f, "") {
		if c.Record != "" && c.Trust == headers.Trusted && spf.IsRecord(c.Record) && (c.Domain == "" || c.Domain == s.domain) && (c.Hop == s.hop || c.Hop < 0) {
			return c
		}
	}
	return nil
}

// sameRecord compares two records but for blanks and case.
func sameRecord(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}

// statementOf sorts results into those that can't be the same record for two
// checkers: allowed, not allowed, no record.
func statementOf(result string) string {
	switch result {
	case "pass", "none":
		return result
	case "fail", "softfail", "neutral":
		return "not allowed"
	}
	return ""
}

// localDecision reports whether a verdict says that the receiver's own lists
// decided and not the record.
func localDecision(c *headers.Claim) bool {
	text := strings.ToLower(c.Comment + " " + c.Reason)
	for _, w := range []string{"whitelist", "allowlist", "local policy", "localhost", "trusted", "authenticated", "skip"} {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}
