// Package dmarc evaluates DMARC (RFC 9989, and RFC 7489 beside it): finds the
// record that applies, compares identifiers, and says what the domain owner
// asks for. It takes plain identifiers, so it judges our own results and those
// that a receiver claimed alike.
//
// Stable: discovery, evaluation and records stay from 1.0 on. Sentences are for
// people and change.
package dmarc

// Result is the outcome in the words of RFC 9989 and RFC 8601 §2.7.
type Result string

const (
	Pass      Result = "pass"
	Fail      Result = "fail"
	None      Result = "none"      // no usable record: DMARC does not apply
	TempError Result = "temperror" // the DNS did not answer
	PermError Result = "permerror" // the record cannot be interpreted, or there is no single From domain
)

// Method says how the organisational domain is found.
type Method string

const (
	RFC9989 Method = "rfc9989" // DNS tree walk (RFC 9989 §4.10)
	RFC7489 Method = "rfc7489" // public suffix list (RFC 7489 §3.2)
)

// Policy is what the domain owner asks for.
type Policy string

const (
	PolicyNone       Policy = "none"
	PolicyQuarantine Policy = "quarantine"
	PolicyReject     Policy = "reject"
)

// Identifier is a domain that a mechanism authenticated, or failed to.
type Identifier struct {
	Domain string
	Pass   bool
	// Error says that the mechanism ended in temperror: it might have passed.
	Temp bool
}

// Input is what DMARC is decided from.
type Input struct {
	From string       // the domain of the From field, any case, U- or A-labels
	SPF  []Identifier // at most one in practice: MAIL FROM, or HELO for the null sender
	DKIM []Identifier // d= of each signature
}

// Record is a parsed DMARC record (RFC 9989 §4.7).
type Record struct {
	Raw                   string
	Tags                  []Tag
	Policy                Policy      // p=; PolicyNone where it is absent or invalid but rua is usable
	Subdomain             Policy      // sp=, "" where absent
	NonExistent           Policy      // np=, "" where absent
	PSD                   string      // psd=: "y", "n", "u"
	Testing               bool        // t=y
	StrictDKIM, StrictSPF bool        // adkim=s, aspf=s
	Percent               int         // pct=, 100 where absent; only RFC 7489 heeds it
	Aggregate, Failure    []ReportURI // rua=, ruf=
	FailureOptions        []string    // fo=
	Problems              []Problem
}

// Tag is one tag=value of a record. Name is in lower case; Value has no blanks
// around it and is otherwise as published.
type Tag struct {
	Name, Value string
	Offset      int // byte offset of the name in the record
}

// ReportURI is an address that reports go to.
type ReportURI struct {
	URI     string
	Address string // of a mailto URI
	Domain  string
	Limit   string // "10m" of the obsolete "!10m" suffix
}

// Problem is something wrong in a record.
type Problem struct {
	Offset int
	Tag    string
	Text   string
	Fatal  bool // the record must be ignored
	Value  bool // the value is not one of those that the tag may have
}

// Discovered is a record and how it was found.
type Discovered struct {
	Domain  string   // where: "example.com" for a record at _dmarc.example.com
	Record  *Record  // nil where there is none
	Org     string   // the organisational domain of the domain asked for; "" where Evaluate did not need it
	Queries []Query  // in the order asked
	Invalid []string // records that begin v=DMARC1 but had to be discarded
	// PrivateSuffix is the rule of the public suffix list's private section
	// that decided Org, "" where none did. RFC 7489 only: such a name
	// (github.io) is run by one company for many, and lists differ on it.
	PrivateSuffix string
	// NonExistent says that the domain asked for does not exist (NXDOMAIN), so
	// that np= applies. It is asked only where the record found has np=.
	NonExistent bool
}

// Query is one question of a discovery.
type Query struct {
	Name   string // "_dmarc.example.com"
	Answer string // in one line: "v=DMARC1; p=none", "no such name", "2 records, discarded"
}

// Evaluation is the outcome for one method.
type Evaluation struct {
	Method                  Method
	Result                  Result
	From                    string
	Discovered              Discovered
	Policy                  Policy // that applies to this From domain, from p, sp or np
	PolicyTag               string // "p", "sp" or "np"
	Disposition             Policy // what the owner asks for this message: PolicyNone for a pass, lowered by t=y or pct
	SPFAligned, DKIMAligned bool   // an aligned pass
	SPFDomain, DKIMDomain   string // the identifiers that aligned, "" where none
	// WouldAlign names identifiers that passed and are of the same organisation
	// but fail strict alignment.
	StrictOnly []string
	Reason     string // one line for people
}
