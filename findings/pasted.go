package findings

import (
	"slices"

	"github.com/mailtrace/mailtrace/report"
)

// restsOnAbsence are the findings that conclude from what is not in a header,
// or from its form, that somebody did wrong. Where a part of the header is
// missing or blackened it is no wonder that something is not there.
var restsOnAbsence = map[string]bool{
	"dmarc-multiple-from": true, "received-forged": true, "ar-forged-own-id": true, "ar-untrusted-authserv-id": true, "verdict-ip-not-in-chain": true,
	"direct-spoof": true, "direct-spoof-own-domain": true, "self-spoof-filter": true, "spf-unauthorised-sender": true, "forgotten-sender": true,
	"dmarc-spf-only-sender": true, "third-party-sender-unaligned": true, "dkim-signature-removed": true, "dkim-replay-suspected": true,
	"spf-pass-for-own-relay": true, "open-relay-suspected": true, "mail-loop": true, "received-gap": true, "time-anomaly": true, "local-injection": true,
	"backscatter": true, "helo-or-rdns-defect": true, "spf-ipv6-uncovered": true, "spf-softfail-or-neutral": true, "spf-none": true,
	"dmarc-spf-unaligned": true, "dmarc-dkim-unaligned": true, "helo-spf-unaligned": true, "spf-null-sender-helo": true, "sender-null-mx": true,
	"arc-malformed": true, "arc-chain-broken": true, "verdict-conflict-with-live": true, "forward-multi-hop": true,
}

// pieces reports whether the header is known to be a part of one, so that
// nothing is concluded from what is missing.
func pieces(f *Facts) bool {
	return f.Options.Copy.Cut || f.MaskedPath() || f.Fragment()
}

// stands reports whether a finding may be told of a text that somebody copied,
// and lowers its confidence to what such a text can bear.
func stands(f *Facts, x *report.Finding) bool {
	if x.Code == "dmarc-multiple-from" && f.FromFields == 0 && f.Fragment() {
		return false
	}
	if pieces(f) && restsOnAbsence[x.Code] {
		return false
	}
	if c := f.Options.Copy; c.Inexact && c.Top || pieces(f) {
		x.Confidence = atMost(x.Confidence, report.Likely)
	}
	return true
}

// undecided takes a verdict back that a piece of a header cannot bear.
func undecided(f *Facts, v *report.Verdict) {
	if v.RootCause != nil || !pieces(f) {
		return
	}
	why := ""
	switch {
	case f.Options.Copy.Cut:
		why = "a part of the header was cut off"
	case f.MaskedPath():
		why = "names and addresses of the path were redacted"
	case v.Status == report.Authenticated:
		return
	default:
		why = "only a part of the header was given"
	}
	if v.Status == report.Authenticated && !f.Options.Copy.Cut && v.Border.DMARC == "pass" {
		return
	}
	v.Status, v.AtFault = report.Undetermined, "unknown"
	v.Summary, v.Parts = why+": too little is left to decide", nil
	if s := written(f); s != "" {
		v.Summary += "; " + s
	}
}

// written repeats what the newest verdicts of the header say, with who wrote them
// as far as that is known.
func written(f *Facts) string {
	var all []string
	for i := range f.Claims {
		c := &f.Claims[i]
		if c.Normal == "" || c.Method != "spf" && c.Method != "dkim" && c.Method != "dmarc" {
			continue
		}
		s := c.Method + " " + c.Normal
		if !slices.Contains(all, s) && len(all) < 6 {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "its servers wrote " + list(all)
}
