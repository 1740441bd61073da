package dns

import (
	"strconv"
	"strings"

	mdns "github.com/miekg/dns"
)

// reply is the part of an answer that one message of a server gives.
type reply struct {
	status        Status
	records       []Record
	cnames        []string
	ttl           uint32
	authenticated bool
	// next is where the CNAME chain of the message left off without an answer;
	// it is to be asked next.
	next string
}

// problem is a message that is no answer.
type problem struct {
	failure Failure
	text    string
}

// Limits for what a server says in words.
const maxExtraText = 120

// readReply takes an answer for name and type out of a message.
func readReply(m *mdns.Msg, name string, t Type) (reply, *problem) {
	switch m.Rcode {
	case mdns.RcodeSuccess, mdns.RcodeNameError:
	case mdns.RcodeServerFailure:
		return reply{}, &problem{ServFail, extraText(m)}
	case mdns.RcodeFormatError, mdns.RcodeBadVers, mdns.RcodeYXDomain:
		return reply{}, &problem{Malformed, rcodeText(m)}
	default:
		return reply{}, &problem{Refused, rcodeText(m)}
	}

	r := reply{ttl: 1<<32 - 1, authenticated: m.AuthenticatedData}
	chain := Answer{Name: name, Type: t}
	at := name
	for {
		var cname *mdns.CNAME
		for _, rr := range m.Answer {
			h := rr.Header()
			if h.Class != mdns.ClassINET || Type(h.Rrtype) != t && h.Rrtype != mdns.TypeCNAME || Canonical(h.Name) != at {
				continue
			}
			// The library reads an empty RDATA as a record of zero values, which
			// for MX would be a null MX.
			if h.Rdlength == 0 {
				return reply{}, &problem{Malformed, "a record without data"}
			}
			if Type(h.Rrtype) == t {
				rec, ok := record(rr, at)
				if !ok {
					return reply{}, &problem{Malformed, "a record without data"}
				}
				r.records = append(r.records, rec)
				r.ttl = min(r.ttl, rec.TTL)
			} else if c, ok := rr.(*mdns.CNAME); ok && cname == nil {
				cname = c
			}
		}
		if len(r.records) > 0 || cname == nil {
			break
		}
		at = Canonical(cname.Target)
		r.ttl = min(r.ttl, ttl(cname.Hdr.Ttl))
		if err := chain.follow(at); err != nil {
			return reply{}, &problem{Malformed, err.Err.Error()}
		}
	}
	r.cnames = chain.CNAMEs
	if len(r.records) > 0 {
		if m.Rcode == mdns.RcodeNameError {
			return reply{}, &problem{Malformed, "NXDOMAIN with records"}
		}
		r.status = Success
		return r, nil
	}

	// No record of the type: find out what that means (RFC 2308 §2).
	var soa *mdns.SOA
	servers := false
	for _, rr := range m.Ns {
		switch rr := rr.(type) {
		case *mdns.SOA:
			if under(at, Canonical(rr.Hdr.Name)) {
				soa = rr
			}
		case *mdns.NS:
			servers = true
		}
	}
	chainTTL := r.ttl
	if r.ttl = 0; soa != nil { // RFC 2308 §5: without SOA it is not to be kept
		r.ttl = min(chainTTL, negativeTTL(soa))
	}
	knows := m.Authoritative || m.RecursionAvailable
	switch {
	case m.Rcode == mdns.RcodeNameError:
		// With a CNAME chain this is about its last name (RFC 6604 §3).
		if soa == nil && !knows {
			return reply{}, &problem{Malformed, "lame server: NXDOMAIN, neither authoritative nor recursive"}
		}
		r.status = NXDomain
	case soa != nil:
		r.status = NoData
	case len(r.cnames) > 0:
		r.next, r.ttl = at, chainTTL
	case servers && !m.Authoritative:
		return reply{}, &problem{Malformed, "lame server: a referral, and no recursion"}
	case !knows:
		return reply{}, &problem{Malformed, "lame server: no answer, neither authoritative nor recursive"}
	default:
		r.status = NoData
	}
	return r, nil
}

func rcodeText(m *mdns.Msg) string {
	s := mdns.RcodeToString[m.Rcode]
	if s == "" {
		s = "RCODE " + strconv.Itoa(m.Rcode)
	}
	if extra := extraText(m); extra != "" {
		s += ", " + extra
	}
	return s
}

// extraText is the extended error of RFC 8914, cleaned: servers say there, for
// example, that DNSSEC validation failed.
func extraText(m *mdns.Msg) string {
	opt := m.IsEdns0()
	if opt == nil {
		return ""
	}
	for _, o := range opt.Option {
		e, ok := o.(*mdns.EDNS0_EDE)
		if !ok {
			continue
		}
		s := "extended error " + strconv.Itoa(int(e.InfoCode))
		if known := mdns.ExtendedErrorCodeToString[e.InfoCode]; known != "" {
			s += " (" + known + ")"
		}
		if words := strings.ToValidUTF8(e.ExtraText, "?"); words != "" {
			if len(words) > maxExtraText {
				words = words[:maxExtraText]
			}
			s += ": " + strconv.QuoteToASCII(words)
		}
		return s
	}
	return ""
}
