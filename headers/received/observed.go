package received

import "net/netip"

// Class says what the name of a client is worth. The address is measured by
// the server that writes the field; the name never is, it comes from the DNS,
// looked up with more or less rigour, or from the client itself.
type Class string

const (
	// ClassNone: the field has no name for its client.
	ClassNone Class = ""
	// ClassConfirmed: the server looked the name up and found that it leads back
	// to the address; Postfix, Exim, Sendmail without "may be forged" and Gmail do
	// so, CommuniGate Pro for the HELO name ("verified"). The class comes from
	// the server's own mark in the field, never from its arrangement where others
	// write the same.
	ClassConfirmed Class = "confirmed"
	// ClassPTR: the server copied the name from the reverse zone, or nobody
	// knows whether it did more. Whoever has a reverse zone has any name written
	// there: it counts only where the DNS confirms it now.
	ClassPTR Class = "ptr"
	// ClassSaid: the server looked nothing up, or found nothing: there is the
	// HELO, the client's own word, and it never counts.
	ClassSaid Class = "said"
)

// Client is what the writer of a field knew of the one that handed the message
// over.
type Client struct {
	// IP is the address that the writer saw at the other end of the connection.
	// Invalid where the field shows none, where the peer is the server's own
	// filter, or the writer a program that pulled the message.
	IP netip.Addr
	// Name is the best name that the field has for the client, without final dot,
	// and Class what it is worth.
	Name  string
	Class Class
	// Doubt says that the field can be read in more than one way: a reader may
	// take nothing from it in the client's favour.
	Doubt bool
}

// Client says what the writer of the field observed of its client. Helo, AuthUser
// and EnvelopeFrom are left out: the client said them, and Auth alone is measured.
func (r *Received) Client() Client {
	c := Client{Doubt: r.Ambiguous || r.Family == unparsed.name}
	if !r.OwnHost && !r.Fetched {
		c.IP = r.IP
	}
	switch {
	case r.HeloVerified && r.Helo != "":
		c.Name, c.Class = host(r.Helo), ClassConfirmed
	case r.RDNSKind == RDNSConfirmed:
		c.Name, c.Class = host(r.RDNS), ClassConfirmed
	case r.RDNSKind == RDNSUnconfirmed && r.RDNS != "":
		c.Name, c.Class = host(r.RDNS), ClassPTR
	case r.Helo != "":
		c.Name, c.Class = host(r.Helo), ClassSaid
	}
	if c.Doubt && c.Class == ClassConfirmed {
		c.Class = ClassPTR
	}
	return c
}
