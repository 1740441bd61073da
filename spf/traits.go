package spf

import "strings"

// traits are the things met in an evaluation that implementations are known to
// treat differently. See KnownDifference.
type traits uint32

const (
	traitLimits     traits = 1 << iota // Options.MaxLookups or MaxVoids are not the standard
	traitPostmaster                    // a macro used the local part that was filled in
	traitSender                        // the sender has no "@", more than one, or a source route
	traitIDN                           // the sender's domain was turned into A-labels
	traitP                             // %{p} was expanded
	traitEmptyPart                     // a macro value was split with empty parts
	traitSpace                         // a space was URL-escaped
	traitTruncated                     // a name was cut to 253 octets
	traitOddName                       // a domain-spec has a "/" or ":"
	traitBadName                       // a name could not be asked for
	traitVoid                          // a lookup was void
	traitNoAddress                     // a host has no address of the family asked for
	traitMapped                        // ip6 with an IPv4-mapped network
)

// valueTraits are the traits of a macro and its value.
func (m macro) valueTraits(value string) traits {
	var t traits
	delims := m.delims
	if delims == "" {
		delims = "."
	}
	empty := true // nothing since the last delimiter
	for i := 0; i < len(value); i++ {
		d := strings.IndexByte(delims, value[i]) >= 0
		if d && empty {
			t |= traitEmptyPart
		}
		empty = d
	}
	if empty {
		t |= traitEmptyPart
	}
	if m.escape && strings.IndexByte(value, ' ') >= 0 {
		t |= traitSpace
	}
	return t
}
