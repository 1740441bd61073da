package compare

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/message"
)

// Signature is one DKIM signature, on the copies that carry it. The same d=, s=
// and b= are the same signature.
type Signature struct {
	Domain      string   `json:"domain"`       // d=
	Selector    string   `json:"selector"`     // s=
	Algorithm   string   `json:"algorithm"`    // a=
	HeaderCanon string   `json:"header_canon"` // "simple" or "relaxed"
	BodyCanon   string   `json:"body_canon"`
	Value       string   `json:"value"` // the first characters of b=, base64
	A           *Outcome `json:"a"`     // null where A does not carry it
	B           *Outcome `json:"b"`
}

// Outcome is what became of a signature on one side.
type Outcome struct {
	Field int `json:"field"` // index of the field, topmost 0
	Line  int `json:"line"`
	// Result is the word of RFC 8601 §2.7.1; "" where the key was not asked
	// for.
	Result          dkim.Result `json:"result"`
	Code            dkim.Reason `json:"code"`   // why it is not a pass, for programs
	Reason          string      `json:"reason"` // the same for people; may quote the message
	BodyHash        dkim.Hash   `json:"body_hash"`
	HeaderSignature dkim.Hash   `json:"header_signature"`
}

// Open reports whether the outcome is not known: the key could not be fetched,
// or the signature was not looked at.
func (o *Outcome) Open() bool {
	return o.Result == "" || o.Result == dkim.TempError || o.Result == dkim.Neutral
}

// Verifies reports whether the signature is known to verify.
func (o *Outcome) Verifies() bool { return o != nil && o.Result == dkim.Pass }

// shownValue is how much of b= names a signature (RFC 6008 §4 asks for eight
// characters at least).
const shownValue = 12

// The sides.
const (
	sideA = iota
	sideB
)

// cover knows which signatures cover which fields.
type cover struct {
	signed [2][]signed
	marks  [2][]uint64 // for each field a bit for each signature in Result.Signatures
}

// signed is a signature that was verified on one side.
type signed struct {
	bit   int // index in Result.Signatures
	field int
	names []string // h=
}

// verify verifies the signatures of both sides and matches them.
func (r *Result) verify(ctx context.Context, res dns.Resolver, a, b *message.Message, o Options) (*cover, error) {
	if res != nil {
		// Each question is asked once, so that both sides are judged by one answer.
		res = dns.NewCache(res, dns.CacheOptions{ErrorTTL: time.Hour})
	}
	c := &cover{}
	known := make(map[string]int) // key of a signature on A: its index
	for n, m := range []*message.Message{a, b} {
		found, err := dkim.Verify(ctx, res, m, dkim.Options{Now: o.Now, HeadersOnly: o.HeadersOnly})
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		name := string(rune('A' + n))
		skipped := 0
		for i := range found {
			s := &found[i]
			if s.Code == dkim.ReasonLimit {
				skipped++
				continue
			}
			at, ok := known[keyOf(s)]
			if ok && n == sideB && r.Signatures[at].B == nil {
				delete(known, keyOf(s))
			} else {
				at = len(r.Signatures)
				r.Signatures = append(r.Signatures, newSignature(s))
				if n == sideA {
					known[keyOf(s)] = at
				}
			}
			out := outcome(m, s)
			if n == sideA {
				r.Signatures[at].A = out
			} else {
				r.Signatures[at].B = out
			}
			c.signed[n] = append(c.signed[n], signed{at, s.Field, s.SignedFields})
			if s.Code == dkim.ReasonKeyUnavailable {
				r.keyGap(s, err)
			}
		}
		if skipped > 0 {
			r.limit(plural(skipped, "more signature") + " on " + name + ", not verified")
		}
	}
	return c, nil
}

// keyGap notes a key without an answer, once for both sides.
func (r *Result) keyGap(s *dkim.Signature, err error) {
	what := "the key of " + s.Domain + " at " + excerpt(s.KeyName, 0)
	for _, g := range r.Gaps {
		if g.What == what {
			return
		}
	}
	why := s.Reason
	if why == "" && err != nil {
		why = err.Error()
	}
	r.gap(what, why)
}

func newSignature(s *dkim.Signature) Signature {
	value := base64.StdEncoding.EncodeToString(s.B)
	return Signature{
		Domain: excerpt(s.Domain, 0), Selector: excerpt(s.Selector, 0), Algorithm: excerpt(s.Algorithm, 0),
		HeaderCanon: s.HeaderCanon, BodyCanon: s.BodyCanon, Value: value[:min(len(value), shownValue)],
	}
}

func outcome(m *message.Message, s *dkim.Signature) *Outcome {
	return &Outcome{
		Field: s.Field, Line: m.Fields[s.Field].Line, Result: s.Result, Code: s.Code, Reason: excerpt(s.Reason, 0),
		BodyHash: s.BodyHash, HeaderSignature: s.HeaderSignature,
	}
}

func keyOf(s *dkim.Signature) string { return s.Domain + "\x00" + s.Selector + "\x00" + string(s.B) }

// signatureKey is the same for a field that was not verified; "" where a tag is
// missing.
func signatureKey(m *message.Message, i int) string {
	var d, s, b string
	for tag := range strings.SplitSeq(m.Value(i), ";") {
		name, value, _ := strings.Cut(tag, "=")
		value = strings.Join(strings.Fields(value), "")
		switch strings.TrimSpace(name) {
		case "d":
			d = strings.ToLower(value)
		case "s":
			s = strings.ToLower(value)
		case "b":
			b = value
		}
	}
	if d == "" || s == "" || b == "" {
		return ""
	}
	return d + "\x00" + s + "\x00" + b
}

// mark notes which fields each signature of a side covers: each name in h=
// takes the bottom-most field of that name not yet taken (RFC 6376 §5.4.2). The
// field that holds the signature is not there for it. names lists the fields of
// each name, bottom-most first. Time is linear in the header.
func (c *cover) mark(m *message.Message, names map[string][]int, side int) {
	c.marks[side] = make([]uint64, len(m.Fields))
	for _, s := range c.signed[side] {
		taken := make(map[string]int)
		for _, name := range s.names {
			name = strings.ToLower(name)
			list, at := names[name], taken[name]
			if at < len(list) && list[at] == s.field {
				at++
			}
			if at < len(list) {
				c.marks[side][list[at]] |= 1 << s.bit
				at++
			}
			taken[name] = at
		}
	}
}

// signers are the signatures that cover field i of A or field j of B; either
// may be none.
func (c *cover) signers(i, j int) []int {
	var bits uint64
	if i != none {
		bits |= c.marks[sideA][i]
	}
	if j != none {
		bits |= c.marks[sideB][j]
	}
	out := []int{}
	for n := 0; bits>>n != 0 && n < 64; n++ {
		if bits>>n&1 != 0 {
			out = append(out, n)
		}
	}
	return out
}

// The marks have a bit for each signature of both sides.
const _ = uint(64 - 2*dkim.DefaultMaxSignatures)
