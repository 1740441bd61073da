package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/report"
)

// barWidth is the width of the bar in columns.
const barWidth = 24

// bar shows how many domains are done, on one line of standard error that it
// writes again and again. A nil bar shows nothing.
type bar struct {
	w     io.Writer
	now   func() time.Time
	start time.Time
	last  time.Time
	total int // -1 where it is not known
	shown bool
}

func (c *cli) bar(k *checking, total int) *bar {
	if k.progress == "never" || k.progress == "auto" && (k.quiet && k.file == "" || total == 1 || c.terminal(c.stderr) == 0) {
		return nil
	}
	now := c.now()
	return &bar{w: c.stderr, now: c.now, start: now, last: now, total: total}
}

func (b *bar) add(n int) {
	if b == nil {
		return
	}
	now := b.now()
	if now.Sub(b.last) < redraw {
		return
	}
	b.last, b.shown = now, true
	fmt.Fprintf(b.w, "\r\x1b[K%s", b.text(n, now))
}

// text is the line after n domains.
func (b *bar) text(n int, now time.Time) string {
	rate := float64(n) / now.Sub(b.start).Seconds()
	if b.total < 0 {
		return fmt.Sprintf("%d domains, %.0f a second", n, rate)
	}
	full := barWidth * n / max(b.total, 1)
	line := fmt.Sprintf("[%s%s] %d of %d domains, %.0f a second", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), n, b.total, rate)
	if n > 0 {
		left := time.Duration(float64(b.total-n) / rate * float64(time.Second)).Round(time.Second)
		line += ", " + left.String() + " left"
	}
	return line
}

// clear takes the line away before something else is written.
func (b *bar) clear() {
	if b != nil && b.shown {
		fmt.Fprint(b.w, "\r\x1b[K")
		b.shown = false
		b.last = time.Time{} // it comes back with the next domain
	}
}

// domainSummary counts what was found in many domains.
type domainSummary struct {
	domains    int
	unreadable int
	incomplete int
	codes      map[domainCode]int
}

type domainCode struct{ code, severity string }

func (s *domainSummary) done() int { return s.domains + s.unreadable }

// add counts a domain. A code counts once a domain.
func (s *domainSummary) add(r domainResult) {
	if r.err != nil {
		s.unreadable++
		return
	}
	s.domains++
	if len(r.report.Gaps) > 0 {
		s.incomplete++
	}
	seen := map[domainCode]bool{}
	for i := range r.report.Findings {
		f := &r.report.Findings[i]
		if k := (domainCode{f.Code, f.Severity}); !seen[k] {
			seen[k] = true
			s.codes[k]++
		}
	}
}

// write shows the counts, the most severe first.
func (s *domainSummary) write(w io.Writer) error {
	var b strings.Builder
	width := len(fmt.Sprint(s.done()))
	line := func(n int, text string) { fmt.Fprintf(&b, "%*d  %s\n", width, n, text) }
	line(s.domains, "domains")
	codes := make([]domainCode, 0, len(s.codes))
	for k := range s.codes {
		codes = append(codes, k)
	}
	slices.SortFunc(codes, func(x, y domainCode) int {
		if d := report.SeverityRank(x.severity) - report.SeverityRank(y.severity); d != 0 {
			return d
		}
		if d := s.codes[y] - s.codes[x]; d != 0 {
			return d
		}
		return strings.Compare(x.code, y.code)
	})
	for _, k := range codes {
		if k.severity == report.Info {
			continue
		}
		line(s.codes[k], fmt.Sprintf("%-8s  %s", k.severity, k.code))
	}
	if s.incomplete > 0 {
		line(s.incomplete, "with gaps: not everything could be checked")
	}
	if s.unreadable > 0 {
		line(s.unreadable, "no domain names")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
