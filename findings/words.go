package findings

import (
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

func itoa(n int) string { return strconv.Itoa(n) }

// domainPart is what follows the last @ of an address, lower case; all of it
// where there is none.
func domainPart(addr string) string {
	_, domain, _ := mailname.Split(addr)
	return strings.ToLower(strings.TrimSuffix(domain, "."))
}
