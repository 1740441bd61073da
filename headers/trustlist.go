package headers

import (
	"net/netip"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// trustList is what --trust names.
type trustList struct {
	nets  []netip.Prefix
	names []string
}

// CanTrust reports whether an item can stand in Options.Trust: a host name, a
// domain or authserv-id, an address or a network.
func CanTrust(item string) bool {
	if strings.Contains(item, "/") {
		_, err := netip.ParsePrefix(item)
		return err == nil
	}
	return item != "" && !strings.ContainsAny(item, " \t\r\n,;")
}

func newTrustList(items []string) *trustList {
	if len(items) == 0 {
		return nil
	}
	t := &trustList{}
	for _, s := range items {
		if p, err := netip.ParsePrefix(s); err == nil {
			t.nets = append(t.nets, p.Masked())
		} else if a, err := netip.ParseAddr(s); err == nil {
			t.nets = append(t.nets, netip.PrefixFrom(a, a.BitLen()))
		} else {
			t.names = append(t.names, mailname.Host(s))
		}
	}
	return t
}

func (t *trustList) hasIP(ip netip.Addr) bool {
	for _, p := range t.nets {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// hasName reports whether a name is listed or lies below a listed one.
func (t *trustList) hasName(name string) bool {
	if t == nil || name == "" {
		return false
	}
	for _, n := range t.names {
		if mailname.Within(name, n) {
			return true
		}
	}
	return false
}
