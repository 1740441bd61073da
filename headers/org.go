package headers

import (
	"net/netip"
	"strings"

	"github.com/mailtrace/mailtrace/headers/services"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/internal/memo"
)

// privateName reports whether a host name can only mean something inside a
// network: one label, or a suffix that is never public.
func privateName(name string) bool {
	name = mailname.Host(name)
	return !strings.Contains(name, ".") || mailname.HasPrivateSuffix(name)
}

// sharedSpace is the address block of carrier-grade NAT (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// Private reports whether an address can't be reached from the Internet:
// RFC 1918, RFC 4193, RFC 6598, link-local and loopback. Documentation
// prefixes count as public, since examples are written with them.
func Private(ip netip.Addr) bool {
	return ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || sharedSpace.Contains(ip) || ip.IsUnspecified()
}

// Public is the opposite of Private for a valid address.
func Public(ip netip.Addr) bool { return ip.IsValid() && !Private(ip) && !ip.IsMulticast() }

// serviceOf returns the service of many customers in whose domain a host is,
// nil for other hosts. Two hosts of it are not the same organisation's.
func serviceOf(name string) *services.Service {
	if name == "" {
		return nil
	}
	return serviceOfHost.Get(mailname.Host(name), func(name string) *services.Service {
		return services.InZone(name).Of(services.Mailbox, services.Hoster, services.Gateway).First()
	})
}

var serviceOfHost memo.Memo[*services.Service]

// serviceNamed returns the service that an organisation's domain names, nil for
// other organisations.
func serviceNamed(org string) *services.Service {
	if s := serviceOf(org); s != nil && s.Org() == org {
		return s
	}
	return nil
}
