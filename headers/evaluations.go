package headers

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/spf"
)

// spfAtBorders asks SPF at every border for the envelope sender with which the
// message came there.
func (f *Facts) spfAtBorders() {
	for i := range f.Runs {
		r := &f.Runs[i]
		ip := f.ClientIP(r)
		if r.MailFrom == nil || !ip.IsValid() || i > 0 && (*r.MailFrom == "" && r.Helo == "" || !Public(ip)) {
			continue
		}
		q := spfQuery(*r.MailFrom, r.Helo)
		q.IP = ip
		r.SPF = f.ask.check(q)
	}
}

// evaluationsOf decides SPF and DMARC with what held at the border.
func evaluationsOf(ctx context.Context, c Facts) Evaluations {
	f := &c
	f.evaluateSPF()
	f.evaluateDMARC(ctx)
	return f.Evaluations
}

// evaluateSPF takes SPF at the last border, and asks at every public hop for all
// envelope senders of the path (the matrix).
func (f *Facts) evaluateSPF() {
	if r := f.LastRun(); r != nil {
		f.SPF = r.SPF
	} else if f.MailFrom != nil && f.Options.ClientIP.IsValid() {
		q := spfQuery(*f.MailFrom, f.Helo)
		q.IP = f.Options.ClientIP
		f.SPF = f.ask.check(q)
	}
	if f.SPF != nil && f.SPF.Result == spf.TempError {
		f.ask.addGap(Gap{"SPF of " + f.SPF.Domain, "the DNS did not answer: " + f.SPF.Reason})
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
				q.Helo = mailname.Host(id.helo)
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
		if c.IP == ip && (c.Identity == *r.MailFrom || *r.MailFrom == "" && mailname.Host(c.Identity) == mailname.Host(r.Helo)) {
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
	domain, result := f.BorderSPF()
	in.SPF = spfIdentifier(domain, result)
	spfKnown := result != ""
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
		delivered.SPF, spfKnown = spfIdentifier(cmp.Or(c.Domain, domainOrNil(f.MailFrom)), c.Normal), true
	}
	f.DMARCDelivered = f.dmarc(ctx, delivered, dmarc.RFC9989)
	if !spfKnown {
		f.DMARCDelivered = withoutSPF(f.DMARCDelivered)
	}
	f.align(ctx)
}

// BorderSPF is the result of SPF at the border and the domain that it is of: as the
// DNS gives it now, and where that was not asked or did not answer, as the border
// wrote it. "" where neither is known.
func (f *Facts) BorderSPF() (domain, result string) {
	c := f.BorderClaim("spf")
	if e := f.SPF; e != nil && (e.Result != spf.TempError || c == nil) {
		return e.Domain, string(e.Result)
	}
	if c != nil {
		return cmp.Or(c.Domain, domainOrNil(f.MailFrom)), c.Normal
	}
	return "", ""
}

// withoutSPF takes the result off an evaluation that fails for want of an SPF
// result only: what nobody asked is not a failure. What the domain publishes stays.
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
	for n := range f.Claims {
		c := &f.Claims[n]
		if c.Trust != Trusted || c.Method != method || c.Hop != last.Border || c.Normal == "" || c.Identity == "pra" || method == "spf" && c.Identity == "helo" && c.MailFrom != "" {
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
