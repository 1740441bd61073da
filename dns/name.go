package dns

import (
	"errors"
	"net/netip"
	"strconv"

	"github.com/mailtrace/mailtrace/dns/internal/names"
)

// Canonical returns the form in which this package writes names: lower case,
// no final dot; the root is "".
//
// A backslash in name is the escape of RFC 1035 §5.1 (`\.`, `\032`). What
// cannot be printed comes back as \DDD, a dot or backslash inside a label as
// `\.` and `\\`, and every other octet as itself, so equal names have equal
// forms.
func Canonical(n string) string { return names.Canonical(n) }

// CheckName brings a name into canonical form, or fails with BadName (RFC 1035
// §2.3.4). A [Resolver] begins with it.
func CheckName(n string, t Type) (string, *Error) {
	c := names.Canonical(n)
	if why := names.Bad(c); why != "" {
		return c, &Error{Name: c, Type: t, Failure: BadName, Err: errors.New(why)}
	}
	return c, nil
}

// Reverse returns the name whose PTR records hold the host names of addr
// (RFC 1035 §3.5, RFC 3596 §2.5), "" for the zero Addr. An IPv4 address in
// IPv6 form is taken as IPv4.
func Reverse(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	addr = addr.Unmap()
	if addr.Is4() {
		a := addr.As4()
		b := make([]byte, 0, len("255.255.255.255.in-addr.arpa"))
		for i := 3; i >= 0; i-- {
			b = strconv.AppendUint(b, uint64(a[i]), 10)
			b = append(b, '.')
		}
		return string(append(b, "in-addr.arpa"...))
	}
	const hex = "0123456789abcdef"
	a := addr.As16()
	b := make([]byte, 0, 32*2+len("ip6.arpa"))
	for i := 15; i >= 0; i-- {
		b = append(b, hex[a[i]&15], '.', hex[a[i]>>4], '.')
	}
	return string(append(b, "ip6.arpa"...))
}
