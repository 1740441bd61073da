package live

import (
	"net/netip"
	"strings"
)

// System returns a resolver that asks the name servers of this machine's
// settings, see [SystemServers]. They are read once, now.
func System() (*Resolver, error) {
	servers, err := SystemServers()
	if err != nil {
		return nil, err
	}
	return New(Options{Servers: servers}), nil
}

// maxSystemServers is how many servers of a system count (MAXNS of
// resolv.conf(5)).
const maxSystemServers = 3

// ParseResolvConf returns the servers that the text of a resolv.conf names, each
// as "IP:PORT". Without any it is the local machine (resolv.conf(5)).
func ParseResolvConf(text []byte) []string {
	var out []string
	for line := range strings.Lines(string(text)) {
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
