package findings

// Group E: DMARC.
var dmarcRules = []*Rule{
	dmarcSPFUnaligned,
	dmarcDKIMUnaligned,
	dmarcStrictAlignment,
	dmarcBothPathsBroken,
	dmarcSPFOnlySender,
	thirdPartySenderUnaligned,
	forgottenSender,
	dmarcRecordMissing,
	dmarcBestguess,
	dmarcRecordInvalid,
	dmarcPolicyNotEnforced,
	dmarcOrgdomainMethodDiffers,
	dmarcSubdomainPolicy,
	dmarcMultipleFrom,
	dmarcLocalOverride,
}
