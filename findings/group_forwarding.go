package findings

// Group B: forwarding.
var forwarding = []*Rule{
	forwardWithoutSRS,
	forwardSRSApplied,
	forwardSRSDefective,
	forwardMultiHop,
	forwardUserRedirect,
	selfSpoofFilter,
	listRelayDetected,
	listFromMunged,
}
