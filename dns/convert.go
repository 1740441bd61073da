package dns

import (
	"net/netip"
	"strconv"
	"strings"

	mdns "github.com/miekg/dns"
)

// record converts one resource record. name is its owner in canonical form.
// ok is false where the RDATA is not there or not valid.
func record(rr mdns.RR, name string) (r Record, ok bool) {
	h := rr.Header()
	r = Record{Name: name, Type: Type(h.Rrtype), TTL: ttl(h.Ttl)}
	switch rr := rr.(type) {
	case *mdns.TXT:
		r.setStrings(rr.Txt)
	case *mdns.SPF:
		r.setStrings(rr.Txt)
	case *mdns.A:
		if r.Addr, ok = netip.AddrFromSlice(rr.A.To4()); !ok {
			return r, false
		}
	case *mdns.AAAA:
		if r.Addr, ok = netip.AddrFromSlice(rr.AAAA.To16()); !ok {
			return r, false
		}
	case *mdns.MX:
		r.Pref, r.Host = rr.Preference, Canonical(rr.Mx)
	case *mdns.NS:
		r.Host = Canonical(rr.Ns)
	case *mdns.PTR:
		r.Host = Canonical(rr.Ptr)
	case *mdns.CNAME:
		r.Host = Canonical(rr.Target)
	case *mdns.RFC3597:
		r.Data = "\\# " + strconv.Itoa(len(rr.Rdata)/2) + " " + rr.Rdata
		return r, true
	default:
		r.Data = strings.TrimPrefix(rr.String(), h.String())
		return r, true
	}
	r.Data, _ = presentation(r)
	return r, true
}

func (r *Record) setStrings(escaped []string) {
	r.Strings = make([]string, len(escaped))
	for i, s := range escaped {
		r.Strings[i] = unescape(s)
	}
	if len(r.Strings) == 1 {
		r.Text = r.Strings[0]
	} else {
		r.Text = strings.Join(r.Strings, "")
	}
}

// ttl reads a value with the top bit set as zero (RFC 2181 §8).
func ttl(n uint32) uint32 {
	if n > 1<<31-1 {
		return 0
	}
	return n
}

// negativeTTL is how long the absence of something holds (RFC 2308 §5).
func negativeTTL(soa *mdns.SOA) uint32 { return min(ttl(soa.Hdr.Ttl), ttl(soa.Minttl)) }
