package dns

// Direct is what one name server says by itself, asked without recursion.
type Direct struct {
	// Authoritative is the AA bit: the server holds the zone (RFC 1035 §4.1.1).
	Authoritative bool
	Status        Status
	// Answer, Authority and Additional are the sections of the message. No CNAME
	// is followed.
	Answer, Authority, Additional []Record
}
