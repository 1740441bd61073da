//go:build !windows

package live

import (
	"io"
	"os"
)

// maxResolvConf is how much of /etc/resolv.conf is read.
const maxResolvConf = 64 << 10

// SystemServers returns the name servers of this machine's settings, each as
// "IP:PORT": those of /etc/resolv.conf; on Windows those of the network adapters
// that are up and lead somewhere.
//
// macOS writes the servers of its first network into that file; those that it
// keeps for single domains, as a VPN sets them, are not in it.
func SystemServers() ([]string, error) {
	f, err := os.Open("/etc/resolv.conf")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxResolvConf))
	if err != nil {
		return nil, err
	}
	return ParseResolvConf(text), nil
}
