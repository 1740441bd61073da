package report

import "time"

// Kinds of documents. Each is what one command writes as JSON.
const (
	DocMessage    = "message"    // [Report], of analyze
	DocDomain     = "domain"     // [Domain], of domain
	DocComparison = "comparison" // of compare
	DocSPF        = "spf"        // [SPFDocument], of spf
	DocWatch      = "watch"      // [Watch], of watch
	DocFix        = "fix"        // a list of [Fix], of fix
)

// Document is what all documents but a list of fixes have: what it is, who
// wrote it, what is worth a person's time, and what could not be checked. So a
// program reads findings and gaps of any of them in the same way.
type Document struct {
	Kind     string    `json:"kind"`
	Schema   int       `json:"schema"`
	Tool     Tool      `json:"tool"`
	Findings []Finding `json:"findings"`
	Gaps     []Gap     `json:"gaps"`
}

// Head is what a report on a message has in common with other documents.
func (r *Report) Head() Document {
	return Document{Kind: DocMessage, Schema: r.Schema, Tool: r.Tool, Findings: r.Findings, Gaps: r.Gaps}
}

// Head is what a report on a domain has in common with other documents.
func (d *Domain) Head() Document {
	return Document{Kind: DocDomain, Schema: d.Schema, Tool: d.Tool, Findings: d.Findings, Gaps: d.Gaps}
}

// Head is the document itself.
func (d *Document) Head() Document { return *d }

// Fixes is the document of fix.
type Fixes []Fix

// SPFDocument is one evaluation of SPF.
type SPFDocument struct {
	Document
	SPF
}

// Watch is what changed for a list of domains since the last run.
type Watch struct {
	Document
	CheckedAt time.Time     `json:"checked_at"`
	Domains   int           `json:"domains"` // that were checked
	New       int           `json:"new"`     // domains that the last state did not know
	Changes   []WatchChange `json:"changes"`
}

// WatchChange is what is different from the last time.
type WatchChange struct {
	Domain   string `json:"domain"`
	Kind     string `json:"kind"` // "record", "key", "host", "certificate", "problem"
	Name     string `json:"name"` // of the record, the selector, the host, the code of the problem
	Before   string `json:"before,omitempty"`
	After    string `json:"after,omitempty"`
	Severity string `json:"severity,omitempty"` // of a problem
	Worse    bool   `json:"worse"`
	Text     string `json:"text"` // in a sentence
}
