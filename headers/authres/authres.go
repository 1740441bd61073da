// Package authres reads the header fields in which servers write down what
// they verified: Authentication-Results (RFC 8601) in all its dialects,
// Received-SPF (RFC 7208 §9.1), ARC-Authentication-Results, and the vendors'
// own fields. It reads what is written; whether it can be believed is decided
// elsewhere.
package authres

import "net/netip"

// IPBasis says where the address that a verdict judged was read.
type IPBasis string

const (
	IPNone     IPBasis = ""
	IPExplicit IPBasis = "explicit" // a property or key: client-ip=, smtp.remote-ip=, CIP:
	IPComment  IPBasis = "comment"  // the comment: (sender IP is 192.0.2.1), (… designates 192.0.2.1 …)
)

// Property is ptype.property=value (RFC 8601 §2.2).
type Property struct {
	Type, Name string // lower case: "smtp", "mailfrom"
	Value      string
	Comments   []string // comments that follow the value
}

// Verdict is one result of one method.
type Verdict struct {
	Field   int    // index into Message.Fields
	Header  string // canonical name of the field: "Authentication-Results"
	Dialect string // "rfc8601", "exchange-online", "yahoo", "received-spf", "hmailserver" …

	AuthservID string // "" where the field has none
	Version    string // of the authserv-id, or ""
	Instance   int    // i= of an ARC-Authentication-Results, else 0

	Method string // lower case: "spf", "dkim", "dmarc", "arc", "iprev", "auth", "compauth" …
	Result string // lower case word as written: "pass", "hardfail", "bestguesspass"
	// Normal is Result in the words of RFC 8601 §2.7 ("hardfail" is "fail");
	// "" where it has no equal there.
	Normal     string
	Reason     string // reason=
	Comment    string // comments after the result, joined by "; "
	Properties []Property

	// What follows is read out of the properties, keys and comments.
	IP       netip.Addr
	IPBasis  IPBasis
	Identity string // "mailfrom" or "helo" for SPF, "pra" for Sender ID
	MailFrom string // smtp.mailfrom or envelope-from as written, without angle brackets
	Helo     string
	Domain   string // SPF: of the identity; DKIM: d=; DMARC: header.from; lower case
	Selector string
	Signer   string   // header.b= prefix of the signature, to match it with a field
	AUID     string   // header.i
	Receiver string   // receiver= of Received-SPF, or the host named in its comment
	Policy   string   // DMARC: p= of a comment, policy.dmarc, or (policy=…)
	Action   string   // DMARC: action= or dis=
	Record   string   // x-record-text and the like: the SPF record as it was at delivery
	Score    *float64 // filters: what this added to the spam score
}
