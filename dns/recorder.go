package dns

import (
	"context"
	"errors"
	"sync"
)

// DefaultMaxRecorded is how many questions a [Recorder] remembers.
const DefaultMaxRecorded = 100_000

// Recorder passes questions on and remembers what came back. The zero value
// with a Resolver is ready for use. [Recorder.WriteTo] writes the recording,
// [ParseReplay] reads it.
type Recorder struct {
	Resolver Resolver
	// Max is how many questions are remembered, zero is DefaultMaxRecorded.
	// The rest are answered and counted.
	Max int

	mu      sync.Mutex
	index   map[Question]int
	list    []Recorded
	dropped int
}

// Recorded is a question and what came back: Answer, or Err where that is not
// nil.
type Recorded struct {
	Name   string
	Type   Type
	Answer Answer
	Err    *Error
}

// Lookup asks the resolver.
func (r *Recorder) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	a, err := OrOff(r.Resolver).Lookup(ctx, name, t)
	if err == nil {
		r.keep(Recorded{Name: Canonical(name), Type: t, Answer: a})
		return a, nil
	}
	var failed *Error
	if errors.As(err, &failed) {
		r.keep(Recorded{Name: Canonical(name), Type: t, Err: failed})
	}
	return a, err
}

// AtOnce tells [AtOnce].
func (r *Recorder) AtOnce() bool { return AtOnce(OrOff(r.Resolver)) }

// keep remembers the first outcome of a question. Only an answer takes the
// place of a failure.
func (r *Recorder) keep(rec Recorded) {
	q := Question{rec.Name, rec.Type}
	limit := r.Max
	if limit <= 0 {
		limit = DefaultMaxRecorded
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if i, ok := r.index[q]; ok {
		if have := r.list[i].Err; have != nil && (rec.Err == nil || !have.Asked() && rec.Err.Asked()) {
			r.list[i] = rec
		}
		return
	}
	if len(r.list) >= limit {
		r.dropped++
		return
	}
	if r.index == nil {
		r.index = make(map[Question]int)
	}
	r.index[q] = len(r.list)
	r.list = append(r.list, rec)
}

// Answers returns what was recorded, in the order of the first asking.
func (r *Recorder) Answers() []Recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Recorded(nil), r.list...)
}

// Dropped returns how many times a question came that is not remembered,
// because there were more than Max.
func (r *Recorder) Dropped() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dropped
}
