package headers

import (
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"
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
	if _, err := netip.ParseAddr(name); err == nil {
		return ""
	}
	org, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return ""
	}
	return org
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

// provider is a large service with many customers behind the same host names:
// two hosts of it are not the same organisation's.
type provider struct {
	name string
	// suffixes of the host names of the service.
	suffixes []string
	// inner are suffixes of hosts that only talk to hosts of the service.
	inner []string
	// outbound are suffixes or prefixes of hosts that send its customers' mail
	// to the outside.
	outbound []string
	// border are suffixes of hosts that accept mail from outside.
	border []string
}

// providers are the services whose hosts receive mail for others, with the
// names that tell their inner lines from those that face the Internet
// (STANDARDS: Exchange Online, Gmail and the gateway services write them so).
var providers = []provider{
	{
		name:     "outlook.com",
		suffixes: []string{".outlook.com", ".office365.com", ".office.com", ".hotmail.com"},
		inner:    []string{".prod.outlook.com", ".prod.protection.outlook.com", ".outlook.office365.com", "outlook.office365.com", ".office365.com"},
		outbound: []string{".outbound.protection.outlook.com"},
		border:   []string{".mail.protection.outlook.com", ".protection.outlook.com", ".olc.protection.outlook.com"},
	},
	{
		name:     "google.com",
		suffixes: []string{".google.com", ".googlemail.com", ".gmail.com", ".gappssmtp.com"},
		outbound: []string{".google.com"},
		border:   []string{"mx.google.com", "gmr-mx.google.com"},
	},
	{name: "yahoo.com", suffixes: []string{".yahoo.com", ".yahoodns.net", ".aol.com"}, outbound: []string{".consmr.mail."}},
	{name: "pphosted.com", suffixes: []string{".pphosted.com", ".ppops.net", ".ppe-hosted.com"}},
	{name: "mimecast.com", suffixes: []string{".mimecast.com", ".mimecast.co.za"}},
	{name: "barracudanetworks.com", suffixes: []string{".barracudanetworks.com", ".cudamail.com", ".barracuda.com"}},
	{name: "messagelabs.com", suffixes: []string{".messagelabs.com"}},
	{name: "iphmx.com", suffixes: []string{".iphmx.com"}},
	{name: "mailcontrol.com", suffixes: []string{".mailcontrol.com"}},
	{name: "hornetsecurity.com", suffixes: []string{".hornetsecurity.com", ".antispameurope.com"}},
	{name: "trendmicro.com", suffixes: []string{".tmes.trendmicro.com", ".in.tmes.trendmicro.eu", ".trendmicro.eu"}},
	{name: "sophos.com", suffixes: []string{".hydra.sophos.com", ".sophos.com"}},
	{name: "fireeyecloud.com", suffixes: []string{".fireeyecloud.com"}},
	{name: "secureserver.net", suffixes: []string{".secureserver.net"}},
	{name: "amazonaws.com", suffixes: []string{".amazonaws.com", ".amazonses.com"}},
	{name: "messagingengine.com", suffixes: []string{".messagingengine.com", ".internal"}},
	{name: "icloud.com", suffixes: []string{".icloud.com", ".apple.com", ".me.com"}},
	{name: "zoho.com", suffixes: []string{".zoho.com", ".zohomail.com"}},
}

func hasAny(name string, suffixes []string) bool {
	for _, s := range suffixes {
		if strings.HasSuffix(name, s) || "."+name == s || name == s {
			return true
		}
	}
	return false
}

// providerOf returns the service that a host belongs to, nil for other hosts.
func providerOf(name string) *provider {
	name = host(name)
	for i := range providers {
		if hasAny(name, providers[i].suffixes) {
			return &providers[i]
		}
	}
	return nil
}

// providerNamed returns the service with this name, nil for other
// organisations.
func providerNamed(org string) *provider {
	for i := range providers {
		if providers[i].name == org {
			return &providers[i]
		}
	}
	return nil
}
