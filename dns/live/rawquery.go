package live

import (
	"context"
	"crypto/rand"
	"encoding/binary"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
)

// LookupRaw asks the servers until one answers, with the DO bit (RFC 3225 §3)
// and the CD bit (RFC 4035 §3.2.2), and returns the message as it came. It
// follows no CNAME. The servers must be recursive, or hold all the zones from
// the root down.
func (l *Resolver) LookupRaw(ctx context.Context, name string, t dns.Type) (dns.Raw, error) {
	name, bad := dns.CheckName(name, t)
	if bad != nil {
		return dns.Raw{}, bad
	}
	var raw dns.Raw
	if _, _, err := l.ask(ctx, name, t, &raw); err != nil {
		return dns.Raw{}, err
	}
	return raw, nil
}

func rawQuery(name string, t dns.Type) (*query, error) {
	var id [2]byte
	rand.Read(id[:]) // never fails
	m := mdns.Msg{
		MsgHdr: mdns.MsgHdr{
			Id:               binary.BigEndian.Uint16(id[:]),
			RecursionDesired: true,
			CheckingDisabled: true,
		},
		Question: []mdns.Question{{Name: name + ".", Qtype: uint16(t), Qclass: mdns.ClassINET}},
	}
	m.SetEdns0(ednsSize, true)
	packet, err := m.Pack()
	if err != nil {
		return nil, err
	}
	return &query{name: name, typ: t, packet: packet, keep: true}, nil
}
