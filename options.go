package mailtrace

import (
	"errors"
	"fmt"
	"time"

	"github.com/mailtrace/mailtrace/headers"
)

// ErrOption is what the error of an option that means nothing wraps: a profile
// or an effort that there is not, a network that cannot be read.
var ErrOption = errors.New("unknown option")

// settle checks the options and puts in what the zero values stand for.
func (o *Options) settle() error {
	switch o.Profile {
	case "", ProfileBulkSender:
	default:
		return fmt.Errorf("%w: profile %q; there is %s", ErrOption, o.Profile, ProfileBulkSender)
	}
	switch o.Repair {
	case RepairFull, RepairQuick, RepairOff:
	default:
		return fmt.Errorf("%w: repair effort %d", ErrOption, o.Repair)
	}
	for _, s := range o.Trust {
		if !headers.CanTrust(s) {
			return fmt.Errorf("%w: trust %q; it takes a host name, an authserv-id, an address or a network such as 10.0.0.0/8", ErrOption, s)
		}
	}
	o.Now = present(o.Now)
	return nil
}

// present is now where no other time is given. Whoever wants the same result
// again gives the time; no other code of the library looks at the clock.
func present(t time.Time) time.Time {
	if t.IsZero() {
		return time.Now()
	}
	return t
}
