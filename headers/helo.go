package headers

import (
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// HeloState says what the DNS gives for the name by which the border's client
// introduced itself.
type HeloState string

const (
	HeloUnknown   HeloState = ""          // not asked, no answer, or not a name to ask for
	HeloConfirmed HeloState = "confirmed" // it points to the client
	HeloElsewhere HeloState = "elsewhere" // it has addresses, but not the client's
	HeloNone      HeloState = "none"      // it has no address
)

// lookAtHelo asks for the HELO name where reverse DNS does not confirm it.
func (f *Facts) lookAtHelo() {
	ip := f.ClientIP(f.LastRun())
	name := mailname.Host(f.Helo)
	if !Public(ip) || !strings.Contains(name, ".") || privateName(name) || strings.ContainsAny(name, ":[] _") || f.BorderPTR == PTRConfirmed {
		return
	}
	if h := f.BorderHop(); h == nil || h.Auth || h.confirmedName() != "" {
		return
	}
	addrs, known := f.ask.addrs("HELO name of the border's client", name)
	switch {
	case slices.Contains(addrs, ip):
		f.HeloState = HeloConfirmed
	case !known:
	case len(addrs) == 0:
		f.HeloState = HeloNone
	default:
		f.HeloState = HeloElsewhere
	}
}
