package findings

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var spfPassForOwnRelay = &Rule{
	Code:     "spf-pass-for-own-relay",
	RestsOn:  wholeHeader,
	Group:    GroupSPF,
	Title:    "SPF passes because the relay happens to be authorised",
	Severity: report.Medium,
	Since:    "0.1",
	AtBorder: true,
	Causes:   []Cause{{Rank: misuse + 40, Status: report.Unauthenticated, When: func(f *Facts) bool { return f.Border.DKIM != "pass" }}},
	Refs:     []string{"RFC 7208 §11.4", "RFC 7208 §2.5"},
	Doc: `
## What happened
SPF passes for the address of a relay behind the place where the message came from its source. The relay is in the sender's record because the
sender uses the same platform. For the true source SPF does not pass: the relay lent its authority to mail that is not the sender's.

## How it is proved
SPF of the same envelope sender, evaluated for both addresses: not a pass for the source, a pass for the relay.

## What looks like it
A sender that really sends through the platform: then its own server hands over to the platform, and no forwarding address stands between.

## What to do
Sender: sign with DKIM and leave shared platforms out of the record. Platform: do not pass on mail with foreign envelope senders unchanged.
`,
	Find: func(f *Facts) []report.Finding {
		if x, ok := relayedPass(f); ok {
			return []report.Finding{x}
		}
		if x, ok := innerPass(f); ok {
			return []report.Finding{x}
		}
		return nil
	},
}

func refused(e *spf.Evaluation) bool {
	return e != nil && (e.Result == spf.Fail || e.Result == spf.SoftFail)
}

// relayedPass looks for a forwarder that is in the record of a sender whose
// source is not.
func relayedPass(f *Facts) (report.Finding, bool) {
	for i := 1; i < len(f.Runs); i++ {
		from, to := &f.Runs[i], &f.Runs[i-1]
		if from.Role != headers.Intermediary || from.Border < 0 || to.Border < 0 || f.Hops[from.Border].Auth || f.Hops[from.Border].Local ||
			!refused(from.SPF) || to.SPF == nil || to.SPF.Result != spf.Pass || from.SPF.Domain != to.SPF.Domain || from.Contradicted != "" {
			continue
		}
		// Forwarded means that it was addressed to somebody there. A gateway
		// for outgoing mail takes it for the final recipient.
		if from.Rcpt == "" || to.Rcpt == "" || strings.EqualFold(from.Rcpt, to.Rcpt) || sameOrganisation(f, from.Name()) {
			continue
		}
		// Sent on in its own name, as a list does, and a user who resends a message:
		// the name is of its hosts, or of the mailbox that it took the message for.
		if own := mailname.Org(to.SPF.Domain); slices.Contains(from.Orgs, own) || own != "" && own == mailname.Org(domainPart(from.Rcpt)) {
			continue
		}
		return ownRelay(f, from.SPF, to.SPF, from.Border, to.Border, nil), true
	}
	return report.Finding{}, false
}

// innerPass looks for a pass that a server of the recipient's side wrote about
// another of its own.
func innerPass(f *Facts) (report.Finding, bool) {
	r := f.LastRun()
	if r == nil || r.Border < 0 || r.NAT || !refused(f.SPF) {
		return report.Finding{}, false
	}
	border := f.ClientIP(r)
	for c := range claims(f, "spf", trusted) {
		if c.Normal != "pass" || c.Identity == "helo" || !c.IP.IsValid() || c.IP == border || !headers.Public(c.IP) || c.Hop < 0 || localDecision(c) {
			continue
		}
		k := hopFrom(f, r, c.IP)
		if k < 0 || k == r.Border {
			continue
		}
		after := f.CheckAt(r, c.IP)
		if after == nil || after.Result != spf.Pass || after.Domain != f.SPF.Domain {
			continue
		}
		return ownRelay(f, f.SPF, after, r.Border, k, c), true
	}
	return report.Finding{}, false
}

func ownRelay(f *Facts, source, relay *spf.Evaluation, sourceHop, relayHop int, wrote *headers.Claim) report.Finding {
	x := report.Finding{
		Hop:         index(f, relayHop),
		Confidence:  report.Strong,
		AtFault:     report.Party{Role: report.RoleSender, Host: fromHost(f, relayHop)},
		Parts:       report.Say("SPF of %v passes at %v because its record names the relay %v (%s); for the source %v at %v it is %s", report.DomainRef(relay.Domain), report.HopRef(f.Hops[relayHop].Index), clientRef(f, relayHop), relay.Matched, clientRef(f, sourceHop), report.HopRef(f.Hops[sourceHop].Index), source.Result),
		AdviceParts: report.Say("owner of %v: sign with DKIM and leave shared platforms out of the record; operator of %v: do not pass on foreign envelope senders unchanged", report.DomainRef(relay.Domain), report.HostRef(fromHost(f, relayHop))),
		Evidence: []report.Evidence{
			hop(f, relayHop), hop(f, sourceHop),
			computed("RFC 7208 §4.1", "%v: %s", report.HopRef(f.Hops[sourceHop].Index), evaluated(source)),
			computed("RFC 7208 §4.1", "%v: %s", report.HopRef(f.Hops[relayHop].Index), evaluated(relay)),
		},
	}
	x.Evidence = append(x.Evidence, spfRecord(relay)...)
	if wrote == nil {
		wrote = claimAt(f, relayHop, "spf")
	}
	if wrote != nil {
		x.Evidence = append(x.Evidence, claim(f, wrote))
		if wrote.Normal == "pass" && wrote.Trust == headers.Trusted {
			x.Confidence = report.Proved
		}
	}
	return x
}
