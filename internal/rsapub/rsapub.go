// Package rsapub lets a program bring arithmetic for RSA public keys that is faster
// than crypto/rsa, which computes what it needs of a modulus again for each
// signature. The protocol packages need the standard library alone; package fast
// beside this one brings the faster one, and the facade imports it.
package rsapub

import "crypto/rsa"

// A Power raises a number to the exponent of a public key, modulo its modulus. Both are
// big-endian, the result as long as the modulus; nil where the number is not below it.
type Power func(number []byte) []byte

var prepare func(*rsa.PublicKey) Power

// Use says how powers are prepared. It is for init functions: what was prepared
// before stays as it is.
func Use(f func(*rsa.PublicKey) Power) { prepare = f }

// Prepare returns the power of a key, nil where nothing faster than crypto/rsa is there.
func Prepare(pub *rsa.PublicKey) Power {
	if prepare == nil {
		return nil
	}
	return prepare(pub)
}
