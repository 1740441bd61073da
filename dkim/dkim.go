// Package dkim verifies DKIM signatures (RFC 6376, 8301, 8463) and says what
// of a broken one still holds: body hash and header signature are judged
// apart, every tag is kept, and a signature that policy rejects is computed
// all the same.
//
// [Verify] does it all. Below it stand the parts that ARC, a search for the
// change that broke a signature, and a check of published keys are built from:
// [ParseTags], [ParseKey], [AppendHeader], [WriteBody], [VerifyDigest], and the
// [Verifier], which keeps body hashes and keys of one message.
//
// # Line ends
//
// Signatures are made over CRLF. A message that was stored with bare LF is
// hashed as if each LF were CRLF, in header and body; the package message notes
// it. A CR that no LF follows is content (RFC 5322 §2.3), also the first one of
// CR CR LF, except in relaxed header fields, where it counts as white space.
//
// Stable: verification, signing and their results stay from 1.0 on. The Verifier,
// which serves the search for changes, is not.
package dkim

import (
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// Result is the outcome for one signature, in the words of RFC 8601 §2.7.1.
type Result string

const (
	Pass      Result = "pass"
	Fail      Result = "fail"      // the signature or the body hash does not verify
	Neutral   Result = "neutral"   // could not be processed, without a statement
	Policy    Result = "policy"    // verifies, but is not acceptable (RFC 8301: sha1, short key)
	TempError Result = "temperror" // the key could not be fetched
	PermError Result = "permerror" // the signature or the key cannot be used
)

// Hash is the state of one of the two hashes of a signature.
type Hash string

const (
	Match     Hash = "match"
	Mismatch  Hash = "mismatch"
	Unchecked Hash = "unchecked" // no body, no key, or nothing to compare with
)

// Reason classifies why a signature does not pass, for programs. The words for
// people are in Signature.Reason.
type Reason string

const (
	ReasonNone           Reason = ""
	ReasonSyntax         Reason = "syntax"             // the tag list cannot be read, or a required tag is missing (RFC 6376 §6.1.1)
	ReasonVersion        Reason = "version"            // v= is not 1
	ReasonDomain         Reason = "domain-mismatch"    // i= is not d= or below it
	ReasonFromUnsigned   Reason = "from-unsigned"      // h= does not name From
	ReasonAlgorithm      Reason = "algorithm"          // a= is not known
	ReasonQuery          Reason = "query-method"       // q= has no method that we know
	ReasonObsolete       Reason = "algorithm-obsolete" // rsa-sha1 (RFC 8301 §3.1)
	ReasonExpired        Reason = "expired"            // x= is past at Options.Now
	ReasonFuture         Reason = "future"             // t= lies after Options.Now
	ReasonTimes          Reason = "times"              // x= is not after t=
	ReasonKeyMissing     Reason = "key-missing"        // no key record
	ReasonKeyRevoked     Reason = "key-revoked"        // p= is empty
	ReasonKeyMalformed   Reason = "key-malformed"      // the record cannot be used
	ReasonKeyWeak        Reason = "key-weak"           // RSA under 1024 bits (RFC 8301 §3.2)
	ReasonKeyMismatch    Reason = "key-mismatch"       // k=, h=, s= or t=s of the key forbid this signature
	ReasonKeyUnavailable Reason = "key-unavailable"    // the DNS did not answer
	ReasonBodyHash       Reason = "body-hash"          // the body was changed
	ReasonSignature      Reason = "signature"          // a signed header field was changed, or the key is another
	ReasonBodyLength     Reason = "body-length"        // l= is more than the body
	ReasonLimit          Reason = "limit"              // more signatures than are verified
	ReasonNoBody         Reason = "body-missing"       // Options.HeadersOnly: the body hash could not be compared
)

// Tag is one tag=value of a signature or key record.
type Tag struct {
	Name   string
	Value  string // without folding white space around it
	Offset int    // byte offset of the name in the field value or record
}

// Signature is one DKIM-Signature field and what verification found.
type Signature struct {
	Field int // index into Message.Fields
	Tags  []Tag

	Version        string
	Domain         string // d=, lower case, A-labels
	Selector       string // s=
	Identity       string // i=, "@"+d where it is absent (RFC 6376 §3.5)
	Algorithm      string // a=
	HeaderCanon    string // "simple" or "relaxed"
	BodyCanon      string
	SignedFields   []string   // h= in order, as written; see Names
	BodyHashSigned []byte     // bh=
	B              []byte     // b=, the signature itself
	SignedAt       *time.Time // t=
	ExpiresAt      *time.Time // x=
	BodyLength     *int64     // l=
	CopiedFields   []Copied   // z=
	CopiedSkipped  int        // fields in z= beyond MaxCopied
	// EncodedWords says that the field was written as encoded words (RFC 2047)
	// and all of this was read out of them: as it stands it can't be verified.
	EncodedWords bool

	KeyName    string // the DNS name of the key
	KeyRecord  string // as published; "" where none
	KeyRecords int    // TXT records found at the name
	KeyType    string // "rsa", "ed25519"
	KeyBits    int
	KeyTesting bool // t=y (RFC 6376 §3.6.1)

	Result           Result
	Code             Reason
	Reason           string // one line for people; may hold text of the sender
	BodyHash         Hash
	HeaderSignature  Hash
	BodyHashComputed []byte
	UnsignedBytes    int64 // bytes of the canonical body after l=
	CanonicalBody    int64 // length of the canonical body

	named map[string]int // SignedFields counted, by name in lower case; nil where they are few
}

// fewNames is how many names of h= are searched one by one.
const fewNames = 32

// Names is how often h= names a field, in any case. It is constant in time for
// a signature that was parsed, however many names there are.
func (s *Signature) Names(field string) int {
	if s.named != nil {
		return s.named[mailname.Lower(field)]
	}
	n := 0
	for _, h := range s.SignedFields {
		if strings.EqualFold(h, field) {
			n++
		}
	}
	return n
}

func (s *Signature) countNames() {
	if len(s.SignedFields) <= fewNames {
		return
	}
	s.named = make(map[string]int, fewNames)
	for _, h := range s.SignedFields {
		s.named[mailname.Lower(h)]++
	}
}

// Copied is a header field as the signer saw it (z=, RFC 6376 §3.5).
type Copied struct {
	Name, Value string
}

// Options are settings of a verification. The zero value is the standard.
type Options struct {
	// Now is the time at which t= and x= are judged. The zero time leaves them
	// unjudged.
	Now time.Time
	// MaxSignatures bounds how many signatures are verified; 0 means 32. The
	// rest come back as Neutral with ReasonLimit.
	MaxSignatures int
	// HeadersOnly says that the body is not there or not whole: body hashes
	// stay Unchecked.
	HeadersOnly bool
}
