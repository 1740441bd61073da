package domain

import (
	"crypto/sha256"
	"time"
)

// What holds for every certificate that is looked at: that of a mail host and
// that of a mark.
const (
	maxChain    = 10 // certificates of a chain
	soonExpired = 14 * 24 * time.Hour
)

func sha256Of(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}
