package arc

import (
	"context"
	"crypto"
	_ "crypto/sha1" // computed, never accepted (RFC 8301 §3.1)
	_ "crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
)

// sealAlgorithms are the a= of seals: key type and hash.
var sealAlgorithms = map[string]struct {
	key  string
	hash crypto.Hash
}{
	"rsa-sha256":     {"rsa", crypto.SHA256},
	"ed25519-sha256": {"ed25519", crypto.SHA256},
	"rsa-sha1":       {"rsa", crypto.SHA1},
}

// sealer hashes what seals sign: all sets up to their own, each by its three
// fields in the order of kind, in relaxed form (RFC 8617 §5.1.1). One running
// hash serves all seals, so that the work is linear in the header.
type sealer struct {
	c       *chain
	running map[crypto.Hash]hash.Hash
	buf     []byte
}

// verifySeals verifies the seals of the sets from index first on, each on its
// own. The error is that of the first key question that could not be asked.
func (c *chain) verifySeals(ctx context.Context, v *dkim.Verifier, first int) error {
	x := sealer{c: c, running: make(map[crypto.Hash]hash.Hash, 1)}
	for _, s := range c.sets {
		if a, ok := sealAlgorithms[strings.ToLower(s.SealAlgorithm)]; ok && s.Seal >= 0 {
			x.running[a.hash] = a.hash.New()
		}
	}
	var firstErr error
	for at, s := range c.sets {
		digests := x.next(s)
		if at < first || s.Seal < 0 {
			continue
		}
		if err := s.verifySeal(ctx, v, digests); err != nil && firstErr == nil {
			firstErr = err
		}
	}
	return firstErr
}

// next adds a set to the running hashes and returns what its seal may have
// signed, the likelier first.
func (x *sealer) next(s *set) [][]byte {
	buf := x.buf[:0]
	for _, k := range [...]kind{results, messageSignature} {
		if i := s.fields[k]; i >= 0 {
			buf = dkim.AppendHeader(buf, dkim.Relaxed, x.c.m.Bytes(i))
		}
	}
	var digests [][]byte
	below := len(buf)
	a, known := sealAlgorithms[strings.ToLower(s.SealAlgorithm)]
	if s.Seal >= 0 && known {
		buf = dkim.AppendSignature(buf, dkim.Relaxed, x.c.m.Bytes(s.Seal), s.sealTags)
		all := clone(x.running[a.hash])
		all.Write(buf)
		digests = append(digests, all.Sum(nil))
		if s.condemned() {
			// RFC 8617 §5.1.2: a seal with cv=fail signs its own set only.
			// QUIRK: some sealers sign the whole chain all the same.
			alone := a.hash.New()
			alone.Write(buf)
			digests = append([][]byte{alone.Sum(nil)}, digests...)
		}
	}
	buf = buf[:below]
	if s.Seal >= 0 {
		buf = dkim.AppendHeader(buf, dkim.Relaxed, x.c.m.Bytes(s.Seal))
	}
	for _, h := range x.running {
		h.Write(buf)
	}
	x.buf = buf
	return digests
}

// clone copies the state of a hash. Those of the standard library can.
func clone(h hash.Hash) hash.Hash {
	c, err := h.(hash.Cloner).Clone()
	if err != nil {
		panic("arc: the hash cannot be cloned: " + err.Error())
	}
	return c.(hash.Hash)
}

// verifySeal judges one seal. The error is a key question that could not be
// asked.
func (s *set) verifySeal(ctx context.Context, v *dkim.Verifier, digests [][]byte) error {
	set := func(result string, code dkim.Reason, format string, args ...any) error {
		s.SealResult, s.sealCode, s.SealReason = result, code, fmt.Sprintf(format, args...)
		return nil
	}
	a, known := sealAlgorithms[strings.ToLower(s.SealAlgorithm)]
	if !known {
		s.badSeal(dkim.ReasonAlgorithm, "a=%s is not a known algorithm", clip(s.SealAlgorithm))
	}
	name, ok := dkim.KeyName(s.Domain, s.Selector)
	if !ok {
		s.badSeal(dkim.ReasonSyntax, "d=%s and s=%s make no DNS name", clip(s.Domain), clip(s.Selector))
	} else {
		s.SealKeyName = name
	}
	if !known || !ok || s.b == nil {
		return set(permerror, s.sealCode, "%s", s.sealBad)
	}
	keys := v.Keys(ctx, name)
	if keys.Err != nil {
		var e *dns.Error
		if errors.As(keys.Err, &e) && e.Asked() {
			return set(temperror, keys.Code, "%s", keys.Reason)
		}
		s.SealReason = keys.Reason
		return keys.Err
	}
	verified, whole, why, code := tryKeys(keys, a.key, a.hash, digests, s.b)
	if verified != nil {
		s.SealKeyBits = verified.Bits
	}
	switch {
	case s.sealBad != "":
		return set(permerror, s.sealCode, "%s", s.sealBad)
	case verified == nil && why != "":
		return set(permerror, code, "%s", why)
	case verified == nil:
		return set(fail, dkim.ReasonSignature, "the seal does not verify")
	case why != "":
		return set(permerror, code, "%s", why)
	case a.hash == crypto.SHA1:
		return set(permerror, dkim.ReasonObsolete, "the seal verifies, but rsa-sha1 must not be accepted (RFC 8301 §3.1)")
	case verified.SmallOrder:
		return set(permerror, dkim.ReasonKeyWeak, "the seal verifies, but the key is a point of small order: one seal fits every message")
	case a.key == "rsa" && verified.Bits < dkim.MinKeyBits:
		return set(permerror, dkim.ReasonKeyWeak, "the seal verifies, but the key has %d bits, fewer than %d (RFC 8301 §3.2)", verified.Bits, dkim.MinKeyBits)
	case whole:
		return set(pass, dkim.ReasonNone, "it signs the whole chain, where a seal with cv=fail should sign its own set only (RFC 8617 §5.1.2)")
	}
	return set(pass, dkim.ReasonNone, "")
}

// tryKeys looks for a key and a digest that fit the signature. why says what is
// wrong with the key that verified, or, where none did, why no key could be
// tried; whole says that the digest was not the first.
func tryKeys(keys *dkim.Keys, keyType string, h crypto.Hash, digests [][]byte, b []byte) (found *dkim.Key, whole bool, why string, code dkim.Reason) {
	if len(keys.Keys) == 0 {
		return nil, false, keys.Reason, keys.Code
	}
	tried := false
	for _, key := range keys.Keys {
		problem, reason := unfit(key, keyType)
		if key.Public == nil || key.Type != keyType {
			if why == "" {
				why, code = problem, reason
			}
			continue
		}
		for n, digest := range digests {
			if dkim.VerifyDigest(key, h, digest, b) == nil {
				if problem == "" || found == nil {
					found, whole, why, code = key, n > 0, problem, reason
				}
				if problem == "" {
					return found, whole, "", dkim.ReasonNone
				}
			}
		}
		tried = tried || problem == ""
	}
	if found == nil && tried {
		why = "" // a usable key was there, and did not verify
	}
	return found, whole, why, code
}

// unfit says why a key record cannot serve for a seal, "" where it can. That a
// key is too short is judged apart.
func unfit(key *dkim.Key, keyType string) (string, dkim.Reason) {
	for _, p := range key.Problems {
		if p.Fatal && p.Code != dkim.ReasonKeyWeak {
			return "the key record cannot be used: " + p.Text, p.Code
		}
	}
	if key.Type != keyType {
		return fmt.Sprintf("k=%s of the key is not the %s of a=", key.Type, keyType), dkim.ReasonKeyMismatch
	}
	return "", dkim.ReasonNone
}

// decodeBase64 decodes base64 with folding white space in it (RFC 6376 §2.10),
// nil where it is none.
func decodeBase64(s string) []byte {
	s = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, s)
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

// unixTime reads t= (RFC 6376 §3.5: at most twelve digits), nil where it is
// none.
func unixTime(s string) *time.Time {
	if s == "" || len(s) > 12 || strings.Trim(s, "0123456789") != "" {
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return nil
	}
	t := time.Unix(n, 0).UTC()
	return &t
}

// clip quotes text of a sender for a reason, cut to a length that a line can
// hold.
func clip(s string) string {
	const most = 64
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}

// keyReasons are the reasons of package dkim that blame the key.
var keyReasons = []dkim.Reason{
	dkim.ReasonKeyMissing, dkim.ReasonKeyRevoked, dkim.ReasonKeyMalformed, dkim.ReasonKeyWeak,
	dkim.ReasonKeyMismatch, dkim.ReasonKeyUnavailable,
}

func blamesKey(code dkim.Reason) bool { return slices.Contains(keyReasons, code) }
