package repair

import (
	"bytes"
	"slices"
	"strings"
)

// Signatures of one message tell about each other: one list server broke them
// all. What proved itself for one is tried first for the next, and a search that
// found nothing in the same fields is not made again: with RSA it costs a hash a
// candidate, with Ed25519 a verification.

// tried is what a search for one signature did.
type tried struct {
	p *signature

	undone   []hint // edits of the header that verified
	noHeader bool   // the header was searched as far as its budget went, and nothing was found
	wide     bool   // of it: not only for the likely

	body     *Change // of the body, nil where there was none or none was found
	signed   []byte  // the canonical body that had the hash
	noBody   bool    // the body was searched, and nothing was found
	cutBody  bool    // a bound ended that search
	cutWhole bool    // a bound ended the search in the header
}

// hint is a field as it was signed: the nth of its name in h=, from 0.
type hint struct {
	name  string // lower case
	nth   int
	canon []byte // nil: the field was absent
	kind  ChangeKind
}

// hints turns the slots of an edit that was proved into hints. The field of the
// signature itself is of one signature only.
func (s *headerSearch) hints(slots []slot) []hint {
	var out []hint
	for _, x := range slots {
		if x.entry == len(s.entries)-1 {
			continue
		}
		out = append(out, hint{strings.ToLower(s.entries[x.entry].name), s.nth(x.entry), x.canon, x.kind})
	}
	return out
}

// nth counts how often the name of an entry stands before it in h=.
func (s *headerSearch) nth(entry int) int {
	n := 0
	for i := range entry {
		if strings.EqualFold(s.entries[i].name, s.entries[entry].name) {
			n++
		}
	}
	return n
}

// fromSister tries what undid the change for another signature.
func (s *headerSearch) fromSister(hints []hint) []slot {
	var slots []slot
	for i := range s.entries[:len(s.entries)-1] {
		name, nth := strings.ToLower(s.entries[i].name), s.nth(i)
		k := slices.IndexFunc(hints, func(h hint) bool { return h.name == name && h.nth == nth })
		if k >= 0 && !bytes.Equal(hints[k].canon, s.entries[i].canon) {
			slots = append(slots, slot{i, hints[k].canon, hints[k].kind, ""})
		}
	}
	if len(slots) == 0 || !s.try(slots) {
		return nil
	}
	return slots
}

// sameHeader reports whether two signatures are over the same fields in the same
// form, so that an edit undoes both or neither.
func sameHeader(a, b *signature) bool {
	return a.HeaderCanon == b.HeaderCanon && slices.EqualFunc(a.SignedFields, b.SignedFields, strings.EqualFold)
}

func sameBody(a, b *signature) bool {
	return a.BodyCanon == b.BodyCanon && a.hash == b.hash && a.limit() == b.limit() && bytes.Equal(a.BodyHashSigned, b.BodyHashSigned)
}

// bodyOfSister returns what is known of the body from another signature: the
// change, or that the search for it found nothing.
func (x *Searcher) bodyOfSister(p *signature) (c *Change, known *tried) {
	for _, t := range x.tried {
		switch {
		case sameBody(t.p, p) && (t.body != nil || t.noBody):
			return t.body, t
		case t.body != nil && t.p.BodyCanon == p.BodyCanon && p.limit() < 0 && t.p.limit() < 0:
			h := p.hash.New()
			h.Write(t.signed)
			if bytes.Equal(h.Sum(nil), p.BodyHashSigned) {
				return t.body, t
			}
		}
	}
	return nil, nil
}
