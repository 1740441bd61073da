package spf

// difference is a point in which go/spf v1.6.0 is known to decide otherwise.
type difference struct {
	when func(ev *Evaluation, other Result) bool
	text string
}

func has(t traits) func(*Evaluation, Result) bool {
	return func(ev *Evaluation, _ Result) bool { return ev.traits&t != 0 }
}

// permerror restricts a difference to those that end in permerror for one side.
func permerror(when func(*Evaluation, Result) bool) func(*Evaluation, Result) bool {
	return func(ev *Evaluation, other Result) bool {
		return (ev.Result == PermError || other == PermError) && when(ev, other)
	}
}

func code(codes ...Reason) func(*Evaluation, Result) bool {
	return func(ev *Evaluation, _ Result) bool {
		for _, c := range codes {
			if ev.Code == c {
				return true
			}
		}
		return false
	}
}

// oneFamily: the outcome hangs on a failure of A or AAAA alone.
func oneFamily(ev *Evaluation, other Result) bool {
	return other == TempError && ev.traits&traitNoAddress != 0 || ev.Code == ReasonDNS
}

// differences are looked through in order; the first that applies is the
// explanation.
var differences = []difference{
	{code(ReasonSyntax), "go/spf reads a record term by term, stops at the first match and does not check names, character set, leading zeros and exp; RFC 7208 §4.6 makes a syntax error anywhere a permerror"},
	{has(traitLimits), "go/spf was asked with the limits of the standard"},
	{code(ReasonNoDomain), "go/spf asks for a record at single labels and at names that are no domain; RFC 7208 §4.3 says none"},
	{code(ReasonDepth, ReasonRecordTooLong), "a bound of this program that go/spf does not have"},
	{has(traitSender), "go/spf cuts the sender at the first @, knows no source routes, and takes a sender without @ for a local part"},
	{has(traitIDN), "go/spf does not turn the sender's domain into A-labels (RFC 7208 §4.3)"},
	{has(traitP), "go/spf always expands %{p} to \"unknown\""},
	{has(traitPostmaster), "go/spf does not fill in \"postmaster\" for a missing local part (RFC 7208 §4.3)"},
	{has(traitOddName), "go/spf does not accept \"/\" in a domain-spec"},
	{has(traitTruncated), "go/spf does not cut names to 253 octets (RFC 7208 §7.3)"},
	{has(traitEmptyPart), "go/spf drops empty parts when it splits a macro value; RFC 7208 §7.3 keeps them"},
	{has(traitSpace), "go/spf escapes a space as \"+\" in URL-escaped macros"},
	{has(traitMapped), "go/spf matches an IPv4 client against ip6 with an IPv4-mapped network"},
	{oneFamily, "go/spf asks for A and AAAA: it gives temperror where only the family that is not needed fails, and goes on where only that one answers"},
	{permerror(has(traitBadName)), "go/spf counts a name that cannot be asked for as a void lookup"},
	{permerror(has(traitVoid)), "go/spf counts a lookup as void only where neither A nor AAAA exist"},
}

// KnownDifference explains why the second opinion may differ from ours: the
// first of the points that are known of go/spf v1.6.0 and were met in the
// evaluation. It is "" where the results agree, and where nothing known
// explains it; then one of the two is wrong.
func KnownDifference(eval *Evaluation, other Result) string {
	if eval == nil || eval.Result == other || eval.Result == "" || other == "" {
		return ""
	}
	for _, d := range differences {
		if d.when(eval, other) {
			return d.text
		}
	}
	return ""
}
