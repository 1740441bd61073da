package repair

import (
	"bytes"
	"encoding"
	"fmt"
	"hash"
	"hash/maphash"
	"math"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// Bounds of the search in the header.
const (
	maxFieldEdits = 320 // edits of one field that are tried
	maxEdits      = 4_000
	maxTriples    = 2_000
)

// headerSearch looks for the fields that b= was made over.
type headerSearch struct {
	m      *message.Message
	p      *signature
	target target
	work   *budget
	hash   hash.Hash
	sum    []byte

	entries []entry // in the order of h=, the signature field last
	edits   []edit
	seen    map[uint64]struct{} // edits by their hash
	seed    maphash.Seed
	narrow  bool     // no threes
	size    int      // of the header in canonical form
	written int      // bytes of the edits
	capped  bool     // edits were left out
	mime    int      // rank of edits of the MIME fields together
	proved  []slot   // the edits that verified
	rest    [][]byte // the header from each entry on
}

// entry is what one name of h= stands for.
type entry struct {
	name  string
	field int    // index into m.Fields, -1 where h= signs absence
	canon []byte // as it is hashed; nil where absent
}

// slot is one entry as it may have been when the message was signed.
type slot struct {
	entry int
	canon []byte // nil: the field was absent
	kind  ChangeKind
	by    string // Change.Software
}

// edit is one thing that a relay may have done, undone: slots by rising entry.
type edit struct {
	rank  int // the lower the likelier; 4 is one place
	slots []slot
	after [][]byte // see statesAfter
}

func newHeaderSearch(x *Searcher, p *signature, t target, w *budget) *headerSearch {
	s := &headerSearch{m: x.m, p: p, target: t, work: w, hash: p.hash.New(), seen: make(map[uint64]struct{}), seed: maphash.MakeSeed(), mime: 6}
	for _, i := range s.picked(-1) {
		e := entry{field: i}
		if i >= 0 {
			e.canon = dkim.AppendHeader(nil, p.HeaderCanon, x.m.Bytes(i))
		}
		s.entries = append(s.entries, e)
	}
	for n, name := range p.SignedFields {
		s.entries[n].name = name
	}
	s.entries = append(s.entries, entry{
		name: x.m.Name(p.Field), field: p.Field,
		canon: dkim.AppendSignature(nil, p.HeaderCanon, x.m.Bytes(p.Field), p.Tags),
	})
	return s
}

// picked returns the fields that h= names, as if the fields were not there for
// which gone is given (RFC 6376 §5.4.2).
func (s *headerSearch) picked(gone ...int) []int {
	names := s.p.SignedFields
	taken := make(map[string][]int) // what is left of each name, bottom-most last
	out := make([]int, len(names))
	for n, name := range names {
		key := strings.ToLower(name)
		left, ok := taken[key]
		if !ok {
			for _, i := range s.m.All(name) {
				if i != s.p.Field && !slices.Contains(gone, i) {
					left = append(left, i)
				}
			}
		}
		out[n] = -1
		if len(left) > 0 {
			out[n] = left[len(left)-1]
			left = left[:len(left)-1]
		}
		taken[key] = left
	}
	return out
}

// find returns the changes that explain the header, nil where there are none.
// sisters are the searches for other signatures of the message.
func (s *headerSearch) find(sisters []*tried) []Change {
	for i := range s.entries {
		s.size += len(s.entries[i].canon)
	}
	if s.size > MaxRepairHeader || len(s.entries) > 500 {
		s.work.out = true
		return nil
	}
	for _, t := range sisters {
		if t.undone != nil && t.p.HeaderCanon == s.p.HeaderCanon {
			if slots := s.fromSister(t.undone); slots != nil {
				return s.explain(slots)
			}
		}
		if t.noHeader && (t.wide || s.narrow) && t.p.key == "rsa" && sameHeader(t.p, s.p) && (s.target.digest == nil || s.target.quick && beside(t.p, s.p)) {
			s.work.out = t.cutWhole
			return nil
		}
	}
	s.propose()
	defer func() { s.work.out = s.work.out || s.capped }()
	slices.SortStableFunc(s.edits, func(a, b edit) int { return a.rank - b.rank })
	for i := range s.edits {
		if s.try(s.edits[i].slots) {
			return s.explain(s.edits[i].slots)
		}
		if s.work.out {
			return nil
		}
	}
	if found := s.pairs(); found != nil || s.work.ctx.Err() != nil {
		return found
	}
	return s.triples() // they have a share of their own, whatever pairs used up
}

// beside reports whether two signatures stand one below the other. With the same
// fields in h= one signer made both, of the same header.
func beside(a, b *signature) bool { return a.Field-b.Field == 1 || b.Field-a.Field == 1 }

// pairs tries two edits, the likelier first: in bands of the sum of the square
// roots of their places, so that a likely edit is put together with many others
// before two unlikely ones are. It ends where the work is used up.
func (s *headerSearch) pairs() []Change {
	n := len(s.edits)
	root := make([]float64, n)
	for i := range root {
		root[i] = math.Sqrt(float64(i))
	}
	square := func(x float64) int { return int(math.Ceil(max(x, 0) * max(x, 0))) }
	for band := 1.0; n > 1 && band <= 2*root[n-1]+1; band++ {
		for i := 0; i < n && 2*root[i] <= band; i++ {
			from, to := max(i+1, square(band-1-root[i])), min(n, square(band-root[i]))
			for j := from; j < to; j++ {
				if s.pair(i, j) {
					return s.explain(join(s.edits[i].slots, s.edits[j].slots))
				}
				if s.work.out {
					return nil
				}
			}
		}
	}
	return nil
}

// pair hashes the header with two edits. What stands before the second is
// hashed once for all that it is tried with.
func (s *headerSearch) pair(i, j int) bool {
	a, b := &s.edits[i], &s.edits[j]
	if len(a.slots) > 1 || len(b.slots) > 1 {
		both := join(a.slots, b.slots)
		return both != nil && s.try(both)
	}
	if a.slots[0].entry > b.slots[0].entry {
		a, b = b, a
	}
	x, y := &a.slots[0], &b.slots[0]
	if x.entry == y.entry || !s.work.take(s.target.cost(), len(s.entries[y.entry].canon)+s.size/2) {
		return false
	}
	if a.after == nil {
		a.after = s.statesAfter(x)
	}
	setState(s.hash, a.after[y.entry-x.entry-1])
	s.hash.Write(y.canon)
	s.hash.Write(s.rest[y.entry+1])
	s.sum = s.hash.Sum(s.sum[:0])
	return s.target.is(s.sum)
}

// hashState returns the state of a hash, setState goes back to it. The hashes
// of crypto can do that without error (encoding.BinaryMarshaler).
func hashState(h hash.Hash) []byte {
	b, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		panic(err)
	}
	return b
}

func setState(h hash.Hash, state []byte) {
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		panic(err)
	}
}

// statesAfter returns the state of the hash before each entry behind the one
// that is replaced.
func (s *headerSearch) statesAfter(x *slot) [][]byte {
	if s.rest == nil {
		var all []byte
		at := make([]int, 0, len(s.entries)+1)
		for i := range s.entries {
			at = append(at, len(all))
			all = append(all, s.entries[i].canon...)
		}
		at = append(at, len(all))
		for _, k := range at {
			s.rest = append(s.rest, all[k:])
		}
	}
	s.hash.Reset()
	for i := range s.entries[:x.entry] {
		s.hash.Write(s.entries[i].canon)
	}
	s.hash.Write(x.canon)
	out := [][]byte{hashState(s.hash)}
	for i := x.entry + 1; i < len(s.entries)-1; i++ {
		s.hash.Write(s.entries[i].canon)
		out = append(out, hashState(s.hash))
	}
	return out
}

// triples tries three of the likeliest edits of three fields.
func (s *headerSearch) triples() []Change {
	if s.target.quick {
		return nil
	}
	extra := &budget{ctx: s.work.ctx, hashes: maxTriples / s.target.cost(), bytes: s.work.bytes}
	whole := s.work
	s.work = extra
	defer func() { whole.used, whole.spent, s.work = whole.used+extra.used, whole.spent+extra.spent, whole }()
	top := s.edits[:min(len(s.edits), 48)]
	if s.narrow {
		return nil
	}
	for sum := 3; sum < 3*len(top); sum++ {
		for i := 0; 3*i < sum; i++ {
			for j := i + 1; i+2*j < sum && j < len(top); j++ {
				k := sum - i - j
				if k >= len(top) {
					continue
				}
				two := join(top[i].slots, top[j].slots)
				if two == nil {
					continue
				}
				three := join(two, top[k].slots)
				if three == nil {
					continue
				}
				if s.try(three) {
					return s.explain(three)
				}
				if extra.out {
					return nil
				}
			}
		}
	}
	return nil
}

// join returns the slots of two edits by rising entry, nil where they touch the
// same entry.
func join(a, b []slot) []slot {
	for i := range a {
		for j := range b {
			if a[i].entry == b[j].entry {
				return nil
			}
		}
	}
	out := make([]slot, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0].entry < b[0].entry {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// try hashes the header with some entries replaced.
func (s *headerSearch) try(slots []slot) bool {
	if !s.work.take(s.target.cost(), s.size) {
		return false
	}
	s.hash.Reset()
	next := 0
	for i := range s.entries {
		if next < len(slots) && slots[next].entry == i {
			s.hash.Write(slots[next].canon)
			next++
			continue
		}
		s.hash.Write(s.entries[i].canon)
	}
	s.sum = s.hash.Sum(s.sum[:0])
	return s.target.is(s.sum)
}

// add proposes an edit.
func (s *headerSearch) add(rank int, slots ...slot) {
	changed := slots[:0]
	for _, x := range slots {
		if !bytes.Equal(x.canon, s.entries[x.entry].canon) {
			changed = append(changed, x)
		}
	}
	for _, x := range changed {
		s.written += len(x.canon)
	}
	if len(changed) == 0 || len(s.edits) >= maxEdits || s.written > maxEditBytes {
		s.capped = s.capped || len(changed) > 0
		return
	}
	slices.SortFunc(changed, func(x, y slot) int { return x.entry - y.entry })
	var key maphash.Hash
	key.SetSeed(s.seed)
	for _, x := range changed {
		maphash.WriteComparable(&key, x.entry)
		maphash.WriteComparable(&key, len(x.canon))
		_, _ = key.Write(x.canon)
	}
	sum := key.Sum64()
	if _, ok := s.seen[sum]; ok {
		return
	}
	s.seen[sum] = struct{}{}
	s.edits = append(s.edits, edit{rank: rank, slots: changed})
}

// propose collects the edits that are tried.
func (s *headerSearch) propose() {
	s.copied()
	for n := range s.entries[:len(s.entries)-1] {
		e := &s.entries[n]
		if e.field < 0 {
			s.restore(n)
			continue
		}
		p := &proposals{s: s, entry: n, name: s.m.Name(e.field)}
		span := s.m.Fields[e.field].Value
		p.value = s.m.Raw[span.Start:span.End]
		// The blanks after the colon stay as they are.
		rest := bytes.TrimLeft(p.value, " \t")
		p.lead = p.value[:len(p.value)-len(rest)]
		p.value = bytes.TrimRight(rest, " \t\r\n")
		rejoinEdits(p)
		if len(p.value) > 4<<10 {
			continue
		}
		if s.p.HeaderCanon == dkim.Simple {
			spacingEdits(p)
			p.stream(0)
		}
		s.renamed(p)
		switch strings.ToLower(p.name) {
		case "subject":
			subjectEdits(p)
		case "from":
			rawWordEdits(p)
			fromEdits(p, s.m)
			addressEdits(p)
		case "to", "cc", "bcc", "reply-to", "sender", "resent-from", "resent-to", "resent-cc":
			rawWordEdits(p)
			addressEdits(p)
		case "content-type":
			contentTypeEdits(p, s.m)
		case "content-transfer-encoding":
			transferEncodingEdits(p, s.m)
		case "mime-version":
			for _, v := range mimeVersions {
				p.propose(HeaderNormalised, v)
			}
		case "date":
			dateEdits(p)
		case "message-id", "in-reply-to", "references":
			p.stream(4)
			idEdits(p)
		}
	}
	s.rejoinSignature()
	if s.p.HeaderCanon == dkim.Simple {
		s.respaced()
	}
	s.removals()
	s.groups()
}

// mimeVersions are the ways to write the only version there is.
var mimeVersions = []string{"1.0", "1.0 (1.0)", "1.0 (Mac OS X Mail)"}

// fieldBy adds a whole field that a known software changed.
func (p *proposals) fieldBy(by string, kind ChangeKind, name, lead, value string) {
	p.by = by
	p.field(kind, name, lead, value)
	p.by = ""
}

// proposals collects the values that one field may have had.
type proposals struct {
	s     *headerSearch
	entry int
	name  string
	lead  []byte // blanks after the colon
	value []byte // without blanks at its ends
	by    string // of the edits that follow
	n     int    // edits so far
	rank  int    // of the next one
	step  int    // from one to the next; 0 is 4
}

// stream begins a row of proposals beside those that there are: its first is as
// likely as theirs.
func (p *proposals) stream(rank int) { p.rank, p.step = 4*rank, 4 }

// dense lets the next proposals be about as likely as each other.
func (p *proposals) dense() { p.step = 1 }

// propose adds a value, the next likeliest.
func (p *proposals) propose(kind ChangeKind, value string) {
	p.field(kind, p.name, string(p.lead), value)
}

// field adds a whole field.
func (p *proposals) field(kind ChangeKind, name, lead, value string) {
	if p.n >= maxFieldEdits {
		return
	}
	before := len(p.s.edits)
	p.s.add(p.rank, slot{p.entry, p.s.canonical(name + ":" + lead + value), kind, p.by})
	p.n += len(p.s.edits) - before
	if p.step == 0 {
		p.step = 4
	}
	p.rank += p.step * (len(p.s.edits) - before)
}

func (s *headerSearch) canonical(field string) []byte {
	return dkim.AppendHeader(nil, s.p.HeaderCanon, []byte(field))
}

// oldNames are what a relay calls a field that it keeps and replaces.
var oldNames = []string{"X-Original-", "Original-", "X-Google-Original-", "X-Old-", "Old-", "X-Orig-", "X-Mailman-Original-", "X-"}

// renamed proposes the values of fields that keep what stood in this one.
func (s *headerSearch) renamed(p *proposals) {
	kind := HeaderNormalised
	switch strings.ToLower(p.name) {
	case "from":
		kind = FromRewritten
	case "subject":
		kind = SubjectTag
	}
	for _, prefix := range oldNames {
		if i := s.m.First(prefix + p.name); i >= 0 {
			f := s.m.Fields[i].Value
			p.propose(kind, string(bytes.Trim(s.m.Raw[f.Start:f.End], " \t\r\n")))
		}
	}
}

// usual are values of fields that relays drop and that are always the same.
var usual = map[string][]string{
	"mime-version":              {"1.0"},
	"content-transfer-encoding": {"7bit", "8bit", "quoted-printable", "base64", "7BIT", "8BIT"},
	"content-type": {
		"text/plain; charset=utf-8", "text/plain; charset=us-ascii", "text/plain", "text/plain; charset=\"utf-8\"",
		"text/plain; charset=\"us-ascii\"", "text/plain; charset=UTF-8", "text/plain; charset=US-ASCII", "text/html; charset=utf-8",
		"text/plain; charset=UTF-8; format=flowed", "text/plain; charset=utf-8; format=flowed", "text/plain; charset=iso-8859-1",
	},
	"x-priority": {"3", "3 (Normal)", "1", "1 (Highest)", "1 (High)", "5"}, "importance": {"normal", "Normal", "high", "High"},
	"precedence": {"list", "bulk"}, "auto-submitted": {"auto-generated"}, "content-language": {"en-US", "en-GB", "en-us", "de-DE", "fr-FR"},
	"subject": {""}, "content-disposition": {"inline"},
}

// restore proposes values for a name of h= that no field is there for.
func (s *headerSearch) restore(n int) {
	name := s.entries[n].name
	lower := strings.ToLower(name)
	rank := 1
	for i := range n {
		if strings.EqualFold(s.entries[i].name, name) && s.entries[i].field >= 0 {
			rank = 60 // oversigned: absence is what one expects
		}
	}
	put := func(value string) {
		s.add(4*rank, slot{n, s.canonical(name + ": " + value), FieldRemoved, ""})
		rank++
	}
	for _, prefix := range oldNames {
		if i := s.m.First(prefix + name); i >= 0 {
			put(s.m.Value(i))
		}
	}
	if rank >= 60 {
		return
	}
	for _, v := range usual[lower] {
		put(v)
	}
	switch lower {
	case "sender", "reply-to", "errors-to", "disposition-notification-to", "return-path":
		for _, a := range authors(s.m) {
			put(a)
		}
	}
}

// copied compares z= with what is there: all fields that differ are one edit,
// and each is one by itself.
func (s *headerSearch) copied() {
	left := make(map[string][]string)
	for _, c := range s.p.CopiedFields {
		name := strings.ToLower(c.Name)
		left[name] = append(left[name], c.Value)
	}
	if len(left) == 0 {
		return
	}
	var all []slot
	used := make(map[string]int)
	for n := range s.entries[:len(s.entries)-1] {
		e := &s.entries[n]
		name := strings.ToLower(e.name)
		values, ok := left[name]
		if !ok {
			continue
		}
		x := slot{entry: n}
		if k := used[name]; k < len(values) {
			used[name]++
			// Bottom-most first, as h= takes them.
			value := values[len(values)-1-k]
			written, lead := e.name, " "
			if e.field >= 0 {
				written = s.m.Name(e.field)
				f := s.m.Fields[e.field].Value
				if f.Len() == 0 || !isWSP(s.m.Raw[f.Start]) {
					lead = ""
				}
			}
			x.canon = s.canonical(written + ":" + lead + strings.TrimLeft(value, " \t"))
		}
		x.kind = s.classify(e, x.canon)
		if s.p.HeaderCanon == dkim.Simple && s.sameWords(e.canon, x.canon) {
			continue // z= says nothing of white space
		}
		all = append(all, x)
		s.add(0, x)
	}
	if len(all) > 1 {
		s.add(0, all...)
	}
}

func (s *headerSearch) sameWords(a, b []byte) bool {
	return bytes.Equal(dkim.AppendHeader(nil, dkim.Relaxed, a), dkim.AppendHeader(nil, dkim.Relaxed, b))
}

// classify says what kind of edit made the field of an entry from what was
// signed.
func (s *headerSearch) classify(e *entry, signed []byte) ChangeKind {
	switch {
	case signed == nil:
		return FieldAdded
	case e.canon == nil:
		return FieldRemoved
	case s.sameWords(e.canon, signed):
		return Refold
	case strings.EqualFold(e.name, "subject"):
		return SubjectTag
	case strings.EqualFold(e.name, "from"):
		if !bytes.Equal(lastAddress(e.canon), lastAddress(signed)) {
			return FromRewritten
		}
	}
	return HeaderNormalised
}

// removals proposes that fields were added.
func (s *headerSearch) removals() {
	put := func(rank int, gone ...int) {
		var slots []slot
		for n, i := range s.picked(gone...) {
			if e := &s.entries[n]; i != e.field {
				x := slot{entry: n, kind: FieldAdded}
				if i >= 0 {
					x.canon = dkim.AppendHeader(nil, s.p.HeaderCanon, s.m.Bytes(i))
				}
				slots = append(slots, x)
			}
		}
		if len(slots) > 0 {
			s.add(4*rank, slots...)
		}
	}
	done := make(map[string]bool)
	added := map[string]bool{"reply-to": true, "sender": true, "errors-to": true, "precedence": true, "x-mailer": true}
	var list, all []int
	for _, name := range s.p.SignedFields {
		lower := strings.ToLower(name)
		if done[lower] {
			continue
		}
		done[lower] = true
		fields := s.m.All(name)
		if k := slices.Index(fields, s.p.Field); k >= 0 {
			fields = slices.Delete(fields, k, k+1)
		}
		if strings.HasPrefix(lower, "list-") || lower == "precedence" {
			list = append(list, fields...)
		}
		switch lower {
		case "sender", "reply-to", "errors-to", "mailing-list":
			all = append(all, fields...)
		}
		once := map[string]bool{"from": true, "date": true, "subject": true, "to": true, "message-id": true}[lower]
		if once && len(fields) < 2 {
			continue // these were there
		}
		rank := 3
		if added[lower] || strings.HasPrefix(lower, "list-") || len(fields) > 1 {
			rank = 1
		}
		for k, i := range fields {
			if k == 8 {
				break
			}
			put(rank+k, i)
		}
		if len(fields) > 1 && !once {
			put(rank, fields...)
		}
	}
	if len(list) > 0 {
		put(1, list...)
	}
	if len(all) > 0 {
		put(3, append(list, all...)...)
	}
}

// groups proposes what one program changes together: From with Reply-To, and
// the MIME fields.
func (s *headerSearch) groups() {
	by := make(map[string][]edit)
	at := make(map[string]int)
	for n := range s.entries {
		lower := strings.ToLower(s.entries[n].name)
		if _, ok := at[lower]; !ok {
			at[lower] = n
		}
	}
	of := func(name string, most int) []edit {
		if have, ok := by[name]; ok {
			return have
		}
		n, ok := at[name]
		var out []edit
		for i := 0; ok && i < len(s.edits); i++ {
			if e := &s.edits[i]; len(e.slots) == 1 && e.slots[0].entry == n && e.slots[0].kind != Refold {
				out = append(out, *e)
			}
		}
		slices.SortStableFunc(out, func(a, b edit) int { return a.rank - b.rank })
		out = out[:min(len(out), most)]
		by[name] = out
		return out
	}
	put := func(base int, a, b []edit) {
		for i := range a {
			for j := range b {
				if both := join(a[i].slots, b[j].slots); both != nil {
					s.add(4*(base+i+j), both...)
				}
			}
		}
	}
	from, reply := of("from", 24), of("reply-to", 3)
	if n, ok := at["reply-to"]; ok && s.entries[n].field >= 0 {
		reply = append([]edit{{slots: []slot{{entry: n, kind: FieldAdded}}}}, reply...)
	}
	types, encodings := of("content-type", 40), of("content-transfer-encoding", 8)
	if n, ok := at["content-transfer-encoding"]; ok && s.entries[n].field >= 0 {
		encodings = append([]edit{{slots: []slot{{entry: n, kind: FieldAdded}}}}, encodings...)
	}
	put(2, from, reply)
	put(s.mime, types, encodings)
}

// explain puts what was found into words.
func (s *headerSearch) explain(slots []slot) []Change {
	s.proved = slots
	var out []Change
	for _, x := range slots {
		e := &s.entries[x.entry]
		c := Change{Kind: x.kind, Field: e.name, Software: x.by}
		if e.field >= 0 {
			c.Field = s.m.Name(e.field)
		}
		if c.Kind != FieldAdded && c.Kind != FieldRemoved && s.sameWords(e.canon, x.canon) {
			c.Kind = Refold
		}
		c.Diff = diffText(x.canon, e.canon)
		signed, now := fieldValue(x.canon), fieldValue(e.canon)
		switch {
		case x.canon == nil:
			c.Kind = FieldAdded
			c.Text = boundText(now, MaxChangeText)
			c.Description = fmt.Sprintf("a field %s was added that was signed as absent: %s", c.Field, quoteText(now))
		case e.canon == nil:
			c.Kind = FieldRemoved
			c.Text = boundText(signed, MaxChangeText)
			c.Description = fmt.Sprintf("the field %s: %s was taken out", c.Field, quoteText(signed))
		case c.Kind == FieldAdded:
			c.Text = boundText(now, MaxChangeText)
			c.Description = fmt.Sprintf("one more field %s was added: %s", c.Field, quoteText(now))
		case c.Kind == Refold && !s.sameWords(e.canon, x.canon):
			c.Description = fmt.Sprintf("a line of %s was over 998 octets and was broken inside a word (RFC 5321 §4.5.3.1.6): a blank stands there now", c.Field)
		case c.Kind == Refold:
			c.Description = fmt.Sprintf("%s was folded or spaced again; the words are the same", c.Field)
		case c.Kind == SubjectTag:
			c.Text, c.Description = describeSubject(signed, now)
		case c.Kind == FromRewritten:
			c.Text = boundText(signed, MaxChangeText)
			c.Description = fmt.Sprintf("From was rewritten; it was signed as %s", quoteText(signed))
		default:
			c.Text = boundText(signed, MaxChangeText)
			c.Description = fmt.Sprintf("%s was written in another way; it was signed as %s", c.Field, quoteText(signed))
		}
		out = append(out, c)
	}
	return out
}

// fieldValue returns what stands after the colon of a canonical field.
func fieldValue(canon []byte) []byte {
	return bytes.TrimSpace(canon[bytes.IndexByte(canon, ':')+1:])
}

func describeSubject(signed, now []byte) (text, description string) {
	in := inserted(now, signed)
	switch {
	case len(in) > 0 && bytes.HasSuffix(now, signed):
		return boundText(in, MaxChangeText), fmt.Sprintf("the tag “%s” was put in front of Subject", boundText(in, maxQuote))
	case len(in) > 0 && bytes.HasPrefix(now, signed):
		return boundText(in, MaxChangeText), fmt.Sprintf("“%s” was put behind Subject", boundText(in, maxQuote))
	case len(in) > 0:
		return boundText(in, MaxChangeText), fmt.Sprintf("the tag “%s” was put into Subject", boundText(in, maxQuote))
	}
	return boundText(signed, MaxChangeText), fmt.Sprintf("Subject was changed; it was signed as %s", quoteText(signed))
}
