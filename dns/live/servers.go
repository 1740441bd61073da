package live

import (
	"fmt"
	"net/netip"
	"strings"
)

// maxSystemServers is how many name servers of a resolv.conf count (MAXNS of
// resolv.conf(5)).
const maxSystemServers = 3

// ParseServer reads the address of a server, "IP" or "IP:PORT", and returns it
// with its port, 53 by default. An IPv6 address with a port is in brackets.
func ParseServer(s string) (string, error) {
	if ap, err := netip.ParseAddrPort(s); err == nil && ap.Port() != 0 {
		return ap.String(), nil
	}
	if a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")); err == nil {
		return netip.AddrPortFrom(a, 53).String(), nil
	}
	return "", fmt.Errorf("dns: %q is not the address of a server\n  hint: IP or IP:PORT, such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53", s)
}

// SystemServers returns the servers that the text of a resolv.conf names, each
// as "IP:PORT". Without any it is the local machine (resolv.conf(5)).
func SystemServers(resolvConf []byte) []string {
	var out []string
	for line := range strings.Lines(string(resolvConf)) {
		if line[0] == '#' || line[0] == ';' {
			continue
		}
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "nameserver" || len(out) == maxSystemServers {
			continue
		}
		if a, err := netip.ParseAddr(f[1]); err == nil {
			out = append(out, netip.AddrPortFrom(a, 53).String())
		}
	}
	if len(out) == 0 {
		return []string{"127.0.0.1:53", "[::1]:53"}
	}
	return out
}
