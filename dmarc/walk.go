package dmarc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/internal/memo"
)

// records keeps what was read: one message asks for the same record several times,
// and an archive again and again. Nobody changes them.
var records memo.Memo[*Record]

// MaxQueries is how many records one tree walk asks for (RFC 9989 §4.10).
const MaxQueries = 8

// prober asks for DMARC records and remembers the answers, so that the walks of
// one evaluation ask each name once.
type prober struct {
	ctx   context.Context
	res   dns.Resolver
	lists Suffixes
	known []step
	// existsUnknown says that np= may apply, but that the servers did not say
	// whether the From domain exists.
	existsUnknown bool
}

// probe is what stands at one _dmarc name.
type probe struct {
	record  *Record // nil where there is no usable answer
	several bool    // more than one record, all discarded
	invalid []string
	answer  string // for Query
	err     error  // the resolver's, kept so that a server that fails is asked once
}

func newProber(ctx context.Context, res dns.Resolver, lists Suffixes) *prober {
	if lists == nil {
		lists = builtin{}
	}
	return &prober{ctx: ctx, res: dns.OrOff(res), lists: lists}
}

// at asks for the record of domain. The error is the resolver's.
func (p *prober) at(domain string) (probe, error) {
	for i := range p.known { // few
		if p.known[i].domain == domain {
			return p.known[i].probe, p.known[i].err
		}
	}
	got := ask(p.ctx, p.res, "_dmarc."+domain)
	p.known = append(p.known, step{domain, got})
	return got, got.err
}

// ask asks for the DMARC record at a name and selects among the TXT records
// (RFC 9989 §4.10 step 2): those without v=DMARC1 in front are not DMARC
// records, and of several all are discarded.
func ask(ctx context.Context, res dns.Resolver, name string) probe {
	texts, answer, err := txt(ctx, res, name)
	if err != nil || len(texts) == 0 {
		return probe{answer: answer, err: err}
	}
	var got probe
	found := 0
	for _, t := range texts {
		r := records.Get(t, ParseRecord)
		if r.IsDMARC() {
			found++
			got.record = r
		} else if _, has := r.Tag("v"); has && strings.Contains(strings.ToLower(t), "dmarc") {
			got.invalid = append(got.invalid, t)
		}
	}
	switch {
	case found == 1:
		got.answer = got.record.Raw
	case found > 1:
		got.record, got.several = nil, true
		got.invalid = got.invalid[:0]
		for _, t := range texts {
			if strings.Contains(strings.ToLower(t), "dmarc1") {
				got.invalid = append(got.invalid, t)
			}
		}
		got.answer = fmt.Sprintf("%d records, discarded", found)
	case len(got.invalid) > 0:
		got.answer = "no valid record: " + got.invalid[0]
	default:
		got.answer = "TXT records, but none for DMARC"
	}
	return got
}

// txt asks for TXT records, with the answer in words where there are none. A
// name too long for the DNS holds none.
func txt(ctx context.Context, res dns.Resolver, name string) (texts []string, answer string, err error) {
	if len(name) > mailname.MaxName {
		return nil, "not asked: the name is too long for the DNS", nil
	}
	a, err := res.Lookup(ctx, name, dns.TypeTXT)
	if err != nil {
		var de *dns.Error
		if errors.As(err, &de) {
			if de.Failure == dns.BadName {
				return nil, "not asked: no name that the DNS can hold", nil
			}
			return nil, "no answer: " + string(de.Failure), err
		}
		return nil, "no answer", err
	}
	switch a.Status {
	case dns.NXDomain:
		return nil, "no such name", nil
	case dns.NoData:
		return nil, "no TXT record", nil
	}
	if texts = a.Texts(); len(texts) == 0 {
		answer = "no TXT record"
	}
	return texts, answer, nil
}

// step is one name of a walk and what was found there.
type step struct {
	domain string
	probe
}

// walk is the DNS tree walk of RFC 9989 §4.10 from a domain up, the domain
// itself included. It returns the steps made, also with an error.
func (p *prober) walk(domain string) ([]step, error) {
	steps := make([]step, 0, MaxQueries)
	for at := domain; at != ""; {
		got, err := p.at(at)
		steps = append(steps, step{at, got})
		if err != nil {
			return steps, err
		}
		// §4.10 steps 2 and 6.
		if r := got.record; r != nil && (r.PSD == "n" || r.PSD == "y") {
			return steps, nil
		}
		// §4.10 step 4. After it names have at most 7 labels, so that 8
		// questions are the most.
		if labels(at) >= MaxQueries {
			at = rightmost(at, MaxQueries-1)
		} else {
			at = mailname.Parent(at)
		}
	}
	return steps, nil
}

// organisation selects the organisational domain from a walk (RFC 9989
// §4.10.2).
func organisation(steps []step) string {
	start := steps[0].domain
	org := start
	for _, s := range steps {
		switch {
		case s.record == nil:
		case s.record.PSD == "n":
			return s.domain
		case s.record.PSD == "y" && s.domain != start:
			return rightmost(start, labels(s.domain)+1)
		default:
			org = s.domain
		}
	}
	return org
}

// org returns the organisational domain of a normal name, and the rule of the
// private section that decided, if one did.
func (p *prober) org(domain string, m Method) (org, private string, err error) {
	if m == RFC7489 {
		org, private = registrable(p.lists, domain)
		if org == "" {
			// RFC 7489 §3.2 gives no organisational domain to a public
			// suffix; it stands for itself.
			org = domain
		}
		return org, private, nil
	}
	steps, err := p.walk(domain)
	if err != nil {
		return "", "", err
	}
	return organisation(steps), "", nil
}

// exists asks whether a name exists: it does unless the answer is NXDOMAIN (RFC
// 9989 §3.2.13, in the sense of RFC 8020).
func (p *prober) exists(domain string) (bool, error) {
	a, err := p.res.Lookup(p.ctx, domain, dns.TypeA)
	if err != nil {
		var de *dns.Error
		if errors.As(err, &de) && de.Failure == dns.BadName {
			return false, nil
		}
		return false, err
	}
	return a.Status != dns.NXDomain, nil
}

// asked reports whether an error is a server's failure: a temporary error in
// the sense of the standards, and not one of ours.
func asked(err error) bool {
	var de *dns.Error
	return errors.As(err, &de) && de.Asked()
}
