package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/mailtrace/mailtrace/render"
)

// patience is how long a run is silent before it says what it waits for.
const patience = time.Second

// waiting says on a terminal what takes so long, once, and takes the line away
// when it is over.
func (c *cli) waiting(a *analysis, what string) (over func()) {
	if a.progress == "never" || a.progress == "auto" && (a.quiet || c.terminal(c.stderr) == 0) {
		return func() {}
	}
	var mu sync.Mutex
	done, shown := false, false
	t := time.AfterFunc(patience, func() {
		mu.Lock()
		defer mu.Unlock()
		if !done {
			fmt.Fprintf(c.stderr, "\r\x1b[K%s (at most %s, Ctrl-C ends it)", render.Clean(what), a.limit)
			shown = true
		}
	})
	return func() {
		t.Stop()
		mu.Lock()
		defer mu.Unlock()
		done = true
		if shown {
			fmt.Fprint(c.stderr, "\r\x1b[K")
		}
	}
}
