package wire

import (
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/names"

	mdns "github.com/miekg/dns"
)

// Reply is the part of an answer that one message of a server gives.
type Reply struct {
	Status        dns.Status
	Records       []dns.Record
	CNAMEs        []string
	TTL           uint32
	Authenticated bool
	// Next is where the CNAME chain of the message left off without an answer;
	// it is to be asked next.
	Next string
}

// Problem is a message that is not an answer.
type Problem struct {
	Failure dns.Failure
	Text    string
}

// Limits for what a server says in words.
const maxExtraText = 120

// ReadReply takes an answer for name and type out of a message.
func ReadReply(m *mdns.Msg, name string, t dns.Type) (Reply, *Problem) {
	switch m.Rcode {
	case mdns.RcodeSuccess, mdns.RcodeNameError:
	case mdns.RcodeServerFailure:
		return Reply{}, &Problem{dns.ServFail, extraText(m)}
	case mdns.RcodeFormatError, mdns.RcodeBadVers, mdns.RcodeYXDomain:
		return Reply{}, &Problem{dns.Malformed, rcodeText(m)}
	default:
		return Reply{}, &Problem{dns.Refused, rcodeText(m)}
	}

	r := Reply{TTL: 1<<32 - 1, Authenticated: m.AuthenticatedData}
	chain := dns.Answer{Name: name, Type: t}
	at := name
	for {
		var cname *mdns.CNAME
		for _, rr := range m.Answer {
			h := rr.Header()
			if h.Class != mdns.ClassINET || dns.Type(h.Rrtype) != t && h.Rrtype != mdns.TypeCNAME || dns.Canonical(h.Name) != at {
				continue
			}
			// The library reads an empty RDATA as a record of zero values, which
			// for MX would be a null MX.
			if h.Rdlength == 0 {
				return Reply{}, &Problem{dns.Malformed, "a record without data"}
			}
			if dns.Type(h.Rrtype) == t {
				rec, ok := Record(rr, at)
				if !ok {
					return Reply{}, &Problem{dns.Malformed, "a record without data"}
				}
				r.Records = append(r.Records, rec)
				r.TTL = min(r.TTL, rec.TTL)
			} else if c, ok := rr.(*mdns.CNAME); ok && cname == nil {
				cname = c
			}
		}
		if len(r.Records) > 0 || cname == nil {
			break
		}
		at = dns.Canonical(cname.Target)
		r.TTL = min(r.TTL, TTL(cname.Hdr.Ttl))
		if err := chain.Follow(at); err != nil {
			return Reply{}, &Problem{dns.Malformed, err.Err.Error()}
		}
	}
	r.CNAMEs = chain.CNAMEs
	if len(r.Records) > 0 {
		if m.Rcode == mdns.RcodeNameError {
			return Reply{}, &Problem{dns.Malformed, "NXDOMAIN with records"}
		}
		r.Status = dns.Success
		return r, nil
	}

	// No record of the type: find out what that means (RFC 2308 §2).
	var soa *mdns.SOA
	servers := false
	for _, rr := range m.Ns {
		switch rr := rr.(type) {
		case *mdns.SOA:
			if names.Under(at, dns.Canonical(rr.Hdr.Name)) {
				soa = rr
			}
		case *mdns.NS:
			servers = true
		}
	}
	chainTTL := r.TTL
	if r.TTL = 0; soa != nil { // RFC 2308 §5: without SOA it is not to be kept
		r.TTL = min(chainTTL, NegativeTTL(soa))
	}
	knows := m.Authoritative || m.RecursionAvailable
	switch {
	case m.Rcode == mdns.RcodeNameError:
		// With a CNAME chain this is about its last name (RFC 6604 §3).
		if soa == nil && !knows {
			return Reply{}, &Problem{dns.Malformed, "lame server: NXDOMAIN, neither authoritative nor recursive"}
		}
		r.Status = dns.NXDomain
	case soa != nil:
		r.Status = dns.NoData
	case len(r.CNAMEs) > 0:
		r.Next, r.TTL = at, chainTTL
	case servers && !m.Authoritative:
		return Reply{}, &Problem{dns.Malformed, "lame server: a referral, and no recursion"}
	case !knows:
		return Reply{}, &Problem{dns.Malformed, "lame server: no answer, neither authoritative nor recursive"}
	default:
		r.Status = dns.NoData
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
