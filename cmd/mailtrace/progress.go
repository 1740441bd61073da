package main

import (
	"fmt"
	"io"
	"time"
)

// redraw is the least time between two pictures of the meter.
const redraw = 200 * time.Millisecond

// meter shows how many messages are done, on one line of standard error that
// it writes again and again. The number of messages is not known before the
// end, so there is no bar. A nil meter shows nothing.
type meter struct {
	w     io.Writer
	now   func() time.Time
	start time.Time
	last  time.Time
	shown bool
}

func (c *cli) meter(a *analysis) *meter {
	if a.progress == "never" || a.progress == "auto" && (a.quiet || c.terminal(c.stderr) == 0) {
		return nil
	}
	now := c.now()
	return &meter{w: c.stderr, now: c.now, start: now, last: now}
}

func (m *meter) add(n int) {
	if m == nil {
		return
	}
	now := m.now()
	if now.Sub(m.last) < redraw {
		return
	}
	m.last, m.shown = now, true
	rate := float64(n) / now.Sub(m.start).Seconds()
	fmt.Fprintf(m.w, "\r\x1b[K%d messages, %.0f a second", n, rate)
}

// clear takes the line away before something else is written.
func (m *meter) clear() {
	if m != nil && m.shown {
		fmt.Fprint(m.w, "\r\x1b[K")
		m.shown = false
	}
}
