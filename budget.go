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
// of a header are the sender's choice, and can lead to servers that
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
	all      []*asking                // in the order of the asking
	index    map[dns.Question]*asking // of all, where they are many
	room     []asking                 // for the next ones
	heard    []heard                  // what came back to Lookup, in that order
	refused  map[dns.Question]int     // places in heard of questions that were not put
	bytes    int
	ahead    int
	answers  int
	timeouts int
	// zones counts by zoneOf, from the first time-out on: before, nobody asks.
	zones map[string]*tally
}

// asking is a question under way, or its outcome once it is finished.
type asking struct {
	question dns.Question
	finished bool          // under the lock of the budget
	done     chan struct{} // closed then; nil where nobody waits
	ans      dns.Answer
	err      error
	noted    bool // in heard
	answered bool // counted as an answer; under the lock of the budget
}

// heard is a question and what came back: that of asking, or err where it was not
// put or not waited for.
type heard struct {
	*asking
	question dns.Question
	err      error
}

type tally struct{ answers, timeouts int }

// manyAsked is from how many questions on they are found by a map.
const manyAsked = 32

func newBudget(limit context.Context, res dns.Resolver) *budget {
	b := &budget{res: timed{res, limit}, limit: limit}
	if dns.AtOnce(res) {
		b.res = res // there is no waiting to be cut short
	}
	return b
}

// Lookup implements dns.Resolver.
func (b *budget) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	q := dns.Question{Name: dns.Canonical(name), Type: t}
	a, own, err := b.enter(q)
	if err != nil {
		b.unheard(q, err)
		return dns.Answer{}, err
	}
	if own {
		b.ask(ctx, a, name)
	} else if done := b.pending(a); done != nil {
		select {
		case <-done:
		case <-ctx.Done():
			err := dns.CancelledBy(ctx, name, t)
			b.unheard(q, err)
			return dns.Answer{}, err
		}
	}
	b.hear(a)
	return a.ans, a.err
}

// AtOnce tells [dns.AtOnce].
func (b *budget) AtOnce() bool { return dns.AtOnce(b.res) }

// find returns a question that was asked before. The lock is held.
func (b *budget) find(q dns.Question) *asking {
	if b.index != nil {
		return b.index[q]
	}
	for _, a := range b.all {
		if a.question == q {
			return a
		}
	}
	return nil
}

// enter finds the question, or makes it the caller's to ask.
func (b *budget) enter(q dns.Question) (a *asking, own bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := b.find(q); a != nil {
		return a, false, nil
	}
	refuse := func(f dns.Failure, why error) error {
		return &dns.Error{Name: q.Name, Type: q.Type, Failure: f, Err: why}
	}
	var z *tally
	if b.zones != nil {
		z = b.zones[zoneOf(q.Name)]
	}
	switch {
	case len(b.all) >= MaxQuestions:
		return nil, false, refuse(dns.Cancelled, errQuestions)
	case b.bytes > MaxAnswerBytes:
		return nil, false, refuse(dns.Cancelled, errAnswers)
	case b.answers == 0 && b.timeouts >= deadAfter:
		return nil, false, refuse(dns.Timeout, errDead)
	case z != nil && z.answers == 0 && z.timeouts >= deadZone:
		return nil, false, refuse(dns.Timeout, errDeadZone)
	}
	if len(b.room) == 0 {
		b.room = make([]asking, 8)
	}
	a, b.room = &b.room[0], b.room[1:]
	a.question = q
	b.all = append(b.all, a)
	switch {
	case b.index != nil:
		b.index[q] = a
	case len(b.all) == manyAsked:
		b.index = make(map[dns.Question]*asking, 2*manyAsked)
		for _, x := range b.all {
			b.index[x.question] = x
		}
	}
	return a, true, nil
}

// pending is what ends the waiting for a question, nil where it is finished.
func (b *budget) pending(a *asking) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a.finished {
		return nil
	}
	if a.done == nil {
		a.done = make(chan struct{})
	}
	return a.done
}

// hear remembers the outcome of a question that Lookup returns, once. Only an
// answer, or a server's failure, takes the place of a question that was not put.
func (b *budget) hear(a *asking) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a.noted {
		return
	}
	a.noted = true
	x := heard{asking: a, question: a.question, err: a.err}
	i, before := b.refused[a.question]
	switch {
	case !before:
		b.heard = append(b.heard, x)
	case a.err == nil || !wasAsked(b.heard[i].err) && wasAsked(a.err):
		b.heard[i] = x
	}
}

// unheard remembers that a question was not put, or not waited for.
func (b *budget) unheard(q dns.Question, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := b.find(q); a != nil && a.noted {
		return
	}
	x := heard{question: q, err: err}
	if i, before := b.refused[q]; before {
		if !wasAsked(b.heard[i].err) && wasAsked(err) {
			b.heard[i] = x
		}
		return
	}
	if len(b.heard) >= maxHeard {
		return
	}
	if b.refused == nil {
		b.refused = map[dns.Question]int{}
	}
	b.refused[q] = len(b.heard)
	b.heard = append(b.heard, x)
}

// maxHeard bounds what is remembered: a question that is not put costs nothing,
// and a message can lead to many.
const maxHeard = 100 * MaxQuestions

func wasAsked(err error) bool {
	var de *dns.Error
	return errors.As(err, &de) && de.Asked()
}

// size is how many questions each has.
func (b *budget) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.heard)
}

// each calls f with the questions that were asked for the message and what came
// back, in the order in which that came. An error is not an answer.
func (b *budget) each(f func(q dns.Question, a *dns.Answer, err *dns.Error)) {
	b.mu.Lock()
	list := b.heard
	b.mu.Unlock()
	for i := range list {
		x := &list[i]
		if x.err == nil {
			f(x.question, &x.ans, nil)
			continue
		}
		var de *dns.Error
		if errors.As(x.err, &de) {
			f(x.question, nil, de)
		}
	}
}

func (b *budget) ask(ctx context.Context, a *asking, name string) {
	returned := false
	defer func() {
		if !returned { // the resolver panicked
			a.err = &dns.Error{Name: name, Type: a.question.Type, Failure: dns.Cancelled}
		}
		b.finish(a)
	}()
	a.ans, a.err = b.res.Lookup(ctx, name, a.question.Type)
	returned = true
}

// finish counts an outcome and lets those who wait for it go on.
func (b *budget) finish(a *asking) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a.finished = true
	if a.done != nil {
		close(a.done)
	}
	name := a.question.Name
	if a.err == nil {
		b.answered(a, name)
		for i := range a.ans.Records {
			r := &a.ans.Records[i]
			b.bytes += len(r.Text) + len(r.Data) + len(r.Host)
		}
		return
	}
	var de *dns.Error
	switch {
	case !errors.As(a.err, &de):
	case de.Failure == dns.Timeout || de.Failure == dns.Unreachable:
		if b.timeouts++; b.zones == nil {
			b.zones = map[string]*tally{}
			for _, other := range b.all {
				if other.answered {
					b.zone(other.question.Name).answers++
				}
			}
		}
		b.zone(name).timeouts++
	case de.Asked(): // an answer, if a bad one
		b.answered(a, name)
	}
}

// answered counts an answer.
func (b *budget) answered(a *asking, name string) {
	b.answers++
	a.answered = true
	if b.zones != nil {
		b.zone(name).answers++
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
// nothing are under way at the same time. Nobody waits for it here; then gets the
// answer, where this asked for it.
func (b *budget) Ahead(name string, t dns.Type, then func(dns.Answer)) {
	b.mu.Lock()
	b.ahead++
	full := b.ahead > maxAhead
	b.mu.Unlock()
	if full {
		return
	}
	a, own, err := b.enter(dns.Question{Name: dns.Canonical(name), Type: t})
	if err == nil && own {
		b.work.Go(func() {
			b.ask(b.limit, a, name)
			if a.err == nil && then != nil {
				then(a.ans)
			}
		})
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
