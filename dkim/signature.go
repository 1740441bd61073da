package dkim

import (
	"crypto"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/internal/mailname"
)

// Kind is the header field that a signature stands in.
type Kind int

const (
	// DKIM is a DKIM-Signature field (RFC 6376).
	DKIM Kind = iota
	// ARCMessage is an ARC-Message-Signature field (RFC 8617 §4.1.2): the same
	// without v=, and i= is the instance of the set.
	ARCMessage
)

// MaxCopied bounds the header fields that are read from z=.
const MaxCopied = 1000

// algorithm is what an a= tag stands for.
type algorithm struct {
	key      string // k= of the key that fits
	hashName string
	hash     crypto.Hash
}

var algorithms = map[string]algorithm{
	"rsa-sha256":     {"rsa", "sha256", crypto.SHA256},
	"ed25519-sha256": {"ed25519", "sha256", crypto.SHA256},
	"rsa-sha1":       {"rsa", "sha1", crypto.SHA1}, // computed, never accepted (RFC 8301 §3.1)
}

// parsed is a signature with what only its verification needs.
type parsed struct {
	*Signature
	field     []byte // the whole header field
	algorithm algorithm
	identity  string // domain of i=, lower case, A-labels
	// code and fault are the first thing that makes the signature unusable.
	code  Reason
	fault string
}

func (p *parsed) bad(code Reason, format string, args ...any) {
	if p.code == ReasonNone {
		p.code, p.fault = code, fmt.Sprintf(format, args...)
	}
}

// canHash reports whether the body can be hashed as the signature says.
func (p *parsed) canHash() bool {
	return p.algorithm.hash != 0 && p.BodyCanon != "" && p.BodyHashSigned != nil
}

// canVerify reports whether the header can be hashed as the signature says and
// there is something to compare with.
func (p *parsed) canVerify() bool {
	return p.algorithm.hash != 0 && p.HeaderCanon != "" && len(p.B) > 0 && p.KeyName != "" && !p.doubled("b")
}

func (p *parsed) doubled(name string) bool {
	n := 0
	for i := range p.Tags {
		if p.Tags[i].Name == name {
			n++
		}
	}
	return n > 1
}

// parseSignature reads the tags of a signature field and checks all that can be
// checked without the DNS (RFC 6376 §6.1.1). It goes on after a fault, so that
// as much as possible can be computed.
func parseSignature(kind Kind, index int, field []byte, value string) *parsed {
	if decoded, ok := EncodedWords(value); ok {
		return worded(kind, index, field, decoded)
	}
	p := &parsed{
		Signature: &Signature{Field: index, BodyHash: Unchecked, HeaderSignature: Unchecked},
		field:     field,
	}
	tags, err := ParseTags(value)
	p.Tags = tags
	if err != nil {
		p.bad(ReasonSyntax, "%s", err)
	}
	if kind == DKIM {
		p.version()
	}
	p.algorithmTag()
	p.canon()
	p.domain(kind)
	p.headers()
	p.hashes()
	p.query()
	p.times()
	p.length()
	if z, ok := TagValue(tags, "z"); ok {
		p.CopiedFields, p.CopiedSkipped = copied(z)
	}
	p.noteSwallowed(value)
	return p
}

// required returns the value of a tag that must be there.
func (p *parsed) required(name string) (string, bool) {
	v, ok := TagValue(p.Tags, name)
	if !ok {
		p.bad(ReasonSyntax, "the required tag %s= is missing", name)
	} else if v == "" {
		p.bad(ReasonSyntax, "the required tag %s= is empty", name)
		ok = false
	}
	return v, ok
}

func (p *parsed) version() {
	if v, ok := p.required("v"); ok {
		p.Version = v
		if v != "1" {
			p.bad(ReasonVersion, "v=%s is not v=1", clip(v))
		}
	}
}

func (p *parsed) algorithmTag() {
	a, ok := p.required("a")
	if !ok {
		return
	}
	a = dropFWS(a)
	p.Algorithm = a
	// QUIRK: the names are taken in any case, as OpenDKIM does.
	if p.algorithm, ok = algorithms[a]; !ok {
		if p.algorithm, ok = algorithms[strings.ToLower(clipRaw(a))]; !ok {
			p.bad(ReasonAlgorithm, "a=%s is not a known algorithm", clip(a))
		}
	}
}

// clipRaw bounds a name before it is looked up.
func clipRaw(s string) string { return s[:min(len(s), 64)] }

func (p *parsed) canon() {
	c, ok := TagValue(p.Tags, "c")
	if !ok {
		p.HeaderCanon, p.BodyCanon = Simple, Simple
		return
	}
	header, body, both := strings.Cut(dropFWS(c), "/")
	if !both {
		body = Simple // RFC 6376 §3.5, c=
	}
	name := func(s string) string {
		switch {
		case strings.EqualFold(s, Relaxed):
			return Relaxed
		case strings.EqualFold(s, Simple):
			return Simple
		}
		p.bad(ReasonSyntax, "c=%s is not a known canonicalization", clip(c))
		return ""
	}
	p.HeaderCanon, p.BodyCanon = name(header), name(body)
}

func (p *parsed) domain(kind Kind) {
	d, okD := p.required("d")
	s, okS := p.required("s")
	p.Selector = dropFWS(s)
	if okD {
		if p.Domain, okD = asciiDomain(dropFWS(d)); !okD {
			p.bad(ReasonSyntax, "d=%s is not a domain name", clip(d))
		}
	}
	var selector string
	if okS {
		if selector, okS = asciiDomain(p.Selector); !okS {
			p.bad(ReasonSyntax, "s=%s is not a selector", clip(s))
		}
	}
	if okD && okS {
		name := selector + "._domainkey." + p.Domain
		if len(name) > mailname.MaxName {
			p.bad(ReasonSyntax, "the name of the key has %d octets, more than %d", len(name), mailname.MaxName)
		} else {
			p.KeyName = name
		}
	}
	i, ok := TagValue(p.Tags, "i")
	if kind == ARCMessage {
		p.Identity, p.identity = dropFWS(i), p.Domain
		return
	}
	if !ok {
		if okD {
			p.Identity, p.identity = "@"+p.Domain, p.Domain // RFC 6376 §3.5, i=
		}
		return
	}
	p.Identity = decodeQP(dropFWS(i))
	_, domain, ok := mailname.Split(p.Identity)
	if !ok {
		p.bad(ReasonSyntax, "i=%s has no @", clip(i))
		return
	}
	if p.identity, ok = asciiDomain(domain); !ok {
		p.bad(ReasonSyntax, "i=%s has no domain name", clip(i))
		return
	}
	if !mailname.Within(p.identity, p.Domain) && okD {
		p.bad(ReasonDomain, "i=%s is neither at d=%s nor below it", clip(i), p.Domain)
	}
}

func (p *parsed) headers() {
	h, ok := p.required("h")
	if !ok {
		return
	}
	p.SignedFields = list(h)
	p.countNames()
	if p.Names("from") == 0 {
		p.bad(ReasonFromUnsigned, "h= does not name From (RFC 6376 §5.4)")
	}
}

func (p *parsed) hashes() {
	var err error
	if bh, ok := p.required("bh"); ok {
		if p.BodyHashSigned, err = decodeBase64(bh); err != nil {
			p.BodyHashSigned = nil
			p.bad(ReasonSyntax, "bh= is not base64")
		}
	}
	if b, ok := p.required("b"); ok {
		if p.B, err = decodeBase64(b); err != nil {
			p.B = nil
			p.bad(ReasonSyntax, "b= is not base64")
		}
	}
}

func (p *parsed) query() {
	q, ok := TagValue(p.Tags, "q")
	if !ok {
		return
	}
	// QUIRK: "dns" alone, which old signers wrote, stands for dns/txt.
	for _, method := range list(q) {
		if method = dropFWS(method); strings.EqualFold(method, "dns/txt") || strings.EqualFold(method, "dns") {
			return
		}
	}
	p.bad(ReasonQuery, "q=%s has no method that is known", clip(q))
}

// times reads t= and x=. Whether they are past is judged later.
func (p *parsed) times() {
	read := func(name string) *time.Time {
		v, ok := TagValue(p.Tags, name)
		if !ok {
			return nil
		}
		n, ok := digits(dropFWS(v))
		if !ok || n > 999_999_999_999 { // RFC 6376 §3.5: twelve digits at most
			p.bad(ReasonSyntax, "%s=%s is not a time", name, clip(v))
			return nil
		}
		t := time.Unix(n, 0).UTC()
		return &t
	}
	p.SignedAt, p.ExpiresAt = read("t"), read("x")
	if p.SignedAt != nil && p.ExpiresAt != nil && !p.ExpiresAt.After(*p.SignedAt) {
		p.bad(ReasonTimes, "x= is not after t=")
	}
}

func (p *parsed) length() {
	v, ok := TagValue(p.Tags, "l")
	if !ok {
		return
	}
	n, ok := digits(dropFWS(v))
	if !ok {
		p.bad(ReasonSyntax, "l=%s is not a length", clip(v))
		return
	}
	p.BodyLength = &n
}

// digits reads a decimal number; one that does not fit is the largest that
// does.
func digits(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return math.MaxInt64, true
	}
	return n, true
}

// asciiDomain returns a domain name or selector in lower case and A-labels
// (RFC 8616 §4). QUIRK: underscores and names of one label are let through.
func asciiDomain(s string) (string, bool) {
	name, ok := mailname.Normal(s)
	if !ok || strings.HasSuffix(s, ".") || strings.TrimSpace(s) != s {
		return "", false
	}
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return "", false
		}
	}
	return name, true
}

// decodeQP decodes dkim-quoted-printable (RFC 6376 §2.11). A "=" that two hex
// digits do not follow stays.
func decodeQP(s string) string {
	if strings.IndexByte(s, '=') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '=' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

// copied reads a z= tag. Parts that are not a field are passed over: z= is for
// diagnosis and never makes a signature fail (RFC 6376 §3.5).
func copied(z string) (out []Copied, skipped int) {
	for part := range strings.SplitSeq(z, "|") {
		name, value, ok := strings.Cut(part, ":")
		if _, name = trimFWS(name); !ok || name == "" {
			continue
		}
		if len(out) == MaxCopied {
			skipped++
			continue
		}
		out = append(out, Copied{decodeQP(dropFWS(name)), decodeQP(dropFWS(value))})
	}
	return out, skipped
}
