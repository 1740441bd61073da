package findings

// Group J: path and infrastructure.
var infrastructure = []*Rule{
	receivedGap,
	natPairInferred,
	internalAddressDisclosure,
	softwareOutdated,
	interconnectInferred,
	timeAnomaly,
	deliveryDelay,
	mailLoop,
	openRelaySuspected,
	authenticatedSubmission,
	localInjection,
	unencryptedHop,
	transportPolicyMissing,
	dnssecAbsent,
	heloOrRDNSDefect,
	dsnOriginalAnalysed,
	dsnAuthRejection,
	backscatter,
	dualDeliveryHybrid,
	evidenceIncomplete,
}
