// Package fast verifies by filippo.io/bigmod: importing it is enough. What is
// computed of a modulus is kept, which takes longer than an exponentiation.
package fast

import (
	"crypto/rsa"

	"filippo.io/bigmod"

	"github.com/mailtrace/mailtrace/internal/rsapub"
)

func init() { rsapub.Use(prepare) }

// prepare returns nil for an even modulus, which no usable key has.
func prepare(pub *rsa.PublicKey) rsapub.Power {
	if pub.N.Bit(0) == 0 || pub.E < 1 {
		return nil
	}
	m, err := bigmod.NewModulus(pub.N.Bytes())
	if err != nil {
		return nil
	}
	return func(number []byte) []byte {
		n, err := bigmod.NewNat().SetBytes(number, m)
		if err != nil {
			return nil
		}
		return bigmod.NewNat().ExpShortVarTime(n, uint(pub.E), m).Bytes(m)
	}
}
