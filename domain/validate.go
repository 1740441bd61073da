//go:build !js

package domain

import (
	"context"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/dnssec"
)

// Validated makes Options.DNSSEC of a validator: a name is as secure as the
// weakest of the answers that mail takes from it.
func Validated(v *dnssec.Validator) func(ctx context.Context, name string) (status, reason string) {
	return func(ctx context.Context, name string) (status, reason string) {
		status = statusSecure
		for _, t := range typesOf(name) {
			got, err := v.Validate(ctx, name, t)
			s, why := statusUnknown, ""
			if err != nil {
				why = name + " " + t.String() + ": " + err.Error()
			} else {
				why = got.Reason
				switch got.Security {
				case dnssec.Secure:
					s = statusSecure
				case dnssec.Insecure:
					s = statusInsecure
				case dnssec.Bogus:
					s = statusBogus
				}
			}
			if next := weaker(status, s); next != status {
				status, reason = next, why
			}
		}
		return status, reason
	}
}

// typesOf lists the types of records that mail asks for at a name, as far as
// the name tells.
func typesOf(name string) []dns.Type {
	switch {
	case strings.HasPrefix(name, "_25._tcp."):
		return []dns.Type{dns.TypeTLSA}
	case strings.HasPrefix(name, "_"), strings.Contains(name, "._domainkey."):
		return []dns.Type{dns.TypeTXT}
	}
	return []dns.Type{dns.TypeMX, dns.TypeTXT, dns.TypeA, dns.TypeAAAA}
}
