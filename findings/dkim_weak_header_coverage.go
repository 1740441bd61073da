package findings

import (
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/report"
)

var dkimWeakHeaderCoverage = &Rule{
	Code:     "dkim-weak-header-coverage",
	Group:    GroupKeys,
	Title:    "A valid signature leaves header fields that people see unsigned",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aSignature,
	Refs:     []string{"RFC 6376 §5.4.1", "RFC 6376 §8.15"},
	Doc: `
## What happened
The signature verifies, but it does not cover fields that people see or that decide how the body is shown: Subject, Date, To, Cc, Reply-To,
Content-Type, Content-Transfer-Encoding. Whoever has the message can change these, and it still passes.

## How it is proved
The field stands in the message, where it was when it was signed, and h= does not name it.

## What looks like it
A list or gateway may have put the field there after signing; then it stands above the signature. Fields that are signed, but not signed twice
against a second copy, are named here and are not a finding of their own: receivers refuse two From fields anyway. That List-… and
Sender are not signed is right.

## What to do
Sender: sign From, To, Cc, Subject, Date, Reply-To, Message-ID and the MIME fields, and name From, To, Subject and Date twice in h=.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for i := range f.DKIM {
			s := &f.DKIM[i]
			if s.Result != dkim.Pass || !aligned(f, i) || coveredByOther(f, i) {
				continue
			}
			open := unsigned(f, s)
			if len(open) == 0 {
				continue
			}
			x := dkimFinding(f, s)
			x.Severity = report.Low
			var names []string
			for _, k := range open {
				names = append(names, f.Msg.Name(k))
				if strings.EqualFold(f.Msg.Name(k), "Subject") {
					x.Severity = report.Medium
				}
				if len(x.Evidence) < 5 {
					x.Evidence = append(x.Evidence, field(f, k))
				}
			}
			x.Parts = report.Say("the signature of %v passes, but does not cover %s: anybody who has the message can change that", report.DomainRef(s.Domain), list(names))
			if once := signedOnce(s); len(once) > 0 {
				x.Parts = x.Parts.Add(report.Say("; a second %s can be added", strings.Join(once, " or "))...)
			}
			x.AdviceParts = report.Say("%v: sign %s as well, and name From, To, Subject and Date twice in h=", report.DomainRef(s.Domain), list(names))
			x.Evidence = append(x.Evidence, computed("RFC 6376 §5.4.1", "h=%s", strings.Join(s.SignedFields, ":")))
			out = append(out, x)
		}
		return out
	},
}

// shownFields are the fields that a message's meaning hangs on, besides From,
// which no signature may leave out.
var shownFields = []string{"Subject", "Date", "To", "Cc", "Reply-To", "Content-Type", "Content-Transfer-Encoding"}

// unsigned returns the fields that stood in the message when it was signed and
// that h= does not name. What stands above the signature came later.
func unsigned(f *Facts, s *dkim.Signature) []int {
	var out []int
	for _, name := range shownFields {
		if k := f.Msg.First(name); k > s.Field && !signsField(s, name) {
			out = append(out, k)
		}
	}
	return out
}

// signsField reports whether h= names a field.
func signsField(s *dkim.Signature, field string) bool { return s.Names(field) > 0 }

// signedOnce are the fields that h= names once, so that a second one on top
// would go unnoticed.
func signedOnce(s *dkim.Signature) []string {
	var out []string
	for _, name := range []string{"From", "Subject"} {
		if s.Names(name) == 1 {
			out = append(out, name)
		}
	}
	return out
}

// coveredByOther reports whether another aligned signature that passes covers
// what signature i leaves open.
func coveredByOther(f *Facts, i int) bool {
	for k := range f.DKIM {
		if k != i && aligned(f, k) && f.DKIM[k].Result == dkim.Pass && len(unsigned(f, &f.DKIM[k])) == 0 {
			return true
		}
	}
	return false
}
