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
	if signed, ok := openRSA(pub, power, h, signature); !ok || !bytes.Equal(signed, digest) {
		return errSignature
	}
	return nil
}

// openRSA turns a signature back into the digest that was signed (RFC 8017 §8.2.2,
// step 2); false where what comes out is none of this hash. Without a power it uses
// math/big.
func openRSA(pub *rsa.PublicKey, power rsapub.Power, h crypto.Hash, signature []byte) ([]byte, bool) {
	prefix, ok := digestInfo[h]
	if !ok || pub.E < 1 {
		return nil, false
	}
	size := (pub.N.BitLen() + 7) / 8
	at := size - h.Size() - len(prefix) // where the DER begins, behind 00 01 FF … FF 00
	if len(signature) != size || at < 11 {
		return nil, false
	}
	var em []byte
	if power != nil {
		em = power(signature)
	} else if s := new(big.Int).SetBytes(signature); s.Cmp(pub.N) < 0 {
		em = s.Exp(s, big.NewInt(int64(pub.E)), pub.N).FillBytes(make([]byte, size))
	}
	if em == nil {
		return nil, false // not below the modulus
	}
	padded := em[0] == 0 && em[1] == 1 && em[at-1] == 0
	for _, c := range em[2 : at-1] {
		padded = padded && c == 0xff
	}
	return em[at+len(prefix):], padded && bytes.HasPrefix(em[at:], prefix)
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
