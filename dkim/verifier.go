package dkim

import (
	"context"
	"crypto"
	_ "crypto/sha1" // computed, never accepted (RFC 8301 §3.1)
	_ "crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/message"
)

// MaxKeys bounds the key records at one name that are tried.
const MaxKeys = 8

// Verifier verifies the signatures of one message. It keeps the body hashes
// and the keys, so DKIM and ARC over the same message share them. It must not
// be used by several goroutines at once.
type Verifier struct {
	res  dns.Resolver
	m    *message.Message
	o    Options
	keys []*Keys // few, so they are searched in order
	body []*bodyPass
	buf  []byte
	// streamed says that ReadBody hashed the body, and there is no other.
	streamed bool
}

// NewVerifier returns a verifier of m that asks res for keys.
func NewVerifier(res dns.Resolver, m *message.Message, o Options) *Verifier {
	return &Verifier{res: dns.OrOff(res), m: m, o: o}
}

// bodyKind is what makes two body hashes the same.
type bodyKind struct {
	canon string
	hash  crypto.Hash
}

type bodyPass struct {
	bodyKind
	wanted []int64 // lengths after which the sum is wanted, rising, without repeats
	done   bool
	sums   [][]byte // for wanted, as far as the body reaches
	sum    []byte   // whole
	length int64
}

// BodyDigest is a body hash.
type BodyDigest struct {
	Sum    []byte
	Length int64 // of the whole canonical body
	// Unsigned is the number of canonical bytes after the limit.
	Unsigned int64
	// Short says that the body ends before the limit. Sum is over all of it.
	Short bool
}

// BodyHash hashes the body in canonical form, up to limit octets (l=); a
// negative limit is all of it. The body is read once for a canonicalization
// and hash, however many limits [Verifier.Verify] has found in signatures.
func (v *Verifier) BodyHash(canon string, h crypto.Hash, limit int64) BodyDigest {
	p := v.wantBody(bodyKind{canon, h}, limit)
	if !p.done {
		v.hashBody(p)
	}
	d := BodyDigest{Sum: p.sum, Length: p.length}
	if limit < 0 {
		return d
	}
	if limit > p.length {
		d.Short = true
		return d
	}
	i, _ := slices.BinarySearch(p.wanted, limit)
	d.Sum, d.Unsigned = p.sums[i], p.length-limit
	return d
}

// has reports whether a pass that was made holds the sum for a limit.
func (p *bodyPass) has(limit int64) bool {
	if limit < 0 || limit > p.length {
		return true
	}
	_, found := slices.BinarySearch(p.wanted, limit)
	return found
}

// wantBody returns the pass that has, or will have, the sum for a limit.
func (v *Verifier) wantBody(kind bodyKind, limit int64) *bodyPass {
	i := slices.IndexFunc(v.body, func(p *bodyPass) bool { return p.bodyKind == kind })
	if i < 0 {
		i = len(v.body)
		v.body = append(v.body, &bodyPass{bodyKind: kind})
	} else if v.body[i].done {
		if v.body[i].has(limit) {
			return v.body[i]
		}
		// Once more, for this limit, and so that none is asked for a third time.
		v.body[i] = &bodyPass{bodyKind: kind, wanted: v.body[i].wanted}
	}
	p := v.body[i]
	if limit >= 0 {
		if i, found := slices.BinarySearch(p.wanted, limit); !found {
			p.wanted = slices.Insert(p.wanted, i, limit)
		}
	}
	return p
}

func (v *Verifier) hashBody(p *bodyPass) {
	if v.streamed {
		p.done = true // nobody asked for it while the body went by
		return
	}
	h := p.hash.New()
	// The whole is hashed even where every signature has l=: its length is
	// reported, and reading twice would cost more.
	s := sink{w: h, sum: h, limits: p.wanted}
	s.nextLimit()
	writeBody(&s, p.canon, v.m.BodyBytes())
	p.sums, p.length, p.sum = s.sums, s.n, h.Sum(nil)
	p.done = true
}

// Keys is what the DNS holds at the name of a key.
type Keys struct {
	Name    string
	Records int    // TXT records at the name
	Keys    []*Key // those that are meant as DKIM keys, at most MaxKeys
	Skipped int    // those beyond MaxKeys, which are not tried
	// Code and Reason say why Keys is empty, or why no record could be read.
	Code   Reason
	Reason string
	// Err is the *dns.Error of a question that was not answered.
	Err error
	// Answer is what the DNS said, CNAMEs included.
	Answer dns.Answer
}

// KeyName returns the DNS name of a key: lower case, A-labels. It reports
// false where domain or selector cannot stand in a DNS name.
func KeyName(domain, selector string) (string, bool) {
	d, ok := asciiDomain(domain)
	s, ok2 := asciiDomain(selector)
	name := s + "._domainkey." + d
	return name, ok && ok2 && len(name) <= 253
}

// Keys fetches the records of a key, once a name (RFC 6376 §6.1.2). name is
// that of [KeyName].
func (v *Verifier) Keys(ctx context.Context, name string) *Keys {
	k := v.haveKeys(name)
	if k == nil {
		answer, err := v.res.Lookup(ctx, name, dns.TypeTXT)
		k = readKeys(name, answer, err)
		v.keys = append(v.keys, k)
	}
	return k
}

func (v *Verifier) haveKeys(name string) *Keys {
	for _, k := range v.keys {
		if k.Name == name {
			return k
		}
	}
	return nil
}

// readKeys reads the records of an answer.
func readKeys(name string, answer dns.Answer, err error) *Keys {
	k := &Keys{Name: name, Answer: answer}
	if err != nil {
		var e *dns.Error
		if errors.As(err, &e) && e.Failure == dns.BadName {
			k.Code, k.Reason = ReasonKeyMissing, "there is no key: "+name+" cannot be a DNS name"
			return k
		}
		k.Code, k.Reason, k.Err = ReasonKeyUnavailable, "the key could not be fetched: "+err.Error(), err
		return k
	}
	var others []string
	for i := range answer.Records {
		r := &answer.Records[i]
		if r.Type != dns.TypeTXT {
			continue
		}
		k.Records++
		if what := otherRecord(r.Text); what != "" {
			if !slices.Contains(others, what) {
				others = append(others, what)
			}
			continue
		}
		if len(k.Keys) == MaxKeys {
			k.Skipped++
			continue
		}
		k.Keys = append(k.Keys, parsedKeys.Get(r.Text, parseKey))
	}
	switch {
	case len(k.Keys) > 0:
	case k.Records > 0:
		k.Code = ReasonKeyMissing
		k.Reason = fmt.Sprintf("there is no key at %s: the TXT record there is %s (a wildcard?)", name, strings.Join(others, " and "))
	case answer.Status == dns.NXDomain:
		k.Code, k.Reason = ReasonKeyMissing, "there is no key: "+name+" does not exist"
	default:
		k.Code, k.Reason = ReasonKeyMissing, "there is no key: "+name+" has no TXT record"
	}
	return k
}

// HeaderDigest hashes header fields as h= names them, and the field that holds
// the signature (RFC 6376 §3.7). canon is that of the header, tags are those
// of the field at index signature.
func (v *Verifier) HeaderDigest(canon string, h crypto.Hash, names []string, signature int, tags []Tag) []byte {
	hash := h.New()
	pick := v.m.Picker()
	if v.buf == nil {
		v.buf = make([]byte, 0, 2<<10) // enough for most signed headers
	}
	buf := v.buf[:0]
	for _, name := range names {
		// The field that is verified was not there when it was made.
		i := pick.Take(name, signature)
		if i < 0 {
			continue // an absent field is signed as absent (RFC 6376 §5.4)
		}
		buf = AppendHeader(buf, canon, v.m.Bytes(i))
		if len(buf) > 32<<10 {
			hash.Write(buf)
			buf = buf[:0]
		}
	}
	buf = AppendSignature(buf, canon, v.m.Bytes(signature), tags)
	hash.Write(buf)
	v.buf = buf
	return hash.Sum(nil)
}
