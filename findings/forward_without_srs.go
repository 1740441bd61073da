package findings

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var forwardWithoutSRS = &Rule{
	Code:     "forward-without-srs",
	RestsOn:  noSignature,
	Group:    GroupForwarding,
	Title:    "Plain forward kept the original MAIL FROM",
	Severity: report.High,
	Since:    "0.1",
	Needs:    anEarlierRun,
	AtBorder: true,
	Causes:   []Cause{{Rank: onTheWay + 160, Status: report.BrokenInTransit, When: notAuthenticated, Of: surely}},
	Refs:     []string{"RFC 7208 app. D", "RFC 7960 §3.2.1"},
	Doc: `
## What happened
A forwarder received the message for one address and sent it on to another from its own servers, with the envelope sender
unchanged. The next organisation evaluates SPF of the original sender for the forwarder's address, and that can't pass.

## How it is proved
The path has two deliveries, with the same envelope sender before and after. At the border of the forwarder SPF passes for that sender;
at the next border it does not.

## What looks like it
A second check inside one organisation (group spf-rechecked-…). A forwarder that rewrites the sender: forward-srs-applied. A relay
that received the message for the very same address forwards nothing: a backup MX or a gateway of the recipient, or a relay of the sender.
A stranger's client, with a forwarder's line written below it, is not a forwarder.

## What to do
Forwarder: rewrite the envelope sender (SRS) and leave the content alone, so that DKIM survives. Recipient: do not reject on SPF alone; fetch
mail instead of having it forwarded. Sender: sign with DKIM; SPF alone never survives a forward.
`,
	Find: func(f *Facts) []report.Finding {
		var out []report.Finding
		for i := len(f.Runs) - 1; i > 0; i-- {
			if x, ok := plainForward(f, i); ok {
				out = append(out, x)
			}
		}
		return out
	},
}

// plainForward judges the hand-over from run i to the next newer one.
func plainForward(f *Facts, i int) (report.Finding, bool) {
	from, to := &f.Runs[i], &f.Runs[i-1]
	if from.Forwards == "" || from.Apart || from.Border < 0 || to.Border < 0 || to.NAT ||
		from.MailFrom == nil || to.MailFrom == nil || *to.MailFrom == "" {
		return report.Finding{}, false
	}
	// Unchanged means the same domain; the local part may be missing in what a
	// server wrote.
	if d := domainPart(*to.MailFrom); d == "" || d != domainPart(*from.MailFrom) || mailname.Org(d) == from.Name() {
		return report.Finding{}, false
	}
	if _, srs := headers.ParseSRS(*to.MailFrom); srs {
		return report.Finding{}, false
	}
	if sameRecipient(f, i) {
		return report.Finding{}, false
	}
	ip := f.ClientIP(to)
	after, before := to.SPF, from.SPF
	wrote := claimAt(f, to.Border, "spf")
	// Only what was there can be broken: none and errors are as they were before.
	now := ""
	switch {
	case after != nil:
		now = string(after.Result)
	case wrote != nil:
		now = wrote.Normal
	}
	if now != "fail" && now != "softfail" && now != "neutral" {
		return report.Finding{}, false
	}
	if before != nil && before.Result != spf.Pass {
		return report.Finding{}, false
	}
	x := report.Finding{
		Hop:        index(f, to.Border),
		Confidence: report.Likely,
		AtFault:    report.Party{Role: report.RoleIntermediary, Host: fromHost(f, to.Border)},
	}
	x.Parts = report.Say("%s forwarded the message to %s (%v) with the envelope sender %s unchanged: SPF is %s there for %v", report.DomainRef(from.Name()), report.DomainRef(to.Name()), report.HopRef(f.Hops[to.Border].Index), report.MailboxRef(*to.MailFrom), now, clientRef(f, to.Border))
	if before != nil {
		x.Parts = x.Parts.Add(report.Say("; where %s received it (%v), SPF passed", report.DomainRef(from.Name()), report.HopRef(f.Hops[from.Border].Index))...)
	}
	x.AdviceParts = report.Say("%s: rewrite the envelope sender (SRS) when forwarding; %s: do not reject on SPF alone", report.DomainRef(from.Name()), report.DomainRef(to.Name()))
	x.Evidence = append(x.Evidence, hop(f, to.Border), hop(f, from.Border))
	if wrote != nil {
		x.Evidence = append(x.Evidence, claim(f, wrote))
		if c := claimAt(f, from.Border, "spf"); before != nil || c != nil && c.Normal == "pass" {
			x.Confidence = report.Strong // it held before
		}
	}
	if before != nil && after != nil {
		x.Evidence = append(x.Evidence,
			computed("RFC 7208 §4.1", "%v: %s", report.HopRef(f.Hops[from.Border].Index), evaluated(before)),
			computed("RFC 7208 §4.1", "%v: %s", report.HopRef(f.Hops[to.Border].Index), evaluated(after)))
		x.Evidence = append(x.Evidence, spfRecord(before)...)
		x.Confidence = report.Strong
		if wrote != nil && wrote.Normal == string(after.Result) || wrote == nil && ip.IsValid() && to == f.LastRun() {
			x.Confidence = report.Proved
		}
	}
	// The forwarder's own line is testimony where it is not the recipient's.
	if from.MailFromBasis == "unchanged" && before == nil || from.Unasked {
		x.Confidence = atMost(x.Confidence, report.Likely)
	}
	if f.Border.DMARC == "pass" {
		x.Severity = report.Medium // it came through: what is at stake is only SPF
	}
	return x, true
}

// sameRecipient reports whether run i took the message for the address for
// which the next newer one took it. Such a relay serves one of the two ends.
func sameRecipient(f *Facts, i int) bool {
	from, to := &f.Runs[i], &f.Runs[i-1]
	rcpt := to.Rcpt
	if rcpt == "" && i == 1 && len(f.Recipients) > 0 && slices.Contains(to.Orgs, mailname.Org(domainPart(f.Recipients[0]))) {
		rcpt = f.Recipients[0]
	}
	return from.Rcpt != "" && strings.EqualFold(from.Rcpt, rcpt)
}

// claimAt is the verdict of a method that hop k's server wrote, trusted or in
// testimony; nil where there is none.
func claimAt(f *Facts, k int, method string) *headers.Claim {
	return firstClaim(f, method, credible, at(k), decided, ofMailFrom)
}
