package live

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"strings"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/wire"
)

// maxDirect is how many records of a section are taken.
const maxDirect = 256

// Ask asks one server ("IP:PORT") without recursion (RFC 1035 §4.1.1, RD=0), over
// UDP, and over TCP where the answer is cut off. dial opens the sockets, networks
// "udp" and "tcp"; timeout is for each of the two. The error is a [*dns.Error].
func Ask(ctx context.Context, dial func(ctx context.Context, network, address string) (net.Conn, error), timeout time.Duration, server, name string, t dns.Type) (dns.Direct, error) {
	name, bad := dns.CheckName(name, t)
	if bad != nil {
		return dns.Direct{}, bad
	}
	failed := func(f dns.Failure, err error) (dns.Direct, error) {
		return dns.Direct{}, &dns.Error{Name: name, Type: t, Failure: f, Server: server, Err: err}
	}
	var id [2]byte
	rand.Read(id[:]) // never fails
	q := mdns.Msg{MsgHdr: mdns.MsgHdr{Id: binary.BigEndian.Uint16(id[:])}, Question: []mdns.Question{{Name: name + ".", Qtype: uint16(t), Qclass: mdns.ClassINET}}}
	q.SetEdns0(ednsSize, false)
	m, err := overOnce(ctx, dial, timeout, "udp", server, &q)
	if err == nil && m.Rcode == mdns.RcodeFormatError { // a server that does not know EDNS (RFC 6891 §7)
		q.Extra = nil
		m, err = overOnce(ctx, dial, timeout, "udp", server, &q)
	}
	if err == nil && m.Truncated {
		m, err = overOnce(ctx, dial, timeout, "tcp", server, &q)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return failed(dns.Cancelled, context.Cause(ctx))
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return failed(dns.Timeout, err)
	case errors.Is(err, errStray):
		return failed(dns.Malformed, err)
	case err != nil:
		return failed(dns.Unreachable, err)
	}
	d := dns.Direct{Authoritative: m.Authoritative}
	switch m.Rcode {
	case mdns.RcodeSuccess:
		if d.Status = dns.Success; len(m.Answer) == 0 {
			d.Status = dns.NoData
		}
	case mdns.RcodeNameError:
		d.Status = dns.NXDomain
	case mdns.RcodeServerFailure:
		return failed(dns.ServFail, nil)
	case mdns.RcodeFormatError:
		return failed(dns.Malformed, nil)
	default:
		return failed(dns.Refused, nil)
	}
	for _, part := range [...]struct {
		from []mdns.RR
		to   *[]dns.Record
	}{{m.Answer, &d.Answer}, {m.Ns, &d.Authority}, {m.Extra, &d.Additional}} {
		for _, rr := range part.from[:min(len(part.from), maxDirect)] {
			if rr.Header().Class != mdns.ClassINET || rr.Header().Rrtype == mdns.TypeOPT {
				continue
			}
			if r, ok := wire.Record(rr, dns.Canonical(rr.Header().Name)); ok {
				*part.to = append(*part.to, r)
			}
		}
	}
	return d, nil
}

// overOnce sends a query over one network and waits for its answer.
func overOnce(ctx context.Context, dial func(ctx context.Context, network, address string) (net.Conn, error), timeout time.Duration, network, server string, q *mdns.Msg) (*mdns.Msg, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, os.ErrDeadlineExceeded)
	defer cancel()
	raw, err := dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	if deadline, ok := ctx.Deadline(); ok {
		raw.SetDeadline(deadline)
	}
	stop := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	conn := &mdns.Conn{Conn: raw, UDPSize: ednsSize}
	if err := conn.WriteMsg(q); err != nil {
		return nil, err
	}
	for range maxStray {
		m, err := conn.ReadMsg()
		var timeout net.Error
		switch {
		case errors.As(err, &timeout):
			return nil, err
		case err != nil && m == nil:
			return nil, err
		case err != nil || m.Id != q.Id || !m.Response || len(m.Question) != 1 ||
			!strings.EqualFold(m.Question[0].Name, q.Question[0].Name) || m.Question[0].Qtype != q.Question[0].Qtype:
			continue // not ours (RFC 5452 §9.1)
		}
		return m, nil
	}
	return nil, errStray
}
