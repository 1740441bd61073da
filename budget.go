package mailtrace

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/headers/services"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// The budget of one message, with all messages inside it. Names and addresses
// of a header are the sender's choice, and he can lead them to servers that
// never answer.
const (
	// DefaultTimeLimit is how long answers of the DNS are waited for where
	// Options.TimeLimit is 0, from the start of the analysis.
	DefaultTimeLimit = 10 * time.Second
	// MaxQuestions is how many questions are asked.
	MaxQuestions = 1000
	// MaxAnswerBytes is how much is taken of all answers together.
	MaxAnswerBytes = 8 << 20
	// maxAhead is how many questions are asked before they are needed.
	maxAhead = 64
	// deadAfter is after how many time-outs a resolver that has not answered
	// once is asked no more, and deadZone the same for the names of one
	// organisation.
	deadAfter = 3
	deadZone  = 2
)

var (
	errQuestions = fmt.Errorf("not asked: more than %d questions for one message", MaxQuestions)
	errAnswers   = fmt.Errorf("not asked: the answers for one message hold more than %d MB", MaxAnswerBytes>>20)
	errDead      = errors.New("not asked again: the server answered nothing so far")
	errDeadZone  = errors.New("not asked again: nothing below this domain was answered so far")
)

// budget asks every question of one message once, and no more than the message
// may cost. The engines ask independently of one another, and a report must not
// rest on two different answers to the same question.
type budget struct {
	res   dns.Resolver
	limit context.Context // ends with the time limit
	work  guard.Group     // questions asked ahead

	mu       sync.Mutex
	asked    map[dns.Question]*asking
	bytes    int
	ahead    int
	answers  int
	timeouts int
	// zones counts by zoneOf, from the first time-out on: before, nobody asks.
	zones map[string]*tally
}

// asking is a question under way, or its outcome once done is closed.
type asking struct {
	done     chan struct{}
	ans      dns.Answer
	err      error
	answered bool // counted as an answer; under the lock of the budget
}

type tally struct{ answers, timeouts int }

func newBudget(limit context.Context, res dns.Resolver) *budget {
	b := &budget{res: timed{res, limit}, limit: limit, asked: make(map[dns.Question]*asking, 32)}
	if dns.AtOnce(res) {
		b.res = res // there is no waiting to be cut short
	}
	return b
}

// Lookup implements dns.Resolver.
func (b *budget) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	a, own, err := b.enter(name, t)
	if err != nil {
		return dns.Answer{}, err
	}
	if own {
		b.ask(ctx, a, name, t)
		return a.ans, a.err
	}
	select {
	case <-a.done:
		return a.ans, a.err
	case <-ctx.Done():
		return dns.Answer{}, dns.CancelledBy(ctx, name, t)
	}
}

// AtOnce tells [dns.AtOnce].
func (b *budget) AtOnce() bool { return dns.AtOnce(b.res) }

// enter finds the question, or makes it the caller's to ask.
func (b *budget) enter(name string, t dns.Type) (a *asking, own bool, err error) {
	q := dns.Question{Name: dns.Canonical(name), Type: t}
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := b.asked[q]; a != nil {
		return a, false, nil
	}
	refuse := func(f dns.Failure, why error) error {
		return &dns.Error{Name: q.Name, Type: t, Failure: f, Err: why}
	}
	var z *tally
	if b.zones != nil {
		z = b.zones[zoneOf(q.Name)]
	}
	switch {
	case len(b.asked) >= MaxQuestions:
		return nil, false, refuse(dns.Cancelled, errQuestions)
	case b.bytes > MaxAnswerBytes:
		return nil, false, refuse(dns.Cancelled, errAnswers)
	case b.answers == 0 && b.timeouts >= deadAfter:
		return nil, false, refuse(dns.Timeout, errDead)
	case z != nil && z.answers == 0 && z.timeouts >= deadZone:
		return nil, false, refuse(dns.Timeout, errDeadZone)
	}
	a = &asking{done: make(chan struct{})}
	b.asked[q] = a
	return a, true, nil
}

func (b *budget) ask(ctx context.Context, a *asking, name string, t dns.Type) {
	defer close(a.done)
	a.err = &dns.Error{Name: name, Type: t, Failure: dns.Cancelled} // where the resolver panics
	a.ans, a.err = b.res.Lookup(ctx, name, t)
	b.mu.Lock()
	defer b.mu.Unlock()
	var de *dns.Error
	switch {
	case a.err == nil:
		b.answered(a, name)
		for i := range a.ans.Records {
			r := &a.ans.Records[i]
			b.bytes += len(r.Text) + len(r.Data) + len(r.Host)
		}
	case errors.As(a.err, &de) && (de.Failure == dns.Timeout || de.Failure == dns.Unreachable):
		if b.timeouts++; b.zones == nil {
			b.zones = map[string]*tally{}
			for q, other := range b.asked {
				if other.answered {
					b.zone(q.Name).answers++
				}
			}
		}
		b.zone(dns.Canonical(name)).timeouts++
	case errors.As(a.err, &de) && de.Asked(): // an answer, if a bad one
		b.answered(a, name)
	}
}

// answered counts an answer.
func (b *budget) answered(a *asking, name string) {
	b.answers++
	a.answered = true
	if b.zones != nil {
		b.zone(dns.Canonical(name)).answers++
	}
}

// zone is the count of a name's zone.
func (b *budget) zone(name string) *tally {
	key := zoneOf(name)
	z := b.zones[key]
	if z == nil {
		z = &tally{}
		b.zones[key] = z
	}
	return z
}

// Ahead asks a question that will be needed, so that those that depend on
// nothing are under way at the same time. Nobody waits for it here.
func (b *budget) Ahead(name string, t dns.Type) {
	b.mu.Lock()
	b.ahead++
	full := b.ahead > maxAhead
	b.mu.Unlock()
	if full {
		return
	}
	a, own, err := b.enter(name, t)
	if err == nil && own {
		b.work.Go(func() { b.ask(b.limit, a, name, t) })
	}
}

// zoneOf is the organisation below which a name stands: one owner can lead all
// its names to servers that never answer.
func zoneOf(name string) string {
	if rest, ok := strings.CutSuffix(name, ".in-addr.arpa"); ok {
		return services.LastLabels(rest, 2) + ".in-addr.arpa"
	}
	if rest, ok := strings.CutSuffix(name, ".ip6.arpa"); ok {
		return services.LastLabels(rest, 8) + ".ip6.arpa"
	}
	if org := mailname.Org(name); org != "" {
		return org
	}
	return services.LastLabels(name, 2)
}
