package report

// Fork is a question that the facts leave open, with what follows from each
// answer. Where one stands, the verdict is that of the worse reading.
type Fork struct {
	Question string    `json:"question"`
	Settle   string    `json:"settle"` // the option that answers it, as it is given on the command line
	Readings []Reading `json:"readings"`
	// Worst is "high" where the worse reading has a finding of that severity or
	// above, which stands as medium in the report; "" otherwise.
	Worst string `json:"worst,omitempty"`
}

// Reading is one answer to the question of a fork.
type Reading struct {
	BorderHop *int   `json:"border_hop"` // where the recipient's organisation then received the message; null where that is nowhere
	Status    string `json:"status"`     // as of a verdict
	Summary   string `json:"summary"`
}
