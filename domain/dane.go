package domain

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/report"
)

// dane asks for the TLSA records of each MX host (RFC 7672 §2.2).
func (c *checker) dane(s *section, out *report.DANE) {
	out.Hosts = []report.DANEHost{}
	s.found(c.domain, report.StateAbsent, nil)
	s.check.Location = nil // there is one for each host
	switch {
	case c.out.MX.State == report.StateUnknown:
		s.check.State = report.StateUnknown
		return
	case len(c.out.MX.Hosts) == 0:
		return
	}
	out.Hosts = make([]report.DANEHost, len(c.out.MX.Hosts))
	parts := make([]*section, len(out.Hosts))
	var wg guard.Group
	for i := range out.Hosts {
		parts[i] = &section{name: s.name}
		wg.Go(func() { c.daneHost(parts[i], &out.Hosts[i], &c.out.MX.Hosts[i]) })
	}
	wg.Wait()
	with, without := 0, 0
	for i := range out.Hosts {
		s.take(parts[i])
		switch out.Hosts[i].State {
		case report.StatePresent:
			with++
		case report.StateAbsent:
			without++
		case report.StateUnknown:
			if s.check.State == report.StateAbsent {
				s.check.State = report.StateUnknown
			}
		}
	}
	if with > 0 {
		s.check.State = report.StatePresent
	}
	if with > 0 && without > 0 {
		where := at{name: c.domain}
		if !slices.ContainsFunc(out.Hosts, func(h report.DANEHost) bool { return h.State == report.StateAbsent && c.own(h.Hostname) }) {
			where.severity, where.advice = report.Info, "nothing: the hosts without them are in the hands of their provider"
		}
		s.add("dane-partial", where, "%d of %d MX hosts have TLSA records", with, with+without)
	}
}

func (c *checker) daneHost(s *section, h *report.DANEHost, mx *report.MXHost) {
	h.Hostname, h.Records = mx.Hostname, []report.TLSA{}
	names := []string{mx.Hostname}
	if n := len(mx.CNAME); n > 0 { // RFC 7672 §2.2: the last name of the chain first
		names = []string{mx.CNAME[n-1], mx.Hostname}
	}
	var a reply
	for _, name := range names {
		h.Location = "_25._tcp." + name
		if a = c.ask(h.Location, dns.TypeTLSA); !a.none() {
			break
		}
	}
	h.State = a.state()
	usable := 0
	for i := range a.Records {
		if i == MaxTLSA {
			s.gap(h.Location+" TLSA", fmt.Sprintf("more than %d records; the rest is not read", MaxTLSA))
			break
		}
		t, err := parseTLSA(a.Records[i].Data)
		if err != nil {
			t.Problem = err.Error()
			s.add("dane-record-invalid", at{name: h.Location}, "%s: %s: %s", report.DomainRef(h.Location), cut(a.Records[i].Data, 60), err)
		} else {
			t.Usable = true
			usable++
		}
		h.Records = append(h.Records, t)
	}
	if len(h.Records) > 0 && usable == 0 {
		s.add("dane-none-usable", at{name: h.Location}, "none of the %d TLSA records at %s can be used", len(h.Records), report.DomainRef(h.Location))
	}
}

var errTLSA = errors.New("not a TLSA record")

// parseTLSA reads a TLSA record in presentation form (RFC 6698 §2.2), or in
// that of unknown types (RFC 3597 §5). The error says why it cannot be used for
// mail (RFC 7672 §3.1); what could be read comes back with it.
func parseTLSA(data string) (report.TLSA, error) {
	var t report.TLSA
	words := strings.Fields(data)
	if len(words) >= 3 && words[0] == `\#` {
		raw, err := hex.DecodeString(strings.Join(words[2:], ""))
		if err != nil || len(raw) < 4 {
			return t, errTLSA
		}
		words = []string{strconv.Itoa(int(raw[0])), strconv.Itoa(int(raw[1])), strconv.Itoa(int(raw[2])), hex.EncodeToString(raw[3:])}
	}
	if len(words) < 4 {
		return t, errTLSA
	}
	for i, to := range [...]*int{&t.Usage, &t.Selector, &t.Matching} {
		n, err := strconv.ParseUint(words[i], 10, 8)
		if err != nil {
			return t, errTLSA
		}
		*to = int(n)
	}
	t.Data = strings.ToLower(strings.Join(words[3:], ""))
	raw, err := hex.DecodeString(t.Data)
	if err != nil {
		return t, fmt.Errorf("the data is not hexadecimal")
	}
	switch {
	case t.Usage == 0 || t.Usage == 1:
		return t, fmt.Errorf("usage %d (PKIX) is not for mail; use 3 or 2", t.Usage)
	case t.Usage > 3:
		return t, fmt.Errorf("usage %d is not known", t.Usage)
	case t.Selector > 1:
		return t, fmt.Errorf("selector %d is not known", t.Selector)
	case t.Matching > 2:
		return t, fmt.Errorf("matching type %d is not known", t.Matching)
	case t.Matching == 1 && len(raw) != 32:
		return t, fmt.Errorf("a SHA-256 hash has 32 bytes, not %d", len(raw))
	case t.Matching == 2 && len(raw) != 64:
		return t, fmt.Errorf("a SHA-512 hash has 64 bytes, not %d", len(raw))
	case len(raw) == 0:
		return t, fmt.Errorf("there is no data")
	}
	return t, nil
}

// daneSecurity says for which hosts the records count: DANE needs the whole way
// from the MX record on to be secure (RFC 7672 §2.2).
func (c *checker) daneSecurity(s *section, out *report.DANE) {
	var open []int
	foreign := 0
	for i := range out.Hosts {
		h := &out.Hosts[i]
		if h.State != report.StatePresent {
			continue
		}
		base := strings.TrimPrefix(h.Location, "_25._tcp.")
		worst := statusSecure
		for _, q := range [...]dns.Question{{Name: c.domain, Type: dns.TypeMX}, {Name: base, Type: dns.TypeA}, {Name: h.Location, Type: dns.TypeTLSA}} {
			status, _, basis := c.security(q.Name, q.Type)
			h.Basis = basis
			worst = weaker(worst, status)
		}
		usable := false
		for _, r := range h.Records {
			usable = usable || r.Usable
		}
		switch worst {
		case statusUnknown:
			s.open = true
		case statusSecure:
			h.Secure, h.Usable = is(true), &usable
		case statusInsecure, statusBogus:
			h.Secure, h.Usable = is(false), is(false)
			open = append(open, i)
			if !c.own(h.Hostname) {
				foreign++
			}
		}
	}
	if len(open) == 0 {
		return
	}
	// One cause, one finding. Records of a provider are its own affair; they
	// only protect less where the domain is not signed.
	h := &out.Hosts[open[0]]
	where := at{name: h.Location}
	if foreign == len(open) {
		where.severity, where.advice = report.Info, "sign the zone of the domain (DNSSEC): then senders that heed DANE can rely on the provider's records"
	}
	more := ""
	if len(open) > 1 {
		more = fmt.Sprintf(" and %d more", len(open)-1)
	}
	s.add("dane-not-secure", where, "the way to %s%s is not protected by DNSSEC, so its TLSA records do not count for mail to %s", report.DomainRef(h.Location), more, report.DomainRef(c.domain))
}
