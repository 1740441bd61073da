// Package mailtrace says where and why e-mail authentication broke, and proves
// it.
//
// Analyze reads a message, finds the path that it took, evaluates SPF, DKIM,
// ARC and DMARC where they belong, and returns a report: the verdict with its
// root cause, the findings with their evidence, and everything that they rest
// on. The packages below it (spf, dkim, dmarc, arc, headers) can be used by
// themselves.
//
// Stable: the functions and the fields of their options stay from 1.0 on; fields are added.
package mailtrace

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/fix"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/internal/outlook"
	_ "github.com/mailtrace/mailtrace/internal/rsapub/fast" // the arithmetic of RSA keys
	"github.com/mailtrace/mailtrace/paste"
	"github.com/mailtrace/mailtrace/receiver"
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
	// for the time of delivery.
	At time.Time
	// Now is the present: it stands in where the message gives no time of
	// delivery. The zero time is that of the clock.
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
	// Lean leaves out of the report what render.Lean would leave out and what
	// takes time to put together: machines, trees, DNS answers, settings.
	Lean bool
	// Profile also holds the message against the rules of large receivers:
	// ProfileBulkSender, or none.
	Profile Profile
	// Probe tries the resolver where its answers matter. It returns why they are
	// not to be believed, "" where they are; answered says that it gave records for
	// the message's names. nil: it is believed.
	Probe func(ctx context.Context, answered bool) string
	// Carrier keeps the verdict on a message that carries another one; else the
	// carried one is meant (Report.Headline).
	Carrier bool
	// Inside are messages that came with the input beside its text, as those
	// attached to an Outlook message.
	Inside []Inside
	// TimeLimit is how long answers of the DNS are waited for, from the start of
	// the analysis; what is missing then is a gap. 0 is DefaultTimeLimit, a
	// negative time means no limit: right where answers come from a file.
	TimeLimit time.Duration
	// ahead asks a question early.
	ahead func(name string, t dns.Type, then func(dns.Answer))
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
// could not be read or is not a message; broken messages and DNS failures are
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
	if err := o.settle(); err != nil {
		return nil, err
	}
	if len(raw) > MaxMessage {
		return nil, ErrTooLarge
	}
	if outlook.Is(raw) {
		m, err := outlook.Read(raw)
		if err != nil {
			return nil, err
		}
		for _, in := range m.Inside {
			o.Inside = append(o.Inside, Inside{Name: in.Name, Raw: in.Raw, HeadersOnly: in.HeadersOnly})
		}
		raw, o.HeadersOnly = m.Headers, true
		if len(raw) == 0 {
			// A draft, or a note of one's own: what it holds is meant.
			if len(o.Inside) == 0 {
				return nil, outlook.ErrNoHeaders
			}
			raw, o.HeadersOnly, o.Inside = o.Inside[0].Raw, o.Inside[0].HeadersOnly, o.Inside[1:]
		}
	}
	res := dns.OrOff(o.Resolver)
	limit, cancel := within(ctx, o.TimeLimit)
	b := newBudget(limit, res)
	defer b.work.Wait()
	defer cancel() // what was asked ahead and is not needed
	if o.Resolver != nil && !dns.AtOnce(o.Resolver) {
		o.ahead = b.Ahead
	}
	o.Resolver = b
	r, err := analyze(ctx, raw, o, report.KindMessage, 0)
	if err != nil {
		return nil, err
	}
	r = withoutDNS(ctx, raw, o, r, b)
	if o.Profile == ProfileBulkSender {
		askHelo(ctx, o.Resolver, r)
	}
	if !o.lean() {
		r.DNS = dnsAnswers(b)
	}
	if o.Profile == ProfileBulkSender {
		r.Checklist = BulkSender(r, paste.Mend(raw).Parse())
	}
	if o.Redact != nil {
		r = redact.Report(r, *o.Redact)
	}
	return r, nil
}

func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit < 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, cmp.Or(limit, DefaultTimeLimit), errTimeLimit)
}

func analyze(ctx context.Context, raw []byte, o Options, kind string, depth int) (*report.Report, error) {
	mended := paste.Mend(raw)
	m := mended.Parse()
	if len(m.Fields) == 0 {
		return nil, ErrNotMessage
	}
	judged, fork := readBoth(ctx, m, headers.Options{
		Resolver: o.Resolver, Ahead: o.ahead, Trust: o.Trust, At: o.At, Now: o.Now,
		ClientIP: o.ClientIP, Helo: o.Helo, MailFrom: o.MailFrom, Rcpt: o.Rcpt,
		HeadersOnly: o.HeadersOnly || mended.Has(paste.Surroundings), Repair: o.Repair, Copy: copyOf(mended), Lean: o.lean(),
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
	if !o.lean() {
		r.Fix = fix.Report(r)
		if r.Receiver = receiver.Notes(f); len(r.Receiver) > 0 {
			if t := receiver.Story(r.Receiver, r.Verdict); len(t) > 0 {
				r.ReceiverSummary = &report.Reason{Text: t.String(), Parts: t}
			}
		}
	}
	r.Source = report.Source{Path: o.Path, Index: o.Index, Kind: kind, Bytes: len(raw)}
	if kind == report.KindMessage && f.Body == headers.BodyMissing {
		r.Source.Kind = report.KindHeadersOnly
	}
	if o.CrossCheck && !f.Options.Copy.Inexact {
		r.CrossChecks = crossCheck(ctx, f, o.Resolver)
	}
	if depth < maxEmbeddedDepth {
		inside := func(what, part string, raw []byte, headersOnly bool) {
			sub, err := analyze(ctx, raw, Options{
				Resolver: o.Resolver, ahead: o.ahead, Now: f.At, Path: o.Path, Index: o.Index,
				HeadersOnly: headersOnly, Header: o.Header, Repair: o.Repair, Lean: o.lean(),
			}, report.KindEmbedded, depth+1)
			if err != nil {
				r.Gaps = append(r.Gaps, report.Gap{What: what + part, Why: err.Error()})
				return
			}
			sub.Source.Part = part
			r.Embedded = append(r.Embedded, *sub)
		}
		for _, p := range f.Embedded {
			inside("part ", p.Number, p.Raw, p.HeadersOnly())
		}
		for _, p := range o.Inside {
			inside("attachment ", p.Name, p.Raw, p.HeadersOnly)
		}
	}
	if c := f.Collected; c != nil {
		r.Collected = &report.Collected{Kind: c.Kind, Submitter: c.Submitter, Domain: c.Domain, Begin: c.Begin, End: c.End, Part: c.Part}
	}
	if !o.Carrier {
		r.Headline = headline(f, r)
	}
	return r, nil
}

// copyOf says how much a repaired text can bear.
func copyOf(m *paste.Mended) headers.Copy {
	c := headers.Copy{Inexact: !m.Exact(), Top: m.Top, Cut: m.Has(paste.CutTop) || m.Has(paste.CutBottom), Headless: m.Has(paste.CutTop)}
	for _, x := range m.Repairs {
		// A text that was only packed is the text.
		c.Mended = c.Mended || !x.Exact || x.Kind != paste.Encoding && x.Kind != paste.Container && x.Kind != paste.LineEnds
	}
	return c
}

// lean reports whether nobody needs the whole report: redaction finds in it what
// there is to hide, and a profile reads the answers.
func (o *Options) lean() bool { return o.Lean && o.Redact == nil && o.Profile == "" }

// Inside is a message attached to another.
type Inside struct {
	Name        string // of the attachment
	Raw         []byte
	HeadersOnly bool
}

// headline picks the carried message that is meant, nil where it is the carrier.
// A report of a receiver is about what it returns. Other mail is about what it
// carries only where it is not itself in doubt: whoever forges a message could
// put an honest one inside.
func headline(f *headers.Facts, r *report.Report) *int {
	best := -1
	for i := range r.Embedded {
		e := &r.Embedded[i]
		if len(e.Hops) > 0 && (best < 0 || len(r.Embedded[best].Hops) == 0) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	accused := slices.ContainsFunc(r.Findings, func(x report.Finding) bool { return x.Severity == report.High || x.Severity == report.Critical })
	switch {
	case f.IsReport(), f.IsBounce():
	case len(r.Hops) == 0: // never sent: a draft, a file that was put together
	case !accused && (r.Verdict.Status == report.Authenticated || r.Verdict.Status == report.Undetermined && f.LastRun() != nil && f.LastRun().Border < 0):
	default:
		return nil
	}
	return &best
}
