package bulk

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/mailtrace/mailtrace/report"
)

// Summary counts reports by verdict and by finding. The zero value is ready.
type Summary struct {
	Messages   int
	Unreadable int // inputs that could not be read
	Incomplete int // reports with gaps

	status   map[string]int
	findings map[key]int
}

type key struct{ code, severity string }

// Add counts one report. A code counts once a message, however often it was
// found in it; what is embedded in a message counts as part of it.
func (s *Summary) Add(r *report.Report) {
	if s.status == nil {
		s.status, s.findings = map[string]int{}, map[key]int{}
	}
	s.Messages++
	s.status[r.Subject().Verdict.Status]++
	gaps := false
	seen := map[key]bool{}
	Each(r, func(r *report.Report) {
		gaps = gaps || len(r.Gaps) > 0
		for i := range r.Findings {
			seen[key{r.Findings[i].Code, r.Findings[i].Severity}] = true
		}
	})
	for k := range seen {
		s.findings[k]++
	}
	if gaps {
		s.Incomplete++
	}
}

// maxNesting bounds how deep Each goes into messages inside messages.
const maxNesting = 64

// Each calls do for a report and for all embedded in it, the outermost first.
func Each(r *report.Report, do func(*report.Report)) { each(r, do, 0) }

func each(r *report.Report, do func(*report.Report), depth int) {
	do(r)
	if depth == maxNesting {
		return
	}
	for i := range r.Embedded {
		each(&r.Embedded[i], do, depth+1)
	}
}

// Write shows the counts: the verdicts, most frequent first, then the codes,
// most severe first.
func (s *Summary) Write(w io.Writer) error {
	width := len(fmt.Sprint(max(s.Messages, s.Unreadable)))
	line := func(n int, format string, args ...any) (err error) {
		_, err = fmt.Fprintf(w, "%*d  %s\n", width, n, fmt.Sprintf(format, args...))
		return err
	}
	what := "messages"
	if s.Messages == 1 {
		what = "message"
	}
	if err := line(s.Messages, "%s", what); err != nil {
		return err
	}
	status := keys(s.status, func(a, b string) int { return cmp.Or(s.status[b]-s.status[a], cmp.Compare(a, b)) })
	for _, k := range status {
		if err := line(s.status[k], "  %s", k); err != nil {
			return err
		}
	}
	codes := keys(s.findings, func(a, b key) int {
		return cmp.Or(rank(a.severity)-rank(b.severity), s.findings[b]-s.findings[a], cmp.Compare(a.code, b.code))
	})
	for _, k := range codes {
		if err := line(s.findings[k], "%-8s  %s", k.severity, k.code); err != nil {
			return err
		}
	}
	if s.Incomplete > 0 {
		if err := line(s.Incomplete, "with gaps: not everything could be checked"); err != nil {
			return err
		}
	}
	if s.Unreadable > 0 {
		return line(s.Unreadable, "could not be read")
	}
	return nil
}

func keys[K comparable](m map[K]int, order func(a, b K) int) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, order)
	return out
}

// rank is the place of a severity, the worst first.
func rank(severity string) int {
	return slices.Index([]string{report.Critical, report.High, report.Medium, report.Low, report.Info}, severity)
}
