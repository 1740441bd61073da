package compare

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

// Change says on which side a field or part stands.
type Change string

// The changes.
const (
	Changed Change = "changed" // on both, and not the same
	OnlyA   Change = "only-a"
	OnlyB   Change = "only-b"
)

// Field is one header field that differs.
type Field struct {
	Name   string     `json:"name"`
	Change Change     `json:"change"`
	A      *FieldSide `json:"a"` // null where A has no such field
	B      *FieldSide `json:"b"`
	// DiffersRelaxed says that the field differs in relaxed form too; false
	// where only a signature over the simple form notices.
	DiffersRelaxed bool `json:"differs_relaxed"`
	// RelaxedAt is the offset of the first byte that differs in the relaxed
	// form of the whole field ("subject:text"); null unless the field is on
	// both sides and differs there.
	RelaxedAt *int `json:"relaxed_at"`
	// SignedBy are indexes of the signatures in Result.Signatures that cover
	// the field on a side on which it stands.
	SignedBy []int `json:"signed_by"`
}

// FieldSide is a field on one side.
type FieldSide struct {
	Index int `json:"index"` // among the fields, topmost 0
	Line  int `json:"line"`  // in the copy, from 1
	// Value is unfolded, and at most MaxText bytes of it. Where the first
	// difference stands further back, it begins shortly before that, with "…".
	Value string `json:"value"`
	// At is the offset in the copy of the first byte that differs, line ends
	// aside; where the field is on one side only, of its first byte.
	At int `json:"at"`
}

// stacked are trace fields of which each server may add its own: two that
// differ are two fields, not one that was changed.
var stacked = []string{
	"received", "x-received", "authentication-results", "received-spf",
	"arc-seal", "arc-message-signature", "arc-authentication-results",
	"x-original-authentication-results", "authentication-results-original",
}

// delivered are trace fields that the last server writes (RFC 5321 §4.4), or
// that mail stores add in their place.
var delivered = []string{
	"return-path", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "delivery-date", "x-delivered-to",
}

// IsTrace reports whether servers add fields of this name on the way.
func IsTrace(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains(stacked, name) || slices.Contains(delivered, name)
}

// none stands for a field without a counterpart.
const none = -1

// pairing tells for each field of A its counterpart in B, and the reverse.
type pairing struct {
	ofA, ofB []int
}

// byName lists the fields of each name, bottom-most first: the order in which
// signatures take them (RFC 6376 §5.4.2).
func byName(m *message.Message) map[string][]int {
	lists := make(map[string][]int)
	for i := len(m.Fields) - 1; i >= 0; i-- {
		name := strings.ToLower(m.Name(i))
		lists[name] = append(lists[name], i)
	}
	return lists
}

// pair finds counterparts: fields that are equal in relaxed form from the
// bottom up, then what is left of each name from the bottom up. Time is linear
// in the headers.
func pair(a, b *message.Message, namesA, namesB map[string][]int) pairing {
	p := pairing{unpaired(len(a.Fields)), unpaired(len(b.Fields))}
	var buf []byte
	form := func(m *message.Message, i int) string {
		buf = dkim.AppendHeader(buf[:0], dkim.Relaxed, m.Bytes(i))
		return string(buf)
	}
	for name, inA := range namesA {
		inB := namesB[name]
		if len(inB) == 0 {
			continue
		}
		open := make(map[string][]int, len(inB))
		for _, j := range slices.Backward(inB) {
			f := form(b, j)
			open[f] = append(open[f], j)
		}
		for _, i := range inA {
			f := form(a, i)
			if l := open[f]; len(l) > 0 {
				p.join(i, l[len(l)-1]) // the bottom-most
				open[f] = l[:len(l)-1]
			}
		}
		switch {
		case slices.Contains(stacked, name):
		case name == "dkim-signature":
			p.joinSignatures(a, b, inA, inB)
		default:
			p.joinRest(inA, inB)
		}
	}
	return p
}

func unpaired(n int) []int {
	l := make([]int, n)
	for i := range l {
		l[i] = none
	}
	return l
}

func (p pairing) join(i, j int) { p.ofA[i], p.ofB[j] = j, i }

func (p pairing) joinRest(inA, inB []int) {
	j := 0
	for _, i := range inA {
		if p.ofA[i] != none {
			continue
		}
		for j < len(inB) && p.ofB[inB[j]] != none {
			j++
		}
		if j == len(inB) {
			return
		}
		p.join(i, inB[j])
	}
}

// joinSignatures joins signatures of one domain, selector and value that were
// written in another way. Others are different signatures.
func (p pairing) joinSignatures(a, b *message.Message, inA, inB []int) {
	open := make(map[string]int)
	for _, j := range inB {
		if p.ofB[j] == none {
			open[signatureKey(b, j)] = j
		}
	}
	for _, i := range inA {
		if p.ofA[i] != none {
			continue
		}
		key := signatureKey(a, i)
		if j, ok := open[key]; ok && key != "" {
			p.join(i, j)
			delete(open, key)
		}
	}
}

// compareFields fills in all that Result says of the header.
func (r *Result) compareFields(a, b *message.Message, c *cover) {
	namesA, namesB := byName(a), byName(b)
	p := pair(a, b, namesA, namesB)
	c.mark(a, namesA, sideA)
	c.mark(b, namesB, sideB)
	var lists [2]fieldList // fields, trace
	list := func(name string) *fieldList {
		if IsTrace(name) {
			return &lists[1]
		}
		return &lists[0]
	}
	var formA, formB []byte
	for i, j := range p.ofA {
		if j == none {
			continue
		}
		whole, other := a.Bytes(i), b.Bytes(j)
		formA = dkim.AppendHeader(formA[:0], dkim.Simple, whole)
		formB = dkim.AppendHeader(formB[:0], dkim.Simple, other)
		if bytes.Equal(formA, formB) {
			r.EqualFields++
			continue
		}
		l := list(a.Name(i))
		if l.full() {
			continue
		}
		formA = dkim.AppendHeader(formA[:0], dkim.Relaxed, whole)
		formB = dkim.AppendHeader(formB[:0], dkim.Relaxed, other)
		f := Field{Name: a.Name(i), Change: Changed, SignedBy: c.signers(i, j)}
		at := 0
		if !bytes.Equal(formA, formB) {
			n := commonPrefix(formA, formB)
			f.DiffersRelaxed, f.RelaxedAt = true, &n
			at = max(0, n-len(f.Name)-1)
		}
		atA, atB := firstDifference(whole, other)
		f.A = side(a, i, at, atA)
		f.B = side(b, j, at, atB)
		l.add(f)
	}
	for i, j := range p.ofA {
		if j == none {
			if l := list(a.Name(i)); !l.full() {
				l.add(Field{Name: a.Name(i), Change: OnlyA, A: side(a, i, 0, 0), DiffersRelaxed: true, SignedBy: c.signers(i, none)})
			}
		}
	}
	for j, i := range p.ofB {
		if i == none {
			if l := list(b.Name(j)); !l.full() {
				l.add(Field{Name: b.Name(j), Change: OnlyB, B: side(b, j, 0, 0), DiffersRelaxed: true, SignedBy: c.signers(none, j)})
			}
		}
	}
	r.Fields, r.Trace = lists[0].all(), lists[1].all()
	if n := lists[0].left + lists[1].left; n > 0 {
		r.limit(plural(n, "more header field") + " differ, which are not listed")
	}
	r.order(a, p)
	r.StrayLines = !bytes.Equal(strays(a), strays(b))
}

// strays are the bytes of a header that belong to no field, without CRs.
func strays(m *message.Message) []byte {
	var out []byte
	at := m.Header.Start
	add := func(end int) {
		if at < end {
			out = append(out, bytes.ReplaceAll(m.Raw[at:end], []byte{'\r'}, nil)...)
		}
	}
	for i := range m.Fields {
		add(m.Fields[i].Name.Start)
		at = m.Fields[i].End
	}
	add(m.Header.End)
	return out
}

// fieldList keeps the first MaxDifferences and counts the others.
type fieldList struct {
	fields []Field
	left   int
}

func (l *fieldList) full() bool {
	if len(l.fields) < MaxDifferences {
		return false
	}
	l.left++
	return true
}

func (l *fieldList) add(f Field) { l.fields = append(l.fields, f) }

func (l *fieldList) all() []Field {
	if l.fields == nil {
		return []Field{}
	}
	return l.fields
}

// order finds fields of both copies that changed places.
func (r *Result) order(a *message.Message, p pairing) {
	last := none // counterpart of the field before
	lastOf := make(map[string]int)
	for i, j := range p.ofA {
		if j == none {
			continue
		}
		name := strings.ToLower(a.Name(i))
		if before, ok := lastOf[name]; ok && before > j && !slices.Contains(r.Reordered, a.Name(i)) && len(r.Reordered) < MaxDifferences {
			r.Reordered = append(r.Reordered, a.Name(i))
		}
		lastOf[name] = j
		if IsTrace(name) {
			continue
		}
		if j < last {
			r.OrderDiffers = true
		}
		last = j
	}
}

func side(m *message.Message, i, near, at int) *FieldSide {
	f := &m.Fields[i]
	return &FieldSide{Index: i, Line: f.Line, Value: excerpt(m.Value(i), near), At: f.Name.Start + at}
}

// lead is how much an excerpt shows before what it is for.
const lead = 40

// excerpt is at most MaxText bytes of s, so that those at offset near are
// among them. "…" stands for what is left out.
func excerpt(s string, near int) string {
	start := 0
	if len(s) > MaxText && near > MaxText/2 {
		start = min(near-lead, len(s))
		for n := 0; n < utf8.UTFMax && start < len(s) && !utf8.RuneStart(s[start]); n++ {
			start++
		}
	}
	out := head(s[start:], MaxText)
	if start > 0 {
		out = "…" + out
	}
	return out
}

// head is the first n bytes of s or, where a character would be cut, a little
// less, with "…" where more was there.
func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	end := n
	for end > n-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// firstDifference returns where two texts begin to differ, in each of them. LF
// counts as CRLF.
func firstDifference(a, b []byte) (i, j int) {
	for i < len(a) && j < len(b) {
		endA, endB := lineEnd(a[i:]), lineEnd(b[j:])
		switch {
		case endA > 0 && endB > 0:
			i, j = i+endA, j+endB
		case a[i] == b[j]:
			i, j = i+1, j+1
		default:
			return i, j
		}
	}
	return i, j
}

// lineEnd is the length of the line end at the start of b, 0 where none is.
func lineEnd(b []byte) int {
	switch {
	case b[0] == '\n':
		return 1
	case b[0] == '\r' && len(b) > 1 && b[1] == '\n':
		return 2
	}
	return 0
}
