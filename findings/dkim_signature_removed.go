package findings

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

var dkimSignatureRemoved = &Rule{
	Code:     "dkim-signature-removed",
	RestsOn:  wholeHeader,
	Group:    GroupBroken,
	Title:    "Signature taken out on the way",
	Severity: report.Medium,
	Since:    "0.1",
	Needs:    aVerdict,
	Causes:   []Cause{{Rank: onTheWay + 150, Status: report.BrokenInTransit, When: dmarcFails, Of: ownAndStrong}},
	Refs:     []string{"RFC 6376 §4.2", "RFC 6377 §5.2"},
	Doc: `
## What happened
A server on the way wrote that it verified a signature, and the message has no signature of that domain any more. Some lists and gateways take
signatures out.

## How it is proved
The earlier verdict, sealed or from a server that is trusted, names a domain for which there is no DKIM-Signature field.

## What looks like it
A verdict that somebody invented: those without a server to them do not count. Headers that were copied in part. A field that was renamed, which
is then named.

## What to do
Who took it out: leave signatures of others in place; a broken one does no harm (RFC 6376 §6.1 has verifiers ignore it). A list that changes
messages signs them itself.
`,
	Find: func(f *Facts) []report.Finding {
		// An extract of a header lacks more than a signature.
		for _, name := range []string{"From", "Date", "Message-ID"} {
			if f.Msg.First(name) < 0 {
				return nil
			}
		}
		var out []report.Finding
		seen := map[string]bool{}
		for c := range claims(f, "dkim", result("pass")) {
			if c.Domain == "" || c.Doubt() != "" || c.Hop < 0 || seen[c.Domain] || !vouchedFor(f, c) || signatureOf(f, c) {
				continue
			}
			seen[c.Domain] = true
			first, last := c.Hop, len(f.Hops)-1
			x := report.Finding{
				Hop:        index(f, c.Hop),
				Confidence: report.Likely,
				AtFault:    report.Party{Role: report.RoleUnknown},
				Evidence:   []report.Evidence{claim(f, c)},
			}
			if c.Trust == headers.Trusted || c.Instance > 0 {
				x.Confidence = report.Strong
			}
			for o := range claims(f, "dkim", credible, result("none")) {
				// Where nothing was found any more it was gone already.
				if o.Hop > first && o.Hop-1 < last {
					last = o.Hop - 1
					x.Evidence = append(x.Evidence, claim(f, o))
				}
			}
			k := first
			for i := first; i <= last; i++ {
				if byName(f, i) != byName(f, first) {
					k = -1
				}
			}
			if l := listHop(f); k < 0 && l >= first && l <= last {
				k = l
			}
			by := "a server behind it"
			if k >= 0 {
				x.Hop = index(f, k)
				x.AtFault = report.Party{Role: role(f.RunOf(k)), Host: byName(f, k)}
				by = x.AtFault.Host
			}
			x.Parts = report.Say("%s verified a signature of %v (%v), and the message has none now: %s took it out", report.HostRef(cmp.Or(c.Writer, byName(f, first))), report.DomainRef(c.Domain), report.HopRef(f.Hops[first].Index), by)
			x.AdviceParts = report.Say("%s: leave signatures of others in place, or sign again for yourself", report.HostRef(cmp.Or(x.AtFault.Host, "whoever took it out")))
			if i := renamedSignature(f, c.Domain); i >= 0 {
				x.Parts = x.Parts.Add(report.Say(", and kept it as %v", f.Msg.Name(i))...)
				x.Evidence = append(x.Evidence, field(f, i))
			}
			switch {
			case !sameOrganisation(f, c.Domain):
				x.Severity = report.Info
			case dmarcPasses(f):
				x.Severity = report.Low
			}
			out = append(out, x)
		}
		return out
	},
}

// ownAndStrong: the author's signature was taken, and a server that is trusted,
// or sealed what it says, had verified it. An unsealed word from the path could
// be a forger's.
func ownAndStrong(x *report.Finding) bool {
	return x.Severity == report.Medium && slices.Contains([]string{report.Strong, report.Proved}, x.Confidence)
}

// vouchedFor reports whether a verdict is a trusted server's, or an
// intermediary's, sealed if it stands in an ARC set.
func vouchedFor(f *Facts, c *headers.Claim) bool {
	if c.Instance > 0 && f.ARC != nil {
		s := setAt(f.ARC, c.Instance)
		return s != nil && s.SealResult == "pass"
	}
	switch c.Header {
	case "Authentication-Results":
		return c.Trust == headers.Trusted || c.Trust == headers.Testimony
	}
	return false
}

// signatureOf reports whether the message has a signature that a verdict may be
// about: of its domain, or with the first characters of its value.
func signatureOf(f *Facts, c *headers.Claim) bool {
	for i := range f.DKIM {
		if d := f.DKIM[i].Domain; d == "" || mailname.Within(c.Domain, d) || mailname.Within(d, c.Domain) {
			return true
		}
	}
	for _, name := range []string{"X-Google-DKIM-Signature", "DomainKey-Signature"} {
		for _, i := range f.Msg.All(name) {
			if tags, err := dkim.ParseTags(f.Msg.Value(i)); err == nil {
				if d, _ := dkim.TagValue(tags, "d"); strings.EqualFold(d, c.Domain) {
					return true
				}
			}
		}
	}
	return false
}

// renamedSignature finds a signature of the domain under another name, -1 where
// there is none.
func renamedSignature(f *Facts, domain string) int {
	for i := range f.Msg.Fields {
		name := strings.ToLower(f.Msg.Name(i))
		if !strings.Contains(name, "dkim") || name == "dkim-signature" || strings.HasPrefix(name, "arc-") {
			continue
		}
		if tags, err := dkim.ParseTags(f.Msg.Value(i)); err == nil {
			if d, _ := dkim.TagValue(tags, "d"); strings.EqualFold(d, domain) {
				return i
			}
		}
	}
	return -1
}
