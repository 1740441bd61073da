package headers

import (
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/mailtrace/mailtrace/headers/services"
)

// Org is the organisation that a host or mail domain belongs to, by name: the
// registrable domain of the public suffix list, or "" for a name that has none
// ("localhost", "FWDSRV2", an address).
//
// The list is used and not the DMARC tree walk because the question is who
// runs the host, not who answers for its mail.
func Org(name string) string {
	name = host(name)
	if name == "" || !strings.Contains(name, ".") {
		return ""
	}
	if addressText(name) {
		return ""
	}
	return orgs.get(name, func(name string) string {
		org, err := publicsuffix.EffectiveTLDPlusOne(name)
		if err != nil {
			return ""
		}
		return org
	})
}

// orgs keeps what the list says: a message names the same hosts many times over,
// and so does the next.
var orgs memo

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
	if a, b := host(a), host(b); a == b {
		return a != ""
	}
	org := Org(a)
	return org != "" && org == Org(b)
}

// host brings a host name into the form in which names are compared: lower
// case, no final dot, no brackets.
func host(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	name = strings.Trim(name, "[]<>")
	return strings.TrimSuffix(name, ".")
}

// privateSuffixes are top-level names that are never in the public DNS
// (RFC 6761, RFC 6762, RFC 8375, and what vendors taught their users).
var privateSuffixes = []string{
	".local", ".localdomain", ".lan", ".internal", ".intranet", ".intra", ".corp", ".home", ".home.arpa", ".private", ".localhost",
}

// privateName reports whether a host name can only mean something inside a
// network: one label, or a suffix that is never public.
func privateName(name string) bool {
	name = host(name)
	if !strings.Contains(name, ".") {
		return true
	}
	for _, s := range privateSuffixes {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
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

// domainOf returns the domain of an address, "" where it has none.
func domainOf(addr string) string {
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return ""
	}
	return host(addr[at+1:])
}

// serviceOf returns the service of many customers in whose domain a host is,
// nil for other hosts. Two hosts of it are not the same organisation's.
func serviceOf(name string) *services.Service {
	return services.InZone(host(name)).Of(services.Mailbox, services.Hoster, services.Gateway).First()
}

// serviceNamed returns the service that an organisation's domain names, nil for
// other organisations.
func serviceNamed(org string) *services.Service {
	if s := serviceOf(org); s != nil && s.Org() == org {
		return s
	}
	return nil
}
