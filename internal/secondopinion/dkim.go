package secondopinion

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	gomsgauth "github.com/emersion/go-msgauth/dkim"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/message"
)

// Signature is what an independent library says of one signature.
type Signature struct {
	Field  int         // index into Message.Fields
	Domain string      // d=, as the library read it; "" where it could not
	Result dkim.Result // pass, fail, temperror or permerror; "" where its question to the DNS was not asked
	Reason string      // its words
}

// Bounds of a cross-check. The library's time grows with the square of the
// longest folded field (160 KB take a second) and with the product of names in
// h= and header fields.
const (
	MaxField = 32 << 10
	MaxPicks = 2_000_000
)

// ErrLimit says that a message goes beyond what the library can be given.
var ErrLimit = errors.New("the header is too large for a cross-check")

// DKIM verifies the signatures of a message by go-msgauth v0.7.0, for a
// second opinion. It gets the same header and body as dkim.Verify does, and its
// keys from the same resolver, so a difference is one of reading the standard;
// [DKIMDifference] names those that are expected. At most
// dkim.DefaultMaxSignatures are verified. It judges x= by the clock of the
// machine.
//
// The error is ErrLimit, or that of the first question that was not asked.
func DKIM(ctx context.Context, res dns.Resolver, m *message.Message) ([]Signature, error) {
	fields := m.All("DKIM-Signature")
	if len(fields) == 0 {
		return nil, nil
	}
	if err := crossLimit(m, fields); err != nil {
		return nil, err
	}
	asked := &noting{Resolver: dns.OrOff(res)} // the library asks from a goroutine for each signature
	lookup := func(name string) ([]string, error) { return dns.Std{Resolver: asked}.LookupTXT(ctx, name) }
	verifications, err := gomsgauth.VerifyWithOptions(crossReader(m), &gomsgauth.VerifyOptions{
		LookupTXT: lookup, MaxVerifications: dkim.DefaultMaxSignatures,
	})
	if err != nil && !errors.Is(err, gomsgauth.ErrTooManySignatures) {
		return nil, fmt.Errorf("cross-check: %w", err)
	}
	if len(verifications) != min(len(fields), dkim.DefaultMaxSignatures) {
		return nil, fmt.Errorf("cross-check: the library found %d signatures, not %d", len(verifications), len(fields))
	}
	out := make([]Signature, len(verifications))
	for i, v := range verifications {
		out[i] = Signature{Field: fields[i], Domain: v.Domain, Result: dkim.Pass}
		if v.Err == nil {
			continue
		}
		out[i].Reason = strings.TrimPrefix(v.Err.Error(), "dkim: ")
		switch {
		case gomsgauth.IsTempFail(v.Err) && asked.err != nil:
			out[i].Result = ""
		case gomsgauth.IsTempFail(v.Err):
			out[i].Result = dkim.TempError
		case gomsgauth.IsPermFail(v.Err):
			out[i].Result = dkim.PermError
		default:
			out[i].Result = dkim.Fail
		}
	}
	return out, asked.err
}

// crossReader is the message without what stands before its header, and with
// the blank line that the library needs. Its parts never fail, which would make
// the library leave goroutines behind.
func crossReader(m *message.Message) io.Reader {
	header := m.Raw[m.Header.Start:m.Header.End]
	end := "\r\n"
	if len(header) > 0 && header[len(header)-1] != '\n' {
		end = "\r\n\r\n"
	}
	return io.MultiReader(bytes.NewReader(header), strings.NewReader(end), bytes.NewReader(m.BodyBytes()))
}

func crossLimit(m *message.Message, fields []int) error {
	for i := range m.Fields {
		if m.Fields[i].End-m.Fields[i].Name.Start > MaxField {
			return ErrLimit
		}
	}
	if m.Note(message.BadLine) != nil || m.Note(message.FieldLimit) != nil {
		// Lines that are in no field count as fields, or grow one, over there.
		if m.Header.Len() > MaxField {
			return ErrLimit
		}
	}
	names := 0
	for _, i := range fields[:min(len(fields), dkim.DefaultMaxSignatures)] {
		names += 1 + bytes.Count(m.Bytes(i), []byte{':'})
	}
	if names*(1+len(m.Fields)) > MaxPicks {
		return ErrLimit
	}
	return nil
}

// Agrees reports whether the library draws the same conclusion: the signature
// counts, does not count, or could not be judged. In which word it is rejected
// does not matter.
func (c Signature) Agrees(s *dkim.Signature) bool {
	kind := func(r dkim.Result) int {
		switch r {
		case dkim.Pass:
			return 1
		case "", dkim.TempError:
			return 2
		}
		return 3
	}
	return kind(c.Result) == kind(s.Result)
}

var bInside = regexp.MustCompile(`b\s*=[^;]`)

// DKIMDifference explains why the library's result differs from ours, "" where
// it agrees or the difference is not a known one. m is the message that both
// verified.
func DKIMDifference(m *message.Message, s *dkim.Signature, c Signature) string {
	if c.Agrees(s) {
		return ""
	}
	said := func(words string) bool { return strings.Contains(c.Reason, words) }
	if c.Result == dkim.Pass {
		return laxer(m, s)
	}
	switch {
	case s.Code == dkim.ReasonLimit || s.Code == dkim.ReasonNoBody:
		return "it was not verified in full here"
	case said("insecure body length tag"):
		return "go-msgauth rejects every signature that has l="
	case said("expired"):
		return "go-msgauth judges x= by today's clock"
	case said("multiple TXT records"):
		return "go-msgauth rejects a key when any other TXT record stands beside it"
	case said("domain mismatch"):
		return "go-msgauth compares i= and d= with regard to case"
	case said("unsupported public key query method"), said("unsupported key algorithm"), said("inappropriate"),
		said("canonicalization algorithm"), said("malformed algorithm name"), said("unsupported hash algorithm"):
		return "go-msgauth takes keywords in lower case only, and q= only as dns/txt"
	case (said("no key for signature") || said("no valid key")) && !isASCII(s):
		return "go-msgauth does not convert international names for the DNS"
	case said("key syntax error"):
		return "go-msgauth takes no white space but SP in p="
	case said("signature did not verify"):
		for _, tag := range s.Tags {
			if tag.Name != "b" && bInside.MatchString(tag.Name+"="+tag.Value) {
				return "go-msgauth removes \"b=\" inside other tags too (its issue 77)"
			}
		}
		return crDifference(m)
	case said("body hash did not verify"):
		return crDifference(m)
	}
	return ""
}

// laxer explains a pass of the library where we have none.
func laxer(m *message.Message, s *dkim.Signature) string {
	switch s.Code {
	case dkim.ReasonFuture, dkim.ReasonTimes:
		return "go-msgauth does not compare t= with the clock or with x="
	case dkim.ReasonExpired:
		return "go-msgauth judges x= by today's clock"
	case dkim.ReasonKeyMismatch:
		return "go-msgauth does not enforce t=s of a key"
	case dkim.ReasonKeyMalformed:
		return "go-msgauth lets v= stand anywhere in a key"
	case dkim.ReasonSyntax:
		return "go-msgauth does not check the syntax of tag names, domains and numbers"
	case dkim.ReasonLimit, dkim.ReasonNoBody:
		return "it was not verified in full here"
	}
	return crDifference(m)
}

// crDifference explains results that part over CRs without LF.
func crDifference(m *message.Message) string {
	b := m.Raw[m.Header.Start:]
	if bytes.Count(b, []byte{'\r'}) > bytes.Count(b, []byte("\r\n")) {
		return "go-msgauth takes a CR without LF for a line end"
	}
	return ""
}

// isASCII reports whether the domain and selector were written in ASCII.
func isASCII(s *dkim.Signature) bool {
	d, _ := dkim.TagValue(s.Tags, "d")
	for _, text := range []string{d, s.Selector} {
		for i := 0; i < len(text); i++ {
			if text[i] >= 0x80 {
				return false
			}
		}
	}
	return true
}
