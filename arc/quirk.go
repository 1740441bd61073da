package arc

import (
	"bytes"
	"crypto"

	"github.com/mailtrace/mailtrace/dkim"
)

// relaxByDefault looks again at a message signature without c= that does not
// verify.
//
// QUIRK: without c= the canonicalization is simple/simple (RFC 6376 §3.5, which
// RFC 8617 §4.1.2 takes over). The reference test suite of ARC and signers of
// its time take relaxed/relaxed. Either reading is let through; it changes only
// how white space counts.
func relaxByDefault(v *dkim.Verifier, sig *dkim.Signature) {
	if _, has := dkim.TagValue(sig.Tags, "c"); has || sig.Result != dkim.Fail || sig.Algorithm != "rsa-sha256" && sig.Algorithm != "ed25519-sha256" {
		return
	}
	if sig.BodyLength != nil || sig.ExpiresAt != nil {
		return // never met
	}
	relaxed := *sig
	if sig.BodyHash == dkim.Mismatch {
		body := v.BodyHash(dkim.Relaxed, crypto.SHA256, -1)
		if !bytes.Equal(body.Sum, sig.BodyHashSigned) {
			return
		}
		relaxed.BodyHash, relaxed.BodyCanon = dkim.Match, dkim.Relaxed
		relaxed.BodyHashComputed, relaxed.CanonicalBody = body.Sum, body.Length
	}
	if sig.HeaderSignature == dkim.Mismatch {
		b, _ := dkim.TagValue(sig.Tags, "b")
		digest := v.HeaderDigest(dkim.Relaxed, crypto.SHA256, sig.SignedFields, sig.Field, sig.Tags)
		key, _ := dkim.ParseKey(sig.KeyRecord)
		if dkim.VerifyDigest(key, crypto.SHA256, digest, decodeBase64(b)) != nil {
			return
		}
		relaxed.HeaderSignature, relaxed.HeaderCanon = dkim.Match, dkim.Relaxed
	}
	if relaxed.BodyHash != dkim.Match || sig.KeyType == "rsa" && sig.KeyBits < dkim.MinKeyBits {
		return
	}
	relaxed.Result, relaxed.Code = dkim.Pass, dkim.ReasonNone
	relaxed.Reason = "it verifies as relaxed/relaxed; without c= it should be simple/simple"
	*sig = relaxed
}
