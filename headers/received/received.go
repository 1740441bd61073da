// Package received reads Received header fields, in the forms that mail
// servers really write them. What the client said (HELO), what the server
// looked up (rDNS) and what the server saw (address) are kept apart.
//
// A field is cut into its clauses (RFC 5321 §4.4) first, and then read by the
// dialect of the server that wrote it. One file holds one dialect: NAME.go says
// how the server writes, testdata/NAME.txt shows samples and all that is read
// from them. Some dialects have forms, named after it: "postfix-local",
// "exchange-mapi", "exo-entry", "gmail-submission", "qmail-uid". A field that no
// dialect claims is read by the grammar, "rfc5321".
//
// Nothing here says whether a field is true. Whoever sends a message can write
// Received fields into it; only those that trusted servers have put on top are
// more than a claim.
//
// Stable: Parse and the fields of a Received stay from 1.0 on; dialects are added.
package received

import (
	"net/netip"
	"time"
)

// RDNS says how far the server confirmed the client's name from the DNS.
type RDNS string

const (
	RDNSNone        RDNS = ""            // the form has no such name
	RDNSConfirmed   RDNS = "confirmed"   // looked up and forward-confirmed by the server, as its own mark in the field shows
	RDNSUnconfirmed RDNS = "unconfirmed" // a PTR name, not confirmed, or nobody knows whether
	RDNSForged      RDNS = "forged"      // the server says that forward and reverse disagree
	RDNSUnknown     RDNS = "unknown"     // the server looked and found nothing
)

// Received is one Received field, taken apart. Absent parts are zero. No value
// is made safe to print.
type Received struct {
	Dialect string // name of the dialect that claimed the field; "rfc5321" for the grammar alone, "unparsed" where not even that fits
	// Family is the dialect without its form: "postfix" for "postfix-local",
	// "exo" for "exo-entry".
	Family string
	// ByShape says that the field does not name its writer: the dialect, and
	// with it Product, is concluded from the arrangement of the parts.
	ByShape bool
	// Confidence is 1 for a dialect's own form, 0.5 for the grammar, 0.2 for
	// what could be picked out of an unreadable field.
	Confidence float64
	// Ambiguous says that the field can be read in more than one way, as no
	// server writes it by itself: two clients, a clause twice. Text of the client
	// does that. What it reads like may speak against the client, never for it.
	Ambiguous bool

	Helo     string // the client's word
	RDNS     string // name that the server took from the DNS
	RDNSKind RDNS
	IP       netip.Addr // of the client, IPv4-mapped addresses unmapped, zone kept off
	Port     int
	Ident    string // ident or IDENT: user
	// HeloVerified says that the server found the HELO name to resolve to the
	// client's address (CommuniGate Pro "verified").
	HeloVerified bool

	By   string // as written, without final dot
	ByIP netip.Addr
	// ByName is the host as the writer calls it beside "by localhost", "" where
	// the dialect does not say.
	ByName string

	Via   string
	With  string // protocol as written: "ESMTPS", "Microsoft SMTP Server", "mapi"
	Proto string // transmission type in the registry's form where With means one: "ESMTPS", "LMTP", "HTTP"; else ""
	ID    string // queue or transaction id; empty for Exchange, whose "id" is its build: see Version
	// IDKind is the letters inside a Gmail id: "si" received by SMTP, "sm"
	// submitted, "sor" from Google itself, "so" sent out, "mr", "csp" and "sf"
	// between Google's own machines. Empty elsewhere.
	IDKind string
	For    string // without angle brackets
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

	Local bool   // the message was made on this host or handed over without SMTP: pipe, queue, mapi, script
	UID   string // of the local user, where the field says
	// FromNetwork says that the field tells of the queue only, and the message
	// came over the network from a client that it does not show (qmail "invoked
	// from network"). Local is true beside it.
	FromNetwork bool
	OwnHost     bool // the peer is the server's own content filter or itself: the address is not a client's
	Fetched     bool // POP or IMAP: pulled by a fetcher, not received

	Product string // software that wrote the field: "Postfix", "Exim", "Exchange Server", "Exchange Online"
	Version string // as written
	// Release is what Version means, "" where not known: "Exchange Server 2016
	// CU23 Aug25SU", "Exchange Server 2010, between SP3 RU24 and SP3 RU25",
	// "Windows Server 2003" (of "IIS SMTP").
	Release string
	// Distribution is the packager's mark: "Debian", "Debian-8", "Submit".
	Distribution string

	Time    time.Time // zero where unreadable
	TimeRaw string

	Comments []string // comments that no part above was taken from
	Notes    []Note   // what was odd about the field, and bounds that were hit
}

// Note names one oddity of a field.
type Note string

const (
	NoteCut          Note = "field was longer than MaxField octets and was cut"
	NoteTokens       Note = "field had more words than are read"
	NoteDeep         Note = "comments nested too deeply"
	NoteUnbalanced   Note = "parentheses do not match"
	NoteDuplicate    Note = "a clause stands twice"
	NoteNoSemicolon  Note = "no semicolon before the date"
	NoteNoDate       Note = "no date"
	NoteBadDate      Note = "date cannot be read"
	NoteNoZone       Note = "date without a time zone, read as UTC"
	NoteInternalCode Note = "address is an internal code of Google, not an address"
	NoteTwoAddresses Note = "two addresses stand for the client: the last is the server's"
)
