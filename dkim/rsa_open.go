package dkim

import (
	"crypto"
	"crypto/rsa"
)

// SignedDigest returns the digest that the holder of an RSA key signed:
// verification turns the signature back into it (RFC 8017 §8.2.2, step 2).
//
// It reports false where what comes out is not a digest of this hash. Then the
// signature was made with another key, or b= was damaged; no change of the
// message explains it. With Ed25519 nothing can be told, and it reports false.
func SignedDigest(key *Key, h crypto.Hash, signature []byte) ([]byte, bool) {
	pub, ok := key.Public.(*rsa.PublicKey)
	if !ok || pub.N.BitLen() > MaxKeyBits {
		return nil, false
	}
	return openRSA(pub, key.power.of(pub), h, signature)
}
