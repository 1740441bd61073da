package findings

import (
	"fmt"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var verdictConflictWithLive = &Rule{
	Code:      "verdict-conflict-with-live",
	Group:     GroupTrust,
	Title:     "Header verdict differs from our own evaluation",
	Severity:  report.Medium,
	Since:     "0.1",
	SymptomOf: []*Rule{spfRecordChanged, dkimKeyRotated, spfPermerrorLookupLimit, spfVoidLookups, spfPermerrorSyntax, dkimAlgorithmObsolete, dkimKeyWeak, dkimBodyLengthLimited, spfTemperror},
	Refs:      []string{"RFC 8601 §1.6"},
	Doc: `
## What happened
The recipient's border wrote one result; the same question asked now gives another.

## How it is proved
Both results, with the address and the domain they are about.

## What looks like it
In this order of likelihood: the record or key was changed since, the copy at hand was altered, the receiver is more lenient (limits,
sha1, l=), the DNS answers differently here. Only when all these are out is the recorded verdict in doubt.

## What to do
Try again with a fresh message.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		b := borderHop(f)
		if b < 0 {
			return nil
		}
		if e, c := f.SPF, claimAtBorder(f, "spf"); e != nil && c != nil && firm(string(e.Result)) && firm(c.Normal) && !same(string(e.Result), c.Normal) &&
			strings.EqualFold(c.Domain, e.Domain) && c.IP == e.IP {
			out = append(out, report.Finding{
				Hop:        index(f, b),
				Confidence: report.Strong,
				AtFault:    report.Party{Role: "none", Host: c.Writer},
				Message:    fmt.Sprintf("%s wrote spf=%s for %s and %s; asked now it is %s", c.Writer, c.Normal, e.Domain, e.IP, e.Result),
				Advice:     "try again with a fresh message; the record may have changed since",
				Evidence:   append([]report.Evidence{claim(f, c), computed("RFC 7208 §4.1", "%s", evaluated(e))}, spfRecord(e)...),
			})
		}
		for i := range f.DKIM {
			s := &f.DKIM[i]
			c := passedThen(f, s)
			// A change behind the border is no conflict: it has its own findings.
			if c == nil || c.Hop != b || s.Result != dkim.Fail || f.LastRun().Last != b || s.BodyHash == dkim.Unchecked {
				continue
			}
			out = append(out, report.Finding{
				Hop:        index(f, b),
				Confidence: report.Strong,
				AtFault:    report.Party{Role: "none", Host: c.Writer},
				Message:    fmt.Sprintf("%s wrote dkim=pass for %s; on the copy at hand the signature does not verify: %s", c.Writer, s.Domain, s.Reason),
				Advice:     "obtain the raw message: this copy, or the key, is not what the receiver saw",
				Evidence:   []report.Evidence{claim(f, c), field(f, s.Field), computed("RFC 6376 §6.1.3", "%s", s.Reason)},
			})
		}
		if f.DMARC != nil && f.DMARC.Result == "pass" {
			for i := range out {
				out[i].Severity = report.Low
			}
		}
		return out
	},
}

// firm reports whether a result is one that should not differ between two
// receivers that ask the same record.
func firm(r string) bool {
	switch spf.Result(r) {
	case spf.Pass, spf.Fail, spf.SoftFail, spf.Neutral, spf.None, spf.PermError:
		return true
	}
	return false
}

// same takes results for equal that receivers mix up: softfail, neutral and
// fail in the strictness of wording, permerror as fail.
func same(a, b string) bool {
	if a == b {
		return true
	}
	return a != "pass" && b != "pass"
}
