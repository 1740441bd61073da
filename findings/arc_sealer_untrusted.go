package findings

import (
	"cmp"
	"strings"

	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var arcSealerUntrusted = &Rule{
	Code:     "arc-sealer-untrusted",
	Group:    GroupARC,
	Title:    "ARC chain is valid, but the receiver did not go by it",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    anARCSet,
	Refs:     []string{"RFC 8617 §7.2", "RFC 8617 §9.3"},
	Doc: `
## What happened
A forwarder or list sealed that it had received the message in order. The receiver found the seals valid, and let DMARC fail all the same: it
does not know that sealer, or does not use ARC for its decision.

## How it is proved
The receiver wrote arc=pass beside dmarc=fail, without a word that ARC overrode it. The first sealer states that the author was authenticated.

## What looks like it
Large receivers do not say why they leave a chain unused. That a sealer is not on their list is only concluded.

## What to do
Receiver: put forwarders that you know on the list of trusted sealers. Forwarder: a good name is all that helps. ARC is on its way to become
historic; better than a seal is not to break the author's signature.
`,
	Find: func(f *Facts) []report.Finding {
		c := f.ARC
		if c == nil || c.Result != arc.Pass || len(c.Sets) == 0 {
			return nil
		}
		fail := lastClaim(f, "dmarc")
		if fail == nil || fail.Normal != "fail" || overriddenByARC(f) != nil {
			return nil
		}
		said := besideClaim(f, fail, "arc")
		if said == nil || said.Normal != "pass" {
			return nil
		}
		// A sealer that found the author unauthenticated would not have helped.
		s := &c.Sets[0]
		if setResult(f, s, "dmarc") != "pass" && setResult(f, s, "dkim") != "pass" {
			return nil
		}
		switch strings.ToLower(fail.Action) {
		case "none", "":
			if p, _ := policyAsked(f, fail.Policy); p == "none" || p == "" {
				return nil // no harm came of it
			}
		}
		writer := cmp.Or(said.Writer, byName(f, said.Hop))
		return []report.Finding{{
			Hop:         index(f, fail.Hop),
			Confidence:  report.Strong,
			AtFault:     report.Party{Role: report.RoleRecipient, Host: writer},
			Parts:       report.Say("%v found the ARC chain of %s valid, and let DMARC of %v fail all the same: it does not trust the sealer, or makes no use of ARC", report.HostRef(writer), report.HostRef(sealerName(f, newestSet(c))), report.DomainRef(f.FromDomain)),
			AdviceParts: report.Say("%v: if you know %s, put it on the list of trusted ARC sealers", report.HostRef(writer), report.DomainRef(newestSet(c).Domain)),
			Evidence:    []report.Evidence{claim(f, said), claim(f, fail), setEvidence(f, s)[0], computed("RFC 8617 §5.2", "%s", setsLine(c))},
		}}
	},
}

// lastClaim is the trusted verdict of a method that the newest server wrote,
// nil where none did.
func lastClaim(f *Facts, method string) *headers.Claim {
	for c := range claims(f, method, trusted) {
		if c.Normal != "" {
			return c
		}
	}
	return nil
}

// besideClaim is the verdict of another method in the field of c, or else the
// newest trusted one of the same hop; nil where there is none.
func besideClaim(f *Facts, c *headers.Claim, method string) *headers.Claim {
	if o := firstClaim(f, method, decided, func(o *headers.Claim) bool { return o.Field == c.Field && o.Trust != headers.Forged }); o != nil {
		return o
	}
	for o := range claims(f, method, trusted) {
		if o.Hop == c.Hop && o.Normal != "" {
			return o
		}
	}
	return nil
}
