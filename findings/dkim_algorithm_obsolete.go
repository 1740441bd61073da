package findings

import (
	"cmp"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/report"
)

var dkimAlgorithmObsolete = &Rule{
	Code:     "dkim-algorithm-obsolete",
	RestsOn:  wholeHeader,
	Group:    GroupKeys,
	Title:    "Signed by rsa-sha1 or DomainKeys",
	Severity: report.Medium,
	Since:    "0.1",
	Causes: []Cause{{Rank: bySender + 230, Status: report.SenderMisconfigured, When: func(f *Facts) bool {
		return dmarcFails(f) && f.Border.DMARC != "permerror" // a good signature does not repair a broken record
	}, Of: theAuthors}},
	Refs: []string{"RFC 8301 §3.1", "RFC 6376 app. A"},
	Doc: `
## What happened
The message is signed by a method that receivers must not accept any more: rsa-sha1, or DomainKeys, the forerunner of DKIM. It counts as not
signed.

## How it is proved
The tag a=rsa-sha1 of the signature; or a DomainKey-Signature field where there is no DKIM-Signature.

## What looks like it
Old receivers still write pass for such a signature. That is not tampering, only an old verifier. Where the same domain also signed
by rsa-sha256, nothing is lost.

## What to do
Sender: sign by rsa-sha256, with Ed25519 beside it if you like.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for i := range f.DKIM {
			s := &f.DKIM[i]
			if !strings.EqualFold(s.Algorithm, "rsa-sha1") || modernTwin(f, s) {
				continue
			}
			x := dkimFinding(f, s)
			x.Severity = weight(f, i)
			x.Parts = report.Say("%v signs by rsa-sha1, which receivers must not accept: the message counts as not signed", report.DomainRef(s.Domain))
			x.AdviceParts = report.Say("%v: sign by rsa-sha256", report.DomainRef(s.Domain))
			x.Evidence = append(x.Evidence, computed("RFC 8301 §3.1", "%s", cmp.Or(s.Reason, "rsa-sha1 must not be accepted")))
			if c := passedThen(f, s); c != nil {
				x.Parts = x.Parts.Add(report.Say("; %s accepted it all the same", report.HostRef(cmp.Or(c.Writer, "the receiver")))...)
				x.Evidence = append(x.Evidence, claim(f, c))
			}
			disown(s, &x)
			out = append(out, x)
		}
		if i := f.Msg.First("DomainKey-Signature"); i >= 0 && len(f.DKIM) == 0 {
			x := report.Finding{
				Severity:    report.Low,
				Hop:         index(f, borderHop(f)),
				Confidence:  report.Proved,
				AtFault:     senderAt(f),
				Parts:       report.Words("the message is signed by DomainKeys only, which no receiver verifies any more: it counts as not signed"),
				AdviceParts: report.Words("sender: sign by DKIM with rsa-sha256"),
				Evidence:    []report.Evidence{field(f, i)},
			}
			if !dmarcPasses(f) {
				x.Severity = report.Medium
			}
			out = append(out, x)
		}
		return out
	},
}

// modernTwin reports whether the domain signed the message by a method that
// counts, too.
func modernTwin(f *Facts, s *dkim.Signature) bool {
	for i := range f.DKIM {
		o := &f.DKIM[i]
		if o != s && o.Domain == s.Domain && o.Result != dkim.PermError && strings.HasSuffix(strings.ToLower(o.Algorithm), "-sha256") {
			return true
		}
	}
	return false
}
