// Package bulk analyses many messages: it splits mailboxes, works on several
// messages at once while the results keep the order of the input, and counts
// what was found.
//
// Not stable yet, but for Run and Summary.
package bulk

import (
	"context"
	"iter"

	"github.com/mailtrace/mailtrace/internal/guard"
)

// window is how many results a worker may be ahead of the slowest one. It
// bounds what waits in memory.
const window = 4

// Run calls work for every item of in, on up to jobs goroutines, and hands the
// results to emit one after another in the order of in. jobs below 1 means 1.
// No more than window times jobs items are under way or waiting at any time.
//
// Run returns when everything is emitted, with the first error of emit or the
// error of the context. It then takes no more items, and waits for the work
// under way, whose context is cancelled.
//
// A panic of work ends the run too and comes up in the goroutine that called
// Run; where the others are to go on, work catches its own.
func Run[In, Out any](ctx context.Context, jobs int, in iter.Seq[In],
	work func(context.Context, In) Out, emit func(Out) error) error {
	jobs = max(jobs, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	type task struct {
		item In
		done chan Out
	}
	tasks := make(chan task)
	order := make(chan chan Out, window*jobs)
	var workers guard.Group
	for range jobs {
		workers.Go(func() {
			for t := range tasks {
				if err := guard.Run(func() { t.done <- work(ctx, t.item) }); err != nil {
					cancel()
					close(t.done)
					panic(err)
				}
			}
		})
	}
	workers.Go(func() {
		defer close(order)
		defer close(tasks)
		for item := range in {
			done := make(chan Out, 1)
			select {
			case order <- done:
			case <-ctx.Done():
				return
			}
			select {
			case tasks <- task{item, done}:
			case <-ctx.Done():
				// The place in the order is taken; nothing will come.
				close(done)
				return
			}
		}
	})

	var err error
	for done := range order {
		out, ok := <-done
		if !ok || err != nil {
			continue
		}
		if err = emit(out); err != nil {
			cancel()
		}
	}
	workers.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}

// RunUnordered is Run where the results come to emit as they are ready: one
// slow item holds nothing up. No more than twice jobs items are under way or
// waiting at any time.
func RunUnordered[In, Out any](ctx context.Context, jobs int, in iter.Seq[In],
	work func(context.Context, In) Out, emit func(Out) error) error {
	jobs = max(jobs, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	tasks, ready := make(chan In), make(chan Out, jobs)
	var makers guard.Group
	makers.Go(func() {
		defer close(tasks)
		for item := range in {
			select {
			case tasks <- item:
			case <-ctx.Done():
				return
			}
		}
	})
	for range jobs {
		makers.Go(func() {
			for item := range tasks {
				if err := guard.Run(func() { ready <- work(ctx, item) }); err != nil {
					cancel()
					panic(err)
				}
			}
		})
	}
	// Wait panics with the fault of a worker; it comes up below.
	var ended error
	var closer guard.Group
	closer.Go(func() {
		defer close(ready)
		ended = guard.Run(makers.Wait)
	})
	var err error
	for out := range ready {
		if err == nil {
			if err = emit(out); err != nil {
				cancel()
			}
		}
	}
	closer.Wait()
	if ended != nil {
		panic(ended)
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}
