package dnssec

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	mdns "github.com/miekg/dns"
)

// algorithmName is the mnemonic of a signature algorithm in the registry
// "DNS Security Algorithm Numbers", "algorithm N" for one without.
func algorithmName(n uint8) string {
	if s := mdns.AlgorithmToString[n]; s != "" {
		return s
	}
	return "algorithm " + strconv.Itoa(int(n))
}

// digestName is the name of a digest type of DS records.
func digestName(n uint8) string {
	switch n {
	case mdns.SHA1:
		return "SHA-1"
	case mdns.SHA256:
		return "SHA-256"
	case mdns.GOST94:
		return "GOST R 34.11-94"
	case mdns.SHA384:
		return "SHA-384"
	}
	return "digest type " + strconv.Itoa(int(n))
}

// supports reports whether signatures of an algorithm are checked. RSA/SHA-1
// counts as unsupported unless it is asked for (RFC 9905 §2). Ed448 and GOST
// have no implementation here.
func (v *Validator) supports(algorithm uint8) bool {
	switch algorithm {
	case mdns.RSASHA256, mdns.RSASHA512, mdns.ECDSAP256SHA256, mdns.ECDSAP384SHA384, mdns.ED25519:
		return true
	case mdns.RSASHA1, mdns.RSASHA1NSEC3SHA1:
		return v.o.AcceptSHA1
	}
	return false
}

// supportsDigest leaves out what RFC 9904 §3 deprecates, except SHA-1, which
// is still to be read.
func supportsDigest(n uint8) bool {
	return n == mdns.SHA1 || n == mdns.SHA256 || n == mdns.SHA384
}

// Sizes of RSA keys, in bits, with which the standard library checks. RFC 5702
// §2 allows 512 and more.
const (
	minRSABits = 1024
	maxRSABits = 4096
)

// rsaBits is the size of the modulus of an RSA key (RFC 3110 §2), 0 if it
// cannot be read or the key is of another kind.
func rsaBits(k *mdns.DNSKEY) int {
	switch k.Algorithm {
	case mdns.RSASHA1, mdns.RSASHA1NSEC3SHA1, mdns.RSASHA256, mdns.RSASHA512:
	default:
		return 0
	}
	b, err := base64.StdEncoding.DecodeString(k.PublicKey)
	if err != nil || len(b) < 3 {
		return 0
	}
	exponent, b := int(b[0]), b[1:]
	if exponent == 0 {
		exponent, b = int(b[0])<<8|int(b[1]), b[2:]
	}
	if len(b) <= exponent {
		return 0
	}
	return 8 * (len(b) - exponent)
}

// tooOdd says why a key of a supported algorithm cannot be used here, "" if it
// can.
func tooOdd(k *mdns.DNSKEY) string {
	if n := rsaBits(k); n != 0 && (n < minRSABits || n > maxRSABits) {
		return "an RSA key of " + strconv.Itoa(n) + " bits"
	}
	return ""
}

// signatureSize is the length in octets that a signature must have, 0 where it
// varies (RFC 6605 §4, RFC 8080 §4).
func signatureSize(algorithm uint8) int {
	switch algorithm {
	case mdns.ECDSAP256SHA256, mdns.ED25519:
		return 64
	case mdns.ECDSAP384SHA384:
		return 96
	}
	return 0
}

// octets is the length of what a base64 text stands for.
func octets(s string) int {
	return base64.RawStdEncoding.DecodedLen(len(strings.TrimRight(s, "=")))
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
