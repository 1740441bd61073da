package findings

import (
	"cmp"
	"strings"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var arcOverrideApplied = &Rule{
	Code:     "arc-override-applied",
	Group:    GroupARC,
	Title:    "Receiver accepted the message because of ARC",
	Severity: report.Info,
	Since:    "0.1",
	Refs:     []string{"RFC 8617 §7.2.1"},
	Doc: `
## What happened
DMARC failed, and the receiver excused it by the ARC seals of a forwarder that it trusts.

## How it is proved
The receiver says so: compauth=pass with reason 130 (Microsoft), or a DMARC verdict that names ARC as the reason not to follow the policy.

## What looks like it
compauth=pass with reason 100 means that SPF or DKIM passed and was aligned: no ARC in it.

## What to do
Nothing. The delivery of this mail hangs on ARC, which is on its way to become historic.
`,
	Find: func(f *Facts) []report.Finding {
		c := overriddenByARC(f)
		if c == nil {
			return nil
		}
		x := report.Finding{
			Hop:         index(f, c.Hop),
			Confidence:  report.Proved,
			AtFault:     report.Party{Role: "none"},
			Parts:       report.Say("%s accepted the message on the word of its ARC sealer, although DMARC of %v fails", report.HostRef(cmp.Or(c.Writer, byName(f, c.Hop))), report.DomainRef(f.FromDomain)),
			AdviceParts: report.Words("none needed; this delivery hangs on ARC"),
			Evidence:    []report.Evidence{claim(f, c)},
		}
		if f.ARC != nil && len(f.ARC.Sets) > 0 {
			x.Parts = report.Say("%s accepted the message on the word of %s (ARC), although DMARC of %v fails", report.HostRef(cmp.Or(c.Writer, byName(f, c.Hop))), report.HostRef(sealerName(f, newestSet(f.ARC))), report.DomainRef(f.FromDomain))
			x.Evidence = append(x.Evidence, setEvidence(f, newestSet(f.ARC))[0])
		}
		return []report.Finding{x}
	},
}

// overriddenByARC is a trusted verdict that says that ARC excused a DMARC
// failure, nil where none does.
func overriddenByARC(f *Facts) *headers.Claim {
	for c := range claims(f, "compauth", trusted) {
		if c.Result == "pass" && c.Reason == "130" {
			return c
		}
	}
	for c := range claims(f, "dmarc", trusted) {
		words := strings.ToLower(c.Reason + " " + c.Comment)
		// Local policy that names the chain (RFC 8617 §7.2.1), as Gmail writes
		// "dis=NONE arc=pass" and OpenDMARC "policy.arc=pass".
		named := strings.Contains(words, "arc=pass") || strings.Contains(words, "trusted arc") || strings.Contains(words, "arc override") || strings.Contains(words, "local_policy") && strings.Contains(words, "arc")
		if named && (c.Normal == "fail" || !dmarcPasses(f) && c.Normal == "pass") {
			switch strings.ToLower(c.Action) {
			case "reject", "quarantine":
			default:
				return c
			}
		}
	}
	return nil
}
