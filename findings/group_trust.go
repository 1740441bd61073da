package findings

// Group H: trust in verdicts.
var trustRules = []*Rule{
	arForgedOwnID,
	verdictConflictBetweenHops,
	receivedForged,
}
