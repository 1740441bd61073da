package spf

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// limits are the limits with the standard filled in. voids < 0 means no bound.
func (o Options) limits() (lookups, voids int) {
	lookups, voids = o.MaxLookups, o.MaxVoids
	if lookups <= 0 {
		lookups = DefaultMaxLookups
	}
	if voids == 0 {
		voids = DefaultMaxVoids
	}
	return min(lookups, MaxWalked), voids
}

// identify finds the identity to check and its parts (§2.3, §2.4, §4.3).
func identify(q Query) (identity Identity, local, domain string) {
	if q.Identity == Helo || q.MailFrom == "" {
		return Helo, "", q.Helo
	}
	local, domain, _ = mailname.Split(q.MailFrom)
	if strings.HasPrefix(local, "@") {
		// A source route is not part of the address (RFC 5321 §4.1.2).
		_, local, _ = strings.Cut(local, ":")
	}
	return MailFrom, local, domain
}
