package spf

import "strings"

// traits are the things met in an evaluation that implementations are known to
// treat differently. See KnownDifference.
type traits uint32

const (
	traitLimits     traits = 1 << iota // Options.MaxLookups or MaxVoids are not the standard
	traitPostmaster                    // the local part was filled in
	traitSender                        // the sender has no "@", or more than one
	traitP                             // %{p} was expanded
	traitDelims                        // a macro splits at other delimiters than the dot, or at dots
	traitEscape                        // a macro in upper case was expanded
	traitTruncated                     // a name was cut to 253 octets
	traitOddName                       // a domain-spec has a "/" or ":"
	traitBadName                       // a name could not be asked for
	traitVoid                          // a lookup was void
	traitMapped                        // ip6 with an IPv4-mapped network
)

// specTraits are the traits of a domain-spec that is about to be expanded.
func specTraits(spec string) traits {
	var t traits
	if strings.ContainsAny(spec, "/:") {
		t |= traitOddName
	}
	for {
		i := strings.IndexByte(spec, '%')
		if i < 0 {
			return t
		}
		m, n, problem := readMacro(spec[i:])
		if problem != "" {
			return t
		}
		if m.escape {
			t |= traitEscape
		}
		if isAlpha(m.letter) {
			t |= traitDelims
		}
		spec = spec[i+n:]
	}
}
