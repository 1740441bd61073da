package headers

import (
	"strings"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// ListName is the name of a list out of List-Id, List-Post, X-BeenThere or
// ezmlm's Mailing-List: the part in angle brackets without "mailto:", or the
// first word (RFC 2919 §3, RFC 2369 §3.4).
func ListName(v string) string {
	if i := strings.LastIndexByte(v, '<'); i >= 0 {
		v = v[i+1:]
		if j := strings.IndexByte(v, '>'); j >= 0 {
			v = v[:j]
		}
	}
	v = strings.TrimPrefix(strings.TrimSpace(v), "mailto:")
	v = strings.TrimPrefix(v, "contact ")
	if i := strings.IndexAny(v, "?; \t"); i >= 0 {
		v = v[:i]
	}
	return mailname.Host(v)
}
