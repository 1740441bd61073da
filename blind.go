package mailtrace

import (
	"context"
	"errors"
	"fmt"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/report"
)

// errTimeLimit is why questions behind Options.TimeLimit get no answer.
var errTimeLimit = errors.New("the time limit was reached")

// timed ends questions at a common time; what else there is to do goes on.
type timed struct {
	dns.Resolver
	limit context.Context
}

// Lookup implements dns.Resolver.
func (t timed) Lookup(ctx context.Context, name string, typ dns.Type) (dns.Answer, error) {
	if t.limit.Err() != nil {
		return dns.Answer{}, &dns.Error{Name: name, Type: typ, Failure: dns.Cancelled, Err: context.Cause(t.limit)}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(t.limit, func() { cancel(context.Cause(t.limit)) })()
	return t.Resolver.Lookup(ctx, name, typ)
}

// sight is what came of the questions of an analysis.
type sight struct {
	failed, answered, records int
	server                    string
}

func look(b *budget) sight {
	var s sight
	b.each(func(_ dns.Question, a *dns.Answer, err *dns.Error) {
		switch {
		case err == nil:
			s.answered++
			if len(a.Records) > 0 {
				s.records++
			}
		case err.Failure == dns.Timeout, err.Failure == dns.Unreachable, err.Failure == dns.Refused, err.Failure == dns.Cancelled:
			s.failed++
			if err.Server != "" {
				s.server = err.Server
			}
		}
	})
	return s
}

// blind says why the answers of the reader's own resolver are not answers, ""
// where they are. A resolver that answers nothing, denies all names, or gives an
// address for every name would else turn into the sender's fault.
func blind(ctx context.Context, o Options, s sight) string {
	if o.Probe == nil {
		return ""
	}
	if s.failed > 0 && s.answered == 0 {
		who := "the name server"
		if s.server != "" {
			who += " " + s.server
		}
		return fmt.Sprintf("%s answered none of %d questions: that is your own resolver, not the sender's; --dns IP names another", who, s.failed)
	}
	if s.answered == 0 {
		return ""
	}
	return o.Probe(ctx, s.records > 0)
}

// withoutDNS analyses again with what the message says alone, where the DNS gave
// nothing to go by: all of it where its answers are not to be believed, else
// where more can be said without.
func withoutDNS(ctx context.Context, raw []byte, o Options, r *report.Report, b *budget) *report.Report {
	s := look(b)
	why := blind(ctx, o, s)
	open := r.Subject().Verdict.Status == report.Undetermined && r.Subject().Verdict.RootCause == nil
	if why == "" && (s.failed == 0 || !open) {
		return r
	}
	o.Resolver, o.ahead = dns.Disabled{}, nil
	off, err := analyze(ctx, raw, o, report.KindMessage, 0)
	if err != nil || why == "" && off.Subject().Verdict.RootCause == nil {
		return r
	}
	if why != "" {
		blame(off, why)
		return off
	}
	off.Gaps = append(off.Gaps, r.Gaps...)
	return off
}

// blame writes down why the DNS was of no use, in place of "switched off".
func blame(r *report.Report, why string) {
	found := false
	for i := range r.Gaps {
		if r.Gaps[i].What == "DNS" {
			r.Gaps[i].Why, found = why, true
		}
	}
	if !found {
		r.Gaps = append(r.Gaps, report.Gap{What: "DNS", Why: why})
	}
	for i := range r.Embedded {
		blame(&r.Embedded[i], why)
	}
}
