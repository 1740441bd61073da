package spf

import (
	"context"
	"fmt"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
)

// walker asks what Lint and Ranges need, each question once and
// MaxQuestions of them at most.
type walker struct {
	ctx     context.Context
	res     dns.Resolver
	answers map[question]*answer
	records map[string]*published
	gaps    []string
	full    bool // MaxQuestions was hit
	stopped bool // the context ended
}

type question struct {
	name string
	t    dns.Type
}

type answer struct {
	dns.Answer
	bad bool // the name cannot be asked for
	gap bool // no answer; it is in gaps
	err error
}

// void reports a negative answer.
func (a *answer) void() bool { return !a.gap && !a.bad && len(a.Records) == 0 }

func newWalker(ctx context.Context, res dns.Resolver) *walker {
	return &walker{ctx: ctx, res: dns.OrOff(res), answers: map[question]*answer{}, records: map[string]*published{}}
}

func (w *walker) ask(name string, t dns.Type) *answer {
	q := question{name, t}
	if a := w.answers[q]; a != nil {
		return a
	}
	a := &answer{}
	w.answers[q] = a
	switch {
	case !askable(name):
		a.bad = true
		return a
	case w.stopped:
		a.gap = true
		return a
	case len(w.answers) > MaxQuestions:
		a.gap = true
		delete(w.answers, q) // the map stays bounded too
		if !w.full {
			w.full = true
			w.gaps = append(w.gaps, fmt.Sprintf("%s %s: more than %d questions; no more are asked", name, t, MaxQuestions))
		}
		return a
	}
	ans, err := w.res.Lookup(w.ctx, name, t)
	a.Answer = ans
	if err == nil {
		return a
	}
	a.Answer = dns.Answer{}
	if bad, _ := failure(err); bad {
		a.bad = true
		return a
	}
	a.gap, a.err = true, err
	w.stopped = w.ctx.Err() != nil
	w.gaps = append(w.gaps, name+" "+t.String()+": "+why(err))
	return a
}

// published is what a domain publishes.
type published struct {
	domain string
	record *Record // nil where there is not exactly one record
	errs   []Note
	// problem is why there is no record to use, "" where there is one.
	problem string
	code    Reason
	void    bool // the question was a void lookup
	gap     bool
	seen    bool // for Lint
}

// fetch gets the record of a domain (RFC 7208 §4.3 to §4.6).
func (w *walker) fetch(domain string) *published {
	if p := w.records[domain]; p != nil {
		return p
	}
	p := &published{domain: domain}
	if len(w.records) < MaxQuestions {
		w.records[domain] = p
	}
	if !checkable(domain) {
		p.problem, p.code = notDomain(domain), ReasonNoDomain
		return p
	}
	a := w.ask(domain, dns.TypeTXT)
	if a.gap {
		p.gap = true
		return p
	}
	if a.bad {
		p.problem, p.code = notDomain(domain), ReasonNoDomain
		return p
	}
	p.void = a.void()
	text, n := "", 0
	for i := range a.Records {
		if t := a.Records[i].Text; IsRecord(t) {
			text = t
			n++
		}
	}
	switch {
	case a.Status == dns.NXDomain:
		p.problem, p.code = domain+" does not exist", ReasonNXDomain
	case n == 0:
		p.problem, p.code = domain+" has no SPF record", ReasonNoRecord
	case n > 1:
		p.problem, p.code = fmt.Sprintf("%s has %d SPF records; only one is allowed", domain, n), ReasonMultiple
	case len(text) > MaxRecord:
		p.problem, p.code = fmt.Sprintf("the record of %s has %d bytes; the bound is %d", domain, len(text), MaxRecord), ReasonRecordTooLong
	default:
		p.record, p.errs = parsed(text)
	}
	return p
}

// staticName expands a domain-spec that does not depend on the message: %{d},
// and %{o} taken as the domain that is looked at. ok is false for others.
func staticName(t *Term, domain, origin string) (name string, ok bool) {
	if t.Spec == "" {
		return domain, true
	}
	for s := t.Spec; ; {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			break
		}
		m, n, problem := readMacro(s[i:])
		if problem != "" || isAlpha(m.letter) && m.letter != 'd' && m.letter != 'o' {
			return "", false
		}
		s = s[i+n:]
	}
	v := values{domain: domain, origin: origin}
	s, ok, _ := v.expand(t.Spec)
	return escaped(targetName(s)), ok
}
