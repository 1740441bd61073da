package dkim

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/internal/memo"
)

// Key is one key record (RFC 6376 §3.6.1).
type Key struct {
	Record   string // as published
	Tags     []Tag
	Type     string   // k=, "rsa" where absent
	Bits     int      // of an RSA modulus; 256 for Ed25519
	Hashes   []string // h=; nil allows all
	Services []string // s=; nil is all
	Flags    []string // t=
	Notes    string   // n=
	Revoked  bool     // p= is empty
	Testing  bool     // t=y
	Strict   bool     // t=s: i= must be at d= itself
	// SmallOrder says that an Ed25519 key is a point of small order. RFC 8032
	// lets a verifier take it, and then one constant signature verifies over
	// every message.
	SmallOrder bool
	Public     crypto.PublicKey
	// Problems are what is wrong with the record, in order of their weight.
	Problems []Problem

	power *keptPower // of Public, where ParseKey read an RSA key
}

// Problem is something wrong with a key record.
type Problem struct {
	Code   Reason
	Text   string // one line for people; may hold text of the record
	Tag    string // name of the tag, "" where it is about none
	Offset int    // byte offset in the record
	// Fatal says that no signature can pass with this record. A key may be
	// there all the same: signatures can be computed with a weak one.
	Fatal bool
}

// ParseKey reads a key record. The key is never nil; Public is nil where none
// could be read. Problems are the same as in the key, the fatal ones first.
func ParseKey(record string) (*Key, []Problem) {
	k := *parsedKeys.Get(record, parseKey)
	return &k, k.Problems
}

// parsedKeys keeps keys by their records: the mail of an archive is signed by
// few of them, and several parts of a report ask for the same one.
var parsedKeys memo.Memo[*Key]

func parseKey(record string) *Key {
	k := &Key{Record: record, Type: "rsa"}
	tags, err := ParseTags(record)
	k.Tags = tags
	if err != nil {
		e := err.(*TagError)
		k.problem(ReasonKeyMalformed, e.Offset, true, "%s", e.Text)
	}
	var p *Tag
	for i := range tags {
		tag := &tags[i]
		switch v := tag.Value; tag.Name {
		case "v":
			// RFC 6376 §3.6.1: if given, first and exactly this.
			if v != "DKIM1" {
				k.problem(ReasonKeyMalformed, tag.Offset, true, "v=%s is not v=DKIM1", clip(v))
			} else if i > 0 {
				k.problem(ReasonKeyMalformed, tag.Offset, true, "v= is not the first tag")
			}
		case "k":
			k.Type = strings.ToLower(v)
		case "h":
			k.Hashes = list(v)
		case "s":
			k.Services = list(v)
		case "t":
			k.Flags = list(v)
			k.Testing = slices.Contains(k.Flags, "y")
			k.Strict = slices.Contains(k.Flags, "s")
		case "n":
			k.Notes = v
		case "g":
			k.problem(ReasonKeyMalformed, tag.Offset, false, "g= is obsolete and ignored (RFC 6376 app. C.2 removed it)")
		case "p":
			if p == nil {
				p = tag
			}
		}
	}
	if p == nil {
		k.problem(ReasonKeyMalformed, 0, true, "there is no p= tag")
	} else {
		k.parsePublic(p)
	}
	if !k.allowsHash("sha256") {
		k.problem(ReasonKeyMismatch, k.at("h"), true, "h=%s does not allow sha256", clip(strings.Join(k.Hashes, ":")))
	}
	if !k.allowsMail() {
		k.problem(ReasonKeyMismatch, k.at("s"), true, "s=%s is not for mail", clip(strings.Join(k.Services, ":")))
	}
	slices.SortStableFunc(k.Problems, func(a, b Problem) int {
		switch {
		case a.Fatal == b.Fatal:
			return 0
		case a.Fatal:
			return -1
		}
		return 1
	})
	return k
}

func (k *Key) problem(code Reason, offset int, fatal bool, format string, args ...any) {
	p := Problem{Code: code, Text: fmt.Sprintf(format, args...), Offset: offset, Fatal: fatal}
	for i := range k.Tags {
		if k.Tags[i].Offset == offset {
			p.Tag = k.Tags[i].Name
		}
	}
	k.Problems = append(k.Problems, p)
}

func (k *Key) at(name string) int {
	for i := range k.Tags {
		if k.Tags[i].Name == name {
			return k.Tags[i].Offset
		}
	}
	return 0
}

// smallOrder reports whether an Ed25519 key is one of the points of order 1, 2,
// 4 or 8, in any encoding of them: y is 0, 1 or -1 modulo p (also written as p,
// p+1), or that of a point of order 8. The sign of x, the highest bit, does not
// count.
func smallOrder(key []byte) bool {
	var y [ed25519.PublicKeySize]byte
	copy(y[:], key)
	y[31] &= 0x7f
	return slices.Contains(smallOrderPoints[:], hex.EncodeToString(y[:]))
}

var smallOrderPoints = [...]string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

func (k *Key) parsePublic(p *Tag) {
	bad := func(format string, args ...any) {
		k.problem(ReasonKeyMalformed, p.Offset, true, format, args...)
	}
	if k.Type != "rsa" && k.Type != "ed25519" {
		// RFC 6376 §3.6.1: unknown key types are ignored.
		k.problem(ReasonKeyMalformed, k.at("k"), true, "k=%s is not a known key type", clip(k.Type))
		return
	}
	if p.Value == "" {
		k.Revoked = true
		k.problem(ReasonKeyRevoked, p.Offset, true, "p= is empty: the key is revoked")
		return
	}
	der, err := decodeBase64(p.Value)
	if err != nil {
		switch {
		case strings.ContainsAny(p.Value, `"'`):
			bad("p= holds quotation marks: the record was published with its quotes")
		case strings.Contains(p.Value, `\`):
			bad("p= holds a backslash: the record was published with escapes")
		case len(dropFWS(p.Value))%4 != 0:
			bad("p= is not base64: %d characters are not a multiple of four, part of it is missing", len(dropFWS(p.Value)))
		default:
			bad("p= is not base64")
		}
		return
	}
	if k.Type == "ed25519" {
		// RFC 8463 §4.2: the 32 bytes themselves, not in a SubjectPublicKeyInfo.
		if len(der) != ed25519.PublicKeySize {
			bad("p= holds %d bytes, an Ed25519 key has %d (RFC 8463 §4.2: not wrapped in ASN.1)", len(der), ed25519.PublicKeySize)
			return
		}
		k.Public, k.Bits = ed25519.PublicKey(der), 256
		if smallOrder(der) {
			k.SmallOrder = true
			k.problem(ReasonKeyWeak, p.Offset, true, "the key is a point of small order: one signature fits every message, so anybody can sign")
		}
		return
	}
	// Errata 3017 of RFC 6376: both forms are in use.
	var public any = usualRSA(der)
	if public == (*rsa.PublicKey)(nil) {
		public, err = x509.ParsePKIXPublicKey(der)
	}
	if err != nil {
		if pkcs1, err1 := x509.ParsePKCS1PublicKey(der); err1 == nil {
			public, err = pkcs1, nil
		}
	}
	if err != nil {
		bad("p= is not a public key: %s", notPublic(der))
		return
	}
	pub, ok := public.(*rsa.PublicKey)
	if !ok {
		bad("p= is not an RSA key, but k= says so")
		return
	}
	k.Bits = pub.N.BitLen()
	switch {
	case k.Bits > MaxKeyBits:
		bad("the key has %d bits, more than %d", k.Bits, MaxKeyBits)
		return
	case pub.N.Cmp(big.NewInt(1)) <= 0 || int64(pub.E) > 1<<31-1:
		bad("the RSA key has an impossible modulus or exponent")
		return
	case k.Bits < MinKeyBits:
		k.problem(ReasonKeyWeak, p.Offset, true, "the key has %d bits, fewer than %d (RFC 8301 §3.2)", k.Bits, MinKeyBits)
	case k.Bits < 2048:
		k.problem(ReasonKeyWeak, p.Offset, false, "the key has %d bits; 2048 is advised (RFC 8301 §3.2)", k.Bits)
	}
	k.Public, k.power = pub, new(keptPower)
}

// notPublic says what a key that cannot be read is.
func notPublic(der []byte) string {
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return "it is a private key"
	}
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return "it is a private key"
	}
	if _, err := x509.ParseCertificate(der); err == nil {
		return "it is a certificate"
	}
	if len(der) == ed25519.PublicKeySize {
		return "it has the length of an Ed25519 key, which needs k=ed25519"
	}
	// DER: a sequence, and its length (X.690 §8.1).
	if len(der) < 4 || der[0] != 0x30 {
		return "it does not begin as one"
	}
	n, head := int(der[1]), 2
	if extra := n & 0x7f; n >= 0x80 {
		if extra == 0 || extra > 3 || len(der) < 2+extra {
			return "it does not begin as one"
		}
		n, head = 0, 2+extra
		for _, b := range der[2 : 2+extra] {
			n = n<<8 | int(b)
		}
	}
	switch total := head + n; {
	case total > len(der):
		return fmt.Sprintf("part of it is missing: %d bytes of %d are there", len(der), total)
	case total < len(der):
		return fmt.Sprintf("it has %d bytes more than its %d", len(der)-total, total)
	}
	return "it is of another kind, or damaged"
}

// usualRSA reads what nearly all keys are: the DER of a SubjectPublicKeyInfo
// with a modulus of 1024, 2048 or 4096 bits and the exponent 65537, whose bytes
// stand at fixed places. It returns nil for anything else. It saves two thirds
// of the time that package x509 takes, which is much beside a verification.
func usualRSA(der []byte) *rsa.PublicKey {
	var prefix string
	switch len(der) {
	case 162:
		prefix = "\x30\x81\x9f\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x81\x8d\x00\x30\x81\x89\x02\x81\x81\x00"
	case 294:
		prefix = "\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x00\x30\x82\x01\x0a\x02\x82\x01\x01\x00"
	case 550:
		prefix = "\x30\x82\x02\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x02\x0f\x00\x30\x82\x02\x0a\x02\x82\x02\x01\x00"
	default:
		return nil
	}
	const exponent = "\x02\x03\x01\x00\x01"
	n := der[len(prefix) : len(der)-len(exponent)]
	if string(der[:len(prefix)]) != prefix || string(der[len(der)-len(exponent):]) != exponent || n[0] < 0x80 {
		return nil
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
}

func (k *Key) allowsHash(name string) bool {
	// "sha256" is a literal of the ABNF, so case does not count.
	return k.Hashes == nil || slices.ContainsFunc(k.Hashes, func(h string) bool { return strings.EqualFold(h, name) })
}

func (k *Key) allowsMail() bool {
	return k.Services == nil || slices.ContainsFunc(k.Services, func(s string) bool { return s == "*" || strings.EqualFold(s, "email") })
}

// fatal returns the first fatal problem that is not the weakness of the key,
// nil where there is none.
func (k *Key) fatal() *Problem {
	for i := range k.Problems {
		if p := &k.Problems[i]; p.Fatal && p.Code != ReasonKeyWeak {
			return p
		}
	}
	return nil
}

// permits says why this key is not for a signature with algorithm a= and
// identity i=, "" where it is (RFC 6376 §6.1.2, items 5 to 7).
func (k *Key) permits(a algorithm, identityDomain, domain string) string {
	switch {
	case k.Type != a.key:
		return fmt.Sprintf("k=%s of the key is not the %s of a=", k.Type, a.key)
	case !k.allowsHash(a.hashName) && a.hash != crypto.SHA1: // rejected anyway, and for a better reason
		return fmt.Sprintf("h= of the key does not allow %s", a.hashName)
	case k.Strict && identityDomain != domain:
		return fmt.Sprintf("t=s of the key demands that i= is at %s itself, not at %s", domain, clip(identityDomain))
	}
	return ""
}

// otherRecord names the kind of a TXT record that is not a DKIM key, "" where it
// looks like one: v=DKIM1 or something near it, or a p= tag.
func otherRecord(record string) string {
	_, s := trimFWS(record)
	if strings.HasPrefix(s, "v=DKIM1") {
		return ""
	}
	for _, known := range []struct{ prefix, what string }{
		{"v=spf1", "an SPF record"}, {"v=DMARC1", "a DMARC record"}, {"v=STSv1", "an MTA-STS record"},
		{"v=TLSRPTv1", "a TLS-RPT record"}, {"v=BIMI1", "a BIMI record"},
	} {
		if len(s) >= len(known.prefix) && strings.EqualFold(s[:len(known.prefix)], known.prefix) {
			return known.what
		}
	}
	tags, _ := ParseTags(s)
	if v, ok := TagValue(tags, "v"); ok && len(v) >= 4 && strings.EqualFold(v[:4], "DKIM") {
		return ""
	}
	if _, ok := TagValue(tags, "p"); ok {
		return ""
	}
	if s == "" {
		return "an empty record"
	}
	return "other text"
}
