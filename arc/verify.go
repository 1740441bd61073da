package arc

import (
	"context"
	"fmt"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/message"
)

// Verify verifies the ARC chain of a message (RFC 8617 §5.2).
//
// Every message signature and every seal is verified, also where an early step
// of the algorithm settles the status, so that Sets tells what still holds of a
// broken chain. The status itself is that of the algorithm, step by step: Fail
// for more than 50 sets, for a newest seal with cv=fail, for a set that breaks
// the rules, for a newest message signature and then for any seal that does not
// verify. Where nothing failed but a key could not be fetched it is TempError.
//
// The error is that of the first key question that could not be asked
// (cancelled, not recorded, switched off). The chain comes with it; its Result
// is "" unless it does not depend on that key.
func Verify(ctx context.Context, res dns.Resolver, m *message.Message, o Options) (*Chain, error) {
	v := dkim.NewVerifier(res, m, dkim.Options{Now: o.Now, HeadersOnly: o.HeadersOnly})
	return VerifyWith(ctx, v, m, o)
}

// VerifyWith is [Verify] with a verifier of the same message, so that DKIM and
// ARC share keys and body hashes. Now and HeadersOnly are those of the
// verifier.
func VerifyWith(ctx context.Context, v *dkim.Verifier, m *message.Message, o Options) (*Chain, error) {
	c := collect(m)
	if len(c.sets) == 0 && len(c.Problems) == 0 {
		c.Result, c.Reason = None, "the message has no ARC fields"
		return c.Chain, nil
	}
	sound := c.check()
	var err error
	first := 0
	if !c.tooMany {
		// Over 50 sets nobody verifies any (RFC 8617 §5.2 step 1).
		most := o.MaxSets
		if most <= 0 {
			most = MaxInstance
		}
		first = max(0, len(c.sets)-most)
		err = c.verifyMessages(ctx, v, first)
		if sealErr := c.verifySeals(ctx, v, first); err == nil {
			err = sealErr
		}
	}
	c.history()
	c.judge(sound, first)
	c.Sets = make([]Set, len(c.sets))
	for i, s := range c.sets {
		c.Sets[i] = s.Set
	}
	return c.Chain, err
}

// verifyMessages verifies the message signatures of the sets from index first
// on.
func (c *chain) verifyMessages(ctx context.Context, v *dkim.Verifier, first int) error {
	var fields []int
	var owners []*set
	for _, s := range c.sets[first:] {
		if s.MessageSignature >= 0 {
			fields = append(fields, s.MessageSignature)
			owners = append(owners, s)
		}
	}
	var firstErr error
	for len(fields) > 0 {
		// The verifier looks at so many signatures at a time.
		n := min(len(fields), dkim.DefaultMaxSignatures)
		sigs, err := v.VerifyFields(ctx, dkim.ARCMessage, fields[:n])
		for i := range sigs {
			relaxByDefault(v, &sigs[i])
			owners[i].takeMessage(&sigs[i])
		}
		if err != nil && firstErr == nil {
			firstErr = err
		}
		fields, owners = fields[n:], owners[n:]
	}
	return firstErr
}

// takeMessage copies the outcome of a message signature into its set.
func (s *set) takeMessage(sig *dkim.Signature) {
	s.Message = sig
	s.BodyHash, s.HeaderSignature = string(sig.BodyHash), string(sig.HeaderSignature)
	s.AMSReason = sig.Reason
	if sig.Domain != "" {
		s.AMSDomain = sig.Domain
	}
	switch sig.Result {
	case dkim.Pass:
		s.AMSResult = pass
	case dkim.Fail:
		s.AMSResult = fail
	case dkim.TempError:
		s.AMSResult = temperror
	case dkim.PermError, dkim.Policy:
		s.AMSResult = permerror
	}
	if s.amsBad != "" && s.AMSResult == pass {
		s.AMSResult, s.AMSReason = permerror, s.amsBad
	}
}

// history finds since when the message is unchanged (RFC 8617 §5.2 step 5).
func (c *chain) history() {
	c.OldestPass = -1
	for at := len(c.sets) - 1; at >= 0 && c.sets[at].AMSResult == pass; at-- {
		c.OldestPass = c.sets[at].Instance
		if at == 0 {
			c.OldestPass = 0
		}
	}
	for at := len(c.sets) - 1; at >= 0; at-- {
		if c.sets[at].AMSResult == fail {
			c.ChangedAfter = c.sets[at].Instance
			return
		}
	}
}

// judge sets the status by the steps of RFC 8617 §5.2.
func (c *chain) judge(sound bool, first int) {
	end := func(r Result, code Reason, instance int, format string, args ...any) {
		c.Result, c.Code, c.FailedInstance = r, code, instance
		c.Reason = fmt.Sprintf(format, args...)
	}
	// Step 1.
	if c.tooMany {
		end(Fail, ReasonTooMany, 0, "there are more than %d sets", MaxInstance)
		return
	}
	// Step 2.
	if n := len(c.sets); n > 0 && c.sets[n-1].condemned() {
		at := n - 1
		for i, s := range c.sets {
			if s.condemned() {
				at = i
				break
			}
		}
		s := c.sets[at]
		end(Fail, ReasonInherited, s.Instance, "the sealer of set %d, %s, already found the chain broken (cv=fail)", s.Instance, printable(s.Domain))
		return
	}
	// Step 3.
	if !sound {
		c.judgeStructure(end)
		return
	}
	newest := c.sets[len(c.sets)-1]
	// Step 4.
	switch newest.AMSResult {
	case fail, permerror:
		end(Fail, newest.messageCode(), newest.Instance, "the message signature of set %d (%s) does not hold: %s",
			newest.Instance, printable(newest.AMSDomain), newest.AMSReason)
		return
	}
	// Step 6. Which of them is looked at first makes no difference to the
	// status; the oldest one tells the most, because every seal signs the sets
	// below it.
	for _, s := range c.sets {
		if s.SealResult == fail || s.SealResult == permerror {
			code := ReasonSeal
			if blamesKey(s.sealCode) {
				code = ReasonKey
			}
			end(Fail, code, s.Instance, "the seal of set %d (%s) does not hold: %s", s.Instance, printable(s.Domain), s.SealReason)
			return
		}
	}
	c.judgeOpen(first, end)
}

type ending func(r Result, code Reason, instance int, format string, args ...any)

// judgeStructure names the first rule that is broken.
func (c *chain) judgeStructure(end ending) {
	for _, s := range c.sets {
		if len(s.Problems) > 0 {
			end(Fail, ReasonStructure, s.Instance, "set %d breaks the rules: %s", s.Instance, strings.Join(s.Problems, "; "))
			return
		}
	}
	p := c.Problems[0]
	end(Fail, ReasonStructure, 0, "a field belongs to no set: %s", p.Text)
}

// judgeOpen ends a chain in which nothing failed.
func (c *chain) judgeOpen(first int, end ending) {
	newest := c.sets[len(c.sets)-1]
	if newest.AMSResult == temperror {
		end(TempError, ReasonKey, 0, "the message signature of set %d: %s", newest.Instance, newest.AMSReason)
		return
	}
	for at := len(c.sets) - 1; at >= 0; at-- {
		if s := c.sets[at]; s.SealResult == temperror {
			end(TempError, ReasonKey, 0, "the seal of set %d: %s", s.Instance, s.SealReason)
			return
		}
	}
	for at := len(c.sets) - 1; at >= first; at-- {
		if s := c.sets[at]; s.SealResult == unchecked {
			end("", ReasonKey, 0, "the seal of set %d could not be checked: %s", s.Instance, s.SealReason)
			return
		}
	}
	switch {
	case newest.AMSResult == unchecked && newest.Message != nil && newest.Message.Code == dkim.ReasonNoBody:
		end("", ReasonNoBody, 0, "the seals and the header hold; the body was not there to be checked")
	case newest.AMSResult == unchecked:
		end("", ReasonKey, 0, "the message signature of set %d could not be checked: %s", newest.Instance, newest.AMSReason)
	case first > 0:
		end("", ReasonLimit, 0, "the newest %d sets hold; the %d below them were not checked", len(c.sets)-first, first)
	default:
		end(Pass, ReasonNone, 0, "%s", c.passReason())
	}
}

// messageCode classifies a message signature that does not verify.
func (s *set) messageCode() Reason {
	if s.Message == nil {
		return ReasonMessage
	}
	switch s.Message.Code {
	case dkim.ReasonSyntax, dkim.ReasonVersion, dkim.ReasonDomain, dkim.ReasonFromUnsigned, dkim.ReasonAlgorithm,
		dkim.ReasonQuery, dkim.ReasonTimes:
		return ReasonStructure
	}
	if blamesKey(s.Message.Code) {
		return ReasonKey
	}
	return ReasonMessage
}

func (c *chain) passReason() string {
	sets := fmt.Sprintf("%d sets hold", len(c.sets))
	if len(c.sets) == 1 {
		sets = "the one set holds"
	}
	if c.OldestPass > 0 {
		return fmt.Sprintf("%s; the message was changed before set %d was sealed", sets, c.OldestPass)
	}
	return sets + "; the message is as the first sealer saw it"
}

// printable keeps a sender's text fit for a line.
func printable(s string) string {
	if q := clip(s); q != `"`+s+`"` {
		return q
	}
	return s
}
