// Package live asks name servers, over UDP and TCP.
//
// Stable: New, System and Options stay from 1.0 on.
package live

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/wire"
)

// Defaults of Options.
const (
	DefaultTimeout = 2 * time.Second
	DefaultRetries = 2
)

const (
	// ednsSize is the UDP payload that is offered: it passes nearly every path
	// without fragments (the DNS flag day of 2020; RFC 9715 §3.1).
	ednsSize = 1232
	// maxStray is how many datagrams that answer something else are skipped
	// while waiting for one answer (RFC 5452 §9.1).
	maxStray = 16
	// maxServFails is how often one server may say SERVFAIL to one question
	// before it is left alone (RFC 9520 §3.1).
	maxServFails = 2
)

// Options says whom to ask, and how patiently. All but Servers may be zero.
type Options struct {
	// Servers are asked in this order, beginning with the one that answered
	// last: "IP" or "IP:PORT", recursive or authoritative.
	Servers []string
	// Timeout is for one try at one server; zero is DefaultTimeout. TCP after
	// truncation has the same time again.
	Timeout time.Duration
	// Retries is how many more rounds over the servers follow the first; zero
	// is DefaultRetries, a negative number none.
	Retries int
	// DNSSEC sets the DO bit: servers add signatures (RFC 3225 §3).
	DNSSEC bool
	// Dial opens the sockets, networks "udp" and "tcp"; nil is a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Resolver asks name servers. It is made by [New].
//
// A query carries a random ID and leaves from a port that the system picked;
// sockets are kept for some queries, several at a time. An answer counts if
// server, ID and question match (RFC 5452 §9.1). A truncated one is asked for
// again over TCP (RFC 7766 §5).
type Resolver struct {
	servers []*server
	timeout time.Duration
	rounds  int
	dnssec  bool
	first   atomic.Int32 // index of the server to begin with
	chance  chance
}

// New returns a resolver that asks servers. One that [ParseServer] does
// not accept is Unreachable.
func New(o Options) *Resolver {
	l := &Resolver{timeout: o.Timeout, rounds: 1 + o.Retries, dnssec: o.DNSSEC}
	if l.timeout <= 0 {
		l.timeout = DefaultTimeout
	}
	if o.Retries == 0 {
		l.rounds += DefaultRetries
	}
	l.rounds = max(l.rounds, 1)
	dial := o.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	for _, s := range o.Servers {
		address, err := ParseServer(s)
		if err != nil {
			address = s
		}
		where, _ := netip.ParseAddrPort(address)
		l.servers = append(l.servers, &server{address: address, invalid: err, here: where.Addr().IsLoopback(), chance: &l.chance, dial: dial})
	}
	return l
}

// Close closes the sockets that are kept. Questions may still be asked.
func (l *Resolver) Close() error {
	for _, s := range l.servers {
		s.closeIdle()
	}
	return nil
}

// Lookup asks the servers until one answers. CNAME chains are followed, also
// where a server leaves off in the middle.
func (l *Resolver) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	name, bad := dns.CheckName(name, t)
	if bad != nil {
		return dns.Answer{}, bad
	}
	a := dns.Answer{Name: name, Type: t, TTL: 1<<32 - 1, Authenticated: true}
	for target := name; ; {
		r, from, err := l.ask(ctx, target, t, nil)
		if err != nil {
			if target != name {
				return dns.Answer{}, dns.ForTarget(err, name, target)
			}
			return dns.Answer{}, err
		}
		a.Status, a.Records, a.Server = r.Status, r.Records, from
		a.TTL = min(a.TTL, r.TTL)
		a.Authenticated = a.Authenticated && r.Authenticated
		for _, c := range r.CNAMEs {
			if err := a.Follow(c); err != nil {
				err.Server = from
				return dns.Answer{}, err
			}
		}
		if r.Next == "" {
			return a, nil
		}
		// Each turn added a CNAME, so follow bounds this loop.
		target = r.Next
	}
}

// rank orders failures by how much they tell.
func rank(f dns.Failure) int {
	return slices.Index([]dns.Failure{dns.Unreachable, dns.Timeout, dns.Refused, dns.Malformed, dns.ServFail}, f)
}

// ask puts one question to the servers in turn. Where raw is given it asks for
// signatures, unchecked, and raw gets the message.
func (l *Resolver) ask(ctx context.Context, name string, t dns.Type, raw *dns.Raw) (wire.Reply, string, error) {
	fail := &dns.Error{Name: name, Type: t, Failure: dns.Unreachable, Err: errors.New("no server to ask")}
	begin := int(l.first.Load())
	tries := make([]int, len(l.servers)) // how often a server spoke; -1 is enough
	for range l.rounds {
		asked := false
		for i := range l.servers {
			n := (begin + i) % len(l.servers)
			if tries[n] < 0 {
				continue
			}
			s := l.servers[n]
			asked = true
			r, err := l.try(ctx, s, name, t, raw)
			if err == nil {
				if i > 0 {
					l.first.Store(int32(n))
				}
				return r, s.address, nil
			}
			if ctx.Err() != nil {
				return wire.Reply{}, "", &dns.Error{Name: name, Type: t, Failure: dns.Cancelled, Server: s.address, Err: context.Cause(ctx)}
			}
			if fail.Server == "" || rank(err.Failure) >= rank(fail.Failure) {
				fail = err
			}
			switch err.Failure {
			case dns.Timeout:
			case dns.ServFail:
				if tries[n]++; tries[n] >= maxServFails {
					tries[n] = -1
				}
			case dns.Unreachable:
				if s.invalid != nil {
					tries[n] = -1
				}
			default:
				if !errors.Is(err, errStray) {
					tries[n] = -1 // it would say the same again
				}
			}
		}
		if !asked {
			break
		}
	}
	return wire.Reply{}, "", fail
}

// try asks one server once: with EDNS, without it if the server does not know
// that (RFC 6891 §7), over TCP if the answer is cut off.
func (l *Resolver) try(ctx context.Context, s *server, name string, t dns.Type, raw *dns.Raw) (wire.Reply, *dns.Error) {
	failed := func(f dns.Failure, err error) (wire.Reply, *dns.Error) {
		return wire.Reply{}, &dns.Error{Name: name, Type: t, Failure: f, Server: s.address, Err: err}
	}
	if s.invalid != nil {
		return failed(dns.Unreachable, s.invalid)
	}
	edns := raw != nil || !s.plain.Load()
	for {
		q, err := l.query(name, t, edns)
		if raw != nil {
			q, err = rawQuery(name, t)
		}
		if err != nil {
			return failed(dns.BadName, err)
		}
		m, err := l.exchange(ctx, s, q)
		if err != nil {
			return failed(classify(err), err)
		}
		if edns && raw == nil && m.IsEdns0() == nil && (m.Rcode == mdns.RcodeFormatError || m.Rcode == mdns.RcodeNotImplemented) {
			edns = false
			continue
		}
		r, p := wire.ReadReply(m, name, t)
		if p != nil {
			if p.Text == "" {
				return failed(p.Failure, nil)
			}
			return failed(p.Failure, errors.New(p.Text))
		}
		if !edns {
			s.plain.Store(true)
		}
		if raw != nil {
			raw.Message, raw.Server = q.reply, s.address
		}
		return r, nil
	}
}

// query is a question on the wire.
type query struct {
	name   string
	typ    dns.Type
	packet []byte
	keep   bool   // whether to keep the message that answers
	reply  []byte // that message
}

func (q *query) id() uint16 { return binary.BigEndian.Uint16(q.packet) }

func (l *Resolver) query(name string, t dns.Type, edns bool) (*query, error) {
	m := mdns.Msg{
		MsgHdr: mdns.MsgHdr{
			Id:               l.chance.uint16(),
			RecursionDesired: true,
			// RFC 6840 §5.7: tell whether the answer was validated, without
			// sending the signatures.
			AuthenticatedData: true,
		},
		Question: []mdns.Question{{Name: name + ".", Qtype: uint16(t), Qclass: mdns.ClassINET}},
	}
	if edns {
		m.SetEdns0(ednsSize, l.dnssec)
	}
	packet, err := m.Pack()
	if err != nil {
		return nil, err
	}
	return &query{name: name, typ: t, packet: packet}, nil
}

// errStray says that only messages came in which do not answer the query.
var errStray = errors.New("what came back has another ID or question")

func classify(err error) dns.Failure {
	var ne net.Error
	switch {
	case errors.Is(err, errStray), errors.Is(err, errMessage):
		return dns.Malformed
	case errors.As(err, &ne) && ne.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return dns.Timeout
	}
	return dns.Unreachable
}

// exchange sends a query over UDP, and over TCP if the answer is truncated.
func (l *Resolver) exchange(ctx context.Context, s *server, q *query) (*mdns.Msg, error) {
	m, cut, err := l.over(ctx, s, "udp", q)
	if err != nil || !cut {
		return m, err
	}
	m, cut, err = l.over(ctx, s, "tcp", q)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the answer is too big for UDP, and TCP failed: %w", err)
	case cut:
		return nil, fmt.Errorf("%w: truncated over TCP", errMessage)
	}
	return m, nil
}

// over does one exchange over one network within the time for a try.
func (l *Resolver) over(ctx context.Context, s *server, network string, q *query) (m *mdns.Msg, cut bool, err error) {
	limited, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	deadline, _ := limited.Deadline()
	defer func() {
		// A socket may notice the end of ctx before ctx itself does.
		if d, ok := ctx.Deadline(); ok && d.Equal(deadline) && err != nil && classify(err) == dns.Timeout {
			<-ctx.Done()
		}
	}()
	if network == "tcp" {
		conn, err := s.dial(limited, network, s.address)
		if err != nil {
			return nil, false, err
		}
		defer conn.Close()
		conn.SetDeadline(deadline)
		stop := interrupt(ctx, conn)
		defer stop()
		return overTCP(conn, q)
	}
	for {
		c, err := s.get(limited)
		if err != nil {
			return nil, false, err
		}
		c.SetDeadline(deadline)
		stop := interrupt(ctx, c)
		m, cut, err = overUDP(c, q)
		if stop() && (err == nil || errors.Is(err, errMessage)) {
			s.put(c)
			return m, cut, err
		}
		c.Close() // a late answer must not meet the next question
		if c.uses == 0 || classify(err) != dns.Unreachable || ctx.Err() != nil {
			return nil, false, err
		}
		// The error may be about an earlier query of this socket.
	}
}

// interrupt makes reads and writes fail when ctx ends. The returned function
// undoes it, and reports whether it was in time.
func interrupt(ctx context.Context, conn net.Conn) func() bool {
	if ctx.Done() == nil {
		return func() bool { return true }
	}
	return context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
}

func overUDP(conn *socket, q *query) (m *mdns.Msg, cut bool, err error) {
	if _, err := conn.Write(q.packet); err != nil {
		return nil, false, err
	}
	var stray error
	for range maxStray {
		n, err := conn.Read(conn.buf[:])
		if err != nil {
			if stray != nil && classify(err) == dns.Timeout {
				return nil, false, stray
			}
			return nil, false, err
		}
		m, cut, err = readMessage(conn.buf[:n], q)
		if errors.Is(err, errStray) {
			stray = err // perhaps forged: wait for the true one
			continue
		}
		return m, cut, err
	}
	return nil, false, stray
}

func overTCP(conn net.Conn, q *query) (m *mdns.Msg, cut bool, err error) {
	out := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(q.packet)), uint16(len(q.packet)))
	if _, err := conn.Write(append(out, q.packet...)); err != nil {
		return nil, false, err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, false, err
	}
	packet := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, packet); err != nil {
		return nil, false, err
	}
	return readMessage(packet, q)
}

// errMessage says that a message of the server cannot be read.
var errMessage = errors.New("the server sent a broken message")

const headerSize = 12

// readMessage reads a message if it answers the query. cut is the TC bit: the
// message is then nil, as what is left of it must not be used.
func readMessage(packet []byte, q *query) (m *mdns.Msg, cut bool, err error) {
	if len(packet) < headerSize || binary.BigEndian.Uint16(packet) != q.id() {
		return nil, false, errStray
	}
	const response, opcode, truncated = 0x80, 0x78, 0x02
	flags := packet[2]
	if flags&response == 0 || flags&opcode != 0 {
		return nil, false, errStray
	}
	m = new(mdns.Msg)
	err = m.Unpack(packet)
	if len(m.Question) == 0 {
		// A server that rejects the query may leave out the question; so may
		// one whose message broke off there.
		if err == nil && m.Rcode != mdns.RcodeSuccess && m.Rcode != mdns.RcodeNameError {
			return m, false, nil
		}
		return nil, false, errStray
	}
	mq := m.Question[0]
	if len(m.Question) != 1 || dns.Type(mq.Qtype) != q.typ || mq.Qclass != mdns.ClassINET || dns.Canonical(mq.Name) != q.name {
		return nil, false, errStray
	}
	if flags&truncated != 0 {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("%w: %v", errMessage, err)
	}
	if q.keep {
		q.reply = bytes.Clone(packet)
	}
	return m, false, nil
}
