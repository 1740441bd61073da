package findings

import "slices"

// catalogue is every rule, group by group. A new finding is one file with its
// Rule and one line in the list of its group.
var catalogue = slices.Concat(
	wrongPlace, forwarding, brokenDKIM, dkimKeys, dmarcRules, spfRules, arcRules, trustRules, spoofing, infrastructure,
)

// Group A: SPF checked in the wrong place.
var wrongPlace = []*Rule{
	spfRecheckedBehindBorder,
	spfRecheckedOnInternalRelay,
	spfCheckedBehindNAT,
	spfCheckedBehindBackupMX,
	spfCheckedOnFilterLoopback,
	spfCheckedBehindGatewayService,
	spfCheckedBehindOwnForwarder,
	spfCheckedOnFetchedMail,
	spfWrongIPFromHeaderParse,
	spfCheckCorrectedBySkipListing,
	senderIDNotSPF,
	authSubmissionChecked,
}
