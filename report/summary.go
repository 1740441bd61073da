package report

import "time"

// DocSummary is the document of analyze --summary.
const DocSummary = "summary"

// Summary says what was found in many messages, counted by cause, by who is at
// fault, by the domain of the author and by the server at the border, or by
// what else was asked for.
type Summary struct {
	Document
	Messages   int            `json:"messages"`   // that were counted
	LeftOut    int            `json:"left_out"`   // analysed, and not of what was asked for
	Unreadable int            `json:"unreadable"` // inputs that could not be read
	Incomplete int            `json:"incomplete"` // messages with gaps
	Statuses   map[string]int `json:"statuses"`   // messages by the status of their verdict
	Codes      []CodeCount    `json:"codes"`      // messages by finding, the most severe first
	GroupedBy  []string       `json:"grouped_by"` // names of the keys that tell groups apart
	Groups     []Group        `json:"groups"`     // the most frequent first
	// Beyond are messages of groups that are not listed: there were too many.
	Beyond int `json:"beyond,omitempty"`
}

// CodeCount is how many messages have a finding.
type CodeCount struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Count    int    `json:"count"`
}

// Group is a number of messages that are alike. Keys that were not asked for
// are missing.
type Group struct {
	Count     int    `json:"count"`
	RootCause string `json:"root_cause,omitempty"` // code of the finding; missing where nothing is wrong, or nothing explains it
	Severity  string `json:"severity,omitempty"`   // of that finding, the worst in the group
	Status    string `json:"status,omitempty"`     // of the verdict
	AtFault   string `json:"at_fault,omitempty"`   // role
	Party     string `json:"party,omitempty"`      // organisation or host at fault
	Domain    string `json:"domain,omitempty"`     // of the author
	Border    string `json:"border,omitempty"`     // server that received the message at the border
	Client    string `json:"client,omitempty"`     // address of its client
	Envelope  string `json:"envelope,omitempty"`   // domain of the envelope sender; "<>" for the null sender
	Day       string `json:"day,omitempty"`        // of delivery, in UTC
	// First and Last are the earliest and latest times of delivery; missing where
	// no message tells.
	First   *time.Time `json:"first_seen,omitempty"`
	Last    *time.Time `json:"last_seen,omitempty"`
	Example Example    `json:"example"`
}

// Example is one message of a group: the first by name and place.
type Example struct {
	Path      string `json:"path"`
	Index     int    `json:"index"`
	MessageID string `json:"message_id,omitempty"`
	Summary   string `json:"summary,omitempty"` // of its verdict
}
