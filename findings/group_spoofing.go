package findings

// Group I: spoofing.
var spoofing = []*Rule{
	directSpoof,
	directSpoofOwnDomain,
	spoofAuthenticatedPlatform,
	cousinDomain,
	displayNameSpoof,
	replyToDiverges,
	senderNullMX,
}
