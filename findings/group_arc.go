package findings

// Group G: ARC.
var arcRules = []*Rule{
	arcChainIntact,
	arcChainBroken,
	arcMalformed,
	arcFailInherited,
	arcSealerUntrusted,
	arcOverrideApplied,
	arcTestimonyRecoversCause,
}
