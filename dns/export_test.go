package dns

// What tests outside of the package hold against it.
const (
	MaxPositiveTTL  = maxPositiveTTL
	MaxNegativeTTL  = maxNegativeTTL
	RecordingHeader = recordingHeader
	RecordingHelp   = recordingHelp
)

// Entries is how many answers the cache holds.
func (c *Cache) Entries() int { return len(c.entries) }

// Questions are all that a replay answers, and the names that it lists.
func (r *Replay) Questions() []Question {
	var out []Question
	for q := range r.outcomes {
		out = append(out, q)
	}
	for name := range r.closed {
		out = append(out, Question{name, TypeTXT})
	}
	return out
}
