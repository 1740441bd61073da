package findings

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/report"
)

// unheard reports whether a signature of the author could not be judged for want
// of the body or of exact bytes: it may well vouch for the author.
func unheard(f *Facts) bool {
	for i := range f.DKIM {
		d := &f.DKIM[i]
		if aligned(f, i) && d.Result == dkim.Neutral && d.Code == dkim.ReasonNoBody {
			return true
		}
	}
	return false
}

// illegible reports whether there is a signature that cannot be read since the
// text was repaired: it may be the author's.
func illegible(f *Facts) bool {
	return f.Options.Copy.Mended && slices.ContainsFunc(f.DKIM, func(s dkim.Signature) bool { return s.Domain == "" })
}

// pieces reports whether the header is known to be a part of one, so that
// nothing is concluded from what is missing.
func pieces(f *Facts) bool {
	return f.Options.Copy.Cut || f.MaskedPath() || f.Fragment()
}

// absentUsual is a field that nearly every message has, that signature i covers
// and that is not there: rather does a copy lack it than that a relay took it out.
// "" where there is none, and where a receiver wrote that the signature fails.
func absentUsual(f *Facts, i int) string {
	s, b := &f.DKIM[i], f.Bracket(i)
	if s.HeaderSignature != dkim.Mismatch || f.Repair(i) != nil || b != nil && b.Broken != nil {
		return ""
	}
	for _, name := range [...]string{"To", "Subject", "Date", "Message-ID"} {
		if s.Names(name) > 0 && f.Msg.First(name) < 0 {
			return name
		}
	}
	return ""
}

// notWhole says of a finding on a broken signature that the copy may be what lacks
// a field.
func notWhole(x *report.Finding, name string) {
	if name == "" {
		return
	}
	x.Confidence = atMost(x.Confidence, report.Likely)
	if report.SeverityRank(x.Severity) < report.SeverityRank(report.Medium) {
		x.Severity = report.Medium
	}
	x.Parts = x.Parts.Add(report.Say("; the signature covers %s, which this copy does not have: perhaps the copy alone is not whole", name)...)
}

// stands reports whether a finding may be told of a text that somebody copied,
// and lowers its confidence to what such a text can bear.
func stands(f *Facts, r *Rule, x *report.Finding) bool {
	cut := pieces(f)
	if r.RestsOn&noForwarder != 0 && f.Unjudged || x.Code == "dmarc-spf-only-sender" && illegible(f) {
		return false
	}
	if cut && r.RestsOn&wholeHeader != 0 || f.Undated() && r.RestsOn&deliveryTime != 0 {
		return false
	}
	if f.Options.Copy.Headless && r.RestsOn&newestFields != 0 || x.Code == "forward-without-srs" && (f.MaskedSender || f.MaskedRcpt) {
		return false
	}
	if x.Code == "dmarc-multiple-from" && f.Options.Copy.Inexact {
		return false // what is a field of its own was decided by the repair
	}
	if x.Code == "dmarc-spf-unaligned" && f.Unjudged {
		// The chain may show the forwarder whose SPF it is.
		x.Severity, x.Confidence = report.Medium, atMost(x.Confidence, report.Likely)
	}
	if c := f.Options.Copy; c.Inexact && c.Top || cut || f.Undated() || r.RestsOn&noSignature != 0 && unheard(f) {
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

// written tells what the servers of the header wrote, from the bottom up: what
// was asked first, and what was asked again above it.
func written(f *Facts) string {
	type group struct {
		field, hop int
		results    []string
		spf        string
	}
	var all []group
	for i := range f.Claims {
		c := &f.Claims[i]
		if c.Normal == "" || c.Method != "spf" && c.Method != "dkim" && c.Method != "dmarc" {
			continue
		}
		k := slices.IndexFunc(all, func(g group) bool { return g.field == c.Field || c.Hop >= 0 && g.hop == c.Hop })
		if k < 0 {
			if len(all) == maxWritten {
				continue
			}
			all = append(all, group{field: c.Field, hop: c.Hop})
			k = len(all) - 1
		}
		g := &all[k]
		if r := c.Method + " " + c.Normal; !slices.Contains(g.results, r) {
			g.results = append(g.results, r)
		}
		if c.Method == "spf" {
			g.spf = c.Normal
		}
	}
	if len(all) == 0 {
		return ""
	}
	slices.SortStableFunc(all, func(a, b group) int { return b.field - a.field })
	var out []string
	asked := ""
	for i, g := range all {
		where := "in line " + itoa(f.Msg.Fields[g.field].Line)
		if g.hop >= 0 {
			where = "at hop " + itoa(f.Hops[g.hop].Index)
			if by := cmp.Or(f.Hops[g.hop].By, f.Hops[g.hop].Release, f.Hops[g.hop].Product); by != "" {
				where += " (" + by + ")"
			}
		}
		switch {
		case i == 0:
			verb := " was written "
			if len(g.results) > 1 {
				verb = " were written "
			}
			out = append(out, list(g.results)+verb+where)
		case g.spf != "" && asked != "":
			out = append(out, "SPF was asked again above it, "+where+": "+list(g.results))
		default:
			out = append(out, "above it, "+where+", "+list(g.results))
		}
		asked = cmp.Or(g.spf, asked)
	}
	return strings.Join(out, "; ")
}

// maxWritten bounds the places at which a header's verdicts are told.
const maxWritten = 5
