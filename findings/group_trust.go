package findings

// Group H: trust in verdicts.
var trustRules = []*Rule{
	arForgedOwnID,
	arUntrustedAuthservID,
	arMissingAuthservID,
	arRelayedOriginal,
	verdictConflictBetweenHops,
	verdictConflictWithLive,
	verdictIPNotInChain,
	receivedForged,
}
