package domain

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/report"
)

// errQuestions says that a bound of ours was hit.
var errQuestions = errors.New("more questions than one check asks")

// memory is the resolver of one check: each question is asked once, few at a
// time, and every outcome is kept, failures included. What the check rests on
// and what it could not find out are read from it at the end.
type memory struct {
	res   dns.Resolver
	slots chan struct{}

	mu      sync.Mutex
	entries map[dns.Question]*entry
}

type entry struct {
	done   chan struct{}
	answer dns.Answer
	err    error
}

func newMemory(res dns.Resolver) *memory {
	return &memory{res: dns.OrOff(res), slots: make(chan struct{}, MaxConcurrent), entries: map[dns.Question]*entry{}}
}

// Lookup implements dns.Resolver.
func (m *memory) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	q := dns.Question{Name: dns.Canonical(name), Type: t}
	m.mu.Lock()
	e := m.entries[q]
	if e != nil {
		m.mu.Unlock()
		<-e.done // its Lookup ends when ctx does, which is the same for all
		return e.answer, e.err
	}
	if len(m.entries) >= MaxQuestions {
		m.mu.Unlock()
		return dns.Answer{}, &dns.Error{Name: q.Name, Type: t, Failure: dns.Off, Err: errQuestions}
	}
	e = &entry{done: make(chan struct{})}
	m.entries[q] = e
	m.mu.Unlock()
	defer close(e.done)
	m.slots <- struct{}{}
	defer func() { <-m.slots }()
	e.answer, e.err = m.res.Lookup(ctx, q.Name, t)
	return e.answer, e.err
}

// full reports whether the bound on questions was hit.
func (m *memory) full() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.entries) >= MaxQuestions
}

// outcomes returns the answers and the questions without one, sorted.
func (m *memory) outcomes() (answers []report.DNSAnswer, gaps []report.Gap) {
	m.mu.Lock()
	defer m.mu.Unlock()
	questions := make([]dns.Question, 0, len(m.entries))
	for q := range m.entries {
		questions = append(questions, q)
	}
	slices.SortFunc(questions, func(a, b dns.Question) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return int(a.Type) - int(b.Type)
	})
	answers = make([]report.DNSAnswer, 0, len(questions))
	for _, q := range questions {
		e := m.entries[q]
		if e.err != nil {
			if !badName(e.err) {
				gaps = append(gaps, report.Gap{What: q.Name + " " + q.Type.String(), Why: why(e.err)})
			}
			continue
		}
		a := report.DNSAnswer{Name: q.Name, Type: q.Type.String(), Status: string(e.answer.Status),
			Values: make([]string, 0, len(e.answer.Records)), TTL: e.answer.TTL,
			Authenticated: e.answer.Authenticated, Server: e.answer.Server}
		for _, r := range e.answer.Records {
			a.Values = append(a.Values, value(&r))
		}
		answers = append(answers, a)
	}
	return answers, gaps
}

func value(r *dns.Record) string {
	if r.Type == dns.TypeTXT || r.Type == dns.TypeSPF && r.Text != "" {
		return r.Text
	}
	return r.Data
}

// reply is what one question gave.
type reply struct {
	dns.Answer
	gap bool // no answer: nothing may be concluded
	bad bool // the name cannot be asked for, so nothing is there
	why string
}

// none reports a proof that there is no such record.
func (r *reply) none() bool { return !r.gap && len(r.Records) == 0 }

// state is StatePresent, StateAbsent or StateUnknown.
func (r *reply) state() string {
	switch {
	case r.gap:
		return report.StateUnknown
	case len(r.Records) == 0:
		return report.StateAbsent
	}
	return report.StatePresent
}

func (c *checker) ask(name string, t dns.Type) reply {
	ans, err := c.mem.Lookup(c.ctx, name, t)
	switch {
	case err == nil:
		return reply{Answer: ans}
	case badName(err):
		return reply{bad: true}
	}
	return reply{gap: true, why: why(err)}
}

func badName(err error) bool {
	var e *dns.Error
	return errors.As(err, &e) && e.Failure == dns.BadName
}

// notAnswered is why a question was not answered.
func notAnswered(err error) string { return why(err) }

// why is the reason of a failed question in a few words.
func why(err error) string {
	var e *dns.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	s := string(e.Failure)
	switch {
	case errors.Is(err, errQuestions):
		s = errQuestions.Error()
	case e.Server != "":
		s += ", " + e.Server
	}
	return s
}
