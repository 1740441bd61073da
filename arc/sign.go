package arc

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// SealOptions say by what key a set is sealed. Domain, Selector, Key and
// Results must be given.
type SealOptions struct {
	Domain   string        // d= of seal and message signature
	Selector string        // s= of both
	Key      crypto.Signer // RSA of at least 1024 bits, or Ed25519
	// Results is what the sealer found: the value of its Authentication-Results
	// field, authserv-id first (RFC 8617 §4.1.1). It may be folded.
	Results string
	// Headers are the names of h= of the message signature; nil is
	// [dkim.DefaultSigned] and the DKIM signatures of the message.
	Headers []string
	Time    time.Time // t= of both; the zero time leaves it out
}

// ErrOpen says that the status of the chain is not known: a key could not be
// had. A seal must say pass or fail (RFC 8617 §5.1), so there is none to make.
var ErrOpen = errors.New("arc: the status of the chain that came is not known")

// ErrEnded says that the chain ended already: its newest seal says cv=fail, and
// no set is added to such a chain (RFC 8617 §5.1.1).
var ErrEnded = errors.New("arc: the newest seal says cv=fail, the chain has ended")

// Seal makes the next set of a chain (RFC 8617 §5.1) and returns its three
// fields, to stand in front of the message. m is the message as it goes out,
// body included; came is what [Verify] found of it as it came in, before any
// change. cv= follows from that: none, pass or fail.
func Seal(m *message.Message, came *Chain, o SealOptions) ([]byte, error) {
	return SealBody(m, bytes.NewReader(m.BodyBytes()), came, o)
}

// SealBody is [Seal] for a message whose body is read from r, once and in
// constant memory; of m only the header is used.
func SealBody(m *message.Message, r io.Reader, came *Chain, o SealOptions) ([]byte, error) {
	if came == nil {
		return nil, errors.New("arc: no status of the chain that came")
	}
	cv := ""
	switch came.Result {
	case None:
		cv = "none"
	case Pass:
		cv = pass
	case Fail:
		cv = fail
	default:
		return nil, ErrOpen
	}
	old := collect(m)
	if n := len(old.sets); n > 0 && old.sets[n-1].condemned() {
		return nil, ErrEnded
	}
	instance := 1
	if n := len(old.sets); n > 0 {
		instance = old.sets[n-1].Instance + 1
	}
	if instance > MaxInstance || old.tooMany {
		return nil, fmt.Errorf("arc: the chain has %d sets, there can be no more (RFC 8617 §4.2.1)", MaxInstance)
	}
	if cv == "none" && instance > 1 || cv == pass && instance == 1 {
		return nil, fmt.Errorf("arc: the chain that came is %q, but the message has %d sets", came.Result, instance-1)
	}
	results, err := resultsField(instance, o.Results)
	if err != nil {
		return nil, err
	}
	ams, err := messageSignatureField(m, r, instance, o)
	if err != nil {
		return nil, err
	}
	as, err := sealField(m, old, instance, cv, results, ams, o)
	if err != nil {
		return nil, err
	}
	return append(append(as, ams...), results...), nil
}

// resultsField writes the ARC-Authentication-Results.
func resultsField(instance int, results string) ([]byte, error) {
	lines := strings.FieldsFunc(strings.TrimSpace(results), func(c rune) bool { return c == '\r' || c == '\n' })
	if len(lines) == 0 {
		return nil, errors.New("arc: there are no results to seal")
	}
	for i, line := range lines {
		if i > 0 && line[0] != ' ' && line[0] != '\t' || strings.TrimSpace(line) == "" {
			return nil, errors.New("arc: the results hold a line that is not a continuation")
		}
	}
	return []byte(fmt.Sprintf("%s: i=%d; %s\r\n", fieldNames[0], instance, strings.Join(lines, "\r\n"))), nil
}

func messageSignatureField(m *message.Message, r io.Reader, instance int, o SealOptions) ([]byte, error) {
	headers := o.Headers
	if headers == nil {
		for _, name := range append([]string{"DKIM-Signature"}, dkim.DefaultSigned...) {
			for range m.All(name) {
				headers = append(headers, name)
			}
		}
	}
	s, err := dkim.NewARCSigner(m, instance, dkim.SignOptions{
		Domain: o.Domain, Selector: o.Selector, Key: o.Key, Headers: headers, Time: o.Time,
	})
	if err != nil {
		return nil, err
	}
	if _, err := dkim.CopyBody(s, r); err != nil {
		return nil, err
	}
	return s.Field()
}

func sealField(m *message.Message, old *chain, instance int, cv string, results, ams []byte, o SealOptions) ([]byte, error) {
	h := crypto.SHA256.New()
	if cv != fail { // RFC 8617 §5.1.2: a seal with cv=fail signs its own set only
		for _, s := range old.sets {
			for _, i := range s.fields {
				if i >= 0 {
					h.Write(dkim.AppendHeader(nil, dkim.Relaxed, m.Bytes(i)))
				}
			}
		}
	}
	h.Write(dkim.AppendHeader(nil, dkim.Relaxed, results))
	h.Write(dkim.AppendHeader(nil, dkim.Relaxed, ams))
	algorithm := "rsa-sha256"
	if _, ok := o.Key.Public().(ed25519.PublicKey); ok {
		algorithm = "ed25519-sha256"
	}
	field := fmt.Sprintf("%s: i=%d; a=%s; cv=%s;\r\n\td=%s; s=%s;", fieldNames[seal], instance, algorithm, cv, o.Domain, o.Selector)
	if !o.Time.IsZero() {
		field += " t=" + strconv.FormatInt(o.Time.Unix(), 10) + ";"
	}
	field += "\r\n\tb="
	tags, err := dkim.ParseTags(field[len(fieldNames[seal])+1:])
	if err != nil {
		return nil, fmt.Errorf("arc: the options make no valid seal: %w", err)
	}
	h.Write(dkim.AppendSignature(nil, dkim.Relaxed, []byte(field), tags))
	sig, err := dkim.SignDigest(o.Key, h.Sum(nil))
	if err != nil {
		return nil, err
	}
	b := base64.StdEncoding.EncodeToString(sig)
	for line := 0; b != ""; line++ {
		n := min(len(b), 72)
		if line > 0 {
			field += "\r\n\t"
		}
		field += b[:n]
		b = b[n:]
	}
	return []byte(field + "\r\n"), nil
}
