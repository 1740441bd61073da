package dmarc

import (
	"strings"

	"golang.org/x/net/idna"
)

// maxName is the length of the longest domain name in presentation form,
// without the final dot (RFC 1035 §3.1).
const maxName = 253

// toASCII turns U-labels into A-labels (RFC 9989 §5.3.1). It asks for no more
// than the conversion: underscores and the like are the DNS's business.
var toASCII = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// normal returns domain in lower case, in A-labels and without a final dot. ok
// is false where no DNS name can be made of it.
func normal(domain string) (name string, ok bool) {
	domain = strings.TrimSuffix(strings.TrimSpace(domain), ".")
	for i := 0; i < len(domain); i++ {
		if domain[i] >= 0x80 {
			if len(domain) > 4*maxName {
				return "", false
			}
			a, err := toASCII.ToASCII(domain)
			if err != nil {
				return "", false
			}
			domain = a
			break
		}
	}
	domain = strings.ToLower(domain)
	if domain == "" || len(domain) > maxName {
		return "", false
	}
	for label, rest := "", domain; rest != ""; {
		var more bool
		label, rest, more = strings.Cut(rest, ".")
		if label == "" || len(label) > 63 || more && rest == "" {
			return "", false
		}
		for i := 0; i < len(label); i++ {
			if c := label[i]; c <= ' ' || c >= 0x7f {
				return "", false
			}
		}
	}
	return domain, true
}

// labels counts the labels of a normal name.
func labels(name string) int { return strings.Count(name, ".") + 1 }

// parent takes the leftmost label off, "" for a single label.
func parent(name string) string {
	_, up, _ := strings.Cut(name, ".")
	return up
}

// rightmost keeps the n rightmost labels of a name.
func rightmost(name string, n int) string {
	for labels(name) > n {
		name = parent(name)
	}
	return name
}

// within reports whether name is domain or below it.
func within(name, domain string) bool {
	return name == domain ||
		len(name) > len(domain) && name[len(name)-len(domain)-1] == '.' && strings.HasSuffix(name, domain)
}

// unrelated reports whether two names share no label on the right, so that no
// organisation can hold both.
func unrelated(a, b string) bool {
	return a[strings.LastIndexByte(a, '.')+1:] != b[strings.LastIndexByte(b, '.')+1:]
}
