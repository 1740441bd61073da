// Package arc verifies Authenticated Received Chains (RFC 8617): every set,
// not only the newest, so that it can tell after which sealer the message was
// changed.
package arc

// Result is the status of a chain (RFC 8617 §4.4).
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
}
