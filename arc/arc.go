// Package arc verifies Authenticated Received Chains (RFC 8617): every set,
// not only the newest, so that it can tell after which sealer the message was
// changed.
//
// [Seal] makes the next set of a chain.
//
// An ARC chain that verifies proves what its sealers claimed, no more; whom to
// believe is for others to decide. ARC-Authentication-Results are not read
// here, only found: package headers/authres reads them.
//
// Stable: verification and sealing stay from 1.0 on.
package arc

import (
	"time"

	"github.com/mailtrace/mailtrace/dkim"
)

// Result is the status of a chain (RFC 8617 §4.4). It is "" where the status is
// open: what was checked holds, but not all could be checked. Chain.Code says
// why.
type Result string

const (
	None      Result = "none"
	Pass      Result = "pass"
	Fail      Result = "fail"
	TempError Result = "temperror" // a key could not be fetched
)

// Reason classifies why a chain does not pass, for programs.
type Reason string

const (
	ReasonNone      Reason = ""
	ReasonStructure Reason = "structure"         // gap, duplicate, wrong cv=, bad tag: the set breaks the rules (§5.2 steps 2 and 3)
	ReasonTooMany   Reason = "too-many"          // over 50 sets
	ReasonInherited Reason = "inherited"         // the newest seal says cv=fail
	ReasonMessage   Reason = "message-signature" // the newest message signature does not verify
	ReasonSeal      Reason = "seal"              // a seal does not verify
	ReasonKey       Reason = "key"               // a key is missing or unusable
	ReasonNoBody    Reason = "no-body"           // nothing failed, but the body was not there to be checked
	ReasonLimit     Reason = "limit"             // nothing failed, but Options.MaxSets left sets unchecked
)

// Set is one ARC set.
type Set struct {
	Instance int
	// Fields are the indexes of its three fields in Message.Fields, -1 where
	// one is missing.
	Results, MessageSignature, Seal int
	Domain, Selector                string // of the seal
	AMSDomain, AMSSelector          string // of the message signature
	CV                              string
	SealResult                      string // "pass", "fail", "temperror", "permerror", "unchecked"
	SealReason                      string
	AMSResult                       string // the same for the message signature
	AMSReason                       string
	BodyHash                        string // "match", "mismatch", "unchecked"
	HeaderSignature                 string

	// Message is the message signature as package dkim verified it, nil where
	// the set has none.
	Message *dkim.Signature
	// SealKeyName is the DNS name of the seal's key, SealAlgorithm its a=.
	SealKeyName, SealAlgorithm string
	SealKeyBits                int
	SealedAt                   *time.Time // t= of the seal
	// Problems are what breaks the rules of RFC 8617 §4 and §5.2 in this set,
	// one line each; at most MaxProblems are kept.
	Problems []string
}

// Chain is the outcome for a message.
type Chain struct {
	Result         Result
	Code           Reason
	Reason         string
	FailedInstance int   // the set at which it failed, 0 where none
	Sets           []Set // by instance, from 1
	// OldestPass is the lowest instance such that the message signatures from
	// it up to the newest all verify (RFC 8617 §5.2 step 5); 0 where all do,
	// -1 where the newest does not.
	OldestPass int
	// ChangedAfter is the highest instance whose message signature does not
	// verify because a hash differs: what it signed was changed after that
	// sealer, and before the next one sealed if the next signature verifies. 0
	// where there is none.
	ChangedAfter int
	// Problems are what breaks the rules outside of any set: fields without a
	// usable instance. At most MaxProblems are kept.
	Problems []Problem
}

// Problem is a field that belongs to no set.
type Problem struct {
	Field int // index into Message.Fields
	Text  string
}

// MaxInstance is the highest instance of a set (RFC 8617 §4.2.1).
const MaxInstance = 50

// MaxProblems bounds Chain.Problems and Set.Problems.
const MaxProblems = 64

// Options are settings of a verification. The zero value is the standard.
type Options struct {
	// Now is the time at which x= of a message signature is judged. The zero
	// time leaves it unjudged.
	Now time.Time
	// HeadersOnly says that the body is not there or not whole: body hashes
	// stay "unchecked".
	HeadersOnly bool
	// MaxSets is how many sets are verified, the newest first; 0 means
	// MaxInstance. The others are read, but "unchecked".
	MaxSets int
}

// The words of Set.SealResult and Set.AMSResult.
const (
	pass      = "pass"
	fail      = "fail"
	temperror = "temperror"
	permerror = "permerror"
	unchecked = "unchecked"
)
