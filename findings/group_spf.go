package findings

// Group F: SPF records and results.
var spfRules = []*Rule{
	spfUnauthorisedSender,
	spfPermerrorLookupLimit,
	spfVoidLookups,
	spfPermerrorSyntax,
}
