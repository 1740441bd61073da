package findings

// Group D: DKIM keys and signature quality.
var dkimKeys = []*Rule{
	dkimKeyMissing,
	dkimKeyRevoked,
	dkimKeyRotated,
	dkimKeyWeak,
	dkimAlgorithmObsolete,
	dkimKeyTesting,
	dkimKeyMalformed,
	dkimIdentityMismatch,
	dkimSignatureExpired,
	dkimBodyLengthLimited,
	dkimWeakHeaderCoverage,
	dkimReplaySuspected,
}
