package dkim

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"math/big"
)

// SignedDigest returns the digest that the holder of an RSA key signed:
// verification turns the signature back into it (RFC 8017 §8.2.2, step 2).
//
// It reports false where what comes out is not a digest of this hash. Then the
// signature was made with another key, or b= was damaged; no change of the
// message explains it. With Ed25519 nothing can be told, and it reports false.
func SignedDigest(key *Key, h crypto.Hash, signature []byte) ([]byte, bool) {
	pub, ok := key.Public.(*rsa.PublicKey)
	if !ok || pub.E < 1 || pub.N.BitLen() > MaxKeyBits {
		return nil, false
	}
	prefix, ok := digestInfo[h]
	size := (pub.N.BitLen() + 7) / 8
	s := new(big.Int).SetBytes(signature)
	pad := size - len(prefix) - h.Size() - 3
	if !ok || pad < 8 || len(signature) != size || s.Cmp(pub.N) >= 0 {
		return nil, false
	}
	// Nothing here is secret, so it need not run in constant time.
	em := s.Exp(s, big.NewInt(int64(pub.E)), pub.N).FillBytes(make([]byte, size))
	want := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, pad)...)
	want = append(append(want, 0), prefix...)
	return em[len(want):], bytes.HasPrefix(em, want)
}
