package mailtrace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/mailtrace/mailtrace/arc"
	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dmarc"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/headers/authres"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/message"
	"github.com/mailtrace/mailtrace/message/mailbox"
	"github.com/mailtrace/mailtrace/spf"
)

// Session is what a mail server knows of a message when its end has come in.
type Session struct {
	// Resolver answers DNS questions; nil asks none, and nothing that needs the
	// DNS has a result.
	Resolver dns.Resolver
	IP       netip.Addr // the client
	Helo     string     // HELO or EHLO name
	MailFrom string     // reverse-path without angle brackets, "" for the null sender
	// Now is the time at which t= and x= are judged; the zero time is that of the
	// clock, which is right for a server.
	Now time.Time
}

// AuthResult is what SPF, DKIM, ARC and DMARC say of a message.
type AuthResult struct {
	SPF  *spf.Evaluation  // of the reverse-path, or of the HELO name for the null sender; nil without a client address
	DKIM []dkim.Signature // topmost first
	ARC  *arc.Chain
	// DMARC is that of RFC 9989; nil where it could not be decided, as the DNS
	// was not asked.
	DMARC *dmarc.Evaluation
	// From is the one domain of the From field, "" where there is none or
	// several: DMARC is then permerror.
	From string
	// Size is the message in octets.
	Size int64

	helo, mailFrom string
}

// MaxHeader is how many octets of header Authenticate takes.
const MaxHeader = 4 << 20

// Authenticate evaluates SPF, DKIM, ARC and DMARC for a message that a mail
// server has just received, before the server's own trace fields are added. The
// body is read once, in constant memory.
//
// A DNS that fails is a result (temperror), never an error. The error is that of
// the reader, [ErrTooLarge], [ErrNotMessage], or of the first question that was
// not asked at all (cancelled, switched off); what could be decided comes with
// the latter.
func Authenticate(ctx context.Context, s Session, r io.Reader) (_ *AuthResult, err error) {
	defer guard.Catch(&err)
	s.Now = present(s.Now)
	header, rest, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	m := message.Parse(header)
	if len(m.Fields) == 0 {
		return nil, ErrNotMessage
	}
	out := &AuthResult{helo: s.Helo, mailFrom: s.MailFrom}
	var first error
	note := func(err error) {
		if err != nil && first == nil {
			first = err
		}
	}

	// SPF needs the envelope only: it asks while the body comes in.
	var spfErr error
	var wg guard.Group
	if s.IP.IsValid() {
		wg.Go(func() {
			q := spf.Query{IP: s.IP, Helo: s.Helo, MailFrom: s.MailFrom}
			o := spf.Options{Explain: true, Time: s.Now.Unix()}
			out.SPF, spfErr = spf.Check(ctx, s.Resolver, q, o)
		})
	}
	v := dkim.NewVerifier(s.Resolver, m, dkim.Options{Now: s.Now})
	n, readErr := v.ReadBody(io.MultiReader(bytes.NewReader(m.BodyBytes()), rest))
	out.Size = int64(m.Body.Start) + n
	if readErr == nil {
		out.DKIM, err = v.Verify(ctx)
		note(err)
		out.ARC, err = arc.VerifyWith(ctx, v, m, arc.Options{Now: s.Now})
		note(err)
	}
	wg.Wait()
	if readErr != nil {
		if errors.Is(readErr, dkim.ErrTooLarge) {
			readErr = ErrTooLarge
		}
		return nil, fmt.Errorf("reading the message: %w", readErr)
	}
	note(spfErr)
	if spfErr != nil {
		out.SPF = nil
	}

	var boxes []mailbox.Mailbox
	for _, i := range m.All("From") {
		boxes = append(boxes, mailbox.Parse(m.Value(i))...)
	}
	if domains := mailbox.Domains(boxes); len(domains) == 1 {
		out.From = domains[0]
	}
	if first == nil {
		out.DMARC, err = dmarc.Evaluate(ctx, s.Resolver, out.identifiers(), dmarc.RFC9989)
		note(err)
	}
	return out, first
}

// identifiers are what DMARC compares with the author's domain.
func (r *AuthResult) identifiers() dmarc.Input {
	in := dmarc.Input{From: r.From}
	if e := r.SPF; e != nil {
		in.SPF = []dmarc.Identifier{{Domain: e.Domain, Pass: e.Result == spf.Pass, Temp: e.Result == spf.TempError}}
	}
	for i := range r.DKIM {
		if d := &r.DKIM[i]; d.Domain != "" {
			in.DKIM = append(in.DKIM, dmarc.Identifier{Domain: d.Domain, Pass: d.Result == dkim.Pass, Temp: d.Result == dkim.TempError})
		}
	}
	return in
}

// Disposition is what the owner of the author's domain asks to do with the
// message: "none", "quarantine" or "reject", already lowered by t=y. A receiver
// must not reject on it alone (RFC 9989 §7.4).
func (r *AuthResult) Disposition() dmarc.Policy {
	if r.DMARC == nil {
		return dmarc.PolicyNone
	}
	return r.DMARC.Disposition
}

// AuthenticationResults is the value of the Authentication-Results field for
// this message (RFC 8601), folded, to stand above what came in. authservID is
// the name of the server. Fields of that name that came with the message must be
// removed first (§5).
func (r *AuthResult) AuthenticationResults(authservID string) string {
	var out []authres.Written
	if e := r.SPF; e != nil {
		p := authres.Property{Type: "smtp", Name: "mailfrom", Value: r.mailFrom}
		if e.Identity == spf.Helo {
			p = authres.Property{Type: "smtp", Name: "helo", Value: r.helo}
		}
		out = append(out, authres.Written{Method: "spf", Result: string(e.Result), Properties: []authres.Property{p}})
	}
	if len(r.DKIM) == 0 {
		out = append(out, authres.Written{Method: "dkim", Result: "none"})
	}
	for i := range r.DKIM {
		d := &r.DKIM[i]
		if d.Result == "" {
			continue
		}
		w := authres.Written{Method: "dkim", Result: string(d.Result), Properties: []authres.Property{
			{Type: "header", Name: "d", Value: d.Domain}, {Type: "header", Name: "s", Value: d.Selector},
			{Type: "header", Name: "a", Value: d.Algorithm},
		}}
		if d.Result != dkim.Pass {
			w.Reason = d.Reason
		}
		out = append(out, w)
	}
	if c := r.ARC; c != nil && c.Result != "" && c.Result != arc.None {
		out = append(out, authres.Written{Method: "arc", Result: string(c.Result)})
	}
	if d := r.DMARC; d != nil {
		out = append(out, authres.Written{Method: "dmarc", Result: string(d.Result), Properties: []authres.Property{
			{Type: "header", Name: "from", Value: d.From}, {Type: "policy", Name: "dmarc", Value: string(d.Policy)},
		}})
	}
	return authres.Format(authservID, out)
}

// readHeader reads up to the blank line behind the header, and gives it with
// what was read beyond and the reader of the rest.
func readHeader(r io.Reader) (header []byte, rest io.Reader, err error) {
	buf := make([]byte, 0, 16<<10)
	searched := 0
	for {
		if end := headerEnd(buf, searched); end >= 0 {
			return buf[:end], io.MultiReader(bytes.NewReader(buf[end:]), r), nil
		}
		searched = max(len(buf)-3, 0)
		if len(buf) > MaxHeader {
			return nil, nil, fmt.Errorf("the header is over %d octets: %w", MaxHeader, ErrTooLarge)
		}
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := io.ReadAtLeast(r, buf[len(buf):cap(buf)], 1)
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, bytes.NewReader(nil), nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("reading the message: %w", err)
		}
	}
}

// headerEnd is the offset behind the first blank line, -1 where there is none
// yet. What stands before from was looked at.
func headerEnd(b []byte, from int) int {
	for i := from; i < len(b); {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return -1
		}
		i += n + 1
		if i < len(b) && b[i] == '\n' {
			return i + 1
		}
		if i+1 < len(b) && b[i] == '\r' && b[i+1] == '\n' {
			return i + 2
		}
	}
	return -1
}
