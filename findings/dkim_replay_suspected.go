package findings

import (
	"fmt"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/message/mailbox"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var dkimReplaySuspected = &Rule{
	Code:     "dkim-replay-suspected",
	RestsOn:  wholeHeader | deliveryTime,
	Group:    GroupKeys,
	Title:    "Validly signed mail that somebody else seems to have sent again",
	Severity: report.High,
	Since:    "0.1",
	Needs:    aSignature,
	Causes:   []Cause{{Rank: misuse + 20, Status: report.SpoofSuspected, When: always}},
	Refs:     []string{"RFC 6376 §8.6"},
	Doc: `
## What happened
The signature passes, but envelope and path do not fit it. DKIM does not cover who sends a message to whom: whoever has one signed message can
send it to any number of others, and it is authenticated each time.

## How it is proved
Never for sure. It is reported only where the message came straight from a host that has nothing to do with the signer, SPF does not speak for
the signer, and more signs come together: the recipient stands neither in To nor in Cc and the signature is days old; or text follows the part
that l= covers; or the signature names another recipient's domain (darn=).

## What looks like it
Blind copies, aliases, forwards and mailing lists all bring mail to people who are not in To. None of these is reported: a forward or a list
shows in the path, and a blind copy comes from the signer's own servers.

## What to do
Signer: set x=, sign To, Subject and Date twice in h=, do not use l=, limit what one account can send. Receiver: count how often the same
signature comes in.
`,
	Find: func(f *Facts) []report.Finding {
		b := borderHop(f)
		if b < 0 || !straightFromStranger(f) {
			return nil
		}
		at, _ := spfAtBorder(f)
		for i := range f.DKIM {
			s := &f.DKIM[i]
			if s.Result != dkim.Pass || !aligned(f, i) {
				continue
			}
			signs := replaySigns(f, s)
			if !enough(signs) {
				continue
			}
			x := report.Finding{
				Hop:         index(f, b),
				Confidence:  report.Likely,
				AtFault:     report.Party{Role: report.RoleUnknown, Host: fromHost(f, b)},
				AdviceParts: report.Say("%v: set x=, do not use l=, limit what one account can send; receivers: count repeated signatures", report.DomainRef(s.Domain)),
				Evidence:    append([]report.Evidence{field(f, s.Field)}, at.evidence(f)...),
			}
			var words []string
			for _, g := range signs {
				words = append(words, g.text)
				x.Evidence = append(x.Evidence, g.evidence)
			}
			x.Parts = report.Say("%v passes DKIM, but %v, which brought the message, has nothing to do with it: %s", report.DomainRef(s.Domain), clientRef(f, b), list(words))
			return []report.Finding{x}
		}
		return nil
	},
}

// sign is one of the things that do not fit.
type sign struct {
	kind     replaySign
	text     string
	evidence report.Evidence
}

type replaySign int

const (
	otherRecipient replaySign = iota // the recipient stands in no address field
	oldSignature                     // signed long before it was received
	addedText                        // text behind l=
	otherDomain                      // darn= names another recipient's domain
)

// replayAge is how much older than its arrival a signature must be: queues of
// ordinary servers are shorter, save for those that failed.
const replayAge = 24 * time.Hour

// enough reports whether the signs carry a suspicion. A recipient that is not
// named is a blind copy, and an old signature a slow queue; both together, from
// a stranger's host, are neither.
func enough(signs []sign) bool {
	var have [4]bool
	for _, g := range signs {
		have[g.kind] = true
	}
	return have[addedText] || have[otherDomain] || have[otherRecipient] && have[oldSignature]
}

func replaySigns(f *Facts, s *dkim.Signature) []sign {
	var out []sign
	rcpt := f.LastRun().Rcpt
	if rcpt == "" && len(f.Recipients) > 0 {
		rcpt = f.Recipients[0]
	}
	if to := f.Msg.First("To"); rcpt != "" && to >= 0 && !addressed(f, rcpt) {
		out = append(out, sign{otherRecipient, "it went to " + rcpt + ", who is not addressed", field(f, to)})
	}
	if t := s.SignedAt; t != nil && f.AtBasis == "delivery" && f.At.Sub(*t) > replayAge {
		out = append(out, sign{
			oldSignature, fmt.Sprintf("it was signed %d hours before it came in", int(f.At.Sub(*t).Hours())),
			computed("RFC 6376 §3.5", "t=%d is %s, received %s", t.Unix(), stamp(*t), stamp(f.At)),
		})
	}
	if s.UnsignedBytes > blankTail {
		out = append(out, sign{
			addedText, fmt.Sprintf("%d octets follow the part that is signed", s.UnsignedBytes),
			computed("RFC 6376 §8.2", "l=%d of %d octets", *s.BodyLength, s.CanonicalBody),
		})
	}
	if d, ok := dkim.TagValue(s.Tags, "darn"); ok && d != "" && rcpt != "" && !mailname.SameOrg(d, domainPart(rcpt)) {
		out = append(out, sign{otherDomain, "it was signed for a recipient at " + d, field(f, s.Field)})
	}
	return out
}

// addressed reports whether an address, or another of the same domain, stands
// in To or Cc: the mail systems of one domain pass mail around by many names.
func addressed(f *Facts, rcpt string) bool {
	d := domainPart(rcpt)
	for _, name := range []string{"To", "Cc", "Resent-To", "Resent-Cc"} {
		for _, i := range f.Msg.All(name) {
			for _, mb := range mailbox.Parse(f.Msg.Value(i)) {
				if mb.Domain == d || mailname.SameOrg(mb.Domain, d) {
					return true
				}
			}
		}
	}
	return false
}

// straightFromStranger reports whether the message came to the recipient
// without a hop between from a host that belongs neither to the author's nor to
// a signer's organisation, and for which the author's SPF does not speak. What
// lists and forwarders bring is left out: they show in the path, in the envelope
// sender or in their fields.
func straightFromStranger(f *Facts) bool {
	last := f.LastRun()
	at, known := spfAtBorder(f)
	if f.FromDomain == "" || last == nil || last.Border < 0 || last.NAT || last.Weak || !known || f.Offline() || resent(f) || findList(f) != nil {
		return false
	}
	for _, name := range []string{"List-Id", "Mailing-List", "ARC-Seal", "X-Google-Original-From", "X-MS-Exchange-ForwardingLoop", "X-Forwarded-For", "X-Loop"} {
		if f.Msg.First(name) >= 0 {
			return false
		}
	}
	h := &f.Hops[last.Border]
	if h.Auth || h.Local || h.Fetched || !headers.Public(h.IP) {
		return false
	}
	// No server stands between the stranger and the author: with one it could
	// be a forward like any other.
	for i := 1; i < len(f.Runs); i++ {
		if f.Runs[i].Border >= 0 && f.Runs[i].Contradicted == "" {
			return false
		}
	}
	switch spf.Result(at.result) {
	case spf.Fail, spf.SoftFail, spf.Neutral, spf.None:
	case spf.Pass:
		if sameOrganisation(f, at.domain) {
			return false
		}
	default:
		return false
	}
	own := append([]string{h.RDNS, h.Helo}, f.BorderNames...)
	if f.MailFrom != nil && at.result == string(spf.Pass) {
		own = append(own, domainPart(*f.MailFrom))
	}
	for _, n := range own {
		org := mailname.Org(strings.Trim(n, "[]"))
		if org == "" {
			continue
		}
		if org == mailname.Org(f.FromDomain) {
			return false
		}
		for i := range f.DKIM {
			if f.DKIM[i].Result == dkim.Pass && mailname.Org(f.DKIM[i].Domain) == org {
				return false
			}
		}
	}
	return true
}
