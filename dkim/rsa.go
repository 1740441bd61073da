package dkim

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"math/big"
	"sync"

	"github.com/mailtrace/mailtrace/internal/rsapub"
)

// MinKeyBits is the shortest RSA key whose signatures count (RFC 8301 §3.2).
const MinKeyBits = 1024

// MaxKeyBits is the longest RSA key that is computed with. Verifiers need not
// go beyond 4096 (RFC 8301 §3.2).
const MaxKeyBits = 8192

// errSignature says that a signature is not that of this key over this digest.
var errSignature = errors.New("the signature does not verify")

// VerifyDigest checks a signature over a digest with one key, whatever policy
// says of the key or the hash. It returns nil where the signature verifies.
func VerifyDigest(key *Key, h crypto.Hash, digest, signature []byte) error {
	switch pub := key.Public.(type) {
	case ed25519.PublicKey:
		// RFC 8463 §3: the hash is what is signed.
		if len(signature) == ed25519.SignatureSize && ed25519.Verify(pub, digest, signature) {
			return nil
		}
		return errSignature
	case *rsa.PublicKey:
		return verifyRSA(key, pub, h, digest, signature)
	}
	return errors.New("the key cannot be used")
}

// digestInfo is the DER of AlgorithmIdentifier and OCTET STRING that stands
// before the hash (RFC 8017 §9.2, note 1).
var digestInfo = map[crypto.Hash][]byte{
	crypto.SHA1:   {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14},
	crypto.SHA256: {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
}

// verifyRSA is RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2), for weak keys too, which
// crypto/rsa refuses: shorter than 1024 bits, or with an exponent that is even or
// below 3. It need not run in constant time, as nothing here is secret.
func verifyRSA(key *Key, pub *rsa.PublicKey, h crypto.Hash, digest, signature []byte) error {
	power := key.power.of(pub)
	if power == nil && pub.N.BitLen() >= MinKeyBits && pub.E > 2 && pub.E&1 == 1 {
		if rsa.VerifyPKCS1v15(pub, h, digest, signature) != nil {
			return errSignature
		}
		return nil
	}
	size := (pub.N.BitLen() + 7) / 8
	prefix, ok := digestInfo[h]
	pad := size - len(prefix) - len(digest) - 3
	if len(signature) != size || !ok || len(digest) != h.Size() || pad < 8 || pub.E < 1 {
		return errSignature
	}
	var got []byte
	if power != nil {
		got = power(signature)
	} else if s := new(big.Int).SetBytes(signature); s.Cmp(pub.N) < 0 {
		got = s.Exp(s, big.NewInt(int64(pub.E)), pub.N).FillBytes(make([]byte, size))
	}
	if got == nil {
		return errSignature // not below the modulus
	}
	n := 2 + pad + 1
	if got[0] != 0 || got[1] != 1 || got[n-1] != 0 || !bytes.Equal(got[n:n+len(prefix)], prefix) || !bytes.Equal(got[n+len(prefix):], digest) {
		return errSignature
	}
	for _, c := range got[2 : n-1] {
		if c != 0xff {
			return errSignature
		}
	}
	return nil
}

// keptPower is the arithmetic of an RSA key, prepared once. The copies of a key
// share it.
type keptPower struct {
	once  sync.Once
	n     *big.Int // whose it is
	power rsapub.Power
}

func (k *keptPower) of(pub *rsa.PublicKey) rsapub.Power {
	if k == nil { // a key that was not parsed here
		return rsapub.Prepare(pub)
	}
	k.once.Do(func() { k.n, k.power = pub.N, rsapub.Prepare(pub) })
	if k.n != pub.N { // the key got another Public since
		return rsapub.Prepare(pub)
	}
	return k.power
}
