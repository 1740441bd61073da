package dkim

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/message"
)

// DefaultMaxSignatures is how many signatures of a message are verified where
// Options.MaxSignatures is 0.
const DefaultMaxSignatures = 32

// ClockSkew is how far t= may lie after Options.Now before it counts as the
// future.
const ClockSkew = 5 * time.Minute

// Verify verifies all DKIM-Signature fields of a message, topmost first
// (RFC 6376 §6.1).
//
// Both hashes of a signature are computed and reported whatever the verdict:
// the header signature also where the body hash differs (with the bh= that was
// signed), and both where policy or time rejects the signature. The results
// are those of RFC 8601 §2.7.1:
//
//   - Fail where a hash does not match, whatever else is wrong with a usable
//     signature and key; also where l= is more than the body.
//   - PermError where the signature or its key cannot be used, and where it
//     verifies but x= is past at Options.Now (RFC 6376 §6.1.1: PERMFAIL,
//     "signature expired").
//   - Policy where it verifies by rsa-sha1 or a key under 1024 bits
//     (RFC 8301 §3), or t= lies after Options.Now by more than [ClockSkew]
//     (RFC 6376 §3.5: verifiers MAY ignore it; many do not look).
//   - TempError where servers were asked for the key and failed.
//   - Neutral where it was not verified (ReasonLimit), or only the header was
//     (ReasonNoBody).
//
// A signature with l= that leaves bytes unsigned passes; UnsignedBytes says
// how many.
//
// The error is that of the first key question that was not asked at all
// (cancelled, switched off, not recorded). The signatures come back with it:
// those that wait for that key have Result "" and ReasonKeyUnavailable.
func Verify(ctx context.Context, res dns.Resolver, m *message.Message, o Options) ([]Signature, error) {
	return NewVerifier(res, m, o).Verify(ctx)
}

// Verify is the package function [Verify] for the message of v.
func (v *Verifier) Verify(ctx context.Context) ([]Signature, error) {
	return v.VerifyFields(ctx, DKIM, v.m.All("DKIM-Signature"))
}

// VerifyFields verifies the signatures in the given header fields, in that
// order.
func (v *Verifier) VerifyFields(ctx context.Context, kind Kind, fields []int) ([]Signature, error) {
	if len(fields) == 0 {
		return nil, nil
	}
	most := v.o.MaxSignatures
	if most <= 0 {
		most = DefaultMaxSignatures
	}
	all := make([]*parsed, 0, min(len(fields), most))
	out := make([]Signature, len(fields))
	for n, i := range fields {
		if n >= most {
			out[n] = Signature{
				Field: i, Result: Neutral, Code: ReasonLimit, BodyHash: Unchecked, HeaderSignature: Unchecked,
				Reason: fmt.Sprintf("not verified: there are %d signatures, %d are looked at", len(fields), most),
			}
			continue
		}
		s := v.m.Fields[i].Value
		p := parseSignature(kind, i, v.m.Bytes(i), string(v.m.Raw[s.Start:s.End]))
		all = append(all, p)
		if p.canHash() && !v.o.HeadersOnly {
			v.wantBody(bodyKind{p.BodyCanon, p.algorithm.hash}, p.limit())
		}
	}
	v.fetch(ctx, all)
	var firstErr error
	for n, p := range all {
		if err := v.verify(ctx, p); err != nil && firstErr == nil {
			firstErr = err
		}
		out[n] = *p.Signature
	}
	return out, firstErr
}

func (p *parsed) limit() int64 {
	if p.BodyLength == nil {
		return -1
	}
	return *p.BodyLength
}

// fetch asks for the keys of several signatures at the same time.
func (v *Verifier) fetch(ctx context.Context, all []*parsed) {
	if len(all) < 2 {
		return
	}
	missing := make([]string, 0, len(all))
	for _, p := range all {
		if p.KeyName != "" && v.haveKeys(p.KeyName) == nil && !slices.Contains(missing, p.KeyName) {
			missing = append(missing, p.KeyName)
		}
	}
	if len(missing) < 2 || dns.AtOnce(v.res) {
		return
	}
	type reply struct {
		answer dns.Answer
		err    error
	}
	replies := make([]reply, len(missing))
	put := func(i int) {
		replies[i].answer, replies[i].err = v.res.Lookup(ctx, missing[i], dns.TypeTXT)
	}
	var wg guard.Group
	for i := range missing[1:] {
		wg.Go(func() { put(i + 1) })
	}
	put(0)
	wg.Wait()
	for i, name := range missing {
		v.keys = append(v.keys, readKeys(name, replies[i].answer, replies[i].err))
	}
}

// verify computes what can be computed of one signature and judges it.
func (v *Verifier) verify(ctx context.Context, p *parsed) error {
	var body BodyDigest
	if p.canHash() && !v.o.HeadersOnly {
		body = v.BodyHash(p.BodyCanon, p.algorithm.hash, p.limit())
		p.BodyHashComputed, p.CanonicalBody, p.UnsignedBytes = body.Sum, body.Length, body.Unsigned
		p.BodyHash = Mismatch
		if bytes.Equal(body.Sum, p.BodyHashSigned) {
			p.BodyHash = Match
		}
	}
	var keys *Keys
	var key *Key
	if p.KeyName != "" {
		keys = v.Keys(ctx, p.KeyName)
		p.KeyRecords = keys.Records
		if key = v.tryKeys(p, keys.Keys); key != nil {
			p.KeyRecord, p.KeyType, p.KeyBits, p.KeyTesting = key.Record, key.Type, key.Bits, key.Testing
		}
	}
	return v.judge(p, keys, key, body.Short)
}

// tryKeys checks the header signature with each key and returns the one to be
// reported: best is one that verifies and may be used, then one that verifies,
// then one that may be used, then the first.
func (v *Verifier) tryKeys(p *parsed, keys []*Key) *Key {
	var best *Key
	var digest []byte
	bestRank := -1
	for _, key := range keys {
		rank := 0
		if key.fatal() == nil && key.permits(p.algorithm, p.identity, p.Domain) == "" {
			rank++
		}
		if p.canVerify() && key.Public != nil && key.Type == p.algorithm.key {
			if digest == nil {
				digest = v.HeaderDigest(p.HeaderCanon, p.algorithm.hash, p.SignedFields, p.Field, p.Tags)
			}
			if VerifyDigest(key, p.algorithm.hash, digest, p.B) == nil {
				rank += 2
				p.HeaderSignature = Match
			} else if p.HeaderSignature == Unchecked {
				p.HeaderSignature = Mismatch
			}
		}
		if rank > bestRank {
			best, bestRank = key, rank
		}
	}
	return best
}

// judge sets Result, Code and Reason from what was found.
func (v *Verifier) judge(p *parsed, keys *Keys, key *Key, short bool) error {
	set := func(result Result, code Reason, reason string) error {
		if keys != nil && keys.Skipped > 0 && p.HeaderSignature != Match {
			reason += fmt.Sprintf("; %d more key records were not tried", keys.Skipped)
		}
		p.Result, p.Code, p.Reason = result, code, reason
		return nil
	}
	if p.code != ReasonNone {
		return set(PermError, p.code, p.fault)
	}
	if keys.Err != nil {
		var e *dns.Error
		if errors.As(keys.Err, &e) && e.Asked() {
			return set(TempError, keys.Code, keys.Reason)
		}
		p.Code, p.Reason = keys.Code, keys.Reason
		return keys.Err
	}
	if key == nil {
		return set(PermError, keys.Code, keys.Reason)
	}
	if f := key.fatal(); f != nil && f.Code != ReasonKeyMismatch {
		return set(PermError, f.Code, "the key record cannot be used: "+f.Text)
	}
	if text := key.permits(p.algorithm, p.identity, p.Domain); text != "" {
		return set(PermError, ReasonKeyMismatch, text)
	}
	if f := key.fatal(); f != nil && p.algorithm.hash != crypto.SHA1 {
		return set(PermError, f.Code, "the key record cannot be used: "+f.Text)
	}
	switch {
	case short:
		return set(Fail, ReasonBodyLength, fmt.Sprintf("l=%d is more than the %d octets of the body", *p.BodyLength, p.CanonicalBody))
	case p.BodyHash == Mismatch && p.HeaderSignature == Mismatch:
		return set(Fail, ReasonBodyHash, "the body hash differs, and the header signature does not verify either")
	case p.BodyHash == Mismatch:
		return set(Fail, ReasonBodyHash, "the body hash differs; the header signature verifies, so bh= is the signer's")
	case p.HeaderSignature != Match:
		if p.BodyHash == Match {
			return set(Fail, ReasonSignature, "the header signature does not verify; the body hash matches")
		}
		return set(Fail, ReasonSignature, "the header signature does not verify")
	}
	if now := v.o.Now; !now.IsZero() {
		if x := p.ExpiresAt; x != nil && now.After(*x) {
			return set(PermError, ReasonExpired, "the signature verifies, but it expired at "+x.Format(time.RFC3339))
		}
		if t := p.SignedAt; t != nil && t.After(now.Add(ClockSkew)) {
			return set(Policy, ReasonFuture, "the signature verifies, but is dated "+t.Format(time.RFC3339)+", in the future")
		}
	}
	switch {
	case p.algorithm.hash == crypto.SHA1:
		return set(Policy, ReasonObsolete, "the signature verifies, but rsa-sha1 must not be accepted (RFC 8301 §3.1)")
	case key.SmallOrder:
		return set(Policy, ReasonKeyWeak, "the signature verifies, but the key is a point of small order: one signature fits every message")
	case key.Type == "rsa" && key.Bits < MinKeyBits:
		return set(Policy, ReasonKeyWeak, fmt.Sprintf("the signature verifies, but the key has %d bits, fewer than %d (RFC 8301 §3.2)", key.Bits, MinKeyBits))
	case p.BodyHash == Unchecked:
		return set(Neutral, ReasonNoBody, "the header signature verifies; the body is not there to be checked")
	}
	return set(Pass, ReasonNone, "")
}
