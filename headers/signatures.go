package headers

import (
	"bytes"
	"context"

	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/headers/received"
)

// signaturesOf judges DKIM and ARC on the message as it is, and finds what broke
// the ones that do not verify, and where.
func signaturesOf(ctx context.Context, c Facts) Signatures {
	f := &c
	f.setTime()
	f.readBody()
	f.verifySignatures(ctx)
	f.bracketSignatures()
	return f.Signatures
}

// setTime fixes the time at which signatures are judged: that of the border's
// Received field, since a verifier there would have looked at its own clock.
func (f *Facts) setTime() {
	if f.At = f.Options.At; !f.At.IsZero() {
		f.AtBasis = "flag"
		if f.At.Equal(f.Options.Now) {
			f.AtBasis = "now"
		}
		return
	}
	f.AtBasis = "delivery"
	if h := f.BorderHop(); h != nil && !h.Time.IsZero() {
		f.At = h.Time
		return
	}
	for k := len(f.Hops) - 1; k >= 0; k-- {
		if !f.Hops[k].Time.IsZero() {
			f.At = f.Hops[k].Time
			return
		}
	}
	if t, ok := received.ParseDate(f.Msg.Get("Date")); ok {
		f.At = t
		return
	}
	f.At, f.AtBasis = f.Options.Now, "now"
}

// verifySignatures judges DKIM and ARC on the message as it is.
func (f *Facts) verifySignatures(ctx context.Context) {
	only := f.Body == BodyMissing
	v := dkim.NewVerifier(f.ask.res, f.Msg, dkim.Options{Now: f.At, HeadersOnly: only})
	sigs, err := v.Verify(ctx)
	if err != nil {
		f.ask.gap("DKIM signatures", err)
	}
	f.DKIM = sigs
	f.excuseBody()
	if !only && f.Body == BodyMissing {
		// Seen only now: what ARC signed is not there either.
		only = true
		v = dkim.NewVerifier(f.ask.res, f.Msg, dkim.Options{Now: f.At, HeadersOnly: true})
	}
	if f.Msg.First("ARC-Seal") >= 0 || f.Msg.First("ARC-Message-Signature") >= 0 || f.Msg.First("ARC-Authentication-Results") >= 0 {
		chain, err := arc.VerifyWith(ctx, v, f.Msg, arc.Options{Now: f.At, HeadersOnly: only})
		if err != nil {
			f.ask.gap("ARC chain", err)
		}
		f.ARC = chain
	}
	for i := range f.DKIM {
		if f.DKIM[i].Code == dkim.ReasonKeyUnavailable && f.DKIM[i].Result == dkim.TempError {
			f.ask.addGap(Gap{"DKIM key " + f.DKIM[i].KeyName, "the DNS did not answer"})
		}
	}
	f.excuseCopy()
	f.repairSignatures(ctx, v)
}

// excuseBody takes back body hashes that say nothing because the body is not
// the one that was sent: it was not copied along, or cut off. What remains is
// whether the header is intact.
func (f *Facts) excuseBody() {
	state := f.Body
	if state == BodyWhole && len(f.DKIM) > 0 && len(bytes.TrimSpace(f.Msg.BodyBytes())) == 0 {
		// An empty body is whole only if a signer saw it so.
		state = BodyMissing
	}
	if state == BodyWhole || len(f.DKIM) == 0 {
		return
	}
	excused := false
	for i := range f.DKIM {
		s := &f.DKIM[i]
		switch {
		case s.BodyHash == dkim.Match:
			return
		case s.BodyHash == dkim.Mismatch && s.Result == dkim.Fail:
			s.BodyHash, s.BodyHashComputed, excused = dkim.Unchecked, nil, true
			s.Result, s.Code = dkim.Neutral, dkim.ReasonNoBody
			s.Reason = "the body is " + string(state) + ": the body hash can't be checked"
			if s.HeaderSignature == dkim.Mismatch {
				s.Result, s.Code, s.Reason = dkim.Fail, dkim.ReasonSignature, "the header signature does not verify; the body is "+string(state)
			}
		case s.BodyHash == dkim.Unchecked:
			excused = true
		}
	}
	if excused {
		f.Body = state
		f.ask.addGap(Gap{"DKIM body hashes", "the body is " + string(state)})
	}
}
