// Package report is the data contract of mailtrace: what an analysis found, as
// plain data, schema 1. It holds no logic; every output format is a view of
// these values, and a saved report can be shown again for ever.
//
// Field comments say what a key means and when it is absent. Result words are
// those of RFC 8601 §2.7. Text that came from a message or the DNS is kept as
// it came; whoever shows it must make it safe.
//
// Stable: keys and their meaning stay within a schema, keys are added. Sentences
// are for people and change.
package report

import "time"

// Schema is the version of the format. Keys are added within a version, never
// renamed or dropped.
const Schema = 1

// Report is one analysed message.
type Report struct {
	Schema           int          `json:"schema"`
	Kind             string       `json:"kind"` // DocMessage
	Tool             Tool         `json:"tool"`
	Source           Source       `json:"source"`
	EvaluatedAt      time.Time    `json:"evaluated_at"`       // the time at which x=, t= and keys were judged
	EvaluatedAtBasis string       `json:"evaluated_at_basis"` // "delivery", "now" or "flag"
	Message          Message      `json:"message"`
	Hops             []Hop        `json:"hops"` // oldest first
	Zones            []Zone       `json:"zones"`
	Border           *Border      `json:"border"`  // where the final recipient's organisation received it; null where it cannot be known
	Borders          []Border     `json:"borders"` // the same for every delivery on the way, oldest first
	Claims           []Claim      `json:"claims"`
	SPF              *SPF         `json:"spf"` // our evaluation at the border
	SPFMatrix        []SPFCell    `json:"spf_matrix"`
	DKIM             []DKIM       `json:"dkim"` // topmost first
	ARC              *ARC         `json:"arc"`
	DMARC            *DMARC       `json:"dmarc"`
	CrossChecks      []CrossCheck `json:"cross_checks"`
	Verdict          Verdict      `json:"verdict"`
	Findings         []Finding    `json:"findings"`
	Fix              []Fix        `json:"fix,omitempty"`      // settings that end what the findings describe
	Receiver         []Receiver   `json:"receiver,omitempty"` // what the receiver's filter wrote about authentication
	ReceiverSummary  *Reason      `json:"receiver_summary,omitempty"`
	Gaps             []Gap        `json:"gaps"`
	Checklist        []BulkRule   `json:"checklist,omitempty"` // of a profile, where one was asked for
	DNS              []DNSAnswer  `json:"dns"`
	Embedded         []Report     `json:"embedded,omitempty"` // messages inside this one: bounced, receipted, forwarded as attachment
	DSN              *DSN         `json:"dsn,omitempty"`      // what a delivery status notification says
	Notes            []Note       `json:"notes,omitempty"`    // how the input deviates from RFC 5322
	Repairs          []Mended     `json:"repairs,omitempty"`  // what was repaired in a damaged paste before it was read
	// Headline is the index into Embedded of the message that is meant, where this
	// one only carries it; null where this one is meant.
	Headline  *int       `json:"headline,omitempty"`
	Collected *Collected `json:"collected,omitempty"` // what a report of many messages is about: DMARC aggregate, TLS
	Forks     []Fork     `json:"forks,omitempty"`     // questions that the facts leave open
	Machines  []Machine  `json:"machines,omitempty"`  // hosts of the path, oldest first
	Links     []Link     `json:"links,omitempty"`
	// Header is the header as it came, where it was asked for; HeaderCut are
	// fields left out behind it.
	Header    []HeaderField `json:"header,omitempty"`
	HeaderCut int           `json:"header_cut,omitempty"`
	// Lean says that path, claims, evidence, trees and DNS answers were left out.
	Lean bool `json:"lean,omitempty"`
}

// Tool names the program that wrote the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Subject is the message that verdict and summary speak of: the carried one
// where there is one.
func (r *Report) Subject() *Report {
	if r.Headline != nil && *r.Headline >= 0 && *r.Headline < len(r.Embedded) {
		return &r.Embedded[*r.Headline]
	}
	return r
}

// Collected is a report that a receiver sends of many messages.
type Collected struct {
	Kind      string    `json:"kind"` // "DMARC aggregate report", "TLS report"
	Submitter string    `json:"submitter"`
	Domain    string    `json:"domain"`
	Begin     time.Time `json:"begin"`
	End       time.Time `json:"end"`
	Part      string    `json:"part,omitempty"`
}

// Mended is one kind of damage that was repaired before the text was read.
type Mended struct {
	Kind        string `json:"kind"`
	Count       int    `json:"count"`
	Exact       bool   `json:"exact"` // the bytes that were copied are known again; where not, no signature is judged
	Description string `json:"description"`
}

// Source kinds.
const (
	KindMessage     = "message"
	KindEmbedded    = "embedded"
	KindHeadersOnly = "headers-only"
)

// Source says what was read.
type Source struct {
	Path  string `json:"path"`           // as given; "-" for standard input
	Index int    `json:"index"`          // place in an mbox or folder, from 0
	Kind  string `json:"kind"`           // KindMessage, KindEmbedded, KindHeadersOnly
	Part  string `json:"part,omitempty"` // MIME part number of an embedded message, "2" or "2.1"
	Bytes int    `json:"bytes"`
}

// Message is what the message says of itself. All of it is the sender's word.
type Message struct {
	From          []Address `json:"from"`
	MailFrom      *string   `json:"mail_from"`                 // "" is the null sender; null is not known
	MailFromBasis string    `json:"mail_from_basis,omitempty"` // where it was read: "return-path", "received-spf", "received", "flag" …
	Helo          string    `json:"helo,omitempty"`            // at the border
	RcptTo        []string  `json:"rcpt_to"`
	Subject       string    `json:"subject,omitempty"`
	MessageID     string    `json:"message_id,omitempty"`
	Date          string    `json:"date,omitempty"`
}

// Address is one mailbox of a From field.
type Address struct {
	Name    string `json:"name,omitempty"`
	Address string `json:"address,omitempty"`
	Domain  string `json:"domain,omitempty"`  // lower case, A-labels
	Problem string `json:"problem,omitempty"` // what deviates from RFC 5322: "several \"@\"…"
}

// Trust of a hop: whether the host that wrote it is known to be on the
// recipient's side, or it is a claim of those below.
const (
	Observed = "observed"
	Claimed  = "claimed"
)

// Hop is one Received field.
type Hop struct {
	Index        int        `json:"index"`   // from 1, oldest first
	Field        int        `json:"field"`   // 0-based index of the header field from the top
	Line         int        `json:"line"`    // 1-based
	Dialect      string     `json:"dialect"` // the MTA whose form it has; "rfc5321" where only the grammar fits
	From         HopFrom    `json:"from"`
	By           HopBy      `json:"by"`
	Protocol     string     `json:"protocol,omitempty"` // "ESMTPS", as written
	TLS          *TLS       `json:"tls,omitempty"`
	Auth         string     `json:"auth,omitempty"` // authenticated user, or "yes" where only the fact is given
	ID           string     `json:"id,omitempty"`
	For          string     `json:"for,omitempty"`
	EnvelopeFrom *string    `json:"envelope_from,omitempty"`
	Time         *time.Time `json:"time"`
	DelaySeconds *float64   `json:"delay_seconds"` // since the hop before; null where either time is missing
	Software     *Software  `json:"software,omitempty"`
	Zone         string     `json:"zone"`
	Trust        string     `json:"trust"`
	Notes        []string   `json:"notes,omitempty"` // what is odd about the field: "date cannot be read"
}

// HopFrom is the client of a hop: what it said of itself, what the server
// looked up, and what the server saw.
type HopFrom struct {
	Helo string `json:"helo,omitempty"` // the client's word
	RDNS string `json:"rdns,omitempty"` // from the DNS, as strict as the server is
	IP   string `json:"ip,omitempty"`   // from the connection
}

// HopBy is the server that wrote the field.
type HopBy struct {
	Name string `json:"name,omitempty"`
	IP   string `json:"ip,omitempty"`
}

// TLS of a connection as the server noted it.
type TLS struct {
	Version string `json:"version,omitempty"`
	Cipher  string `json:"cipher,omitempty"`
}

// Software of the server that wrote a hop.
type Software struct {
	Product string `json:"product"`
	Version string `json:"version,omitempty"` // as written
	Release string `json:"release,omitempty"` // the name of that version, with its date
	// Released is the day on which that version came out, Supported the last day
	// of its maker's support; both as YYYY-MM-DD, "" where not known.
	Released  string `json:"released,omitempty"`
	Supported string `json:"supported_until,omitempty"`
}

// Roles of a zone.
const (
	RoleSender       = "sender"
	RoleIntermediary = "intermediary"
	RoleRecipient    = "recipient"
	RoleUnknown      = "unknown"
)

// Zone is one organisation's part of the path.
type Zone struct {
	Name string `json:"name"`
	Role string `json:"role"`
	Hops []int  `json:"hops"`
}

// Border is where an organisation received the message from outside.
type Border struct {
	Hop      int     `json:"hop"`
	ClientIP string  `json:"client_ip,omitempty"`
	Helo     string  `json:"helo,omitempty"`
	MailFrom *string `json:"mail_from"`
	Basis    string  `json:"basis"`           // how it is known
	Parts    Text    `json:"parts,omitempty"` // of Basis
}

// Trust of a claim.
const (
	Trusted   = "trusted"   // written inside the recipient's organisation
	Testimony = "testimony" // written by somebody on the way, or relayed by a sealer
	Untrusted = "untrusted" // could have been written by anybody
	Forged    = "forged"    // shown to be invented
)

// Claim is one verdict that a server wrote into the header.
type Claim struct {
	Method        string `json:"method"` // "spf", "dkim", "dmarc", "arc", "compauth" …
	Result        string `json:"result,omitempty"`
	Reason        string `json:"reason,omitempty"`
	Comment       string `json:"comment,omitempty"`
	Header        string `json:"header"` // name of the field
	Field         int    `json:"field"`
	Line          int    `json:"line"`
	Writer        string `json:"writer,omitempty"` // host that wrote it, as far as known
	AuthservID    string `json:"authserv_id,omitempty"`
	ClientIP      string `json:"client_ip,omitempty"`
	ClientIPBasis string `json:"client_ip_basis,omitempty"` // "explicit", "comment" or "position"
	Domain        string `json:"domain,omitempty"`
	Selector      string `json:"selector,omitempty"`
	Hop           *int   `json:"hop"`
	Trust         string `json:"trust"`
	Defect        string `json:"defect,omitempty"` // how the text breaks its grammar: "unclosed-comment", "repeated-property" …
	// Doubt says why the field can't be taken at its word: two results of one
	// method in it, a comment that is never closed.
	Doubt string `json:"doubt,omitempty"`
}

// SPF is an evaluation of RFC 7208.
type SPF struct {
	Result      string   `json:"result"`
	Identity    string   `json:"identity"` // "mailfrom" or "helo"
	Domain      string   `json:"domain,omitempty"`
	ClientIP    string   `json:"client_ip,omitempty"`
	Record      string   `json:"record,omitempty"`
	Matched     string   `json:"matched,omitempty"` // the term that decided, with the includes that led to it
	Lookups     int      `json:"lookups"`
	VoidLookups int      `json:"void_lookups"`
	Reason      string   `json:"reason,omitempty"`
	Explanation string   `json:"explanation,omitempty"` // of an exp= modifier; the sender's words
	Tree        *SPFNode `json:"tree,omitempty"`
}

// SPFNode is one record or term of an evaluation.
type SPFNode struct {
	Term        string     `json:"term"`             // as written; the whole record for a record node
	Kind        string     `json:"kind"`             // "record" or the mechanism or modifier name
	Domain      string     `json:"domain,omitempty"` // the record's domain, or the term's target after macros
	Position    int        `json:"position"`         // byte offset of the term in its record
	Outcome     string     `json:"outcome"`          // "match", "no match", "error", "not evaluated", or a result word for a record
	Question    string     `json:"question,omitempty"`
	Answer      string     `json:"answer,omitempty"`
	Lookups     int        `json:"lookups"` // so far, this term included
	VoidLookups int        `json:"void_lookups"`
	Note        string     `json:"note,omitempty"`
	Children    []*SPFNode `json:"children,omitempty"`
}

// SPFCell is SPF of the envelope domain for the client of one hop.
type SPFCell struct {
	Hop      int    `json:"hop"`
	ClientIP string `json:"client_ip"`
	Domain   string `json:"domain,omitempty"`
	Result   string `json:"result"`
	Matched  string `json:"matched,omitempty"`
}

// States of a hash.
const (
	Match     = "match"
	Mismatch  = "mismatch"
	Unchecked = "unchecked"
)

// DKIM is the verification of one signature.
type DKIM struct {
	Field            int        `json:"field"`
	Line             int        `json:"line"`
	Domain           string     `json:"domain,omitempty"`
	Selector         string     `json:"selector,omitempty"`
	Identity         string     `json:"identity,omitempty"`
	Algorithm        string     `json:"algorithm,omitempty"`
	Canonicalization string     `json:"canonicalization,omitempty"`
	SignedFields     []string   `json:"signed_fields,omitempty"` // names in h=, as written
	KeyType          string     `json:"key_type,omitempty"`
	KeyBits          int        `json:"key_bits,omitempty"`
	Result           string     `json:"result"`
	Reason           string     `json:"reason,omitempty"`
	BodyHash         string     `json:"body_hash"`        // Match, Mismatch, Unchecked
	HeaderSignature  string     `json:"header_signature"` // Match, Mismatch, Unchecked
	SignedAt         *time.Time `json:"signed_at,omitempty"`
	ExpiresAt        *time.Time `json:"expires_at,omitempty"`
	UnsignedBytes    int        `json:"unsigned_bytes"` // body bytes after l=
	Aligned          bool       `json:"aligned"`        // with From, in the published mode
	Repair           *Repair    `json:"repair"`
}

// Repair is an edit that makes a broken signature verify again.
type Repair struct {
	Changes []Change `json:"changes"`
	Proved  bool     `json:"proved"`
}

// Change is one edit that an intermediary made after signing.
type Change struct {
	Kind        string `json:"kind"`
	Description string `json:"description"`
	Diff        string `json:"diff,omitempty"`
}

// ARC is the verification of a chain (RFC 8617).
type ARC struct {
	Result         string   `json:"result"`
	Sets           []ARCSet `json:"sets"`
	OldestPass     *int     `json:"oldest_pass"` // lowest instance from which on all message signatures verify; 0 is all
	FailedInstance *int     `json:"failed_instance"`
	Reason         string   `json:"reason,omitempty"`
}

// ARCSet is one set of a chain.
type ARCSet struct {
	Instance         int        `json:"instance"`
	Domain           string     `json:"domain,omitempty"`
	Selector         string     `json:"selector,omitempty"`
	CV               string     `json:"cv"`
	Seal             string     `json:"seal"`
	MessageSignature string     `json:"message_signature"`
	Reason           string     `json:"reason,omitempty"`
	Results          ARCResults `json:"results"`
}

// ARCResults are the verdicts that a sealer recorded.
type ARCResults struct {
	SPF   string `json:"spf,omitempty"`
	DKIM  string `json:"dkim,omitempty"`
	DMARC string `json:"dmarc,omitempty"`
}

// DMARC is an evaluation of RFC 9989, with that of RFC 7489 beside it.
type DMARC struct {
	Result       string      `json:"result"`
	FromDomain   string      `json:"from_domain,omitempty"`
	RecordDomain string      `json:"record_domain,omitempty"`
	Record       string      `json:"record,omitempty"`
	Policy       string      `json:"policy,omitempty"`
	Disposition  string      `json:"disposition,omitempty"`
	SPFAligned   bool        `json:"spf_aligned"`
	DKIMAligned  bool        `json:"dkim_aligned"`
	Method       string      `json:"method"`
	Reason       string      `json:"reason,omitempty"`
	Other        *DMARCOther `json:"other"`
}

// DMARCOther is the outcome under the older standard.
type DMARCOther struct {
	Method       string `json:"method"`
	Result       string `json:"result"`
	RecordDomain string `json:"record_domain,omitempty"`
	Policy       string `json:"policy,omitempty"`
}

// CrossCheck is what an independent library says of the same question.
type CrossCheck struct {
	Method  string `json:"method"`
	Library string `json:"library"`
	Version string `json:"version"`
	Result  string `json:"result"`
	Agrees  bool   `json:"agrees"`
	Note    string `json:"note,omitempty"`
}

// Status of a verdict.
const (
	Authenticated       = "authenticated"
	BrokenInTransit     = "broken-in-transit"
	CheckedInWrongPlace = "checked-in-wrong-place"
	SenderMisconfigured = "sender-misconfigured"
	SpoofSuspected      = "spoof-suspected"
	Unauthenticated     = "unauthenticated"
	Undetermined        = "undetermined"
)

// Verdict is the answer in one sentence.
type Verdict struct {
	Status    string  `json:"status"`
	Summary   string  `json:"summary"`
	Parts     Text    `json:"parts,omitempty"` // of Summary
	RootCause *string `json:"root_cause"`      // code of the finding that explains the outcome; null when nothing is wrong
	Hop       *int    `json:"hop"`
	AtFault   string  `json:"at_fault"`          // "sender", "intermediary", "recipient", "none", "unknown"
	Border    Triple  `json:"border"`            // what holds at the true border
	Delivery  Triple  `json:"delivery"`          // what the last receiver wrote, or would find
	Believe   []Held  `json:"believe,omitempty"` // what a reader can rely on
	Doubt     []Held  `json:"doubt,omitempty"`   // results in the header that must not be believed
}

// Held is a result that holds at a hop, or that somebody says holds there.
type Held struct {
	Method string `json:"method"`
	Result string `json:"result"`
	Hop    *int   `json:"hop"`
	By     string `json:"by,omitempty"`     // the server at that hop, or in whose name it is written
	Forged bool   `json:"forged,omitempty"` // shown to be invented
}

// Triple is one result per method, "" where it is not known.
type Triple struct {
	SPF   string `json:"spf,omitempty"`
	DKIM  string `json:"dkim,omitempty"`
	DMARC string `json:"dmarc,omitempty"`
}

// Severities.
const (
	Critical = "critical"
	High     = "high"
	Medium   = "medium"
	Low      = "low"
	Info     = "info"
)

// Severities are all of them, the worst first.
func Severities() []string { return []string{Critical, High, Medium, Low, Info} }

// SeverityRank is the place of a severity among [Severities], 0 for the worst;
// -1 is none of them.
func SeverityRank(severity string) int {
	switch severity {
	case Critical:
		return 0
	case High:
		return 1
	case Medium:
		return 2
	case Low:
		return 3
	case Info:
		return 4
	}
	return -1
}

// Confidences, from the strongest.
const (
	Proved = "proved"
	Strong = "strong"
	Likely = "likely"
	Hint   = "hint"
)

// Finding is something worth a person's time.
type Finding struct {
	Code        string `json:"code"`
	Title       string `json:"title"`
	Severity    string `json:"severity"`
	Confidence  string `json:"confidence"`
	Hop         *int   `json:"hop"`
	AtFault     Party  `json:"at_fault"`
	Message     string `json:"message"`                // made from Parts, where there are any
	Parts       Text   `json:"parts,omitempty"`        // of Message
	Advice      string `json:"advice"`                 // made from AdviceParts, where there are any
	AdviceParts Text   `json:"advice_parts,omitempty"` // of Advice
	// Reasons say in at most four lines why, with hop, host, address and what
	// the DNS says; empty where Message says it all.
	Reasons []Reason `json:"reasons,omitempty"`
	// Quiet says that nobody needs to act on it for this message.
	Quiet    bool       `json:"quiet,omitempty"`
	Because  []string   `json:"because"` // codes of the findings that cause this one
	Evidence []Evidence `json:"evidence"`
}

// Reason is one line that says why.
type Reason struct {
	Text  string `json:"text"`
	Parts Text   `json:"parts,omitempty"`
}

// Because makes a reason; the arguments are those of [Say].
func Because(format string, args ...any) Reason {
	t := Say(format, args...)
	return Reason{Text: t.String(), Parts: t}
}

// Party is who has to change something.
type Party struct {
	Role string `json:"role"`
	Host string `json:"host,omitempty"`
	// Organisation, Server and Product say who can act: whose it is, and of it
	// the machine, or the service, whose settings decide. Server is empty for a
	// service, whose hosts nobody but its maker can configure.
	Organisation string `json:"organisation,omitempty"`
	Server       string `json:"server,omitempty"`
	Product      string `json:"product,omitempty"`
}

// Kinds of evidence.
const (
	EvidenceHeader   = "header"
	EvidenceDNS      = "dns"
	EvidenceComputed = "computed"
)

// Evidence is one thing that a reader can look up.
type Evidence struct {
	Kind  string `json:"kind"`
	Text  string `json:"text"`            // made from Parts, where there are any
	Parts Text   `json:"parts,omitempty"` // of Text
	Field *int   `json:"field,omitempty"`
	Line  *int   `json:"line,omitempty"`
	DNS   string `json:"dns,omitempty"` // "name TYPE", for Kind dns
	Ref   string `json:"ref,omitempty"` // standard and section
}

// Fix is what to set in one product against one finding. What the report does
// not know stands as a placeholder, <CONNECTOR>.
type Fix struct {
	Recipe  string    `json:"recipe"` // its name; mailtrace explain takes it
	Product string    `json:"product"`
	Version string    `json:"version,omitempty"`
	Finding string    `json:"finding"`         // its code
	Effect  string    `json:"effect"`          // "cause": it ends; "tolerate": it goes on, and this receiver accepts it
	Steps   []FixStep `json:"steps"`           // in order
	YourOwn []string  `json:"yours,omitempty"` // the placeholders that are left for the reader
	Test    string    `json:"test,omitempty"`  // how to see that it works
	Risk    string    `json:"risk,omitempty"`  // what it could break
	Basis   string    `json:"basis,omitempty"` // "vendor's text", "source code" or "community"
	Source  string    `json:"source,omitempty"`
	Date    string    `json:"date,omitempty"`    // of the source
	Checked string    `json:"checked,omitempty"` // day on which the settings were looked up again in the vendor's own text
}

// FixStep is one thing to do.
type FixStep struct {
	Text    string `json:"text"`
	Command string `json:"command,omitempty"` // or lines of a configuration file
}

// Receiver is one thing that the receiver's filter wrote about authentication,
// in words.
type Receiver struct {
	Vendor  string `json:"vendor"`
	Header  string `json:"header"`
	Field   int    `json:"field"`
	Line    int    `json:"line"`
	Code    string `json:"code"` // as written: "compauth=fail reason=000"
	Meaning string `json:"meaning"`
	Weight  string `json:"weight,omitempty"` // of a rule, as shipped
	Source  string `json:"source"`
	Date    string `json:"date"`
}

// Gap is something that could not be checked.
type Gap struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// DNSAnswer is one answer that was used.
type DNSAnswer struct {
	Name          string   `json:"name"`
	Type          string   `json:"type"`
	Status        string   `json:"status"`
	Values        []string `json:"values"`
	TTL           uint32   `json:"ttl"`
	Authenticated bool     `json:"authenticated"`
	Server        string   `json:"server"`
}

// DSN is what a delivery status notification (RFC 3464) says.
type DSN struct {
	ReportingMTA string         `json:"reporting_mta"`
	Recipients   []DSNRecipient `json:"recipients"`
}

// DSNRecipient is the fate of one recipient.
type DSNRecipient struct {
	Final      string `json:"final"`
	Original   string `json:"original,omitempty"`
	Action     string `json:"action"`
	Status     string `json:"status"`
	RemoteMTA  string `json:"remote_mta,omitempty"`
	Diagnostic string `json:"diagnostic,omitempty"`
}

// Note is a deviation of the input from RFC 5322.
type Note struct {
	Kind  string `json:"kind"`
	Line  int    `json:"line,omitempty"`
	Count int    `json:"count"`
}
