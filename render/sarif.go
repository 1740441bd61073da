package render

import (
	"cmp"
	"io"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/mailtrace/mailtrace/report"
)

// Rule is what SARIF says of a kind of finding, beside the findings
// themselves. The catalogue of findings fills it.
type Rule struct {
	Code     string
	Title    string
	Severity string
	Refs     []string // standards and sections
	Causes   []string // codes of the findings that can explain it
	Doc      string   // the page of explain
}

// newSARIF collects the findings of all reports into one SARIF 2.1.0 log (OASIS
// sarif-v2.1.0-os), written by Close.
func newSARIF(w io.Writer, o Options) Writer { return &sarifWriter{w: w, rules: o.Rules} }

type sarifWriter struct {
	w       io.Writer
	rules   []Rule
	tool    report.Tool
	results []sarifResult
	failed  []sarifNotification
	most    int // results; 0 for maxResults
	left    int // findings beyond
}

// maxResults bounds the findings of one log, which is in memory until it is
// written; code scanning takes some thousand.
const maxResults = 100_000

// Failing is a Writer, or DomainWriter, whose format also tells what could not be
// read and that a run did not come to its end, so that a program that has only
// the output does not take it for a clean run.
type Failing interface {
	// Fail notes an input, "" where it has no name, and why there is no report.
	Fail(path, why string)
	// Cut notes why the run did not come to its end.
	Cut(why string)
}

// failures are what a page says of it: how many, and why the run ended early.
type failures struct {
	n   int
	end string
}

// Fail implements [Failing].
func (f *failures) Fail(_, _ string) { f.n++ }

// Cut implements [Failing].
func (f *failures) Cut(why string) { f.end = why }

func (f *failures) any() bool { return f.n > 0 || f.end != "" }

// text is put behind the summary of a page.
func (f *failures) text() string {
	s := ""
	if f.n > 0 {
		s = " " + strconv.Itoa(f.n) + " could not be read."
	}
	if f.end != "" {
		s += " Not all: " + Clean(f.end) + "."
	}
	return s
}

// maxFailed bounds the inputs that are named so.
const maxFailed = 1000

// Fail implements [Failing] (SARIF 2.1.0 §3.20, §3.58).
func (s *sarifWriter) Fail(path, why string) {
	if len(s.failed) < maxFailed {
		n := sarifNotification{Level: "error", Message: sarifText{Clean(why)}, Locations: []sarifLocation{}}
		if path != "" {
			n.Locations = append(n.Locations, sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{URI: sarifURI(path)}}})
		}
		s.failed = append(s.failed, n)
	}
}

// Cut implements [Failing].
func (s *sarifWriter) Cut(why string) {
	s.failed = append(s.failed[:min(len(s.failed), maxFailed-1)], sarifNotification{Level: "error", Message: sarifText{Clean(why)}})
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
}

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool       sarifTool `json:"tool"`
	ColumnKind string    `json:"columnKind"`
	// Invocations is there where something could not be read; a run that read
	// everything has nothing to say of itself.
	Invocations []sarifInvocation `json:"invocations,omitempty"`
	Results     []sarifResult     `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version,omitempty"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID            string        `json:"id"`
	Short         sarifText     `json:"shortDescription"`
	Full          *sarifText    `json:"fullDescription,omitempty"`
	Help          *sarifText    `json:"help,omitempty"`
	Configuration *sarifDefault `json:"defaultConfiguration,omitempty"`
}

type sarifDefault struct {
	Level string `json:"level"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID     string          `json:"ruleId"`
	Level      string          `json:"level"`
	Message    sarifText       `json:"message"`
	Locations  []sarifLocation `json:"locations"`
	Properties sarifProperties `json:"properties"`
}

type sarifProperties struct {
	Severity   string   `json:"severity"`
	Confidence string   `json:"confidence"`
	Hop        *int     `json:"hop,omitempty"`
	AtFault    string   `json:"atFault,omitempty"`
	Because    []string `json:"because,omitempty"`
	Index      int      `json:"messageIndex,omitempty"`
	Part       string   `json:"part,omitempty"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

// sarifLogical is a place in the DNS (SARIF §3.33).
type sarifLogical struct {
	Name      string `json:"name"`
	Qualified string `json:"fullyQualifiedName"`
	Kind      string `json:"kind"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

func (s *sarifWriter) Report(r *report.Report) error {
	if s.tool.Name == "" {
		s.tool = r.Tool
	}
	s.add(r, 0)
	return nil
}

func (s *sarifWriter) add(r *report.Report, depth int) {
	for i := range r.Findings {
		if len(s.results) >= cmp.Or(s.most, maxResults) {
			s.left += len(r.Findings) - i
			break
		}
		f := &r.Findings[i]
		artifact := sarifArtifact{URI: sarifURI(r.Source.Path)}
		var locations []sarifLocation
		for _, e := range f.Evidence {
			// Lines of an embedded message count from its own start, and those
			// of a message in an mbox from its own, so they are not lines of the file.
			if e.Line != nil && *e.Line > 0 && r.Source.Part == "" && r.Source.Index == 0 {
				locations = append(locations, sarifLocation{Physical: sarifPhysical{artifact, &sarifRegion{*e.Line}}})
			}
		}
		if len(locations) == 0 {
			locations = []sarifLocation{{Physical: sarifPhysical{Artifact: artifact}}}
		}
		text := cmp.Or(f.Message, f.Title, f.Code)
		if f.Advice != "" {
			text = strings.TrimSuffix(text, ".") + ". Fix: " + f.Advice
		}
		s.results = append(s.results, sarifResult{
			RuleID: f.Code, Level: sarifLevel(f.Severity), Message: sarifText{Clean(text)}, Locations: locations,
			Properties: sarifProperties{f.Severity, f.Confidence, f.Hop, cmp.Or(f.AtFault.Host, f.AtFault.Role), f.Because, r.Source.Index, r.Source.Part},
		})
	}
	if depth == maxEmbedded {
		return
	}
	for i := range r.Embedded {
		s.add(&r.Embedded[i], depth+1)
	}
}

// domain adds the findings of a domain.
func (s *sarifWriter) domain(d *report.Domain) error {
	before := len(s.results)
	err := s.Report(&report.Report{Tool: d.Tool, Source: report.Source{Path: d.Domain}, Findings: d.Findings})
	for i := range s.results[before:] {
		name := d.Domain
		for _, e := range d.Findings[i].Evidence {
			if host, kind, ok := strings.Cut(e.DNS, " "); ok && kind != "" {
				name = host
				break
			}
		}
		locations := s.results[before+i].Locations
		for j := range locations {
			locations[j].Logical = []sarifLogical{{Clean(d.Domain), Clean(name), "resource"}}
		}
	}
	return err
}

// Close writes the log. The rules are those that the results name.
func (s *sarifWriter) Close() error {
	if s.left > 0 {
		s.Cut("more than " + strconv.Itoa(len(s.results)) + " findings: " + strconv.Itoa(s.left) + " are left out; --only shows those that matter")
	}
	used := map[string]bool{}
	for i := range s.results {
		used[s.results[i].RuleID] = true
	}
	rules := []sarifRule{}
	for _, r := range s.rules {
		if !used[r.Code] {
			continue
		}
		rule := sarifRule{ID: r.Code, Short: sarifText{r.Title}, Configuration: &sarifDefault{sarifLevel(r.Severity)}}
		if r.Doc != "" {
			rule.Full = &sarifText{r.Doc}
		}
		if len(r.Refs) > 0 {
			rule.Help = &sarifText{strings.Join(r.Refs, "; ")}
		}
		rules = append(rules, rule)
	}
	results := s.results
	if results == nil {
		results = []sarifResult{}
	}
	var invocations []sarifInvocation
	if len(s.failed) > 0 {
		invocations = []sarifInvocation{{Notifications: s.failed}}
	}
	return Indented(s.w, sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0",
		Runs: []sarifRun{{
			Tool:        sarifTool{sarifDriver{cmp.Or(s.tool.Name, "mailtrace"), s.tool.Version, rules}},
			ColumnKind:  "unicodeCodePoints",
			Results:     results,
			Invocations: invocations,
		}},
	})
}

// sarifLevel maps the five severities to the three levels of SARIF §3.27.10.
func sarifLevel(severity string) string {
	switch severity {
	case report.Critical, report.High:
		return "error"
	case report.Medium:
		return "warning"
	}
	return "note"
}

// sarifURI makes a path a URI reference (SARIF §3.4.3).
func sarifURI(path string) string {
	if path == "" || path == "-" {
		return "stdin"
	}
	u := url.URL{Path: filepath.ToSlash(path)}
	if filepath.IsAbs(path) {
		u.Scheme = "file"
	}
	return u.String()
}
