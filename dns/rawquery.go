package dns

import (
	"context"
	"crypto/rand"
	"encoding/binary"

	mdns "github.com/miekg/dns"
)

// Raw is a whole message that answers a question, signatures included.
type Raw struct {
	Message []byte // on the wire (RFC 1035 §4.1)
	Server  string // who sent it
}

// RawSource answers a question with all that the server sent. It is what a
// [Validator] asks: signatures and proofs of absence included, and nothing held
// back because somebody else found it bogus. Implementations are safe for use
// by several goroutines. An error is an [*Error], as of a [Resolver].
type RawSource interface {
	LookupRaw(ctx context.Context, name string, t Type) (Raw, error)
}

// LookupRaw asks the servers until one answers, with the DO bit (RFC 3225 §3)
// and the CD bit (RFC 4035 §3.2.2), and returns the message as it came. It
// follows no CNAME. The servers must be recursive, or hold all the zones from
// the root down.
func (l *Live) LookupRaw(ctx context.Context, name string, t Type) (Raw, error) {
	name, bad := check(name, t)
	if bad != nil {
		return Raw{}, bad
	}
	var raw Raw
	if _, _, err := l.ask(ctx, name, t, &raw); err != nil {
		return Raw{}, err
	}
	return raw, nil
}

func rawQuery(name string, t Type) (*query, error) {
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
