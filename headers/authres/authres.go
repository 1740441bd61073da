// Package authres reads the header fields in which servers write down what
// they verified: Authentication-Results (RFC 8601) in all its dialects,
// Received-SPF (RFC 7208 §9.1), ARC-Authentication-Results, and the vendors'
// own fields. It reads what is written; whether it can be believed is decided
// elsewhere.
//
// Stable: All, ParseField, Write and the fields of a Verdict stay from 1.0 on;
// fields and vendors are added.
package authres

import (
	"net/netip"

	"github.com/mailtrace/mailtrace/message"
)

// IPBasis says where the address that a verdict judged was read.
type IPBasis string

const (
	IPNone     IPBasis = ""
	IPExplicit IPBasis = "explicit" // a property or key: client-ip=, smtp.remote-ip=, CIP:
	IPComment  IPBasis = "comment"  // the comment: (sender IP is 192.0.2.1), (… designates 192.0.2.1 …)
	IPSibling  IPBasis = "sibling"  // the iprev or arc verdict of the same field, which names the same client
)

// Bounds. What lies beyond one is left out, and Verdict.Truncated says so.
const (
	MaxVerdicts      = 4096 // of a message
	MaxFieldVerdicts = 256  // of one field
	MaxProperties    = 64   // of one verdict
	MaxComments      = 64   // of one verdict, those of its properties included
)

// Defect says how the text of a field breaks its grammar where that can
// change what is read.
type Defect string

const (
	NoDefect         Defect = ""
	UnclosedComment  Defect = "unclosed-comment"  // all after the "(" is comment
	UnclosedQuote    Defect = "unclosed-quote"    // all after the quote is its content
	StrayParenthesis Defect = "stray-parenthesis" // a ")" that closes nothing: what stands before it may have been meant as comment
	MissingSemicolon Defect = "missing-semicolon" // a verdict begins without the ";" before it
	RepeatedProperty Defect = "repeated-property" // the same property with two values: the first counts
	// RepeatedMethod: the field holds two results that differ of a method that
	// gives one: two dmarc=, two spf= for the same identity, two dkim= about one
	// signature. Both verdicts have it.
	RepeatedMethod Defect = "repeated-method"
)

// Doubt says why a verdict can't be taken at its word, "" where its text leaves
// no choice. No server writes so by itself: text that the sender chose, an
// address or a domain, can bring words of its own into the field. Such a verdict
// is testimony at best, whoever wrote the field.
func (v *Verdict) Doubt() string {
	switch v.Defect {
	case UnclosedComment:
		return "a comment in it is never closed"
	case UnclosedQuote:
		return "a quoted string in it is never closed"
	case RepeatedMethod:
		return "the field holds two results of " + v.Method
	case RepeatedProperty:
		return "a property in it stands twice with different values"
	}
	return ""
}

// Property is ptype.property=value (RFC 8601 §2.2).
type Property struct {
	Type, Name string // lower case: "smtp", "mailfrom"
	Value      string
	Comments   []string // comments that follow the value
}

// Verdict is one result of one method.
//
// Fields that state no result of a check but an input of one give a Verdict
// with an empty Result. Their methods are "skip-listing", "connecting-ip" and
// "connecting-helo" (IP, Helo), "spf-record" (Record), "prd" (Domain) and
// "auth-source" (Receiver). A field that states that nothing was checked
// ("mx.example.org; none") gives one Verdict with an empty Method and the
// result "none"; one that holds only an authserv-id has no result either.
//
// Methods of filters are "antispam", "antivirus", "bulk", "scl" and "score":
// their results are the filter's own words or numbers.
//
// All text is as the message has it, unfolded and unquoted: whoever prints it
// makes it safe.
type Verdict struct {
	Field   int          // index into Message.Fields
	Span    message.Span // the bytes that say it, from the method on; the whole value where it has no place of its own
	Header  string       // canonical name of the field: "Authentication-Results"
	Dialect string       // "rfc8601", "exchange-online", "yahoo", "received-spf", "hmailserver" …

	AuthservID string // "" where the field has none
	Version    string // of the authserv-id, or ""
	Instance   int    // i= of an ARC-Authentication-Results, else 0

	Method        string // lower case: "spf", "dkim", "dmarc", "arc", "iprev", "auth", "compauth" …
	MethodVersion string // of the method (RFC 8601 §2.2), or ""
	Result        string // lower case word as written: "pass", "hardfail", "bestguesspass"
	// Normal is Result in the words of RFC 8601 §2.7 ("hardfail" is "fail");
	// "" where it has no equal there.
	Normal     string
	Reason     string   // reason=
	Comment    string   // comments after the result, joined by "; "
	Comments   []string // the same, one by one
	Properties []Property

	// What follows is read out of the properties, keys and comments.
	IP       netip.Addr
	IPBasis  IPBasis
	Identity string // "mailfrom" or "helo" for SPF, "pra" for Sender ID
	MailFrom string // smtp.mailfrom or envelope-from as written, without angle brackets
	Helo     string
	Domain   string // SPF: of the identity; DKIM: d=; DMARC: header.from; lower case
	Selector string
	Signer   string // header.b= prefix of the signature, to match it with a field
	AUID     string // header.i
	Receiver string // receiver= of Received-SPF, or the host named in its comment; several write "unknown"
	Policy   string // DMARC: p= of a comment, policy.dmarc, or (policy=…)
	Action   string // DMARC: action= or dis=
	Record   string // x-record-text and the like: the SPF record as it was at delivery
	// RecipientDomain is the domain that Exchange Online wrote bare between
	// the results until about 2021: "smtp.mailfrom=a.example; b.example;
	// dkim=…". It is not an authserv-id. Lower case.
	RecipientDomain string
	Score           *float64 // filters: what this added to the spam score

	Defect    Defect // the first one met in this verdict
	Truncated bool   // a bound of this package was met: the field, or for the last of All the message, says more than is here
}
