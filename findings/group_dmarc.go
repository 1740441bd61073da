package findings

// Group E: DMARC.
var dmarcRules = []*Rule{
	dmarcBothPathsBroken,
}
