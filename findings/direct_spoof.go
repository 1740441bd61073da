package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

var directSpoof = &Rule{
	Code:     "direct-spoof",
	Group:    GroupSpoofing,
	Title:    "Unauthorised source uses the From domain",
	Severity: report.Critical,
	Since:    "0.1",
	AtBorder: true,
	Causes:   []Cause{{Rank: bySender + 90, Status: report.SpoofSuspected, When: notAuthenticated}},
	Refs:     []string{"RFC 9989 §2.1", "RFC 7208 §2.6.4"},
	Doc: `
## What happened
The message claims to come from a domain that has given its source no authority, and it came straight from there: no forwarder,
no list, no service stands between that host and the recipient.

## How it is proved
At the border SPF does not pass for the author's domain, no aligned signature is there, DMARC fails, and nothing on the path or
in the header shows an intermediary.

## What looks like it
A server of the domain's owner that was forgotten in the record: forgotten-sender. Hops that were taken out of the header.

## What to do
Owner of the domain: publish p=reject once your own mail is in order. Receiver: heed it.
`,
	Find: func(f *Facts) []report.Finding {
		if !unvouched(f) || f.SPF == nil || f.SPF.Result != spf.Fail && f.SPF.Result != spf.SoftFail && f.SPF.Result != spf.None && f.SPF.Result != spf.Neutral {
			return nil
		}
		b := borderHop(f)
		last := f.LastRun()
		if slices.Contains(last.Orgs, headers.Org(f.FromDomain)) || compauth(f) != nil || ownSource(f) != "" {
			return nil
		}
		// SPF must be about the author's domain: another domain's result is
		// dmarc-spf-unaligned.
		if headers.Org(f.SPF.Domain) != headers.Org(f.FromDomain) {
			return nil
		}
		x := report.Finding{
			Hop:        index(f, b),
			Confidence: report.Strong,
			AtFault:    report.Party{Role: report.RoleSender, Host: fromHost(f, b)},
			Message: fmt.Sprintf("%s claims to write for %s and came straight to %s (hop %d); nothing vouches for it: spf %s, no valid signature, dmarc %s",
				fromName(f, b), f.FromDomain, last.Name(), f.Hops[b].Index, f.SPF.Result, f.DMARC.Result),
			Advice: fmt.Sprintf("%s: treat as forged; the owner of %s: p=reject", last.Name(), f.FromDomain),
			Evidence: append([]report.Evidence{hop(f, b), computed("RFC 7208 §2.6.4", "%s", evaluated(f.SPF)),
				computed("RFC 9989 §5.3", "dmarc of %s: %s", f.FromDomain, f.DMARC.Result)}, spfRecord(f.SPF)...),
		}
		if c := claimAt(f, b, "dmarc"); c != nil {
			x.Evidence = append(x.Evidence, claim(f, c))
		}
		// A record that does not say no may have forgotten the source, and so may
		// the owner who writes through a provider.
		if f.SPF.Result != spf.Fail || len(f.Runs) > 1 && f.Runs[1].Contradicted == "" {
			x.Confidence = report.Likely
			x.Severity = report.High
		}
		return []report.Finding{x}
	},
}

// unvouched reports whether nothing authenticates the author at the border,
// and the message came there straight from outside: one public client, no hop,
// list or forwarder that could have broken what was whole before.
func unvouched(f *Facts) bool {
	last := f.LastRun()
	if last == nil || last.Border < 0 || last.NAT || f.FromDomain == "" || f.DMARC == nil || f.DMARC.Result != dmarc.Fail {
		return false
	}
	if f.Border.DKIM == "pass" {
		return false
	}
	// What stands below an invented line is no path.
	for i := 1; i < len(f.Runs) && f.Runs[i].Contradicted == ""; i++ {
		if i > 1 || f.Runs[i].Role == headers.Intermediary || f.Runs[i].Border >= 0 {
			return false
		}
	}
	for i := range f.DKIM {
		// A signature of the author's domain that does not verify may have been
		// broken on the way: not a plain forgery. Where there was no way, and
		// nothing is the signer's, it is made up.
		if f.Aligned[i] && f.DKIM[i].HeaderSignature != "unchecked" && !madeUp(f, i) {
			return false
		}
	}
	return f.Msg.First("List-Id") < 0 && f.Msg.First("Resent-From") < 0 && f.Msg.First("X-Forwarded-To") < 0
}

// ownSource is the confirmed name of the border's client where it lies in the
// author's organisation: then the source is the owner's own, whatever the
// records say. "" where it does not.
func ownSource(f *Facts) string {
	org := headers.Org(f.FromDomain)
	if f.Twin != nil && org != "" && headers.Org(f.Twin.Name) == org {
		// Its IPv4 side is in the domain's own SPF record.
		return f.Twin.Name
	}
	names := f.BorderNames
	// The border's own look-up at the time counts as much as ours now.
	if h := f.BorderHop(); h != nil && h.RDNSKind == received.RDNSConfirmed {
		names = append(slices.Clone(names), strings.ToLower(h.RDNS))
	}
	for _, n := range names {
		if org != "" && headers.Org(n) == org {
			return n
		}
	}
	return ""
}
