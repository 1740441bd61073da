package findings

// Group F: SPF records and results.
var spfRules = []*Rule{
	spfUnauthorisedSender,
	spfSoftfailOrNeutral,
	spfNone,
	spfPermerrorLookupLimit,
	spfVoidLookups,
	spfPermerrorSyntax,
	spfTemperror,
	spfRecordChanged,
	spfOverbroadPass,
	spfIPv6Uncovered,
	spfNullSenderHelo,
	heloSPFUnaligned,
	spfPassForOwnRelay,
	spfHeloMailfromDiffer,
}
