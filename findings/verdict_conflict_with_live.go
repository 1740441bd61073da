package findings

import (
	"cmp"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var verdictConflictWithLive = &Rule{
	Code:      "verdict-conflict-with-live",
	RestsOn:   wholeHeader,
	Group:     GroupTrust,
	Title:     "Header verdict differs from our own evaluation",
	Severity:  report.Medium,
	Since:     "0.1",
	Needs:     aVerdict,
	SymptomOf: []*Rule{spfRecordChanged, dkimKeyRotated, spfPermerrorLookupLimit, spfVoidLookups, spfPermerrorSyntax, dkimAlgorithmObsolete, dkimKeyWeak, dkimBodyLengthLimited, spfTemperror},
	Refs:      []string{"RFC 8601 §1.6"},
	Doc: `
## What happened
The recipient's side wrote one result; the same question asked now gives another. Either the receiver got it wrong (fail where the message
passes, a result for another From than the message has, fail for a record that can't be evaluated), or something changed since: a record, a
key, or the copy at hand.

## How it is proved
Both results, with the address and the domain they are about. A signature that verifies on the message to this day did so on arrival. A body
that differs from the one that the last server verified was changed after delivery.

## What looks like it
In this order of likelihood: the record or key was changed since, the copy at hand was altered, the receiver is more lenient (limits,
sha1, l=), the DNS answers differently here. Only when all these are out is the recorded verdict in doubt.

## What to do
Receiver: where the mistake is its own, it does not act on the verdict and fixes the check; to enforce more would refuse honest mail. Else try again
with a fresh message, and get the raw message from the server.
`,
	Find: func(f *Facts) []report.Finding {
		if borderHop(f) < 0 {
			return nil
		}
		var out []report.Finding
		for _, judge := range []func(*Facts) []report.Finding{spfConflict, dkimConflicts, dmarcConflicts} {
			out = append(out, judge(f)...)
		}
		if f.DMARC != nil && f.DMARC.Result == "pass" {
			for i := range out {
				if out[i].AtFault.Role != report.RoleRecipient {
					out[i].Severity = report.Low
				}
			}
		}
		return out
	},
}

// mistake starts a finding about a verdict that its server got wrong. Whoever
// wrote it, it stands above the border's line.
func mistake(f *Facts, c *headers.Claim) report.Finding {
	return report.Finding{
		Hop:         index(f, borderHop(f)),
		Confidence:  report.Strong,
		AtFault:     report.Party{Role: report.RoleRecipient, Host: cmp.Or(c.Writer, byName(f, borderHop(f)))},
		AdviceParts: report.Words("receiver: do not act on this verdict; see how that check takes the message apart, and update it"),
		Evidence:    []report.Evidence{claim(f, c)},
	}
}

// spfConflict holds what the border's side wrote of SPF against our evaluation
// for the same client and sender.
func spfConflict(f *Facts) []report.Finding {
	e := f.SPF
	if e == nil || !firm(string(e.Result)) {
		return nil
	}
	null := f.MailFrom != nil && *f.MailFrom == ""
	for c := range claims(f, "spf", putIn(f), decided) {
		if c.Hop >= 0 && c.Hop != borderHop(f) || !firm(c.Normal) || c.Identity == "pra" || (c.Identity == "helo") != null && c.Identity != "" || bestGuess(c) || localDecision(c) ||
			c.Domain != "" && !strings.EqualFold(c.Domain, e.Domain) || c.IP.IsValid() && c.IP != e.IP {
			continue
		}
		x := mistake(f, c)
		x.Evidence = append(append(x.Evidence, computed("RFC 7208 §4.1", "%s", evaluated(e))), spfRecord(e)...)
		ours, wrote := string(e.Result), c.Normal
		switch {
		case ours == "permerror" && c.Result == "fail":
			x.Severity = report.Low
			x.Parts = report.Say("%s wrote spf=fail for %v, but the record can't be evaluated: that is permerror, and no word on the client", report.HostRef(x.AtFault.Host), report.DomainRef(e.Domain))
		case ours == wrote || ours != "pass" && wrote != "pass":
			continue
		case ours == "pass":
			x.Parts = report.Say("%s wrote spf=%s for %v and %s, which the record allows: SPF passes; its own mistake, unless the record was another then", report.HostRef(x.AtFault.Host), wrote, report.DomainRef(e.Domain), e.IP)
			if other := firstClaim(f, "spf", putIn(f), result("pass"), ofMailFrom, func(o *headers.Claim) bool { return o.Hop == c.Hop || o.Hop < 0 }); other != nil {
				x.Evidence = append(x.Evidence, claim(f, other))
			}
		default:
			x.AtFault.Role = "none"
			x.Parts = report.Say("%s wrote spf=%s for %v and %s; asked now it is %s", report.HostRef(x.AtFault.Host), wrote, report.DomainRef(e.Domain), e.IP, ours)
			x.AdviceParts = report.Words("try again with a fresh message; the record may have changed since")
		}
		return []report.Finding{x}
	}
	return nil
}

// dkimConflicts holds what the border's side wrote of each signature against the
// message as it is.
func dkimConflicts(f *Facts) []report.Finding {
	var out []report.Finding
	for i := range f.DKIM {
		s := &f.DKIM[i]
		if s.Result == dkim.Pass {
			if x, ok := deniedSignature(f, s); ok {
				out = append(out, x)
			}
			continue
		}
		c := intactOnArrival(f, i)
		if c == nil {
			continue
		}
		x := mistake(f, c)
		x.AtFault = report.Party{Role: report.RoleRecipient, Host: byName(f, c.Hop)}
		what := "a signed header field"
		if s.BodyHash == dkim.Mismatch {
			what = "the body"
		}
		x.Severity = report.Low
		x.Parts = report.Say("%s wrote dkim=pass for %v; in the copy at hand %s is another: it was changed after delivery, in the mailbox or when it was saved", report.HostRef(cmp.Or(c.Writer, x.AtFault.Host)), report.DomainRef(s.Domain), what)
		x.AdviceParts = report.Words("nobody needs to act: the verdict of delivery counts; for proof get the raw message from the server")
		x.Evidence = append(x.Evidence, field(f, s.Field), computed("RFC 6376 §3.7", "body hash: %s, header signature: %s", s.BodyHash, s.HeaderSignature))
		out = append(out, x)
	}
	return out
}

// deniedSignature is a verdict that a signature is broken which verifies on the
// message to this day.
func deniedSignature(f *Facts, s *dkim.Signature) (report.Finding, bool) {
	same := func(c *headers.Claim) bool {
		return sameName(c.Domain, s.Domain) && (c.Selector == "" || c.Selector == s.Selector)
	}
	c := firstClaim(f, "dkim", putIn(f), same, func(c *headers.Claim) bool {
		return c.Result == "fail" || c.Result == "permerror" || c.Result == "policy"
	})
	words := ""
	if c != nil {
		words = strings.ToLower(c.Comment + " " + c.Reason)
	}
	// What a verdict says of a key may have been true then, and one that names no
	// selector may be about another signature of the domain.
	if c == nil || strings.Contains(words, "key") || c.Selector == "" && signaturesOf(f, s.Domain) > 1 ||
		firstClaim(f, "dkim", putIn(f), same, result("pass"), func(o *headers.Claim) bool { return o.Hop == c.Hop }) != nil {
		return report.Finding{}, false
	}
	x := mistake(f, c)
	x.Evidence = append(x.Evidence, field(f, s.Field))
	if d, ok := dkim.TagValue(s.Tags, "d"); ok && !ascii(d) {
		x.AtFault = report.Party{Role: report.RoleSender, Host: s.Domain}
		x.Severity = report.Low
		x.Parts = report.Say("%s wrote dkim=%s for %v, and the signature verifies: d= is written in UTF-8 (a U-label), where RFC 6376 §3.5 wants the A-label; some receivers convert it, others fail it", report.HostRef(cmp.Or(c.Writer, "the receiver")), c.Result, report.DomainRef(s.Domain))
		x.AdviceParts = report.Say("%v: write d=%v into the signature", report.DomainRef(s.Domain), report.DomainRef(s.Domain))
		x.Evidence = append(x.Evidence, computed("RFC 6376 §3.5", "d=%s is not an A-label", report.DomainRef(d)))
		return x, true
	}
	x.Parts = report.Say("%s wrote dkim=%s for %v, but the signature verifies on the message as it is, so it did then: its own mistake, unless the key was not to be had", report.HostRef(x.AtFault.Host), c.Result, report.DomainRef(s.Domain))
	x.Evidence = append(x.Evidence, computed("RFC 6376 §6.1.3", "the signature of %v verifies", report.DomainRef(s.Domain)))
	return x, true
}

// intactOnArrival is the verdict of the newest server that signature i verified,
// where the copy at hand has another body or header: nil where it has not, or a
// later server may have changed it, which has findings of its own.
func intactOnArrival(f *Facts, i int) *headers.Claim {
	s := &f.DKIM[i]
	if s.BodyHash != dkim.Mismatch && !(s.HeaderSignature == dkim.Mismatch && !rotatedSince(f, i)) {
		return nil
	}
	last := f.LastRun()
	if last == nil || f.Body == headers.BodyTruncated || f.Body == headers.BodyMissing {
		return nil
	}
	c := firstClaim(f, "dkim", credible, result("pass"), aboutSignature(s))
	if c == nil || c.Hop < last.First || c.Trust == headers.Testimony && !bearsOut(f, c) {
		return nil
	}
	for k := c.Hop + 1; k < len(f.Hops); k++ {
		// Inner hosts of a service hand on what they took.
		if !headers.Service(byName(f, k)) || !headers.Service(byName(f, c.Hop)) {
			return nil
		}
	}
	return c
}

// bearsOut reports whether what the writer of a verdict wrote besides agrees
// with what we find: then nobody made it up to be believed.
func bearsOut(f *Facts, c *headers.Claim) bool {
	if f.SPF == nil || f.DMARC == nil || f.DMARC.Result != "pass" {
		return false
	}
	beside := firstClaim(f, "spf", credible, at(c.Hop), decided, ofMailFrom, func(o *headers.Claim) bool { return o.Writer == c.Writer })
	return beside != nil && (!beside.IP.IsValid() || beside.IP == f.SPF.IP) && beside.Normal == string(f.SPF.Result)
}

// dmarcConflicts holds what the border's side wrote of DMARC against ours, and
// against what it wrote itself.
func dmarcConflicts(f *Facts) []report.Finding {
	for c := range claims(f, "dmarc", putIn(f), decided) {
		if c.Hop >= 0 && c.Hop != borderHop(f) {
			continue
		}
		x := mistake(f, c)
		switch {
		case c.Domain != "" && f.FromDomain != "" && !sameName(c.Domain, f.FromDomain) && mailname.Org(c.Domain) != "" && !sameOrganisation(f, c.Domain):
			x.Parts = report.Say("%s judged DMARC of %v, but the author is of %v: it read another From than the message has", report.HostRef(x.AtFault.Host), report.DomainRef(c.Domain), report.DomainRef(f.FromDomain))
		case c.Normal == "fail" && f.Border.DMARC == "pass" && ownPass(f) != "":
			x.Parts = report.Say("%s wrote dmarc=fail for %v, but %s: DMARC passes; its own mistake", report.HostRef(x.AtFault.Host), report.DomainRef(f.FromDomain), ownPass(f))
		case c.Normal == "pass" && f.DMARC != nil && f.DMARC.Result == "fail" && f.Border.DKIM != "pass" && !strings.Contains(strings.ToLower(c.Reason+" "+c.Comment), "arc"):
			x.Confidence = report.Likely
			x.Parts = report.Say("%s wrote dmarc=pass for %v; by what the DNS says now it fails at the border: a record or a key may have changed since", report.HostRef(x.AtFault.Host), report.DomainRef(f.FromDomain))
			x.AtFault.Role = report.RoleUnknown
			x.AdviceParts = report.Words("try again with a fresh message")
		default:
			continue
		}
		if i := f.Msg.First("From"); i >= 0 {
			x.Evidence = append(x.Evidence, field(f, i))
		}
		if f.DMARC != nil {
			x.Evidence = append(x.Evidence, computed("RFC 9989 §5.3", "dmarc of %v: %s", report.DomainRef(f.FromDomain), f.DMARC.Result))
		}
		x.Evidence = append(x.Evidence, dmarcRecord(f)...)
		return []report.Finding{x}
	}
	return nil
}

// ownPass says what passes at the border for the author's domain, by our
// evaluation; "" where nothing does.
func ownPass(f *Facts) string {
	d := f.DMARC
	if d == nil || d.Result != "pass" {
		return ""
	}
	switch {
	case d.DKIMAligned:
		for i := range f.DKIM {
			if aligned(f, i) && f.DKIM[i].Result == dkim.Pass {
				return "a signature of " + f.DKIM[i].Domain + " verifies"
			}
		}
		return "" // it may have been broken when that server looked
	case d.SPFAligned && f.SPF != nil:
		return "SPF of " + f.SPF.Domain + " passes for the client"
	}
	return ""
}

// sameName compares domains, whether they are written as A-labels or not.
func sameName(a, b string) bool { return strings.EqualFold(mailname.Domain(a), mailname.Domain(b)) }

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// signaturesOf counts the signatures of a domain.
func signaturesOf(f *Facts, domain string) int {
	n := 0
	for i := range f.DKIM {
		if f.DKIM[i].Domain == domain {
			n++
		}
	}
	return n
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
