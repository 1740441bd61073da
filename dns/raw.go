package dns

import "context"

// Raw is a whole message that answers a Question, signatures included.
type Raw struct {
	Message []byte // on the wire (RFC 1035 §4.1)
	Server  string // who sent it
}

// RawSource answers a question with all that the server sent. It is what a
// validator of DNSSEC asks: signatures and proofs of absence included, and nothing held
// back because somebody else found it bogus. Implementations are safe for use
// by several goroutines. An error is an [*Error], as of a [Resolver].
type RawSource interface {
	LookupRaw(ctx context.Context, name string, t Type) (Raw, error)
}
