package spf

import "strings"

// Traits are the things met in an evaluation that implementations are known to
// treat differently: where another one has another result, they are where to
// look for the reason.
type Traits uint32

const (
	TraitLimits     Traits = 1 << iota // Options.MaxLookups or MaxVoids are not the standard
	TraitPostmaster                    // a macro used the local part that was filled in
	TraitSender                        // the sender has no "@", more than one, or a source route
	TraitIDN                           // the sender's domain was turned into A-labels
	TraitP                             // %{p} was expanded
	TraitEmptyPart                     // a macro value was split with empty parts
	TraitSpace                         // a space was URL-escaped
	TraitTruncated                     // a name was cut to 253 octets
	TraitOddName                       // a domain-spec has a "/" or ":"
	TraitBadName                       // a name could not be asked for
	TraitVoid                          // a lookup was void
	TraitNoAddress                     // a host has no address of the family asked for
	TraitMapped                        // ip6 with an IPv4-mapped network
)

// valueTraits are the traits of a macro and its value.
func (m macro) valueTraits(value string) Traits {
	var t Traits
	delims := m.delims
	if delims == "" {
		delims = "."
	}
	empty := true // nothing since the last delimiter
	for i := 0; i < len(value); i++ {
		d := strings.IndexByte(delims, value[i]) >= 0
		if d && empty {
			t |= TraitEmptyPart
		}
		empty = d
	}
	if empty {
		t |= TraitEmptyPart
	}
	if m.escape && strings.IndexByte(value, ' ') >= 0 {
		t |= TraitSpace
	}
	return t
}
