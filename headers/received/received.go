// Package received reads Received header fields, in the forms that mail
// servers really write them. What the client said (HELO), what the server
// looked up (rDNS) and what the server saw (address) are kept apart.
package received

import (
	"net/netip"
	"time"
)

// RDNS says how far the server confirmed the client's name from the DNS.
type RDNS string

const (
	RDNSNone        RDNS = ""            // the form has no such name
	RDNSConfirmed   RDNS = "confirmed"   // looked up and forward-confirmed by the server
	RDNSUnconfirmed RDNS = "unconfirmed" // a PTR name, not confirmed
	RDNSForged      RDNS = "forged"      // the server says that forward and reverse disagree
	RDNSUnknown     RDNS = "unknown"     // the server looked and found nothing
)

// Received is one Received field, taken apart. Absent parts are zero. No value
// is made safe to print.
type Received struct {
	Dialect string // name of the dialect that claimed the field; "rfc5321" for the grammar alone, "unparsed" where not even that fits
	// Confidence is 1 for a dialect's own form, 0.5 for the grammar, 0.2 for
	// what could be picked out of an unreadable field.
	Confidence float64

	Helo     string // the client's word
	RDNS     string // name that the server took from the DNS
	RDNSKind RDNS
	IP       netip.Addr // of the client, IPv4-mapped addresses unmapped, zone kept off
	Port     int
	Ident    string // ident or IDENT: user

	By   string // as written, without final dot
	ByIP netip.Addr

	Via   string
	With  string // protocol as written: "ESMTPS", "Microsoft SMTP Server", "mapi"
	Proto string // transmission type in the registry's form where With means one: "ESMTPS", "LMTP", "HTTP"; else ""
	ID    string
	For   string // without angle brackets
	// EnvelopeFrom is given by Exim, Haraka, PowerMTA and some others; nil
	// where the field does not say, "" for the null sender.
	EnvelopeFrom *string

	TLS        bool // the server says that the connection was encrypted
	TLSVersion string
	TLSCipher  string
	// TLSShown says that servers of this dialect write TLS down where there is
	// some, so that TLS == false means that there was none.
	TLSShown bool

	Auth     bool   // the client was authenticated
	AuthUser string // as whom, where the field says

	Local   bool   // the message was made on this host or handed over without SMTP: pipe, queue, mapi, script
	UID     string // of the local user, where the field says
	Fetched bool   // POP or IMAP: pulled by a fetcher, not received

	Product string // software that wrote the field: "Postfix", "Exim", "Exchange Server", "Exchange Online"
	Version string // as written
	Release string // name of that version from the table of builds, "" where not known

	Time    time.Time // zero where unreadable
	TimeRaw string

	Comments []string // comments that no part above was taken from
}
