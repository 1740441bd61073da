package bulk

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

// MaxGroups bounds the groups of a summary. The domain of an author is a
// stranger's word: each message may have one of its own.
const MaxGroups = 20_000

// maxExample bounds the texts of an example, in bytes.
const maxExample = 400

// Summary counts reports by verdict, by finding and by group. The zero value is
// ready. Summaries of parts of the messages, from whatever machine, add up to
// that of all ([Summary.Merge]); as JSON it is kept whole.
type Summary struct {
	Messages   int
	LeftOut    int      // analysed, and left out of all other counts
	Unreadable int      // inputs that could not be read
	Incomplete int      // reports with gaps
	By         []string // keys of the groups, of GroupKeys; nil: DefaultKeys
	Unit       string   // what is counted where that is not messages, as "domain"

	status   map[string]int
	findings map[key]int
	groups   map[string]*report.Group
	causes   map[string]bool // root causes of the groups
	beyond   int
}

type key struct{ code, severity string }

// GroupKeys are the names of what messages can be grouped by.
var GroupKeys = []string{"cause", "fault", "domain", "border", "client", "envelope", "status", "day"}

// DefaultKeys are those that are used where none are named.
var DefaultKeys = []string{"cause", "fault", "domain", "border"}

// Add counts one report. A code counts once a message, however often it was
// found in it; what is embedded in a message counts as part of it.
func (s *Summary) Add(r *report.Report) {
	s.make()
	s.Messages++
	s.status[r.Subject().Verdict.Status]++
	var heads []report.Document
	Each(r, func(r *report.Report) { heads = append(heads, r.Head()) })
	s.count(heads...)
	s.group(Group(r, s.By))
}

// AddDomain counts one domain; the Unit is "domain" then.
func (s *Summary) AddDomain(d *report.Domain) {
	s.make()
	s.Messages++
	s.count(d.Head())
}

// count counts one input, which may have several documents.
func (s *Summary) count(docs ...report.Document) {
	gaps := false
	seen := map[key]bool{}
	for i := range docs {
		gaps = gaps || len(docs[i].Gaps) > 0
		for k := range docs[i].Findings {
			f := &docs[i].Findings[k]
			seen[key{f.Code, f.Severity}] = true
		}
	}
	for k := range seen {
		s.findings[k]++
	}
	if gaps {
		s.Incomplete++
	}
}

func (s *Summary) make() {
	if s.status == nil {
		s.status, s.findings, s.groups, s.causes = map[string]int{}, map[key]int{}, map[string]*report.Group{}, map[string]bool{}
	}
}

// Causes is how many root causes there are so far, where messages are grouped by
// them.
func (s *Summary) Causes() int { return len(s.causes) }

// identity tells groups apart.
func identity(g *report.Group) string {
	return strings.Join([]string{g.RootCause, g.Status, g.AtFault, g.Party, g.Domain, g.Border, g.Client, g.Envelope, g.Day}, "\x00")
}

// group adds a group, which may be of one message.
func (s *Summary) group(g report.Group) {
	if g.RootCause != "" {
		s.causes[g.RootCause] = true
	}
	id := identity(&g)
	have := s.groups[id]
	switch {
	case have == nil && len(s.groups) >= MaxGroups:
		s.beyond += g.Count
		return
	case have == nil:
		s.groups[id] = &g
		return
	}
	have.Count += g.Count
	have.First, have.Last = earlier(have.First, g.First), later(have.Last, g.Last)
	if g.Severity != "" && (have.Severity == "" || report.SeverityRank(g.Severity) < report.SeverityRank(have.Severity)) {
		have.Severity = g.Severity
	}
	if before(&g.Example, &have.Example) {
		have.Example = g.Example
	}
}

func before(a, b *report.Example) bool {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Index, b.Index)) < 0
}

func earlier(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.Before(*a) {
		return b
	}
	return a
}

func later(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}

// Merge adds the counts of other messages. Both are grouped by the same keys.
func (s *Summary) Merge(other *Summary) {
	s.make()
	s.Messages += other.Messages
	s.LeftOut += other.LeftOut
	s.Unreadable += other.Unreadable
	s.Incomplete += other.Incomplete
	s.beyond += other.beyond
	for k, n := range other.status {
		s.status[k] += n
	}
	for k, n := range other.findings {
		s.findings[k] += n
	}
	for _, id := range slices.Sorted(maps.Keys(other.groups)) {
		s.group(*other.groups[id])
	}
}

// Group is the group of one message by some keys; nil stands for DefaultKeys.
func Group(r *report.Report, by []string) report.Group {
	m := r.Subject()
	g := report.Group{Count: 1}
	g.Example = report.Example{Path: clip(r.Source.Path), Index: r.Source.Index, MessageID: clip(m.Message.MessageID), Summary: clip(m.Verdict.Summary)}
	if by == nil {
		by = DefaultKeys
	}
	var cause *report.Finding
	if m.Verdict.RootCause != nil {
		if i := slices.IndexFunc(m.Findings, func(f report.Finding) bool { return f.Code == *m.Verdict.RootCause }); i >= 0 {
			cause = &m.Findings[i]
		}
	}
	at := Delivered(m)
	if at != nil {
		g.First, g.Last = at, at
	}
	for _, k := range by {
		switch k {
		case "cause":
			if m.Verdict.RootCause != nil {
				g.RootCause = *m.Verdict.RootCause
			} else {
				g.Status = m.Verdict.Status
			}
			if cause != nil {
				g.Severity = cause.Severity
			}
		case "fault":
			g.AtFault = m.Verdict.AtFault
			if cause != nil {
				g.AtFault, g.Party = cause.AtFault.Role, cmp.Or(cause.AtFault.Organisation, cause.AtFault.Host)
			}
		case "domain":
			g.Domain = AuthorDomain(m)
		case "border":
			g.Border = BorderHost(m)
		case "client":
			if m.Border != nil {
				g.Client = m.Border.ClientIP
			}
		case "envelope":
			if f := m.Message.MailFrom; f != nil {
				_, domain, _ := mailname.Split(*f)
				g.Envelope = cmp.Or(strings.ToLower(domain), "<>")
			}
		case "status":
			g.Status = m.Verdict.Status
		case "day":
			if at != nil {
				g.Day = at.UTC().Format(time.DateOnly)
			}
		}
	}
	return g
}

// AuthorDomain is the domain of the first author, "" where there is none.
func AuthorDomain(r *report.Report) string {
	if len(r.Message.From) == 0 {
		return ""
	}
	return r.Message.From[0].Domain
}

// BorderHost is the server that received a message at the border, "" where that
// is not known.
func BorderHost(r *report.Report) string {
	if r.Border == nil || r.Border.Hop < 1 || r.Border.Hop > len(r.Hops) {
		return ""
	}
	return strings.ToLower(r.Hops[r.Border.Hop-1].By.Name)
}

// Delivered is when a message was delivered: the time of its border hop, else
// of its newest; nil where no hop tells.
func Delivered(r *report.Report) *time.Time {
	if r.Border != nil && r.Border.Hop >= 1 && r.Border.Hop <= len(r.Hops) && r.Hops[r.Border.Hop-1].Time != nil {
		return r.Hops[r.Border.Hop-1].Time
	}
	for i := len(r.Hops) - 1; i >= 0; i-- {
		if r.Hops[i].Time != nil {
			return r.Hops[i].Time
		}
	}
	return nil
}

func clip(s string) string {
	if len(s) > maxExample {
		return strings.ToValidUTF8(s[:maxExample], "")
	}
	return s
}

// Report is the summary as a document.
func (s *Summary) Report() *report.Summary {
	by := s.By
	if by == nil {
		by = DefaultKeys
	}
	d := &report.Summary{
		Document: report.Document{Kind: report.DocSummary, Schema: report.Schema, Findings: []report.Finding{}, Gaps: []report.Gap{}},
		Messages: s.Messages, LeftOut: s.LeftOut, Unreadable: s.Unreadable, Incomplete: s.Incomplete,
		Statuses: map[string]int{}, Codes: []report.CodeCount{}, GroupedBy: by, Groups: []report.Group{}, Beyond: s.beyond,
	}
	maps.Copy(d.Statuses, s.status)
	for _, k := range s.codes() {
		d.Codes = append(d.Codes, report.CodeCount{Code: k.code, Severity: k.severity, Count: s.findings[k]})
	}
	for _, id := range keys(s.groups, func(a, b string) int {
		return cmp.Or(s.groups[b].Count-s.groups[a].Count, cmp.Compare(a, b))
	}) {
		d.Groups = append(d.Groups, *s.groups[id])
	}
	return d
}

// MarshalJSON writes all counts, for UnmarshalJSON.
func (s *Summary) MarshalJSON() ([]byte, error) { return json.Marshal(s.Report()) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Summary) UnmarshalJSON(text []byte) error {
	var d report.Summary
	if err := json.Unmarshal(text, &d); err != nil {
		return err
	}
	*s = Summary{Messages: d.Messages, LeftOut: d.LeftOut, Unreadable: d.Unreadable, Incomplete: d.Incomplete, By: d.GroupedBy, beyond: d.Beyond}
	s.make()
	maps.Copy(s.status, d.Statuses)
	for _, c := range d.Codes {
		s.findings[key{c.Code, c.Severity}] = c.Count
	}
	for i := range d.Groups {
		s.group(d.Groups[i])
	}
	return nil
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

// codes are the findings, most severe first.
func (s *Summary) codes() []key {
	return keys(s.findings, func(a, b key) int {
		return cmp.Or(report.SeverityRank(a.severity)-report.SeverityRank(b.severity), s.findings[b]-s.findings[a], cmp.Compare(a.code, b.code))
	})
}

// Write shows the counts: the verdicts, most frequent first, then the codes,
// most severe first. What is info alone is left out of those of domains: each
// has some.
func (s *Summary) Write(w io.Writer) error {
	what, domains := cmp.Or(s.Unit, "message"), s.Unit != ""
	if s.Messages != 1 {
		what += "s"
	}
	var b strings.Builder
	width := len(fmt.Sprint(max(s.Messages, s.Unreadable, s.LeftOut)))
	line := func(n int, text string) { fmt.Fprintf(&b, "%*d  %s\n", width, n, text) }
	line(s.Messages, what)
	for _, k := range keys(s.status, func(a, b string) int { return cmp.Or(s.status[b]-s.status[a], cmp.Compare(a, b)) }) {
		line(s.status[k], "  "+k)
	}
	for _, k := range s.codes() {
		if k.severity != report.Info || !domains {
			line(s.findings[k], fmt.Sprintf("%-8s  %s", k.severity, k.code))
		}
	}
	for _, x := range []struct {
		n    int
		what string
	}{{s.Incomplete, "with gaps: not everything could be checked"}, {s.LeftOut, "left out: not of what --only names"}, {s.Unreadable, "could not be read"}} {
		if x.n > 0 {
			line(x.n, x.what)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func keys[K comparable, V any](m map[K]V, order func(a, b K) int) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, order)
	return out
}
