package findings

import (
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// domainPart is what follows the last @ of an address, lower case; all of it
// where there is none.
func domainPart(addr string) string {
	if i := strings.LastIndexByte(addr, '@'); i >= 0 {
		addr = addr[i+1:]
	}
	return strings.ToLower(strings.TrimSuffix(addr, "."))
}
