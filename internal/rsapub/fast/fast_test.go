package fast_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"testing"

	"github.com/mailtrace/mailtrace/dkim"
	_ "github.com/mailtrace/mailtrace/internal/rsapub/fast"
)

// Whether a signature verifies is what crypto/rsa says too: for whole ones, for
// each octet changed, for other lengths, for values at and above the modulus and
// for another digest or hash.
func TestVerifyDigestAgainstStandardLibrary(t *testing.T) {
	tried, passed := 0, 0
	for _, bits := range []int{1024, 1031, 2048, 4096} {
		private, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		pub := &private.PublicKey
		der, err := x509.MarshalPKIXPublicKey(pub)
		if err != nil {
			t.Fatal(err)
		}
		key, _ := dkim.ParseKey("v=DKIM1; p=" + base64.StdEncoding.EncodeToString(der))
		for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
			sum1, sum256 := sha1.Sum([]byte("x")), sha256.Sum256([]byte("x"))
			digest := sum256[:]
			if h == crypto.SHA1 {
				digest = sum1[:]
			}
			good, err := rsa.SignPKCS1v15(rand.Reader, private, h, digest)
			if err != nil {
				t.Fatal(err)
			}
			check := func(h crypto.Hash, digest, signature []byte) {
				t.Helper()
				tried++
				want := rsa.VerifyPKCS1v15(pub, h, digest, signature) == nil
				if want {
					passed++
				}
				for _, k := range []*dkim.Key{key, {Public: pub}} {
					if got := dkim.VerifyDigest(k, h, digest, signature) == nil; got != want {
						t.Errorf("%d bits, %v, %x: %v, crypto/rsa says %v", bits, h, signature, got, want)
					}
				}
			}
			check(h, digest, good)
			for i := range good {
				bad := append([]byte{}, good...)
				bad[i] ^= 1 << (i % 8)
				check(h, digest, bad)
			}
			for _, bad := range [][]byte{nil, {}, {0}, good[1:], good[:len(good)-1], append([]byte{0}, good...), append(append([]byte{}, good...), 0), pub.N.Bytes(),
				new(big.Int).Add(pub.N, new(big.Int).SetBytes(good)).Bytes(), make([]byte, len(good)), new(big.Int).Sub(pub.N, big.NewInt(1)).Bytes()} {
				check(h, digest, bad)
			}
			check(crypto.SHA1, sum1[:], good)
			check(crypto.SHA256, sum256[:], good)
			check(h, append([]byte{1}, digest[1:]...), good)
		}
	}
	if passed < 16 || tried < 2000 {
		t.Errorf("%d of %d pass", passed, tried)
	}
}
