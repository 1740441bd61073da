package headers

import (
	"strings"

	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// Copy says what was done to the text before it could be read.
type Copy struct {
	// Mended says that repairs were made. A signature that does not verify over
	// them shows nothing.
	Mended bool
	// Inexact says that it is not sure that the bytes are those that were copied:
	// no signature is judged.
	Inexact bool
	// Top says that the repairs reach the newest trace field, so that not even
	// the recipient's own words are there as they were written.
	Top bool
	// Cut says that the header is known to be incomplete, Headless that what is
	// missing is its top: the newest fields.
	Cut, Headless bool
}

// Fragment reports whether only a part of a header was given: it ends without a
// body, and it has no author. A From field that is empty counts as none where
// the path is not there either.
func (f *Facts) Fragment() bool {
	if !f.Options.Copy.Mended && f.Msg.Note(message.HeaderOnly) == nil {
		return false
	}
	return f.FromFields == 0 || f.FromFields == 1 && len(f.Hops) == 0 && f.FromDomain == "" && strings.TrimSpace(f.Msg.Value(f.Msg.First("From"))) == ""
}

// Undated reports whether the newest server's field has no date, which every
// server writes: somebody took the dates out.
func (f *Facts) Undated() bool {
	n := len(f.Hops)
	return n > 0 && f.Hops[n-1].TimeRaw == "" && f.Hops[n-1].Confidence > 0.2
}

// excuseCopy takes back what signatures seem to say over a text that was repaired.
func (f *Facts) excuseCopy() {
	c := f.Options.Copy
	if !c.Mended && !f.MaskedPath() && !f.Undated() {
		return
	}
	excused := false
	excuse := func(s *dkim.Signature) {
		bad := s.HeaderSignature == dkim.Mismatch || s.BodyHash == dkim.Mismatch
		if !bad && !(c.Inexact && (s.HeaderSignature == dkim.Match || s.BodyHash == dkim.Match)) {
			return
		}
		excused = true
		s.HeaderSignature, s.BodyHash, s.BodyHashComputed = dkim.Unchecked, dkim.Unchecked, nil
		if s.Result == dkim.Pass || s.Result == dkim.Fail {
			s.Result, s.Code = dkim.Neutral, dkim.ReasonNoBody
			s.Reason = "not judged: the pasted text was repaired, or parts of it were redacted"
		}
	}
	for i := range f.DKIM {
		excuse(&f.DKIM[i])
	}
	if f.ARC != nil && (f.ARC.Result == arc.Fail || c.Inexact && f.ARC.Result == arc.Pass) {
		f.ARC, f.Unjudged, excused = nil, true, true
	}
	if excused {
		f.ask.addGap(Gap{"DKIM signatures", "not judged: the pasted text was repaired, or parts of it were redacted"})
	}
}
