package live

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
)

const (
	// maxIdle is how many unused UDP sockets are kept for one server.
	maxIdle = 32
	// maxUses is how many queries leave from one port. Fewer makes forging an
	// answer harder (RFC 5452 §9.2), more makes asking faster.
	maxUses = 64
	// To a server on the same machine nobody outside can forge an answer: no
	// network brings packets from a loopback address (RFC 1122 §3.2.1.3).
	maxIdleHere = 256
	maxUsesHere = 1 << 16
)

// chance hands out random numbers that nobody can foresee, read in advance: each
// reading costs more than a question's packet.
type chance struct {
	mu   sync.Mutex
	left []byte
	buf  [512]byte
}

func (c *chance) uint16() uint16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.left) < 2 {
		rand.Read(c.buf[:]) // never fails
		c.left = c.buf[:]
	}
	n := binary.BigEndian.Uint16(c.left)
	clear(c.left[:2])
	c.left = c.left[2:]
	return n
}

// server is one server with the sockets that are open to it.
type server struct {
	address string
	invalid error // why address is none
	here    bool  // it is on this machine
	chance  *chance
	plain   atomic.Bool // it does not know EDNS
	dial    func(ctx context.Context, network, address string) (net.Conn, error)

	mu   sync.Mutex
	idle []*socket
}

// socket is a connected UDP socket: the system drops what others send to it.
type socket struct {
	net.Conn
	uses int
	buf  [4096]byte
}

// get takes one of the idle sockets at random, or opens one.
func (s *server) get(ctx context.Context) (*socket, error) {
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		i := int(s.chance.uint16()) % n
		c := s.idle[i]
		s.idle[i] = s.idle[n-1]
		s.idle[n-1] = nil
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		return c, nil
	}
	s.mu.Unlock()
	conn, err := s.dial(ctx, "udp", s.address)
	if err != nil {
		return nil, err
	}
	return &socket{Conn: conn}, nil
}

// put keeps a socket for later, if it is not worn out.
func (s *server) put(c *socket) {
	c.uses++
	uses, idle := maxUses, maxIdle
	if s.here {
		uses, idle = maxUsesHere, maxIdleHere
	}
	s.mu.Lock()
	if c.uses < uses && len(s.idle) < idle {
		s.idle = append(s.idle, c)
		c = nil
	}
	s.mu.Unlock()
	if c != nil {
		c.Close()
	}
}

func (s *server) closeIdle() {
	s.mu.Lock()
	idle := s.idle
	s.idle = nil
	s.mu.Unlock()
	for _, c := range idle {
		c.Close()
	}
}
