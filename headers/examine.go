package headers

import (
	"bytes"
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/headers/authres"
	"github.com/mailtrace/mailtrace/headers/received"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/spf"
)

// Examine gathers all facts about a message. It never fails: what could not be
// asked or read is in Facts.Gaps.
func Examine(ctx context.Context, m *message.Message, o Options) *Facts {
	f := &Facts{Msg: m, Options: o, ask: newAsker(ctx, o.Resolver), trust: newTrustList(o.Trust), overIP: o.ClientIP}
	f.readHops()
	f.readPeople()
	f.findHidden()
	f.verdicts = authres.All(f.Msg)
	f.unmaskPeople()
	f.trace()
	f.contradict()
	f.bindClaims()
	f.readEnvelopes()
	f.unmaskEnvelopes()
	f.assignRoles()
	f.setTime()
	f.readBody()
	f.readParts()
	f.verifySignatures(ctx)
	f.bracketSignatures()
	f.evaluateSPF()
	f.evaluateDMARC(ctx)
	f.lookAtBorder()
	f.findApart()
	f.findTwin()
	f.lookAtAuthor()
	f.weighClaims()
	f.lookAround()
	f.Gaps = f.ask.gaps
	return f
}

func (f *Facts) bindClaims() {
	cut := false
	f.Claims, cut = bindClaims(f.Msg, f.Hops, f.verdicts, &f.Custody, f.trust)
	if cut {
		f.ask.addGap(Gap{What: "verdicts in the header", Why: "more than are read"})
	}
}

// setTime fixes the time at which signatures are judged: that of the border's
// Received field, since a verifier there would have looked at its own clock.
func (f *Facts) setTime() {
	f.At, f.AtBasis = f.Options.At, "flag"
	if !f.At.IsZero() {
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

// evaluateSPF asks SPF at every border for the envelope sender with which the
// message came there, and at every public hop for all of these (the matrix).
func (f *Facts) evaluateSPF() {
	if r := f.LastRun(); r != nil || f.overIP.IsValid() {
		ip := f.ClientIP(r)
		if r == nil {
			ip = f.overIP
		}
		if f.MailFrom != nil && ip.IsValid() {
			q := spfQuery(*f.MailFrom, f.Helo)
			q.IP = ip
			f.SPF = f.ask.check(q)
			if f.SPF != nil && f.SPF.Result == spf.TempError {
				f.ask.addGap(Gap{"SPF of " + f.SPF.Domain, "the DNS did not answer: " + f.SPF.Reason})
			}
		}
		if r != nil {
			r.SPF = f.SPF
		}
	}
	type ident struct{ mailFrom, helo string }
	var idents []ident
	for i := range f.Runs {
		r := &f.Runs[i]
		if r.MailFrom == nil || (*r.MailFrom == "" && r.Helo == "") {
			continue
		}
		id := ident{mailFrom: *r.MailFrom}
		if id.mailFrom == "" {
			id.helo = r.Helo
		}
		if !slices.Contains(idents, id) {
			idents = append(idents, id)
		}
		if i > 0 {
			if ip := f.ClientIP(r); Public(ip) {
				q := spfQuery(id.mailFrom, r.Helo)
				q.IP = ip
				r.SPF = f.ask.check(q)
			}
		}
	}
	for k := range f.Hops {
		ip := f.Hops[k].IP
		if !Public(ip) {
			continue
		}
		for _, id := range idents {
			q := spfQuery(id.mailFrom, f.Hops[k].Helo)
			if id.mailFrom == "" {
				// A null sender stands for the HELO of the client it came from.
				q.Helo = host(id.helo)
			}
			q.IP = ip
			if e := f.ask.check(q); e != nil {
				name := id.mailFrom
				if name == "" {
					name = id.helo
				}
				f.Matrix = append(f.Matrix, Cell{Hop: k, IP: ip, Identity: name, Eval: e})
			}
		}
	}
}

// CheckAt evaluates SPF of the envelope sender of a run for some address; nil
// where it can't be asked.
func (f *Facts) CheckAt(r *Run, ip netip.Addr) *spf.Evaluation {
	if r == nil || r.MailFrom == nil {
		return nil
	}
	for _, c := range f.Matrix {
		if c.IP == ip && (c.Identity == *r.MailFrom || *r.MailFrom == "" && host(c.Identity) == host(r.Helo)) {
			return c.Eval
		}
	}
	return nil
}

// spfIdentifier turns an SPF result into what DMARC takes.
func spfIdentifier(domain, result string) []dmarc.Identifier {
	if domain == "" || result == "" {
		return nil
	}
	return []dmarc.Identifier{{Domain: domain, Pass: result == "pass", Temp: result == "temperror"}}
}

// evaluateDMARC decides DMARC at the border with what held there, by both
// standards, and once more with what the last checker of the recipient's side
// went by.
func (f *Facts) evaluateDMARC(ctx context.Context) {
	in := dmarc.Input{From: f.FromDomain}
	if f.FromDomain == "" {
		// RFC 9989 §5.3.1: no single author domain, nothing to decide.
		f.Aligned = make([]bool, len(f.DKIM))
		return
	}
	spfKnown := true
	if f.SPF != nil {
		in.SPF = spfIdentifier(f.SPF.Domain, string(f.SPF.Result))
	} else if c := f.BorderClaim("spf"); c != nil {
		in.SPF = spfIdentifier(orElse(c.Domain, domainOrNil(f.MailFrom)), c.Normal)
	} else {
		spfKnown = false
	}
	now := f.signaturesNow()
	in.DKIM = append(slices.Clone(now), f.signaturesAtBorder()...)
	f.DMARC = f.dmarc(ctx, in, dmarc.RFC9989)
	f.DMARC7489 = f.dmarc(ctx, in, dmarc.RFC7489)
	if !spfKnown && f.DMARC != nil && f.DMARC.Result == dmarc.Fail {
		f.ask.addGap(Gap{"DMARC at the border", "SPF could not be evaluated there, and no aligned signature passes"})
		f.DMARC, f.DMARC7489 = withoutSPF(f.DMARC), withoutSPF(f.DMARC7489)
	}
	delivered := dmarc.Input{From: f.FromDomain, DKIM: now, SPF: in.SPF}
	if c := f.lastSPF(); c != nil {
		delivered.SPF, spfKnown = spfIdentifier(orElse(c.Domain, domainOrNil(f.MailFrom)), c.Normal), true
	}
	f.DMARCDelivered = f.dmarc(ctx, delivered, dmarc.RFC9989)
	if !spfKnown {
		f.DMARCDelivered = withoutSPF(f.DMARCDelivered)
	}
	f.align(ctx)
}

// withoutSPF takes the result off an evaluation that fails for want of an SPF
// result only: what nobody asked is no failure. What the domain publishes stays.
func withoutSPF(e *dmarc.Evaluation) *dmarc.Evaluation {
	if e == nil || e.Result != dmarc.Fail {
		return e
	}
	x := *e
	x.Result, x.Disposition, x.Reason = "", "", "SPF could not be evaluated, and no aligned signature passes"
	return &x
}

// BorderClaim is the trusted verdict of a method that the border itself wrote on
// its client, nil where there is none.
func (f *Facts) BorderClaim(method string) *Claim {
	last := f.LastRun()
	if last == nil || last.Border < 0 {
		return nil
	}
	client := f.ClientIP(last)
	for _, c := range f.Trusted(method) {
		if c.Hop != last.Border || c.Normal == "" || c.Identity == "pra" || method == "spf" && c.Identity == "helo" && c.MailFrom != "" {
			continue
		}
		if c.IP.IsValid() && client.IsValid() && c.IP != client || c.IPBasis == "position" && !client.IsValid() {
			continue
		}
		return c
	}
	return nil
}

func domainOrNil(p *string) string {
	if p == nil {
		return ""
	}
	return envelopeDomain(*p)
}

func (f *Facts) dmarc(ctx context.Context, in dmarc.Input, m dmarc.Method) *dmarc.Evaluation {
	e, err := dmarc.Evaluate(ctx, f.ask.res, in, m)
	if err != nil {
		f.ask.gap("DMARC of "+in.From, err)
		return nil
	}
	return e
}

// signaturesNow are the signatures as they verify on the message we have.
func (f *Facts) signaturesNow() []dmarc.Identifier {
	var out []dmarc.Identifier
	for i := range f.DKIM {
		s := &f.DKIM[i]
		if s.Domain != "" {
			out = append(out, dmarc.Identifier{Domain: s.Domain, Pass: s.Result == dkim.Pass, Temp: s.Result == dkim.TempError})
		}
	}
	return out
}

// signaturesAtBorder are signatures that a trusted verdict of the border says
// verified there, or that were changed behind it, whatever became of them
// since.
func (f *Facts) signaturesAtBorder() []dmarc.Identifier {
	var out []dmarc.Identifier
	r := f.LastRun()
	if r == nil || r.Border < 0 {
		return nil
	}
	for _, c := range f.Trusted("dkim") {
		if c.Hop == r.Border && c.Normal == "pass" && c.Domain != "" && f.hasSignature(c.Domain) {
			out = append(out, dmarc.Identifier{Domain: c.Domain, Pass: true})
		}
	}
	for i := range f.DKIM {
		if f.HeldAtBorder(i) {
			out = append(out, dmarc.Identifier{Domain: f.DKIM[i].Domain, Pass: true})
		}
	}
	return out
}

// hasSignature reports whether a signature of the domain is in the message: a
// verdict about one that is not can't be held against anything.
func (f *Facts) hasSignature(domain string) bool {
	for i := range f.DKIM {
		if f.DKIM[i].Domain == domain {
			return true
		}
	}
	return false
}

// lastSPF is the trusted SPF verdict of the newest hop.
func (f *Facts) lastSPF() *Claim {
	for _, c := range f.Trusted("spf") {
		if c.Normal != "" && c.Identity != "helo" && c.Identity != "pra" {
			return c
		}
	}
	for _, c := range f.Trusted("spf") {
		if c.Normal != "" && c.Identity != "pra" {
			return c
		}
	}
	return nil
}

// align says which signatures are aligned with From in the published mode
// (relaxed where no record tells, RFC 9989 §4.4.1).
func (f *Facts) align(ctx context.Context) {
	f.Aligned = make([]bool, len(f.DKIM))
	strict := f.DMARC != nil && f.DMARC.Discovered.Record != nil && f.DMARC.Discovered.Record.StrictDKIM
	for i := range f.DKIM {
		d := f.DKIM[i].Domain
		if d == "" {
			continue
		}
		if strings.EqualFold(d, f.FromDomain) {
			f.Aligned[i] = true
			continue
		}
		ok, err := dmarc.Aligned(ctx, f.ask.res, d, f.FromDomain, strict, dmarc.RFC9989)
		if err != nil {
			f.ask.gap("alignment of "+d, err)
			continue
		}
		f.Aligned[i] = ok
	}
}

// lookAtBorder asks for the names of the border's client and the mail
// exchangers of the recipient.
func (f *Facts) lookAtBorder() {
	if ip := f.ClientIP(f.LastRun()); Public(ip) {
		f.BorderNames, f.BorderPTR = f.ask.names(ip)
	}
	if r := f.LastRun(); r != nil && r.Rcpt != "" {
		f.MX = f.ask.exchangers(domainOf(r.Rcpt))
	}
}
