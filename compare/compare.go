// Package compare holds two copies of one message against each other, such as
// the sent and the received one: what differs in the forms that DKIM signs,
// where, and on which copy the signatures verify.
//
// Copies are compared as signatures see them (RFC 6376 §3.4): LF counts as
// CRLF; the simple form keeps everything else, the relaxed form takes no
// account of folding, of blanks and of the case of field names. The fields that
// servers add on the way stand apart, since they always differ.
//
// Not stable yet: the form of a Result may change; its JSON has a schema.
package compare

import (
	"context"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/report"
)

// Bounds of a result and of the work for it. Result.Limits says where one was
// hit.
const (
	// MaxDifferences bounds Result.Fields and Result.Trace, each.
	MaxDifferences = 200
	// MaxText bounds one piece of text that is quoted, in bytes.
	MaxText = 400
	// MaxLines is how many lines of a body are compared where they stand
	// between what is equal at the start and at the end.
	MaxLines = 1 << 20
	// MaxHunks bounds Body.Hunks, MaxHunkLines the lines that one of them
	// quotes of each side.
	MaxHunks     = 50
	MaxHunkLines = 8
	// MaxParts and MaxDepth bound the MIME structure that is read.
	MaxParts = 200
	MaxDepth = 8
)

// Options are settings of a comparison. The zero value is the standard.
type Options struct {
	// Now is the time at which t= and x= of signatures are judged. The zero
	// time leaves them unjudged: whether a copy was changed does not depend on
	// when it is looked at.
	Now time.Time
	// HeadersOnly says that a body is not there or not whole: bodies are not
	// compared.
	HeadersOnly bool
	// A and B name the copies, as paths do. Tool is written into the result.
	A, B string
	Tool report.Tool
}

// Extent says how far two copies differ.
type Extent string

// The extents, from the least.
const (
	Identical Extent = "identical" // byte for byte
	LineEnds  Extent = "line-ends" // only CRLF or LF, a preamble such as an mbox line, empty lines at the end
	TraceOnly Extent = "trace"     // only fields that servers add on the way, and their order
	Canonical Extent = "canonical" // what the relaxed form hides: blanks, folding, the case of field names; or the order of fields of different names
	Content   Extent = "content"   // more than that
)

// Result is what a comparison found. Lists are never nil.
type Result struct {
	report.Document
	// A and B name the copies, as Options has them.
	A string `json:"a,omitempty"`
	B string `json:"b,omitempty"`
	// Summary is one sentence for people. It may quote the messages.
	Summary string `json:"summary"`
	Extent  Extent `json:"extent"`
	// Fields are the fields that differ, without the trace fields: changed
	// ones first, then those of A only, then those of B only.
	Fields []Field `json:"fields"`
	// Trace are the same for fields that servers add on the way.
	Trace []Field `json:"trace"`
	// EqualFields counts the fields that are the same in simple form.
	EqualFields int `json:"equal_fields"`
	// Reordered are the names of repeated fields that stand in another order
	// among themselves, which a signature notices (RFC 6376 §5.4.2).
	Reordered []string `json:"reordered"`
	// OrderDiffers says that fields that both copies have stand in another
	// order, which no signature notices where their names differ.
	OrderDiffers bool `json:"order_differs"`
	// StrayLines says that lines in the header that are not fields differ.
	// Signatures do not see them.
	StrayLines bool        `json:"stray_lines"`
	Body       Body        `json:"body"`
	Signatures []Signature `json:"signatures"`
	// Limits are the bounds that were hit, in words.
	Limits []string `json:"limits"`
}

// Gap is something that could not be checked.
type Gap = report.Gap

// Compare compares two copies. Neither is changed. The keys of signatures are
// asked for once for both copies, so an answer that changes in between makes no
// difference. An answer that is missing is a gap; res may be nil, which makes
// every key one.
//
// The error is that of a context that ended.
func Compare(ctx context.Context, res dns.Resolver, a, b *message.Message, o Options) (*Result, error) {
	r := &Result{Reordered: []string{}, Signatures: []Signature{}, Limits: []string{}, A: o.A, B: o.B}
	r.Document = report.Document{Kind: report.DocComparison, Schema: report.Schema, Tool: o.Tool, Gaps: []Gap{}}
	cover, err := r.verify(ctx, res, a, b, o)
	if err != nil {
		return nil, err
	}
	r.compareFields(a, b, cover)
	if o.HeadersOnly {
		r.Body = Body{Hunks: []Hunk{}, Parts: []Part{}}
		r.gap("the bodies", "a copy is known by its header only")
	} else {
		r.compareBodies(a, b)
	}
	for _, m := range []struct {
		name string
		m    *message.Message
	}{{"A", a}, {"B", b}} {
		if m.m.Note(message.FieldLimit) != nil {
			r.limit(m.name + " has more header fields than are read")
		}
		if m.m.Note(message.NotAMessage) != nil || m.m.Note(message.Empty) != nil {
			r.gap("the header of "+m.name, "no header field was found")
		}
	}
	r.Extent = r.extent(a, b)
	r.Summary = r.summary()
	r.Findings = r.findings()
	return r, nil
}

func (r *Result) gap(what, why string) { r.Gaps = append(r.Gaps, Gap{What: what, Why: why}) }

func (r *Result) limit(text string) { r.Limits = append(r.Limits, text) }

func (r *Result) extent(a, b *message.Message) Extent {
	if r.Body.Compared && !r.Body.EqualRelaxed {
		return Content
	}
	canonical := r.Body.Compared && !r.Body.EqualSimple || r.OrderDiffers
	for i := range r.Fields {
		if r.Fields[i].Change != Changed || r.Fields[i].DiffersRelaxed {
			return Content
		}
		canonical = true
	}
	switch {
	case len(r.Reordered) > 0 || r.StrayLines:
		return Content
	case canonical:
		return Canonical
	case len(r.Trace) > 0:
		return TraceOnly
	case string(a.Raw) == string(b.Raw):
		return Identical
	}
	return LineEnds
}
