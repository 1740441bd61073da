// Package mailtrace says where and why e-mail authentication broke, and proves
// it.
//
// Analyze reads a message, finds the path that it took, evaluates SPF, DKIM,
// ARC and DMARC where they belong, and returns a report: the verdict with its
// root cause, the findings with their evidence, and everything that they rest
// on. The packages below it (spf, dkim, dmarc, arc, headers) can be used by
// themselves.
package mailtrace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/paste"
	"github.com/mailtrace/mailtrace/redact"
	"github.com/mailtrace/mailtrace/report"
)

// Version is the version of this module, written into every report.
const Version = "0.1.0"

// MaxMessage is the size up to which Analyze reads a message from a reader.
const MaxMessage = 256 << 20

// maxEmbeddedDepth is how deep messages inside messages are analysed.
const maxEmbeddedDepth = 2

// Options are settings of an analysis. The zero value analyses the header
// without asking the DNS.
type Options struct {
	// Resolver answers DNS questions. nil asks none: whatever needs the DNS
	// becomes a gap in the report.
	Resolver dns.Resolver
	// Trust lists the recipient's own hosts, domains, CIDR blocks and
	// authserv-ids. Where it is empty the boundary is inferred.
	Trust []string
	// At is the time at which x=, t= and keys are judged; the zero time stands
	// for the time of delivery. AtBasis "now" names At as the present.
	At      time.Time
	AtBasis string
	// Now stands in where the message gives no time of delivery.
	Now time.Time
	// ClientIP, Helo, MailFrom and Rcpt override what the header says about
	// the border. A MailFrom of "" is the null sender.
	ClientIP netip.Addr
	Helo     string
	MailFrom *string
	Rcpt     string
	// Redact hides people and the inner network in the report; nil hides
	// nothing.
	Redact *redact.Options
	// CrossCheck asks independent libraries the same questions.
	CrossCheck bool
	// HeadersOnly says that the body is not there or not whole, where that does
	// not show.
	HeadersOnly bool
	// Repair is how far the search for the change that broke a signature goes:
	// RepairFull where nothing is given.
	Repair RepairEffort
	// Header writes the header as it came into the report, so that a view can
	// show it with what was found in it.
	Header bool
	// Profile also holds the message against the rules of large receivers:
	// ProfileBulkSender, or none.
	Profile string
	// Version is written into the report as the tool's; "" is this module's.
	Version string
	// Path and Index are written into the report's source.
	Path  string
	Index int
}

// RepairEffort is how far the search for the change that broke a signature goes.
type RepairEffort = headers.RepairEffort

const (
	RepairFull  = headers.RepairFull  // all edits that are known: one message
	RepairQuick = headers.RepairQuick // the cheap and likely ones: many messages
	RepairOff   = headers.RepairOff   // no search
)

// ErrTooLarge is returned for a message over MaxMessage bytes.
var ErrTooLarge = errors.New("message too large")

// ErrNotMessage is returned for input that holds not one header field.
var ErrNotMessage = errors.New("not an e-mail message")

// Analyze reads a message and reports on it. An error means that the input
// could not be read or is no message; broken messages and DNS failures are
// reported, not returned.
func Analyze(ctx context.Context, r io.Reader, o Options) (*report.Report, error) {
	var buf bytes.Buffer
	n, err := buf.ReadFrom(io.LimitReader(r, MaxMessage+1))
	if err != nil {
		return nil, fmt.Errorf("reading the message: %w", err)
	}
	if n > MaxMessage {
		return nil, ErrTooLarge
	}
	return AnalyzeBytes(ctx, buf.Bytes(), o)
}

// Fault is the error that Analyze, AnalyzeBytes, CheckDomain and CheckSPF
// return where this module itself fails: a panic, whatever the input was. It is
// worth a report; SECURITY.md says where to.
type Fault = guard.Fault

// AnalyzeBytes is Analyze for a message in memory. raw must not change until
// it returns; the report keeps no part of it.
func AnalyzeBytes(ctx context.Context, raw []byte, o Options) (_ *report.Report, err error) {
	defer guard.Catch(&err)
	if len(raw) > MaxMessage {
		return nil, ErrTooLarge
	}
	rec := &dns.Recorder{Resolver: o.Resolver}
	if o.Resolver == nil {
		rec.Resolver = dns.Disabled{}
	}
	o.Resolver = &memo{res: rec}
	r, err := analyze(ctx, raw, o, report.KindMessage, 0)
	if err != nil {
		return nil, err
	}
	if o.Profile == ProfileBulkSender {
		askHelo(ctx, o.Resolver, r)
	}
	r.DNS = dnsAnswers(rec)
	if o.Profile == ProfileBulkSender {
		r.Checklist = BulkSender(r, message.Parse(raw))
	}
	if o.Redact != nil {
		r = redact.Report(r, *o.Redact)
	}
	return r, nil
}

func analyze(ctx context.Context, raw []byte, o Options, kind string, depth int) (*report.Report, error) {
	mended := paste.Mend(raw)
	m := mended.Parse()
	if len(m.Fields) == 0 {
		return nil, ErrNotMessage
	}
	judged, fork := readBoth(ctx, m, headers.Options{
		Resolver: o.Resolver, Trust: o.Trust, At: o.At, Now: o.Now,
		ClientIP: o.ClientIP, Helo: o.Helo, MailFrom: o.MailFrom, Rcpt: o.Rcpt,
		HeadersOnly: o.HeadersOnly || mended.Has(paste.Surroundings), Repair: o.Repair, Copy: copyOf(mended),
	})
	f := judged.facts
	r := convert(f, o)
	r.Findings, r.Verdict = judged.found, judged.verdict
	if fork != nil {
		r.Forks = []report.Fork{*fork}
	}
	for _, x := range mended.Repairs {
		r.Repairs = append(r.Repairs, report.Mended{Kind: string(x.Kind), Count: x.Count, Exact: x.Exact, Description: x.Description})
	}
	r.Source = report.Source{Path: o.Path, Index: o.Index, Kind: kind, Bytes: len(raw)}
	if kind == report.KindMessage && f.Body == headers.BodyMissing {
		r.Source.Kind = report.KindHeadersOnly
	}
	if o.CrossCheck && !f.Options.Copy.Inexact {
		r.CrossChecks = crossCheck(ctx, f, o.Resolver)
	}
	if depth < maxEmbeddedDepth {
		for _, p := range f.Embedded {
			in := Options{Resolver: o.Resolver, Now: f.At, Path: o.Path, Index: o.Index, HeadersOnly: p.HeadersOnly(), Header: o.Header, Repair: o.Repair}
			sub, err := analyze(ctx, p.Raw, in, report.KindEmbedded, depth+1)
			if err != nil {
				r.Gaps = append(r.Gaps, report.Gap{What: "part " + p.Number, Why: err.Error()})
				continue
			}
			sub.Source.Part = p.Number
			r.Embedded = append(r.Embedded, *sub)
		}
	}
	return r, nil
}

// copyOf says how much a mended text can bear.
func copyOf(m *paste.Mended) headers.Copy {
	c := headers.Copy{Inexact: !m.Exact(), Top: m.Top, Cut: m.Has(paste.CutTop) || m.Has(paste.CutBottom)}
	for _, x := range m.Repairs {
		// A text that was only packed is the text.
		c.Mended = c.Mended || !x.Exact || x.Kind != paste.Encoding && x.Kind != paste.Container && x.Kind != paste.LineEnds
	}
	return c
}
