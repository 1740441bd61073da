package live

import (
	"errors"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// errNoServers says that no adapter names a server.
var errNoServers = errors.New("dns: the settings of this system name no name server\n  hint: name one, such as 192.0.2.53")

// SystemServers returns the name servers of this machine's settings, each as
// "IP:PORT": those of the network adapters that are up and lead somewhere; on
// other systems those of /etc/resolv.conf.
func SystemServers() ([]string, error) {
	first, err := adapters()
	if err != nil {
		return nil, err
	}
	var out []string
	for a := first; a != nil; a = a.Next {
		if a.OperStatus != windows.IfOperStatusUp || a.FirstGatewayAddress == nil {
			continue
		}
		for d := a.FirstDnsServerAddress; d != nil; d = d.Next {
			sa, err := d.Address.Sockaddr.Sockaddr()
			if err != nil {
				continue
			}
			var ip netip.Addr
			switch sa := sa.(type) {
			case *syscall.SockaddrInet4:
				ip = netip.AddrFrom4(sa.Addr)
			case *syscall.SockaddrInet6:
				ip = netip.AddrFrom16(sa.Addr)
				if sa.ZoneId != 0 {
					ip = ip.WithZone(strconv.FormatUint(uint64(sa.ZoneId), 10))
				}
			}
			// fec0::/10 stands there where nothing was set (RFC 3879).
			if !ip.IsValid() || ip.Is6() && ip.As16()[0] == 0xfe && ip.As16()[1]&0xc0 == 0xc0 {
				continue
			}
			if s := netip.AddrPortFrom(ip, 53).String(); !slices.Contains(out, s) && len(out) < maxSystemServers {
				out = append(out, s)
			}
		}
	}
	if len(out) == 0 {
		return nil, errNoServers
	}
	return out, nil
}

// adapters asks for the list of network adapters. It may grow between two
// questions.
func adapters() (*windows.IpAdapterAddresses, error) {
	size := uint32(15 << 10)
	for range 8 {
		buf := make([]byte, size)
		first := (*windows.IpAdapterAddresses)(unsafe.Pointer(&buf[0]))
		flags := uint32(windows.GAA_FLAG_SKIP_UNICAST | windows.GAA_FLAG_SKIP_ANYCAST | windows.GAA_FLAG_SKIP_MULTICAST | windows.GAA_FLAG_INCLUDE_GATEWAYS)
		err := windows.GetAdaptersAddresses(windows.AF_UNSPEC, flags, 0, first, &size)
		if err == nil {
			return first, nil
		}
		if err != windows.ERROR_BUFFER_OVERFLOW || size > 16<<20 {
			return nil, os.NewSyscallError("GetAdaptersAddresses", err)
		}
	}
	return nil, os.NewSyscallError("GetAdaptersAddresses", windows.ERROR_BUFFER_OVERFLOW)
}
