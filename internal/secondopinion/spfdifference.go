package secondopinion

import "github.com/mailtrace/mailtrace/spf"

// spfDifference is a point in which go/spf v1.6.0 is known to decide otherwise.
type spfDifference struct {
	when func(ev *spf.Evaluation, other spf.Result) bool
	text string
}

func has(t spf.Traits) func(*spf.Evaluation, spf.Result) bool {
	return func(ev *spf.Evaluation, _ spf.Result) bool { return ev.Traits&t != 0 }
}

// permerror restricts a difference to those that end in permerror for one side.
func permerror(when func(*spf.Evaluation, spf.Result) bool) func(*spf.Evaluation, spf.Result) bool {
	return func(ev *spf.Evaluation, other spf.Result) bool {
		return (ev.Result == spf.PermError || other == spf.PermError) && when(ev, other)
	}
}

func code(codes ...spf.Reason) func(*spf.Evaluation, spf.Result) bool {
	return func(ev *spf.Evaluation, _ spf.Result) bool {
		for _, c := range codes {
			if ev.Code == c {
				return true
			}
		}
		return false
	}
}

// oneFamily: the outcome hangs on a failure of A or AAAA alone.
func oneFamily(ev *spf.Evaluation, other spf.Result) bool {
	return other == spf.TempError && ev.Traits&spf.TraitNoAddress != 0 || ev.Code == spf.ReasonDNS
}

// spfDifferences are looked through in order; the first that applies is the
// explanation.
var spfDifferences = []spfDifference{
	{code(spf.ReasonSyntax), "go/spf reads a record term by term, stops at the first match and does not check names, character set, leading zeros and exp; RFC 7208 §4.6 makes a syntax error anywhere a permerror"},
	{has(spf.TraitLimits), "go/spf was asked with the limits of the standard"},
	{code(spf.ReasonNoDomain), "go/spf asks for a record at single labels and at names that are not a domain; RFC 7208 §4.3 says none"},
	{code(spf.ReasonDepth, spf.ReasonRecordTooLong), "a bound of this program that go/spf does not have"},
	{has(spf.TraitSender), "go/spf cuts the sender at the first @, knows no source routes, and takes a sender without @ for a local part"},
	{has(spf.TraitIDN), "go/spf does not turn the sender's domain into A-labels (RFC 7208 §4.3)"},
	{has(spf.TraitP), "go/spf always expands %{p} to \"unknown\""},
	{has(spf.TraitPostmaster), "go/spf does not fill in \"postmaster\" for a missing local part (RFC 7208 §4.3)"},
	{has(spf.TraitOddName), "go/spf does not accept \"/\" in a domain-spec"},
	{has(spf.TraitTruncated), "go/spf does not cut names to 253 octets (RFC 7208 §7.3)"},
	{has(spf.TraitEmptyPart), "go/spf drops empty parts when it splits a macro value; RFC 7208 §7.3 keeps them"},
	{has(spf.TraitSpace), "go/spf escapes a space as \"+\" in URL-escaped macros"},
	{has(spf.TraitMapped), "go/spf matches an IPv4 client against ip6 with an IPv4-mapped network"},
	{oneFamily, "go/spf asks for A and AAAA: it gives temperror where only the family that is not needed fails, and goes on where only that one answers"},
	{permerror(has(spf.TraitBadName)), "go/spf counts a name that cannot be asked for as a void lookup"},
	{permerror(has(spf.TraitVoid)), "go/spf counts a lookup as void only where neither A nor AAAA exist"},
}

// SPFDifference explains why the second opinion may differ from ours: the
// first of the points that are known of go/spf v1.6.0 and were met in the
// evaluation. It is "" where the results agree, and where nothing known
// explains it; then one of the two is wrong.
func SPFDifference(eval *spf.Evaluation, other spf.Result) string {
	if eval == nil || eval.Result == other || eval.Result == "" || other == "" {
		return ""
	}
	for _, d := range spfDifferences {
		if d.when(eval, other) {
			return d.text
		}
	}
	return ""
}
