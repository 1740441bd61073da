// Package repair searches for the edit that broke a DKIM signature: it undoes what
// list servers, gateways and relays are known to do, and keeps what verifies. That
// is proof of what was changed, and that nothing else was.
//
// A [Searcher] serves the signatures of one message. How it searches, in which
// order and how far, is told in docs/repair.md.
//
// Not stable yet: kinds of changes and options come with what is learnt.
package repair

import (
	"bytes"
	"context"
	"crypto"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// Bounds of a search.
const (
	// DefaultMaxHashes is how many candidates are hashed where Options.MaxHashes
	// is 0: half of them at most for the body, half for the header. A candidate that is compared by an Ed25519 verification counts
	// as [EdCost] hashes.
	DefaultMaxHashes = 32_000
	// EdCost is what one Ed25519 verification counts for, EdCostLarge for a
	// message of LargeMessage bytes and more, whose search shall not cost many
	// times its verification.
	EdCost       = 10
	EdCostLarge  = 80
	LargeMessage = 256 << 10
	// maxHashesPart bounds the header where the body was not restored.
	maxHashesPart = 3_000
	// RepairPasses times the length of the body, and at least MinRepairBytes,
	// is how many bytes the search in the body hashes or writes.
	RepairPasses   = 8
	MinRepairBytes = 10 << 20
	// MaxRepairBody is the longest body that is searched.
	MaxRepairBody = 64 << 20
	// MaxRepairHeader is the longest signed header that is searched: the sum of
	// the signed fields in canonical form.
	MaxRepairHeader = 64 << 10
	// maxHeaderBytes bounds what the search in the header hashes, maxEditBytes
	// the fields that it writes for that.
	maxHeaderBytes = 32 << 20
	maxEditBytes   = 2 << 20
	// MaxChangeText bounds Change.Text, MaxChangeDiff Change.Diff.
	MaxChangeText = 2 << 10
	MaxChangeDiff = 4 << 10
)

// ChangeKind says what sort of edit was made after signing.
type ChangeKind string

const (
	SubjectTag       ChangeKind = "subject-tag"       // a tag in the Subject, or its encoded words written again
	Footer           ChangeKind = "footer"            // text or a part put behind the body, or behind the text of a part
	Banner           ChangeKind = "banner"            // the same in front
	LinkRewrite      ChangeKind = "link-rewrite"      // links lead to a protection service
	MIMEReencoded    ChangeKind = "mime-reencoded"    // transfer encoding, its line width, or charset
	Refold           ChangeKind = "refold"            // white space or letter case of a header field, which only simple minds
	HeaderNormalised ChangeKind = "header-normalised" // a field written in another way
	FromRewritten    ChangeKind = "from-rewritten"    // another address in From
	FieldAdded       ChangeKind = "field-added"       // a field, or one more of its name, where h= has it absent
	FieldRemoved     ChangeKind = "field-removed"     // a signed field is gone
	LineEndings      ChangeKind = "line-endings"      // line ends, blank lines, trailing blanks, ">From ", doubled dots
	LengthTail       ChangeKind = "length-tail"       // text after what l= covers: nobody signed it
)

// Change is one edit that was made after signing.
type Change struct {
	Kind ChangeKind
	// Field is the name of the header field as it is now (as it was, for a
	// field that was removed), "" for the body.
	Field string
	// Description says in plain words what was done. It may quote the message.
	Description string
	// Diff compares the canonical forms, "-" what was signed and "+" what
	// arrived, cut to MaxChangeDiff bytes.
	Diff string
	// Text is what was added or removed, as far as it can be told, cut to
	// MaxChangeText bytes.
	Text string
	// Software is the one that is known to make just this change ("Postfix"), ""
	// where several do.
	Software string
}

// Repaired is what a search found.
//
// Body and header are proved apart. A header in which b= verifies was signed
// so, bh= included. A body whose hash is bh= is the one that was signed where
// b= verifies, and where it does not, then the one that the writer of bh=
// hashed: nobody hits a hash by chance.
type Repaired struct {
	// Changes are the edits that were undone, of the body first. It is empty
	// only where Exhausted is set.
	Changes []Change
	// Hashes is how many candidates were compared.
	Hashes int
	// BodyProved says that the body, after the edits if there are any, has the
	// hash in bh=.
	BodyProved bool
	// HeaderProved says that b= verifies with the header after the edits.
	HeaderProved bool
	// Exhausted says that the search ended at a bound before all that it knows
	// was tried. A change that is reported is proved all the same.
	Exhausted bool
}

// Complete reports whether the whole signature verifies once the changes are
// undone. Where it is false, a part of the message was changed in a way that was
// not found.
func (r *Repaired) Complete() bool { return r.BodyProved && r.HeaderProved }

// Effort is how far a search goes.
type Effort int

const (
	// Full tries all that is known: for a message that somebody asks about.
	Full Effort = iota
	// Quick tries what is cheap and likely first and ends soon: for many messages.
	// What it finds is the same; Exhausted says that it ended early.
	Quick
)

// Options are settings of a search. The zero value is the standard.
type Options struct {
	Effort Effort
	// MaxHashes bounds the candidates of one signature; 0 means
	// [DefaultMaxHashes], or [QuickMaxHashes].
	MaxHashes int
	// HeaderOnly leaves the body out.
	HeaderOnly bool
}

// Searcher searches for what broke the signatures of one message. It remembers
// what it found and tried: signatures of one message tell about each other. It
// must not be used by several goroutines at once.
type Searcher struct {
	v     *dkim.Verifier
	m     *message.Message
	tried []*tried // searches so far, in order
}

// New returns a searcher for the message of v, whose keys and body hashes it
// shares.
func New(v *dkim.Verifier) *Searcher { return &Searcher{v: v, m: v.Message()} }

// Search looks for the edit that broke a signature (DKIM-Signature or
// ARC-Message-Signature): it undoes what list servers, gateways and relays are
// known to do, and keeps what verifies. That is proof: the message that was
// signed is the one that comes out, to the byte of its canonical form.
//
//   - Where only bh= differs, the header is intact and bh= is the signer's: the
//     body is searched until its hash is that.
//   - Where only b= fails, header fields are searched. An RSA signature gives
//     back the hash that was signed, so candidates are compared by hash and the
//     one that fits is verified; with Ed25519 each is verified.
//   - Where both fail, both are searched, each on its own: the hash of the body
//     does not hang on the header, and b= covers bh= as it stands. If only one
//     of the two is found, that one comes back and [Repaired.Complete] is false.
//
// Body edits are single; header edits go up to two, and to a few threes that
// list servers make. Search the RSA signatures of a message first: what proves
// itself there is tried first on the others.
//
// It returns nil where the signature is intact, where nothing was found, and
// where there is no key that this signature was made with: a key of another
// pair shows in RSA at once (see [dkim.SignedDigest]). Only where nothing was
// found and a bound was hit does it return a Repaired without changes.
//
// The error is that of the key question if it was not put or not answered, or
// that of ctx.
func (x *Searcher) Search(ctx context.Context, s *dkim.Signature, o Options) (*Repaired, error) {
	if s == nil || s.Field < 0 || s.Field >= len(x.m.Fields) {
		return nil, nil
	}
	kind := dkim.DKIM
	if strings.EqualFold(x.m.Name(s.Field), "ARC-Message-Signature") {
		kind = dkim.ARCMessage
	}
	f := x.m.Fields[s.Field].Value
	value := string(x.m.Raw[f.Start:f.End])
	if decoded, ok := dkim.EncodedWords(value); ok {
		return x.searchWords(ctx, kind, s.Field, decoded)
	}
	p := read(kind, s.Field, x.m.Bytes(s.Field), value)
	if !p.canHash() || !p.canVerify() {
		return nil, nil
	}
	keys := x.v.Keys(ctx, p.KeyName)
	if keys.Err != nil {
		return nil, keys.Err
	}
	digest := x.v.HeaderDigest(p.HeaderCanon, p.hash, p.SignedFields, p.Field, p.Tags)
	target, ok := newTarget(keys.Keys, p, digest)
	if !ok {
		return nil, nil
	}
	target.large = len(x.m.Raw) >= LargeMessage
	headerOK := target.is(digest)
	noBody := o.HeaderOnly || x.v.HeadersOnly()
	bodyOK := noBody
	if !noBody {
		d := x.v.BodyHash(p.BodyCanon, p.hash, p.limit())
		bodyOK = !d.Short && bytes.Equal(d.Sum, p.BodyHashSigned)
		p.UnsignedBytes = d.Unsigned
	}
	if headerOK && bodyOK {
		return nil, nil
	}
	r := &Repaired{BodyProved: bodyOK && !noBody, HeaderProved: headerOK}
	work := newBudget(ctx, o, len(x.m.BodyBytes()))
	target.quick = o.Effort == Quick
	done := &tried{p: p}
	if !bodyOK {
		c, sister := x.bodyOfSister(p)
		switch {
		case c != nil:
			r.Changes, r.BodyProved = append(r.Changes, *c), true
			done.body, done.signed = c, sister.signed
		case sister != nil:
			work.out, done.noBody = sister.cutBody, true
		case len(x.m.BodyBytes()) > MaxRepairBody:
			work.out = true
		default:
			work.forBody()
			search := newBodySearch(x.m, p, work)
			if c := search.find(); c != nil {
				r.Changes, r.BodyProved = append(r.Changes, *c), true
				done.body, done.signed = c, bytes.Join(withoutBlank(p.BodyCanon, [][]byte{search.signed}), nil)
			} else {
				done.noBody = true
			}
			done.cutBody = work.out
		}
	}
	if !headerOK && ctx.Err() == nil {
		r.Exhausted = work.out
		work.forHeader()
		search := newHeaderSearch(x, p, target, work)
		if len(r.Changes) > 0 && !bodyOK {
			// What changes a body changes the MIME fields, as a rule.
			search.mime = 0
		}
		if !r.BodyProved && !noBody {
			// The whole cannot verify any more: look for the likely only.
			work.hashes = min(work.hashes, maxHashesPart)
			search.narrow = true
		}
		if found := search.find(x.tried); found != nil {
			r.Changes, r.HeaderProved = append(r.Changes, found...), true
			done.undone = search.hints(search.proved)
		} else {
			done.noHeader, done.wide, done.cutWhole = true, !search.narrow, work.out
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x.tried = append(x.tried, done)
	r.Hashes = work.used
	r.Exhausted = r.Exhausted || work.out
	if len(r.Changes) == 0 {
		if r.Exhausted {
			return r, nil
		}
		return nil, nil
	}
	if r.Complete() && p.UnsignedBytes > 0 && bodyOK {
		r.Changes = append(r.Changes, lengthTail(x.m, p))
	}
	return r, nil
}

// searchWords decodes a signature field that was written as encoded words. It is
// not searched for more.
func (x *Searcher) searchWords(ctx context.Context, kind dkim.Kind, field int, decoded string) (*Repaired, error) {
	name := x.m.Name(field)
	p := read(kind, field, []byte(name+":"+decoded), decoded)
	if !p.canHash() || !p.canVerify() {
		return nil, nil
	}
	keys := x.v.Keys(ctx, p.KeyName)
	if keys.Err != nil {
		return nil, keys.Err
	}
	hash := p.hash.New()
	s := &headerSearch{m: x.m, p: p}
	for _, i := range s.picked(-1) {
		if i >= 0 {
			hash.Write(dkim.AppendHeader(nil, p.HeaderCanon, x.m.Bytes(i)))
		}
	}
	hash.Write(dkim.AppendSignature(nil, p.HeaderCanon, []byte(name+":"+decoded), p.Tags))
	digest := hash.Sum(nil)
	target, ok := newTarget(keys.Keys, p, digest)
	if !ok || !target.is(digest) {
		return nil, nil
	}
	r := &Repaired{Hashes: 1, HeaderProved: true, Changes: []Change{{
		Kind: HeaderNormalised, Field: name,
		Description: "the signature field was written as encoded words (RFC 2047), which no verifier decodes; decoded it verifies",
		Text:        boundText([]byte(decoded), MaxChangeText),
	}}}
	if !x.v.HeadersOnly() {
		d := x.v.BodyHash(p.BodyCanon, p.hash, p.limit())
		r.BodyProved = !d.Short && bytes.Equal(d.Sum, p.BodyHashSigned)
	}
	return r, nil
}

// lengthTail names the text that l= leaves unsigned: the proof does not reach it.
func lengthTail(m *message.Message, p *signature) Change {
	c := dkim.AppendBody(nil, p.BodyCanon, m.BodyBytes())
	tail := c[min(p.limit(), int64(len(c))):]
	return Change{
		Kind:        LengthTail,
		Description: "after what l= covers stands text that nobody signed: " + quoteText(tail),
		Diff:        diffText(nil, tail), Text: boundText(tail, MaxChangeText),
	}
}

// target is what the hash of a header is held against.
type target struct {
	key    *dkim.Key
	hash   crypto.Hash
	b      []byte
	digest []byte // what was signed, where the signature gives it back
	large  bool   // the message has LargeMessage bytes or more
	quick  bool
}

// newTarget picks the key that made the signature. It reports false where none
// of them did, as far as that can be told.
func newTarget(keys []*dkim.Key, p *signature, digest []byte) (target, bool) {
	var second target
	for _, key := range keys {
		if key.Public == nil || key.Type != p.key {
			continue
		}
		t := target{key: key, hash: p.hash, b: p.B}
		signed, ok := dkim.SignedDigest(key, p.hash, p.B)
		switch {
		case ok:
			t.digest = signed
			return t, true
		case key.Type == "ed25519" && (second.key == nil || t.is(digest)):
			second = t
		}
	}
	return second, second.key != nil
}

// cost is what one comparison counts for.
func (t *target) cost() int {
	switch {
	case t.digest != nil:
		return 1
	case t.large, t.quick:
		return EdCostLarge
	}
	return EdCost
}

// is reports whether the signature verifies over a digest.
func (t *target) is(digest []byte) bool {
	if t.digest != nil && !bytes.Equal(t.digest, digest) {
		return false
	}
	return dkim.VerifyDigest(t.key, t.hash, digest, t.b) == nil
}
