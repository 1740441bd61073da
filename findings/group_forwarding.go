package findings

// Group B: forwarding.
var forwarding = []*Rule{
	forwardWithoutSRS,
	forwardSRSApplied,
	selfSpoofFilter,
	listRelayDetected,
	listFromMunged,
}
