package dkim

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/message"
)

// SignOptions say what a signature is to say. Domain, Selector and Key must be
// given; the zero value of all else is what is good for mail: relaxed/relaxed,
// [DefaultSigned] as far as the message has these fields, and From, To, Cc,
// Subject, Date and what else may stand only once signed once more than it
// stands there, so that nobody can add another (RFC 6376 §8.15).
type SignOptions struct {
	Domain   string        // d=
	Selector string        // s=
	Key      crypto.Signer // RSA of at least 1024 bits, or Ed25519
	Identity string        // i=, "" for none
	// Canonicalization is c=, "header/body"; "" is relaxed/relaxed.
	Canonicalization string
	// Headers are the names of h=, in order, as RFC 6376 §5.4 counts them: a name
	// that stands twice signs two fields, or that there is only one. nil is the
	// default above.
	Headers []string
	Time    time.Time // t=; the zero time leaves it out
	Expires time.Time // x=; the zero time leaves it out
}

// DefaultSigned are the fields that are signed where SignOptions.Headers is nil
// (RFC 6376 §5.4.1).
var DefaultSigned = []string{
	"From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
	"MIME-Version", "Content-Type", "Content-Transfer-Encoding", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
	"List-Help", "List-Post", "Autocrypt",
}

// once are the fields that may stand once (RFC 5322 §3.6) and that a reader
// sees or answers by.
var once = []string{"From", "Reply-To", "To", "Cc", "Subject", "Date", "Content-Type", "Content-Transfer-Encoding"}

// Signer signs one message whose body comes in pieces: write the body to it,
// then ask for the field. It is made by [NewSigner] and used by one goroutine.
type Signer struct {
	m    *message.Message
	o    SignOptions
	kind Kind
	// instance is i= of an ARC-Message-Signature.
	instance               int
	algorithm              string
	headerCanon, bodyCanon string
	names                  []string
	sum                    hash.Hash
	body                   *bodyStream
}

// NewSigner prepares a signature of a message. Only the header of m is read,
// and only now; its lines may end in LF or CRLF. The error says which option
// cannot be used, or that there is no From field.
func NewSigner(m *message.Message, o SignOptions) (*Signer, error) {
	return newSigner(m, o, DKIM, 0)
}

// NewARCSigner prepares the ARC-Message-Signature of a set (RFC 8617 §4.1.2),
// which is a DKIM signature of another name, without v=, that signs no ARC
// field. Package arc seals with it.
func NewARCSigner(m *message.Message, instance int, o SignOptions) (*Signer, error) {
	if instance < 1 || instance > maxStreamed {
		return nil, fmt.Errorf("dkim: an ARC set cannot have the instance %d", instance)
	}
	return newSigner(m, o, ARCMessage, instance)
}

func newSigner(m *message.Message, o SignOptions, kind Kind, instance int) (*Signer, error) {
	s := &Signer{m: m, o: o, kind: kind, instance: instance, sum: crypto.SHA256.New()}
	if _, ok := KeyName(o.Domain, o.Selector); !ok {
		return nil, fmt.Errorf("dkim: domain %q and selector %q make no DNS name", o.Domain, o.Selector)
	}
	switch key := publicKey(o.Key).(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < MinKeyBits {
			return nil, fmt.Errorf("dkim: the key has %d bits, fewer than %d (RFC 8301 §3.2)", key.N.BitLen(), MinKeyBits)
		}
		s.algorithm = "rsa-sha256"
	case ed25519.PublicKey:
		s.algorithm = "ed25519-sha256"
	default:
		return nil, errors.New("dkim: the key is neither RSA nor Ed25519")
	}
	canon := o.Canonicalization
	if canon == "" {
		canon = Relaxed + "/" + Relaxed
	}
	var ok bool
	if s.headerCanon, s.bodyCanon, ok = strings.Cut(canon, "/"); !ok {
		s.bodyCanon = Simple // RFC 6376 §3.5, c=
	}
	for _, c := range []string{s.headerCanon, s.bodyCanon} {
		if c != Simple && c != Relaxed {
			return nil, fmt.Errorf("dkim: %q is not a canonicalization\n  hint: relaxed/relaxed", canon)
		}
	}
	if o.Identity != "" && (!strings.Contains(o.Identity, "@") || strings.ContainsFunc(o.Identity, needsQuoting)) {
		return nil, fmt.Errorf("dkim: %q cannot be an identity (i=)", o.Identity)
	}
	if !o.Expires.IsZero() && !o.Time.IsZero() && !o.Expires.After(o.Time) {
		return nil, errors.New("dkim: the signature would expire before it is made")
	}
	if m.First("From") < 0 {
		return nil, errors.New("dkim: there is no From field to sign (RFC 6376 §5.4)")
	}
	if err := s.choose(); err != nil {
		return nil, err
	}
	s.body = newBodyStream(&sink{w: s.sum}, s.bodyCanon)
	return s, nil
}

func publicKey(k crypto.Signer) crypto.PublicKey {
	if k == nil {
		return nil
	}
	return k.Public()
}

// needsQuoting finds what cannot stand in a tag value (RFC 6376 §3.2, §2.11).
func needsQuoting(c rune) bool { return c <= ' ' || c == ';' || c == '=' || c >= 0x7f }

// choose sets the names of h=.
func (s *Signer) choose() error {
	s.names = slices.Clone(s.o.Headers)
	if s.o.Headers == nil {
		for _, name := range DefaultSigned {
			there := s.m.All(name)
			for range there {
				s.names = append(s.names, name)
			}
			if slices.Contains(once, name) {
				s.names = append(s.names, name)
			}
		}
	}
	from := false
	for _, name := range s.names {
		if name == "" || strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == ':' || c == ';' }) {
			return fmt.Errorf("dkim: %q is not a field name", name)
		}
		if s.kind == ARCMessage && strings.HasPrefix(strings.ToLower(name), "arc-") {
			return fmt.Errorf("dkim: an ARC-Message-Signature does not sign %s (RFC 8617 §4.1.2)", name)
		}
		from = from || strings.EqualFold(name, "From")
	}
	if !from {
		return errors.New("dkim: From must be signed (RFC 6376 §5.4)")
	}
	return nil
}

// Write takes the next part of the body. It never fails.
func (s *Signer) Write(b []byte) (int, error) {
	return s.body.Write(b)
}

// Field ends the body and returns the header field with the signature, folded,
// with CRLF at its end. It stands in front of the message. The error is that of
// the key.
func (s *Signer) Field() ([]byte, error) {
	s.body.close()
	name := "DKIM-Signature"
	var w tagWriter
	if s.kind == ARCMessage {
		name = "ARC-Message-Signature"
		w.start(name)
		w.tag("i", strconv.Itoa(s.instance))
	} else {
		w.start(name)
		w.tag("v", "1")
	}
	w.tag("a", s.algorithm)
	w.tag("c", s.headerCanon+"/"+s.bodyCanon)
	w.tag("d", s.o.Domain)
	w.tag("s", s.o.Selector)
	if s.o.Identity != "" && s.kind == DKIM {
		w.tag("i", s.o.Identity)
	}
	if !s.o.Time.IsZero() {
		w.tag("t", strconv.FormatInt(s.o.Time.Unix(), 10))
	}
	if !s.o.Expires.IsZero() {
		w.tag("x", strconv.FormatInt(s.o.Expires.Unix(), 10))
	}
	w.list("h", s.names)
	w.base64("bh", s.sum.Sum(nil))
	w.tag("b", "")
	sum := crypto.SHA256.New()
	pick := s.m.Picker()
	var buf []byte
	for _, name := range s.names {
		if i := pick.Take(strings.ToLower(name), -1); i >= 0 {
			buf = AppendHeader(buf[:0], s.headerCanon, s.m.Bytes(i))
			sum.Write(buf)
		}
	}
	tags, err := ParseTags(string(w.b[len(name)+1:]))
	if err != nil {
		return nil, fmt.Errorf("dkim: the options make no valid signature: %w", err)
	}
	sum.Write(AppendSignature(nil, s.headerCanon, w.b, tags))
	sig, err := SignDigest(s.o.Key, sum.Sum(nil))
	if err != nil {
		return nil, err
	}
	w.value(base64.StdEncoding.EncodeToString(sig))
	return append(w.b, '\r', '\n'), nil
}

// SignDigest signs a SHA-256 digest as RFC 6376 §3.3.1 (RSA) or RFC 8463 §3
// (Ed25519) say.
func SignDigest(key crypto.Signer, digest []byte) ([]byte, error) {
	h := crypto.SHA256
	if _, ok := key.Public().(ed25519.PublicKey); ok {
		h = crypto.Hash(0) // the digest is the message
	}
	sig, err := key.Sign(rand.Reader, digest, h)
	if err != nil {
		return nil, fmt.Errorf("dkim: signing: %w", err)
	}
	return sig, nil
}

// Sign signs a message that is in memory once for each of several options, such
// as an RSA and an Ed25519 key, and returns the fields in that order, to stand
// in front of it.
func Sign(m *message.Message, o ...SignOptions) ([]byte, error) {
	return SignBody(m, strings.NewReader(string(m.BodyBytes())), o...)
}

// SignBody is [Sign] for a message whose body is read from r, once and in
// constant memory; of m only the header is used.
func SignBody(m *message.Message, r io.Reader, o ...SignOptions) ([]byte, error) {
	if len(o) == 0 {
		return nil, errors.New("dkim: no options to sign by")
	}
	signers := make([]*Signer, len(o))
	to := make([]io.Writer, len(o))
	for i := range o {
		s, err := NewSigner(m, o[i])
		if err != nil {
			return nil, err
		}
		signers[i], to[i] = s, s
	}
	if _, err := CopyBody(io.MultiWriter(to...), r); err != nil {
		return nil, err
	}
	var out []byte
	for _, s := range signers {
		field, err := s.Field()
		if err != nil {
			return nil, err
		}
		out = append(out, field...)
	}
	return out, nil
}

// tagWriter writes a tag list into a folded header field: lines stay under 78
// octets where a value can be broken (RFC 5322 §2.1.1).
type tagWriter struct {
	b    []byte
	line int // octets in the current line
}

const lineLimit = 76

func (w *tagWriter) start(name string) {
	w.b = append(w.b, name...)
	w.b = append(w.b, ':')
	w.line = len(name) + 1
}

func (w *tagWriter) fold() {
	w.b = append(w.b, "\r\n\t"...)
	w.line = 8
}

func (w *tagWriter) tag(name, value string) {
	if w.b[len(w.b)-1] != ':' {
		w.b = append(w.b, ';')
		w.line++
	}
	if w.line+1+len(name)+1+len(value)+1 > lineLimit {
		w.fold()
	} else {
		w.b = append(w.b, ' ')
		w.line++
	}
	w.b = append(append(append(w.b, name...), '='), value...)
	w.line += len(name) + 1 + len(value)
}

// list writes names with colons between them, folded after a colon.
func (w *tagWriter) list(name string, items []string) {
	w.tag(name, items[0])
	for _, item := range items[1:] {
		w.b = append(w.b, ':')
		w.line++
		if w.line+len(item)+1 > lineLimit {
			w.fold()
		}
		w.b = append(w.b, item...)
		w.line += len(item)
	}
}

func (w *tagWriter) base64(name string, value []byte) {
	w.tag(name, base64.StdEncoding.EncodeToString(value))
}

// value writes the value of the tag that was written last, folded anywhere.
func (w *tagWriter) value(s string) {
	for s != "" {
		n := min(len(s), max(lineLimit-w.line, 1))
		if w.line >= lineLimit {
			w.fold()
			continue
		}
		w.b = append(w.b, s[:n]...)
		w.line += n
		s = s[n:]
	}
}
