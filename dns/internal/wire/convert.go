// Package wire turns records of the wire library into those of package dns.
package wire

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/names"

	mdns "github.com/miekg/dns"
)

// Record converts one resource record. name is its owner in canonical form.
// ok is false where the RDATA is not there or not valid.
func Record(rr mdns.RR, name string) (r dns.Record, ok bool) {
	h := rr.Header()
	r = dns.Record{Name: name, Type: dns.Type(h.Rrtype), TTL: TTL(h.Ttl)}
	switch rr := rr.(type) {
	case *mdns.TXT:
		setStrings(&r, rr.Txt)
	case *mdns.SPF:
		setStrings(&r, rr.Txt)
	case *mdns.A:
		if r.Addr, ok = netip.AddrFromSlice(rr.A.To4()); !ok {
			return r, false
		}
	case *mdns.AAAA:
		if r.Addr, ok = netip.AddrFromSlice(rr.AAAA.To16()); !ok {
			return r, false
		}
	case *mdns.MX:
		r.Pref, r.Host = rr.Preference, dns.Canonical(rr.Mx)
	case *mdns.NS:
		r.Host = dns.Canonical(rr.Ns)
	case *mdns.PTR:
		r.Host = dns.Canonical(rr.Ptr)
	case *mdns.CNAME:
		r.Host = dns.Canonical(rr.Target)
	case *mdns.RFC3597:
		r.Data = "\\# " + strconv.Itoa(len(rr.Rdata)/2) + " " + rr.Rdata
		return r, true
	default:
		r.Data = strings.TrimPrefix(rr.String(), h.String())
		return r, true
	}
	r.Data, _ = r.Presentation()
	return r, true
}

func setStrings(r *dns.Record, escaped []string) {
	r.Strings = make([]string, len(escaped))
	for i, s := range escaped {
		r.Strings[i] = names.Unescape(s)
	}
	if len(r.Strings) == 1 {
		r.Text = r.Strings[0]
	} else {
		r.Text = strings.Join(r.Strings, "")
	}
}

// TTL reads a value with the top bit set as zero (RFC 2181 §8).
func TTL(n uint32) uint32 {
	if n > 1<<31-1 {
		return 0
	}
	return n
}

// NegativeTTL is how long the absence of something holds (RFC 2308 §5).
func NegativeTTL(soa *mdns.SOA) uint32 { return min(TTL(soa.Hdr.Ttl), TTL(soa.Minttl)) }
