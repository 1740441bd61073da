package findings

import (
	"cmp"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/pattern"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var dsnAuthRejection = &Rule{
	Code:     "dsn-auth-rejection",
	Group:    GroupPath,
	Title:    "SMTP reply names the failed check",
	Severity: report.High,
	Since:    "0.1",
	Refs:     []string{"RFC 7372 §3", "RFC 3464 §2.3", "RFC 7505 §4.2"},
	Doc: `
## What happened
A server refused a message, and its reply in the bounce says which check of the sender failed: SPF, DKIM, DMARC, ARC, reverse DNS.

## How it is proved
The reply's enhanced status code has that meaning (5.7.20 to 5.7.29), or the reply says it in words. Some bounces carry the reply only in their
text for people; that one is read too.

## What looks like it
Large receivers use the codes in their own ways, so the words come first. The reply may be about a forwarder's domain and not the
author's. A refusal for content or reputation that mentions a check in passing.

## What to do
Look at the returned message for the leg that ended at the refusing server: its report says which check failed there and who has to
change something.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		seen := map[string]bool{}
		for _, r := range f.Replies {
			check, byCode := refusedCheck(r)
			if check == "" || seen[check+r.Host] {
				continue
			}
			seen[check+r.Host] = true
			temporary := strings.HasPrefix(r.Code, "4") || r.Code == "" && strings.HasPrefix(r.Status, "4")
			did := "refused"
			if temporary {
				did = "put off"
			}
			x := report.Finding{
				Confidence:  report.Strong,
				AtFault:     report.Party{Role: report.RoleUnknown, Host: r.Host},
				Parts:       report.Say("%v %s the message because of %s: %s", report.HostRef(cmp.Or(r.Host, "a server")), did, check, r.Text),
				AdviceParts: report.Words("see the embedded report of the returned message: who sent it to that server, and which check failed there"),
				Evidence:    []report.Evidence{replied(r.Text, "RFC 7372 §3")},
			}
			judgedByReply(&x, r)
			if len(f.Embedded) == 0 && r.SPF == nil {
				x.AdviceParts = report.Words("analyse a copy of the refused message; its sender's log tells to which server it went")
			}
			if r.FromText || !byCode {
				x.Confidence = report.Likely
			}
			if temporary {
				x.Severity = report.Medium
			}
			out = append(out, x)
		}
		return out
	},
}

// judgedByReply adds what the record says of the address and the identity that
// the reply names: that is whose record has to change.
func judgedByReply(x *report.Finding, r headers.Reply) {
	if r.SPF == nil {
		return
	}
	x.Evidence = append(x.Evidence, computed("RFC 7208 §2.6", "%s", evaluated(r.SPF)))
	x.Evidence = append(x.Evidence, spfRecord(r.SPF)...)
	switch r.SPF.Result {
	case spf.Pass:
		x.Parts = x.Parts.Add(report.Say("; the record of %s allows %s now", r.SPF.Domain, r.ClientIP)...)
	case spf.Fail, spf.SoftFail, spf.Neutral:
		x.AtFault = report.Party{Role: report.RoleSender, Host: r.SPF.Domain}
		x.Parts = x.Parts.Add(report.Say("; %s is not in the SPF record of %s", r.ClientIP, r.SPF.Domain)...)
		x.AdviceParts = report.Say("owner of %s: if %s sends for you, add it to the SPF record; else send through a server that the record names", r.SPF.Domain, r.ClientIP)
	case spf.None:
		x.AtFault = report.Party{Role: report.RoleSender, Host: r.SPF.Domain}
		x.Parts = x.Parts.Add(report.Say("; %s has no SPF record", r.SPF.Domain)...)
		x.AdviceParts = report.Say("owner of %s: publish an SPF record that names your servers", r.SPF.Domain)
	}
}

// authCodes are the enhanced status codes, without their class, that name a
// check of the sender: RFC 7372 §3, RFC 7505 §4.2, RFC 8617 §10.3, and two of
// Microsoft's own.
var authCodes = map[string]string{
	"7.20":  "DKIM (no signature that passes)",
	"7.21":  "DKIM (no signature that is acceptable)",
	"7.22":  "DKIM (no signature of the author's domain)",
	"7.23":  "SPF",
	"7.24":  "an error in the SPF check",
	"7.25":  "reverse DNS",
	"7.26":  "several authentication checks",
	"7.27":  "the sender's null MX",
	"7.29":  "ARC",
	"7.509": "DMARC",
	"7.515": "the receiver's demands on authentication",
}

// refusals are words by which replies name a check, the most telling first.
var refusals = []struct {
	check string
	words *pattern.Pattern
}{
	{"DMARC", pattern.New(`(?i)\bDMARC\b`)},
	{"SPF", pattern.New(`(?i)\bSPF\b|sender policy framework|openspf|is not (allowed|permitted|authorized|authorised) to (send|use)|does not designate`)},
	{"DKIM", pattern.New(`(?i)\bDKIM\b`)},
	{"the sender's null MX", pattern.New(`(?i)\bnull ?MX\b`)},
	{"authentication of the sender", pattern.New(`(?i)unauthenticated (e-?mail|message)|(message|mail|sender) (is|was) not authenticated|authentication checks? (did not|failed)|lacks authentication`)},
	{"reverse DNS", pattern.New(`(?i)\breverse DNS\b|\brDNS\b|\bPTR record\b|cannot find your (reverse )?hostname`)},
}

// smtpAuth are words of replies that are about a login, not about the sender's
// domain.
var smtpAuth = pattern.New(`(?i)authentication (is )?required|SMTP AUTH|relay(ing)? (access )?denied|credentials|not permitted to relay`)

// refusedCheck says which check a reply names; byCode is set where its status
// code does. "" where it names none.
func refusedCheck(r headers.Reply) (check string, byCode bool) {
	class, detail, _ := strings.Cut(r.Status, ".")
	if class == "2" {
		return "", false
	}
	name, byCode := authCodes[detail]
	// Words without a code count only in refusals for policy, or for no reason.
	if byCode || r.Status == "" || policyDetail(detail) {
		var named []string
		text := stated(r.Text)
		for _, w := range refusals {
			if w.words.MatchString(text) {
				named = append(named, w.check)
			}
		}
		switch {
		case len(named) > 1 && named[0] == "SPF" && named[1] == "DKIM":
			return "SPF and DKIM", byCode
		case len(named) > 0:
			return named[0], byCode
		}
	}
	if byCode && !smtpAuth.MatchString(r.Text) {
		return name, true
	}
	return "", false
}

// advice begins a sentence that says what to do, not what was found; checkList is
// an enumeration of checks, "(spf, HELO, PTR)".
var (
	advice    = pattern.New(`(?i)^\W*(please (be sure|make sure|ensure|check|verify|configure|set up|use|consult|contact)|(be|make) sure|(check|verify|ensure) (that )?your|you (should|may|must|can)|we (recommend|suggest|require)|it is recommended|try )`)
	sentence  = pattern.New(`[.!?] +`)
	checkList = pattern.New(`(?i)\((?:(?:e\.?g\.?,? |such as |like |check )?(?:spf|dkim|dmarc|helo|ehlo|ptr|rdns|reverse dns|mx|dns)(?: records?)?\s*(?:,|/|;|and|or|&)?\s*){2,}(?:etc\.?)?\)`)
)

// stated is a reply without its sentences of advice and its lists of checks that
// a sender should look to: a filter that refuses for a score names them all.
func stated(text string) string {
	var kept []string
	for _, s := range sentence.Get().Split(text, -1) {
		if !advice.MatchString(s) {
			kept = append(kept, checkList.ReplaceAllString(s, ""))
		}
	}
	return strings.Join(kept, ". ")
}

// policyDetail reports whether a status code may stand for a refusal by a
// check of the sender: security (7), protocol (5), undefined (0), and a bad
// sender's address (1.7, 1.8) of RFC 3463 §3.
func policyDetail(detail string) bool {
	subject, _, _ := strings.Cut(detail, ".")
	return subject == "7" || subject == "5" || subject == "0" || detail == "1.7" || detail == "1.8"
}
