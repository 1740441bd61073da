package findings

import (
	"slices"

	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/report"
)

var confidences = []string{report.Proved, report.Strong, report.Likely, report.Hint}

// weaker returns a confidence some steps down.
func weaker(c string, steps int) string {
	i := slices.Index(confidences, c)
	if i < 0 {
		return report.Hint
	}
	return confidences[min(i+steps, len(confidences)-1)]
}

// atMost returns c, or the limit where c is stronger.
func atMost(c, limit string) string {
	if slices.Index(confidences, c) < slices.Index(confidences, limit) {
		return limit
	}
	return c
}

// ceiling lowers a finding's confidence for what holds for the whole message:
// offline nothing about the border is proved, and where the extent of the
// recipient's part of the path rests on names that only a client gave, what
// follows from it is likely at most.
func ceiling(f *headers.Facts, x *report.Finding) string {
	c := x.Confidence
	if c == "" {
		c = report.Likely
	}
	if usesBorder[x.Code] {
		if f.Offline() {
			c = atMost(c, report.Strong)
		}
		if r := f.LastRun(); r != nil && r.Weak {
			c = atMost(c, report.Likely)
		}
	}
	return c
}

// usesBorder are the findings that say where a check belonged.
var usesBorder = map[string]bool{
	"spf-rechecked-behind-border": true, "spf-rechecked-on-internal-relay": true, "spf-checked-behind-nat": true,
	"spf-checked-behind-backup-mx": true, "spf-checked-on-filter-loopback": true, "spf-checked-behind-gateway-service": true,
	"spf-checked-behind-own-forwarder": true, "forward-without-srs": true, "dmarc-both-paths-broken": true,
	"spf-unauthorised-sender": true, "direct-spoof": true, "direct-spoof-own-domain": true, "verdict-conflict-between-hops": true,
	"spf-softfail-or-neutral": true, "spf-none": true, "spf-permerror-syntax": true, "spf-permerror-lookup-limit": true, "spf-void-lookups": true,
	"spf-ipv6-uncovered": true, "spf-null-sender-helo": true, "helo-spf-unaligned": true, "spf-pass-for-own-relay": true, "spf-overbroad-pass": true,
	"forgotten-sender": true, "dmarc-spf-unaligned": true, "third-party-sender-unaligned": true, "dmarc-spf-only-sender": true,
}
