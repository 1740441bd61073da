// Package headers reads the trace of a message: which hosts it passed, which
// of them belong together, where each organisation received it from outside,
// what servers wrote about it on the way and whether that can be believed.
// Then it asks the counterfactual: had the check been made at that border,
// what would it have said?
//
// Examine is the only function that asks the DNS, through the resolver it is
// given. What it returns are facts; the package findings judges them.
//
// Not stable: the facts follow what the findings need. Who wants results imports
// the module's root and reads a report.
package headers

import (
	"net/netip"
	"time"

	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dkim/repair"
	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/headers/authres"
	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/message/mailbox"
	"github.com/mailtrace/mailtrace/spf"
)

// MaxHops is the number of Received fields that are traced, from the top. RFC
// 5321 §6.3 lets servers reject from 100 on; a message with more than this is
// a loop or an attack, and a gap says how many were left out.
const MaxHops = 256

// MaxClaims bounds the verdicts that are bound to hops.
const MaxClaims = 2048

// Options are what Examine is told besides the message.
type Options struct {
	// Resolver answers DNS questions. nil is dns.Off: whatever needs the DNS
	// becomes a gap.
	Resolver dns.Resolver
	// Ahead asks a question that will be needed, without waiting; nil asks
	// none early. Examine gives it what depends on nothing but the header: keys,
	// SPF, DMARC, MX and PTR are then under way at the same time. The answer goes
	// to then, if that is not nil, from another goroutine; it may ask for more.
	Ahead func(name string, t dns.Type, then func(dns.Answer))
	// Trust lists hosts, domains, CIDR blocks and authserv-ids of the
	// recipient's own servers. Where it is empty the boundary is inferred.
	Trust []string
	// At is the time at which t= and x= are judged. Zero is the time of
	// delivery, from the border's Received field.
	At time.Time
	// Now stands in where the message gives no usable time of delivery.
	Now time.Time
	// ClientIP, Helo, MailFrom and Rcpt override what the header says about
	// the border.
	ClientIP netip.Addr
	Helo     string
	MailFrom *string
	Rcpt     string
	// HeadersOnly says that the body is not there or not whole.
	HeadersOnly bool
	// Repair is how far the search for what broke a signature goes.
	Repair RepairEffort
	// Copy says what was done to the text before it could be read.
	Copy Copy
	// Lean says that nobody will see the evidence of findings: none is quoted.
	Lean bool

	// deny and admit make the other reading of a fork: the hop, from 1, whose
	// client is a stranger, or belongs inside; 0 for none.
	deny, admit int
}

// Hop is one Received field with its place on the path.
type Hop struct {
	received.Received
	Index int    // from 1, oldest first
	Field int    // index into Message.Fields
	Line  int    // 1-based
	Org   string // organisation of the host that wrote it, "" where its name does not tell
	// Joined says that the next older hop was written by this hop's client, as
	// far as names and addresses show; false for the oldest.
	Joined bool
	// Masked says that the client's address was taken out of the field before it
	// was shown; what is left of it may show that it was private.
	Masked, MaskedPrivate bool
	// Delay is the time since the next older hop, nil where either clock is
	// missing.
	Delay *time.Duration
}

// Role of an organisation on the path.
type Role string

const (
	Sender       Role = "sender"
	Intermediary Role = "intermediary"
	Recipient    Role = "recipient"
	UnknownRole  Role = "unknown"
)

// Run is a stretch of the path inside one organisation: the hops written from
// the host that received the message from outside (or where it was made) up to
// the host that handed it on.
type Run struct {
	Orgs  []string // organisations of its hosts; the first names it
	Role  Role
	First int // index into Facts.Hops of its oldest hop
	Last  int // and of its newest
	// Border is the index of the hop at which the message came from outside,
	// equal to First; -1 where the message was made inside.
	Border int
	// NAT says that the border's client address is private although the client
	// is foreign: something between replaced it, and the true one is nowhere.
	NAT bool
	// Contradicted says why the run can't be what it shows: the next newer hop
	// names another client. "" where nothing speaks against it.
	Contradicted string
	// Apart says that the next newer border got the message from a client that is
	// known as a host of another organisation. Older lines come from that client,
	// and anybody can write below their own message that a forwarder had it before.
	Apart bool
	// Unasked says that the DNS was asked, and did not answer, whether the client
	// of the next newer border is one of this run's hosts, as it calls itself.
	Unasked bool
	// Forwards says what shows that the run received the message for one mailbox
	// and sent it on to another; "" where nothing does. A relay that has no such
	// proof is not a forwarder: most are the sender's own.
	Forwards string
	// Rcpt is the address for which the organisation received the message, ""
	// where the header does not say.
	Rcpt string
	// MailFrom is the envelope sender with which it arrived; nil where the
	// header does not say, "" for the null sender. It may be a domain only.
	MailFrom      *string
	MailFromBasis string
	Helo          string // at the border
	// Basis says, for people, how the extent of the run is known.
	Basis string
	// Weak says that the run leans on names that only the client gave.
	Weak bool
	// SPF is our evaluation of MailFrom for the border's client; nil where it
	// could not be made.
	SPF *spf.Evaluation
}

// ClientIP is the address from which the run received the message; invalid
// where it is not known.
func (f *Facts) ClientIP(r *Run) netip.Addr {
	switch {
	case r == nil:
		return netip.Addr{}
	case r == f.LastRun():
		return f.Custody.Client
	case r.Border < 0:
		return netip.Addr{}
	}
	if r.NAT {
		return netip.Addr{}
	}
	return f.Hops[r.Border].IP
}

// ClaimTrust says what a verdict in the header is worth.
type ClaimTrust string

const (
	Trusted   ClaimTrust = "trusted"   // written on the recipient's side of the border
	Testimony ClaimTrust = "testimony" // written by an intermediary, or kept under another name
	Untrusted ClaimTrust = "untrusted" // anybody could have written it
	Forged    ClaimTrust = "forged"    // shown to be invented
)

// Claim is one verdict that a server wrote, bound to the hop at which it did.
type Claim struct {
	authres.Verdict
	Hop     int    // index into Facts.Hops; -1 where it cannot be told
	Writer  string // host, as far as known
	IP      netip.Addr
	IPBasis string // "explicit", "comment", "position"; "" without IP
	Trust   ClaimTrust
	// Why says why a claim is forged or not trusted.
	Why string
	// Tie says what shows that Hop's server wrote the field, beyond its place; ""
	// where nothing does.
	Tie string
}

// Cell is SPF of one envelope domain for one hop's client.
type Cell struct {
	Hop      int // index into Facts.Hops
	IP       netip.Addr
	Identity string // what was checked: the address or HELO name
	Eval     *spf.Evaluation
}

// Gap is something that could not be checked.
type Gap struct {
	What, Why string
}

// BodyState says how much of the body is there.
type BodyState string

const (
	BodyWhole     BodyState = "whole"
	BodyMissing   BodyState = "missing"   // header only, or an empty body under a header that announces one
	BodyTruncated BodyState = "truncated" // a multipart without its end, or shorter than Content-Length
)

// Facts is all that is known of a message: one value a stage, in the order in
// which they are made. A stage reads those before it, and nothing changes a value
// once it is there. docs/borders.md says how the first of them decide.
type Facts struct {
	Msg     *message.Message
	Options Options

	Authors            // who it is from and to, by its own fields
	Path               // the Received fields, oldest first
	Custody    Custody // which of them are believed, and why
	Borders            // where each organisation on the path received it
	Claims     []Claim // what servers wrote, each bound to its writer and graded
	Signatures         // DKIM and ARC as they verify on the message as it is
	Evaluations
	Background
	Contents

	Gaps []Gap

	ask      *asker
	trust    *trustList
	verdicts []authres.Verdict // of the header
	lazy     *lazy
}

// Path is the way of the message.
type Path struct {
	Hops []Hop // oldest first
	// Masked is what was taken out of the header before it was shown.
	Masked Masked
}

// Authors are the people whom the message names.
type Authors struct {
	From       []mailbox.Mailbox // of all From fields
	FromFields int
	FromDomain string   // the one domain, "" where there is none or several
	FromOthers []string // all domains, where there are several
	Hidden     []Hidden // what some programs read as further fields
	Recipients []string // final recipient first
	MaskedRcpt bool     // a recipient's mailbox was taken out
	MaskedFrom bool     // the author's domain was taken out before the header was shown
}

// Borders are the deliveries on the path.
type Borders struct {
	Runs  []Run // newest first: Runs[0] is the recipient's
	runOf []int // of each hop, index into Runs

	MailFrom      *string // at the last border
	MailFromBasis string
	MaskedSender  bool // an envelope sender was taken out before the header was shown
	Helo          string

	// MX holds the mail exchangers of the final recipient's domain.
	MX []Exchanger
	// BorderNames are the forward-confirmed PTR names of the border's client.
	BorderNames []string
	BorderPTR   PTRState
}

// Signatures are the signatures of the message.
type Signatures struct {
	At      time.Time // the time at which they were judged
	AtBasis string    // "delivery", "now", "flag"
	Body    BodyState

	Unjudged bool // there is an ARC chain, which is not judged since the text was repaired
	DKIM     []dkim.Signature
	ARC      *arc.Chain
	// Brackets[i] says where on the path DKIM[i] stopped to verify; nil where it
	// was not changed.
	Brackets []*Bracket
	// Repairs[i] is the change that broke DKIM[i], nil where there is none or
	// it was not found. SealRepair is the same for the message signature of the
	// newest ARC set.
	Repairs    []*repair.Repaired
	SealRepair *repair.Repaired
}

// Evaluations are SPF and DMARC as they come out at the border and elsewhere on
// the path.
type Evaluations struct {
	SPF    *spf.Evaluation // at the last border
	Matrix []Cell
	// DMARC at the last border with what held there, by both methods; nil
	// where it could not be decided. Its Result is "" where only SPF, which
	// nobody could evaluate, stands between it and a failure.
	DMARC     *dmarc.Evaluation
	DMARC7489 *dmarc.Evaluation
	// DMARCDelivered is DMARC with the SPF result that the last checker of the
	// recipient's side used and the signatures as they are now.
	DMARCDelivered *dmarc.Evaluation
	// Aligned[i] says whether DKIM[i] is aligned with From in the published
	// mode.
	Aligned []bool
}

// Background is what the DNS says of the names around the border, where a check
// did not settle it.
type Background struct {
	// Twin is the IPv4 side of a border client that came by IPv6, where SPF
	// passes for that side only.
	Twin *Twin
	// AuthorSPF is SPF of the author's domain for the border's client, asked
	// where the envelope sender is of another organisation and DMARC fails.
	AuthorSPF *spf.Evaluation
	// StrayDMARC is a DMARC record at the author's domain itself, asked for
	// where there is none in its place.
	StrayDMARC *StrayRecord
	// NullMX are domains of the sender that take no mail. Asked only where
	// DMARC does not pass.
	NullMX []NullMX
	// HeloState is what the DNS gives for Helo, where reverse DNS does not
	// confirm it.
	HeloState HeloState
	// Secured are the TXT records that were used, with the resolver's word on
	// DNSSEC; empty where it does not validate.
	Secured []Secured
}

// Contents are the messages and reports inside the message.
type Contents struct {
	DSN      *DSN
	Embedded []Part
	// Collected is what a report of many messages is about, nil for other mail.
	Collected *Collected
	// Organizer is the address of whoever called the meeting that the message
	// invites to, "" where it carries no invitation.
	Organizer string
	// Replies are the SMTP replies that a bounce quotes, and Bounced what tells
	// whose message it returns; nil where that was not looked at.
	Replies []Reply
	Bounced *Bounced
}

// Exchanger is one MX host with its addresses.
type Exchanger struct {
	Pref  uint16
	Host  string
	Addrs []netip.Addr
}

// PTRState says what reverse DNS of an address gives.
type PTRState string

const (
	PTRUnknown     PTRState = ""            // not asked, or no answer
	PTRNone        PTRState = "none"        // no PTR record
	PTRUnconfirmed PTRState = "unconfirmed" // names, but none points back
	PTRConfirmed   PTRState = "confirmed"   // a name points back
)

// LastRun is the recipient's part of the path, nil without hops.
func (f *Facts) LastRun() *Run {
	if len(f.Runs) == 0 {
		return nil
	}
	return &f.Runs[0]
}

// BorderHop is the hop at which the recipient's organisation received the
// message, nil where it is not known.
func (f *Facts) BorderHop() *Hop {
	if r := f.LastRun(); r != nil && r.Border >= 0 {
		return &f.Hops[r.Border]
	}
	return nil
}

// RunOf returns the run of a hop.
func (f *Facts) RunOf(hop int) *Run {
	if hop < 0 || hop >= len(f.runOf) {
		return nil
	}
	return &f.Runs[f.runOf[hop]]
}

// Observed reports whether a hop was written by the recipient's side: it is at or
// above the border.
func (f *Facts) Observed(hop int) bool { return hop >= f.Custody.First }

// Name is what a run is called.
func (r *Run) Name() string {
	if len(r.Orgs) > 0 {
		return r.Orgs[0]
	}
	return "unknown"
}

// Offline reports whether the DNS was not asked at all.
func (f *Facts) Offline() bool {
	if f.Options.Resolver == nil {
		return true
	}
	gaps := f.Gaps
	if f.ask != nil {
		gaps = f.ask.gaps
	}
	for _, g := range gaps {
		if g.What == "DNS" {
			return true
		}
	}
	return false
}
