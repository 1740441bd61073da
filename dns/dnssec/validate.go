// Package dnssec validates DNS answers itself, from the trust anchors of the root
// down (RFC 4033, RFC 4034, RFC 4035), and believes nothing that its source says.
//
// Not stable yet: options and the form of the chain may change.
package dnssec

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
)

// Security is what DNSSEC says about an answer, in the words of RFC 4033 §5.
type Security string

const (
	// Secure: signatures lead from a trust anchor of the root to the answer, or
	// to the proof that there is none.
	Secure Security = "secure"
	// Insecure: signatures prove that from some zone on nothing is signed, or
	// only by algorithms that count as unsupported.
	Insecure Security = "insecure"
	// Bogus: the answer should be signed and is not, or not validly.
	Bogus Security = "bogus"
	// Indeterminate: there is no saying, because questions on the way were not
	// answered or a limit was hit.
	Indeterminate Security = "indeterminate"
)

// worst orders them: what a chain of several parts is worth.
func worst(a, b Security) Security {
	for _, s := range []Security{Bogus, Indeterminate, Insecure} {
		if a == s || b == s {
			return s
		}
	}
	return Secure
}

// Limits of one validation. What hits one is indeterminate and says which.
const (
	// DefaultMaxQuestions is how many questions one validation may ask. An
	// unsigned answer in ip6.arpa needs up to 35.
	DefaultMaxQuestions = 100
	// DefaultMaxZones is how many outcomes of delegations are remembered.
	DefaultMaxZones = 10_000

	// maxChecks is how many signatures are checked, and maxFailedChecks how many
	// of them may fail: against sets of keys and signatures whose product is
	// costly (CVE-2023-50387, "KeyTrap").
	maxChecks       = 300
	maxFailedChecks = 32
	// maxSignatures is how many signatures of one record set are looked at.
	maxSignatures = 16
	// maxSameTag is how many keys with one key tag are tried.
	maxSameTag = 4
	// maxSigners is how many signers of one record set are looked into.
	maxSigners = 3
	maxKeys    = 64 // keys of a zone
	maxDS      = 32 // DS records of a delegation
	// maxProofs is how many NSEC or NSEC3 records of a message are used.
	maxProofs = 16
	// maxIterations is how often an NSEC3 hash may be repeated. A zone above it
	// proves nothing, which makes it insecure (RFC 9276 §3.2, CVE-2023-50868).
	maxIterations = 50
	// maxKept is how long the outcome of a delegation is remembered.
	maxKept = time.Hour
)

// ValidatorOptions says what a [Validator] trusts. Now must be given.
type ValidatorOptions struct {
	// Now is the time at which signatures must be valid. Without it every
	// outcome that hangs on a signature is indeterminate.
	Now func() time.Time
	// Anchors are trusted keys of the root; nil means [RootAnchors].
	Anchors []Anchor
	// AcceptSHA1 checks signatures of RSA/SHA-1. Without it they count as
	// unsupported, which makes zones insecure that have no others (RFC 9905 §2).
	AcceptSHA1 bool
	// MaxQuestions bounds one validation, zero is DefaultMaxQuestions.
	MaxQuestions int
	// MaxZones bounds what is remembered from one to the next, zero is
	// DefaultMaxZones.
	MaxZones int
}

// Validator validates answers itself, from the trust anchors of the root down
// (RFC 4033, RFC 4034, RFC 4035, RFC 5155, RFC 6840). It believes nothing that
// its source says, not the AD bit either. It remembers the keys of zones. It is
// made by [NewValidator] and safe for use by several goroutines.
type Validator struct {
	src dns.RawSource
	o   ValidatorOptions

	mu   sync.Mutex
	cuts map[string]cutEntry
}

// NewValidator returns a validator of what src answers.
func NewValidator(src dns.RawSource, o ValidatorOptions) *Validator {
	if o.Anchors == nil {
		o.Anchors = RootAnchors()
	}
	if o.MaxQuestions <= 0 {
		o.MaxQuestions = DefaultMaxQuestions
	}
	if o.MaxZones <= 0 {
		o.MaxZones = DefaultMaxZones
	}
	return &Validator{src: src, o: o, cuts: make(map[string]cutEntry)}
}

// Validation is the outcome for one question.
type Validation struct {
	Name     string // as asked: lower case, no final dot
	Type     dns.Type
	Security Security
	// Reason says why it is not secure, in words; for what is secure it is "".
	Reason string
	// Zone is the apex of the zone that signs the answer, the last where CNAME
	// records lead through several. Where it is insecure it is the first zone
	// without signatures, where it is bogus or indeterminate the one where
	// validation ended. The root is "".
	Zone string
	// Algorithms of the signatures over the answer, or over the proof that there
	// is none: "ECDSAP256SHA256".
	Algorithms []string
	// Inception and Expires are the validity of one signature: that which
	// expires first of all that were needed, the chain's included. For an
	// outcome that is bogus because of the time they are of the signature that
	// fails. Zero if there is none.
	Inception, Expires time.Time
	// Chain leads from the root to Zone, by way of the zones of CNAME records.
	Chain []Link
	// Answer is what was validated. Where Security is not Secure it is what came
	// in, as far as it could be read.
	Answer dns.Answer
}

// Link is one zone of a chain of trust.
type Link struct {
	Zone     string // apex; the root is ""
	Security Security
	Reason   string // why it is not secure
	// Digests are the digest types of its DS records in the parent zone, or of
	// the trust anchors: "SHA-256".
	Digests []string
	// KeyTags are those of the DS records, in their order.
	KeyTags []uint16
	// SignedBy is the tag of the key that matches a DS record and signs the key
	// set; 0 if there is none.
	SignedBy uint16
	// Algorithms are those of the DS records: "RSASHA256".
	Algorithms []string
	// Inception and Expires are the validity of the signature over the DS
	// records or over the keys, whichever expires first.
	Inception, Expires time.Time
}

// Validate asks for name and type, and for the keys of the zones above. The
// error is an [*Error], for failures that are ours: a bad name, a context that
// ended, asking switched off, a question that was not recorded. What others
// fail to answer is Indeterminate.
func (v *Validator) Validate(ctx context.Context, name string, t dns.Type) (*Validation, error) {
	name, bad := dns.CheckName(name, t)
	if bad != nil {
		return nil, bad
	}
	r := &run{v: v, ctx: ctx, out: &Validation{Name: name, Type: t, Security: Secure, Answer: dns.Answer{Name: name, Type: t, TTL: 1<<32 - 1}}}
	switch {
	case t == dns.TypeRRSIG || t == dns.Type(mdns.TypeANY):
		r.fail(Indeterminate, "", "records of type "+t.String()+" are not signed")
	case v.o.Now == nil:
		r.fail(Indeterminate, "", "no time is given at which signatures must be valid")
	default:
		r.now = v.o.Now()
		r.answer()
	}
	if r.err != nil {
		return nil, r.err
	}
	if ctx.Err() != nil && r.out.Security != Secure {
		return nil, dns.CancelledBy(ctx, name, t)
	}
	if r.limit != "" && worst(r.out.Security, Indeterminate) == r.out.Security { // bogus or indeterminate
		r.out.Security, r.out.Reason = Indeterminate, r.limit
	}
	if r.out.Answer.TTL == 1<<32-1 {
		r.out.Answer.TTL = 0
	}
	return r.out, nil
}

// run is one validation.
type run struct {
	v   *Validator
	ctx context.Context
	now time.Time
	out *Validation
	err *dns.Error // a failure that is ours

	questions, checks, failed int
	limit                     string // the first limit that was hit
	// zones are the root, as ".", and those that failed: not to be asked again.
	zones map[string]*zone
}

func (r *run) hit(what string, n int) {
	if r.limit == "" {
		r.limit = "limit reached: " + strconv.Itoa(n) + " " + what
	}
}

// fail lowers the outcome. The first reason of the worst kind stays.
func (r *run) fail(s Security, zone, reason string) {
	if w := worst(r.out.Security, s); w != r.out.Security {
		r.out.Security, r.out.Zone, r.out.Reason = w, zone, reason
	}
}

// ask puts one question to the source. Without a message why says what is the
// matter.
func (r *run) ask(name string, t dns.Type) (m *message, why string) {
	if r.err != nil {
		return nil, r.err.Error()
	}
	if r.questions++; r.questions > r.v.o.MaxQuestions {
		r.hit("questions", r.v.o.MaxQuestions)
		return nil, r.limit
	}
	raw, err := r.v.src.LookupRaw(r.ctx, name, t)
	if err != nil {
		e, ok := errors.AsType[*dns.Error](err)
		if !ok {
			e = &dns.Error{Name: name, Type: t, Failure: dns.Unreachable, Err: err}
		}
		if !e.Asked() {
			r.err = e
		}
		return nil, e.Error()
	}
	m, e := parseMessage(raw, name, t)
	if e != nil {
		return nil, e.Error()
	}
	return m, ""
}

// signed takes note of a signature that the outcome needs.
func (r *run) signed(sig *mdns.RRSIG) {
	if sig == nil || r.out.Security == Bogus {
		return
	}
	inception, expires := r.period(sig)
	r.out.Inception, r.out.Expires = earlier(r.out.Inception, r.out.Expires, inception, expires)
}

// earlier returns the period that ends first. A zero one does not count.
func earlier(inception, expires, i2, e2 time.Time) (time.Time, time.Time) {
	if expires.IsZero() || !e2.IsZero() && e2.Before(expires) {
		return i2, e2
	}
	return inception, expires
}

// through takes note of a zone and the chain that leads to it.
func (r *run) through(z *zone) {
	if r.out.Security == Secure || r.out.Security == z.security {
		r.out.Zone = z.apex
	}
	if r.out.Security != Bogus {
		r.out.Inception, r.out.Expires = earlier(r.out.Inception, r.out.Expires, z.inception, z.expires)
	}
links:
	for _, l := range z.chain {
		for _, have := range r.out.Chain {
			if have.Zone == l.Zone {
				continue links
			}
		}
		r.out.Chain = append(r.out.Chain, l)
	}
}
