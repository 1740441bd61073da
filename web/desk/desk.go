// Package desk answers what is put on it: a message, a header, a name of a
// domain. It is what the local page and the page without a server have in
// common; how questions come in and answers go out is theirs.
//
// An answer comes in stages: the path, which needs no DNS, at once; then how
// many DNS questions are open; then all of it. What was answered is kept in
// memory, within bounds, so that it can be looked at again and saved.
//
// Not stable: it serves the pages of the program.
package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/domain"
	"github.com/mailtrace/mailtrace/redact"
	"github.com/mailtrace/mailtrace/render"
	"github.com/mailtrace/mailtrace/report"
)

// Bounds of a desk.
const (
	MaxInput  = 32 << 20 // bytes of one message
	maxKept   = 30       // answers kept
	maxTrust  = 32
	stepEvery = 80 * time.Millisecond // between two words on progress
)

// Options are what a desk takes from its machine.
type Options struct {
	// Resolver answers DNS questions where the question wants them; nil: none.
	Resolver dns.Resolver
	// Fetch and DNSSEC are those of [mailtrace.DomainOptions].
	Fetch  func(ctx context.Context, url string) (domain.Fetched, error)
	DNSSEC func(ctx context.Context, name string) (status, reason string)
	// Load makes header and body of what was dropped: an Outlook file, text.
	Load func(name string, raw []byte) (message []byte, headersOnly bool, err error)
	// Rules are the pages of the findings.
	Rules []render.Rule
	Now   func() time.Time
	// Limit is the time for one answer; 0 is a minute.
	Limit time.Duration
}

// Question is one thing put on the desk.
type Question struct {
	Name    string // of the file, "" for a paste
	Message []byte // nil for a domain
	Domain  string
	DNS     bool     // ask the DNS
	Trust   []string // my own servers, as --trust
}

// Kinds of an event.
const (
	EventPath  = "path"  // the answer without DNS
	EventDNS   = "dns"   // how the questions go
	EventDone  = "done"  // the whole answer
	EventError = "error" // there is none
)

// Event is one step of an answer.
type Event struct {
	Event   string `json:"event"`
	ID      int    `json:"id,omitempty"`   // of the answer, for File
	HTML    string `json:"html,omitempty"` // to be shown, made by package render
	Title   string `json:"title,omitempty"`
	Status  string `json:"status,omitempty"`
	Asked   int    `json:"asked,omitempty"`
	Waiting int    `json:"waiting,omitempty"`
	Last    string `json:"last,omitempty"` // question
	Text    string `json:"text,omitempty"` // of an error
	Hint    string `json:"hint,omitempty"`
	Millis  int64  `json:"ms"`
}

// Desk answers questions. Several goroutines may use it.
type Desk struct {
	o    Options
	mu   sync.Mutex
	next int
	kept []*answer
}

type answer struct {
	id      int
	message *report.Report
	domain  *report.Domain
	html    string
}

// New makes a desk.
func New(o Options) *Desk {
	if o.Limit == 0 {
		o.Limit = time.Minute
	}
	if o.Load == nil {
		o.Load = func(_ string, raw []byte) ([]byte, bool, error) { return raw, false, nil }
	}
	return &Desk{o: o, next: 1}
}

// Warm reads the tables and templates that the first answer would otherwise
// wait for, by answering a small message that nobody asked about. The answer
// is not kept.
func (d *Desk) Warm(ctx context.Context) {
	o := mailtrace.Options{Now: d.o.Now(), Header: true, Path: "-"}
	if r, err := mailtrace.AnalyzeBytes(ctx, []byte(warming), o); err == nil {
		_ = render.Fragment(io.Discard, r, render.Options{Rules: d.o.Rules})
	}
}

// warming is a failed message with a hop of each common kind in it.
const warming = `Received: from mx.meadow.example (10.0.0.2) by store.meadow.example (10.0.0.3) with
 Microsoft SMTP Server (TLS) id 14.3.123.3; Sat, 28 Nov 2026 10:00:03 +0000
Authentication-Results: store.meadow.example; spf=fail smtp.mailfrom=kelp.example;
 dkim=fail header.d=kelp.example; dmarc=fail header.from=kelp.example
Received: from out.kelp.example (out.kelp.example [192.0.2.1])
 by mx.meadow.example (Postfix) with ESMTPS id 4ABCDE for <b@meadow.example>;
 Sat, 28 Nov 2026 10:00:02 +0000 (UTC)
DKIM-Signature: v=1; a=rsa-sha256; d=kelp.example; s=s; h=From:Subject; bh=AAAA; b=AAAA
From: A <a@kelp.example>
To: b@meadow.example
Subject: =?utf-8?q?warm?=
Date: Sat, 28 Nov 2026 10:00:00 +0000
Message-ID: <1@kelp.example>

x
`

// Answer answers a question, step by step. emit is called from one goroutine
// at a time. When ctx ends, the answer ends where it is.
func (d *Desk) Answer(ctx context.Context, q Question, emit func(Event)) {
	start := d.o.Now()
	steps := &progress{emit: func(e Event) {
		e.Millis = d.o.Now().Sub(start).Milliseconds()
		emit(e)
	}, now: d.o.Now}
	fail := func(text, hint string) {
		steps.say(Event{Event: EventError, Text: render.Clean(text), Hint: render.Clean(hint)})
	}
	inner, cancel := context.WithTimeout(ctx, d.o.Limit)
	defer cancel()
	var res dns.Resolver
	if q.DNS && d.o.Resolver != nil {
		res = &counting{res: d.o.Resolver, steps: steps}
	}
	if q.Message == nil {
		d.answerDomain(ctx, inner, q, res, steps, fail)
		return
	}
	d.answerMessage(ctx, inner, q, res, steps, fail)
}

func (d *Desk) answerMessage(ctx, inner context.Context, q Question, res dns.Resolver, steps *progress, fail func(text, hint string)) {
	if len(q.Message) > MaxInput {
		fail(fmt.Sprintf("more than %d MB", MaxInput>>20), "mailtrace analyze takes larger messages")
		return
	}
	raw, headersOnly, err := d.o.Load(q.Name, q.Message)
	if err != nil {
		fail(err.Error(), hintOf(err))
		return
	}
	o := mailtrace.Options{Trust: q.Trust[:min(len(q.Trust), maxTrust)], Now: d.o.Now(), HeadersOnly: headersOnly, Header: true, Path: q.Name}
	if o.Path == "" {
		o.Path = "-"
	}
	r, err := mailtrace.AnalyzeBytes(inner, raw, o)
	if err != nil {
		hint := "paste the header of a message, with the lines that begin with Received"
		fail(err.Error(), hint)
		return
	}
	page, err := fragment(func(b *bytes.Buffer) error { return render.Fragment(b, r, render.Options{Rules: d.o.Rules}) })
	if err != nil {
		fail(err.Error(), "")
		return
	}
	if res != nil {
		steps.say(Event{Event: EventPath, HTML: page, Title: titleOf(r), Status: r.Verdict.Status})
		o.Resolver, o.CrossCheck = res, true
		r, err = mailtrace.AnalyzeBytes(inner, raw, o)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			fail(err.Error(), "")
			return
		}
		if page, err = fragment(func(b *bytes.Buffer) error { return render.Fragment(b, r, render.Options{Rules: d.o.Rules}) }); err != nil {
			fail(err.Error(), "")
			return
		}
	}
	id := d.keep(&answer{message: r, html: page})
	steps.say(Event{Event: EventDone, ID: id, HTML: page, Title: titleOf(r), Status: r.Verdict.Status, Asked: steps.count()})
}

func (d *Desk) answerDomain(ctx, inner context.Context, q Question, res dns.Resolver, steps *progress, fail func(text, hint string)) {
	if res == nil {
		fail("what a domain publishes stands in the DNS, and asking it is off", "switch on Ask the DNS")
		return
	}
	o := mailtrace.DomainOptions{Resolver: res, Now: d.o.Now(), Fetch: d.o.Fetch, DNSSEC: d.o.DNSSEC}
	r, err := mailtrace.CheckDomain(inner, q.Domain, o)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		fail(err.Error(), "a name such as example.com, or the header of a message")
		return
	}
	page, err := fragment(func(b *bytes.Buffer) error {
		return render.DomainFragment(b, r, render.DomainOptions{Options: render.Options{Rules: d.o.Rules}, Bulk: true})
	})
	if err != nil {
		fail(err.Error(), "")
		return
	}
	status := "fine"
	if len(r.Findings) > 0 {
		status = r.Findings[0].Severity
	}
	id := d.keep(&answer{domain: r, html: page})
	steps.say(Event{Event: EventDone, ID: id, HTML: page, Title: r.Domain, Status: status, Asked: steps.count()})
}

// hinted is an error that says what to do.
type hinted interface {
	error
	Hint() string
}

func hintOf(err error) string {
	if h, ok := errors.AsType[hinted](err); ok {
		return h.Hint()
	}
	return ""
}

func fragment(write func(*bytes.Buffer) error) (string, error) {
	var b bytes.Buffer
	err := write(&b)
	return b.String(), err
}

func titleOf(r *report.Report) string {
	if r.Message.Subject != "" {
		return shortened(render.Clean(r.Message.Subject))
	}
	if len(r.Message.From) > 0 {
		return shortened(render.Clean(r.Message.From[0].Address))
	}
	return "(no subject)"
}

func shortened(s string) string {
	const most = 80
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// keep puts an answer with the others and drops the oldest beyond the bound.
func (d *Desk) keep(a *answer) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	a.id = d.next
	d.next++
	d.kept = append(d.kept, a)
	if len(d.kept) > maxKept {
		d.kept = append([]*answer(nil), d.kept[len(d.kept)-maxKept:]...)
	}
	return a.id
}

// File is an answer in a form to be saved.
type File struct {
	Name, Type string
	Body       []byte
}

// ErrGone says that an answer is not kept any more, or has no such form.
var ErrGone = errors.New("no such answer is kept")

// File returns an answer as "json", "html", "svg", "dot" or "txt", or as
// "fragment" what its last event had. redacted hides people and the inner
// network.
func (d *Desk) File(id int, format string, redacted bool) (*File, error) {
	d.mu.Lock()
	var a *answer
	for _, k := range d.kept {
		if k.id == id {
			a = k
		}
	}
	d.mu.Unlock()
	if a == nil {
		return nil, ErrGone
	}
	if format == "fragment" {
		return &File{Name: "fragment.html", Type: "text/html; charset=utf-8", Body: []byte(a.html)}, nil
	}
	types := map[string]string{
		"json": "application/json", "html": "text/html; charset=utf-8", "svg": "image/svg+xml", "dot": "text/vnd.graphviz; charset=utf-8",
		"txt": "text/plain; charset=utf-8",
	}
	if types[format] == "" {
		return nil, ErrGone
	}
	var b bytes.Buffer
	name := "mailtrace-" + strconv.Itoa(id)
	named := format
	if named == "txt" {
		named = "text"
	}
	if a.domain != nil {
		f, ok := render.FormatNamed(report.DocDomain, named)
		if !ok {
			return nil, ErrGone
		}
		w := f.Domains(&b, render.DomainOptions{Options: render.Options{Rules: d.o.Rules}, Bulk: true, Suggest: true})
		if err := errors.Join(w.Domain(a.domain), w.Close()); err != nil {
			return nil, err
		}
		name += "-" + strings.Map(fileChar, a.domain.Domain)
	} else {
		r := a.message
		if redacted {
			r = redact.Report(r, redact.Options{})
			name += "-redacted"
		}
		f, ok := render.FormatNamed(report.DocMessage, named)
		if !ok {
			return nil, ErrGone
		}
		w := f.New(&b, render.Options{Rules: d.o.Rules})
		if err := errors.Join(w.Report(r), w.Close()); err != nil {
			return nil, err
		}
	}
	return &File{Name: name + "." + format, Type: types[format], Body: b.Bytes()}, nil
}

func fileChar(r rune) rune {
	if r == '.' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' {
		return r
	}
	return '_'
}

// progress says how an answer goes, not more often than anybody can read.
type progress struct {
	emit func(Event)
	now  func() time.Time

	mu             sync.Mutex
	asked, waiting int
	said           time.Time
}

func (p *progress) say(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.emit(e)
}

func (p *progress) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func (p *progress) step(asked, waiting int, last string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked += asked
	p.waiting += waiting
	if now := p.now(); now.Sub(p.said) >= stepEvery {
		p.said = now
		p.emit(Event{Event: EventDNS, Asked: p.asked, Waiting: p.waiting, Last: render.Clean(last)})
	}
}

// counting tells the progress of each question.
type counting struct {
	res   dns.Resolver
	steps *progress
}

// Lookup implements dns.Resolver.
func (c *counting) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	c.steps.step(1, 1, name+" "+t.String())
	defer c.steps.step(0, -1, name+" "+t.String())
	return c.res.Lookup(ctx, name, t)
}
