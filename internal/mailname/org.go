package mailname

import (
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/mailtrace/mailtrace/internal/memo"
)

// Org is the organisation that a host or mail domain belongs to, by name: the
// registrable domain of the public suffix list, or "" for a name that has none
// ("localhost", "FWDSRV2", an address).
//
// The list is used and not the DMARC tree walk because the question is who
// runs the host, not who answers for its mail.
func Org(name string) string {
	name = Host(name)
	if strings.IndexByte(name, '.') < 0 || addressText(name) {
		return ""
	}
	return orgs.Get(name, listed)
}

// orgs keeps what the list says: a message names the same hosts many times over,
// and so does the next.
var orgs memo.Memo[string]

// listed is the registrable domain of a name by the list.
func listed(name string) string {
	org, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return ""
	}
	return org
}

// addressText reports whether a name is an IP address. That of IPv4 ends in a
// digit, that of IPv6 has a colon: most names are not looked at further.
func addressText(name string) bool {
	if c := name[len(name)-1]; (c < '0' || c > '9') && strings.IndexByte(name, ':') < 0 {
		return false
	}
	_, err := netip.ParseAddr(name)
	return err == nil
}

// SameOrg reports whether two names are of one organisation: they are the same
// name, or have the same registrable domain. Two names without any, such as
// "localhost" and an address, are not of one organisation.
func SameOrg(a, b string) bool {
	if a, b := Host(a), Host(b); a == b {
		return a != ""
	}
	org := Org(a)
	return org != "" && org == Org(b)
}
