package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// redraw is the least time between two pictures of the meter.
	redraw = 200 * time.Millisecond
	// barWidth is the width of its bar in columns.
	barWidth = 24
	// maxSized bounds the files that are looked at to know how much there is to
	// do.
	maxSized = 200_000
)

// meter shows how much is done, on one line of standard error that it writes
// again and again. A nil meter shows nothing.
type meter struct {
	w     io.Writer
	now   func() time.Time
	start time.Time
	last  time.Time
	shown bool
	width int    // columns of the terminal, 0 where it is not known
	unit  string // "messages", "domains"
	total int64  // of what is worked off: bytes, or units; -1 where it is not known
	items bool   // total counts units
	done  int64
}

// meter makes the meter for a command; nil where none is wanted. what is not
// asked, unless there is one: it says how much there is to do.
func (c *cli) meter(progress string, quiet bool, unit string, total func() (n int64, items bool)) *meter {
	width := c.terminal(c.stderr)
	if progress == "never" || progress == "auto" && (quiet || width == 0) {
		return nil
	}
	m := &meter{w: c.stderr, now: c.now, unit: unit, width: width}
	m.total, m.items = total()
	m.start = c.now()
	m.last = m.start
	return m
}

// add says that n units are done, and that more of the total is; tail is
// what there is to say beside.
func (m *meter) add(n int, more int64, tail string) {
	if m == nil {
		return
	}
	m.done += more
	now := m.now()
	if now.Sub(m.last) < redraw {
		return
	}
	m.last, m.shown = now, true
	line := m.text(n, now)
	if tail != "" {
		line += ", " + tail
	}
	if m.width > 1 && len(line) >= m.width {
		line = line[:m.width-1] // a line that wraps could not be taken back
	}
	fmt.Fprintf(m.w, "\r\x1b[K%s", line)
}

// text is the line after n units.
func (m *meter) text(n int, now time.Time) string {
	spent := now.Sub(m.start).Seconds()
	rate := float64(n) / spent
	if m.total < 0 {
		return fmt.Sprintf("%d %s, %.0f a second", n, m.unit, rate)
	}
	done, count := min(m.done, m.total), fmt.Sprintf("%d %s, %d %%", n, m.unit, 100*min(m.done, m.total)/max(m.total, 1))
	if m.items {
		done, count = int64(n), fmt.Sprintf("%d of %d %s", n, m.total, m.unit)
	}
	full := int(barWidth * done / max(m.total, 1))
	line := fmt.Sprintf("[%s%s] %s, %.0f a second", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), count, rate)
	if done > 0 {
		left := time.Duration(float64(m.total-done) / float64(done) * spent * float64(time.Second)).Round(time.Second)
		line += ", " + left.String() + " left"
	}
	return line
}

// clear takes the line away before something else is written.
func (m *meter) clear() {
	if m != nil && m.shown {
		fmt.Fprint(m.w, "\r\x1b[K")
		m.shown = false
		m.last = time.Time{} // it comes back with the next one
	}
}

// sizeOf is how many bytes there are to read below paths, -1 where that is not
// known: of a stream, or of more files than are looked at.
func sizeOf(paths []string) int64 {
	total, files := int64(0), 0
	for _, p := range paths {
		err := filepath.WalkDir(p+string(filepath.Separator), func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil
			}
			if files++; files > maxSized {
				return fs.SkipAll
			}
			if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
				total += info.Size()
			}
			return nil
		})
		if info, e := os.Stat(p); p == "-" || e != nil || files > maxSized || err != nil || !info.IsDir() && !info.Mode().IsRegular() {
			return -1
		} else if !info.IsDir() {
			total += info.Size()
		}
	}
	return total
}
