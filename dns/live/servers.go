package live

import (
	"fmt"
	"net/netip"
	"strings"
)

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
