package findings

// Group D: DKIM keys and signature quality.
var dkimKeys = []*Rule{
	dkimKeyMissing,
	dkimKeyRevoked,
	dkimKeyMalformed,
	dkimKeyWeak,
	dkimKeyRotated,
}
