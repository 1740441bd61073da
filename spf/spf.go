// Package spf evaluates Sender Policy Framework records (RFC 7208) and shows
// how: the evaluation comes back as a tree of records and terms, each with its
// place in the record, the question it asked, the answer, and the lookups used
// up so far.
//
// Stable: functions, results and the fields of an Evaluation stay from 1.0 on.
// Sentences are for people and change.
package spf

import (
	"net/netip"
)

// Result is the outcome of check_host, in the words of RFC 7208 §2.6.
type Result string

const (
	None      Result = "none"      // no domain to check, or no record (§2.6.1)
	Neutral   Result = "neutral"   // the record makes no statement on the client (§2.6.2)
	Pass      Result = "pass"      // the client is authorised (§2.6.3)
	Fail      Result = "fail"      // the client is not authorised (§2.6.4)
	SoftFail  Result = "softfail"  // the client is probably not authorised (§2.6.5)
	TempError Result = "temperror" // the DNS did not answer (§2.6.6)
	PermError Result = "permerror" // the record cannot be interpreted (§2.6.7)
)

// Identity says which identity was checked.
type Identity string

const (
	MailFrom Identity = "mailfrom" // the reverse-path (§2.4)
	Helo     Identity = "helo"     // the HELO name (§2.3), also for a null reverse-path
)

// Reason classifies why a result is what it is, for programs. The words for
// people are in Evaluation.Reason.
type Reason string

const (
	ReasonMatch         Reason = "match"           // a mechanism matched
	ReasonDefault       Reason = "default"         // nothing matched, no redirect (§4.7)
	ReasonNoRecord      Reason = "no-record"       // no SPF record (§4.5)
	ReasonNoDomain      Reason = "no-domain"       // the domain is malformed or has one label (§4.3)
	ReasonNXDomain      Reason = "nxdomain"        // the domain does not exist (§4.3)
	ReasonMultiple      Reason = "multiple"        // more than one record (§4.5)
	ReasonSyntax        Reason = "syntax"          // syntax error (§4.6)
	ReasonLookupLimit   Reason = "lookup-limit"    // more than 10 terms that cause lookups (§4.6.4)
	ReasonVoidLimit     Reason = "void-limit"      // more void lookups than allowed (§4.6.4)
	ReasonMXLimit       Reason = "mx-limit"        // an mx with more than 10 names (§4.6.4)
	ReasonIncludeNone   Reason = "include-none"    // include of a domain without record (§5.2)
	ReasonRedirectNone  Reason = "redirect-none"   // redirect to a domain without record (§6.1)
	ReasonDNS           Reason = "dns"             // a DNS question got no answer (§2.6.6)
	ReasonDepth         Reason = "depth"           // includes nested deeper than the lookup limit allows
	ReasonRecordTooLong Reason = "record-too-long" // a record over MaxRecord bytes; our bound
)

// Query is one question to check_host (RFC 7208 §4.1).
type Query struct {
	IP   netip.Addr // the client; an IPv4-mapped IPv6 address counts as IPv4
	Helo string     // HELO or EHLO name, "" where not known
	// MailFrom is the reverse-path without angle brackets. "" is the null
	// sender: the HELO name is checked as postmaster@Helo (§2.4).
	MailFrom string
	// Identity Helo checks the HELO name whatever MailFrom is. The zero value
	// checks MailFrom, or Helo where MailFrom is null.
	Identity Identity
}

// Options are settings of an evaluation. The zero value is the standard.
type Options struct {
	// MaxLookups bounds the terms that cause lookups; 0 means 10 (§4.6.4).
	// More than MaxWalked counts as that.
	MaxLookups int
	// MaxVoids bounds the void lookups; 0 means 2 (§4.6.4), negative no bound,
	// as many receivers have it.
	MaxVoids int
	// Receiver is the host name for the macro %{r}; "" means "unknown".
	Receiver string
	// Time is the Unix time for the macro %{t}; 0 leaves it 0.
	Time int64
	// Tree asks for Evaluation.Tree, Lint for Evaluation.Lint. Without them
	// only what the result needs is kept and asked.
	Tree bool
	Lint bool
	// Explain asks for the explanation of a fail (§6.2), which may cost a
	// lookup.
	Explain bool
}

// Evaluation is the outcome of check_host with the way that led to it.
type Evaluation struct {
	Result   Result
	Identity Identity
	Domain   string // the domain whose record was asked for: lower case, A-labels
	Sender   string // the <sender> of the evaluation, with the local part filled in (§4.3)
	IP       netip.Addr
	Record   string   // the record of Domain as published; "" where there is none or several
	Records  []string // all records that begin v=spf1, where there are several
	// Matched is the term that decided as it is written, with the includes and
	// redirects that led to it: "include:_spf.example.net > ip4:192.0.2.0/24".
	// "" where no term decided.
	Matched     string
	Lookups     int // terms that caused lookups, up to the decision
	VoidLookups int
	Code        Reason
	Reason      string // one line for people; holds text from the DNS as it is
	// Problem is the domain whose record or name caused an error result: the
	// domain evaluated, or one that it includes.
	Problem     string
	Explanation string // exp= text after macros, only for Fail; the domain owner's words
	// NoExplanation says why Explanation is "" though the result is Fail, the
	// record has an exp modifier and Options.Explain is set (§6.2).
	NoExplanation string
	Tree          *Node
	Lint          []Note
	// TotalLookups and TotalVoids count, with Options.Lint, over all branches
	// of the record: what a client that nothing matches runs into. A term
	// counts as void there where it is for clients of both address families.
	TotalLookups int
	TotalVoids   int
	// LintGaps are the questions that the lint asked in vain, "name TYPE:
	// why". Where there are any, the totals are lower bounds.
	LintGaps []string

	// Traits are what was met that other implementations are known to read
	// differently.
	Traits Traits
}

// Node is a record or a term in the tree of an evaluation.
type Node struct {
	Term string // as written; for a record the whole record
	// Kind is "record", the name of the mechanism or modifier in lower case,
	// or "name" for a host that an mx, ptr or %{p} led to.
	Kind     string
	Domain   string // the record's domain, or the target of the term after macros
	Position int    // byte offset of the term in its record
	// Outcome is "match", "no match", "error" or "not evaluated" for a term,
	// the result word for a record. A redirect that was followed and an exp
	// that gave the explanation are a "match".
	Outcome  string
	Question string // "name TYPE", "" where the term asks nothing
	Answer   string // what came back, in one line
	// Lookups counts the terms with lookups so far, this one included: it is
	// the number of such a term. At a record it is the count at its end.
	Lookups     int
	VoidLookups int // void lookups when the term or record was done
	Note        string
	Children    []*Node
}

// Note is something wrong or doubtful in a record that the evaluation need not
// have come upon.
type Note struct {
	Domain   string // whose record
	Position int    // byte offset in the record
	Term     string
	Text     string
	Error    bool     // receivers must answer permerror when they get there
	Kind     NoteKind // what it is about; "" for a syntax error, and for notes of Ranges
}

// NoteKind is what a note of [Lint] is about.
type NoteKind string

// What Lint notes.
const (
	NoteLookups         NoteKind = "lookups"          // the term at which the limit of lookups is passed
	NoteVoidLookups     NoteKind = "void-lookups"     // the same for void lookups
	NoteLoop            NoteKind = "loop"             // a record leads back to itself, or too deep
	NoteManyMX          NoteKind = "many-mx"          // a name has more MX records than mx may use
	NoteNoRecord        NoteKind = "no-record"        // there is not exactly one record that can be used
	NoteMacroTarget     NoteKind = "macro-target"     // an include or redirect that depends on the message
	NoteVoid            NoteKind = "void"             // a name that cannot be asked for or gives no answer
	NoteUseless         NoteKind = "useless"          // the term matches nothing, or nothing on the Internet
	NoteRedundant       NoteKind = "redundant"        // another term says the same
	NoteUnreachable     NoteKind = "unreachable"      // the term is never reached, or not used
	NoteOverbroad       NoteKind = "overbroad"        // very many clients pass
	NoteNeutral         NoteKind = "neutral"          // no statement on the clients that nothing matches
	NotePTR             NoteKind = "ptr"              // ptr or %{p}
	NoteUnknownModifier NoteKind = "unknown-modifier" // a modifier that receivers ignore
	NoteHostBits        NoteKind = "host-bits"        // a network is written with bits behind its prefix
	NoteLong            NoteKind = "long"             // a record that may not fit one UDP packet
	NoteExplanation     NoteKind = "explanation"      // no explanation can be given
)
