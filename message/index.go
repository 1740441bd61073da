package message

import "hash/maphash"

// index finds the fields of a name in constant time, so that nothing that goes
// through names (h= of a signature, above all) becomes quadratic. Parse makes
// it; verification, findings and the search for changes share it. The hash is
// seeded: no sender can make names collide.
type index struct {
	slots []nameSlot // open hash table by name
	above []int32    // for each field 1 + the index of the next one up with its name, 0 for the topmost
	below []int32    // the same downwards
	// marks has a bit for each name by its length and ends: most names that are
	// asked for are not there, and that shows.
	marks [4]uint64
}

// markOf is the bit of a name in marks.
func markOf[T string | []byte](name T) uint {
	if len(name) == 0 {
		return 0
	}
	return (uint(len(name))*37 + uint(lower(name[0]))*5 + uint(lower(name[len(name)-1]))*11 + uint(lower(name[len(name)/2]))) % 256
}

// nameSlot is one name; count is 0 where the slot is empty.
type nameSlot struct{ top, bottom, count int32 }

var hashSeed = maphash.MakeSeed()

func newIndex(m *Message) *index {
	size := 16
	for size < 2*len(m.Fields) {
		size *= 2
	}
	links := make([]int32, 2*len(m.Fields))
	x := &index{slots: make([]nameSlot, size), above: links[:len(m.Fields)], below: links[len(m.Fields):]}
	for i := range m.Fields {
		s := m.Fields[i].Name
		mark := markOf(m.Raw[s.Start:s.End])
		x.marks[mark/64] |= 1 << (mark % 64)
		slot := &x.slots[x.slot(m, m.Raw[s.Start:s.End])]
		if slot.count == 0 {
			slot.top = int32(i)
		} else {
			x.above[i] = slot.bottom + 1
			x.below[slot.bottom] = int32(i + 1)
		}
		slot.bottom = int32(i)
		slot.count++
	}
	return x
}

// slot returns the place of a name in the table: its own, or an empty one.
func (x *index) slot(m *Message, name []byte) int {
	var small [64]byte
	low := small[:0]
	for _, c := range name {
		low = append(low, lower(c))
	}
	i := int(maphash.Bytes(hashSeed, low)) & (len(x.slots) - 1)
	for x.slots[i].count != 0 {
		s := m.Fields[x.slots[i].top].Name
		if sameName(m.Raw[s.Start:s.End], low) {
			break
		}
		i = (i + 1) & (len(x.slots) - 1)
	}
	return i
}

// sameName compares a name with one in lower case.
func sameName(name, low []byte) bool {
	if len(name) != len(low) {
		return false
	}
	for i, c := range name {
		if lower(c) != low[i] {
			return false
		}
	}
	return true
}

func (m *Message) find(name string) (*index, nameSlot) {
	x := m.index
	if x == nil { // a Message that Parse did not make
		x = newIndex(m)
	}
	if mark := markOf(name); x.marks[mark/64]&(1<<(mark%64)) == 0 {
		return x, nameSlot{}
	}
	var small [64]byte
	return x, x.slots[x.slot(m, append(small[:0], name...))]
}

// All returns the indexes of the fields with this name, topmost first. It takes
// time for those only.
func (m *Message) All(name string) []int {
	x, s := m.find(name)
	if s.count == 0 {
		return nil
	}
	found := make([]int, 0, s.count)
	for i := s.top + 1; i > 0; i = x.below[i-1] {
		found = append(found, int(i-1))
	}
	return found
}

// Count is how many fields have this name.
func (m *Message) Count(name string) int {
	_, s := m.find(name)
	return int(s.count)
}

// First returns the index of the topmost field with this name, -1 where there
// is none.
func (m *Message) First(name string) int {
	_, s := m.find(name)
	if s.count == 0 {
		return -1
	}
	return int(s.top)
}

// Last returns the index of the bottom-most field with this name, -1 where
// there is none.
func (m *Message) Last(name string) int {
	_, s := m.find(name)
	if s.count == 0 {
		return -1
	}
	return int(s.bottom)
}

// Picker takes fields in the order of an h= tag: each name takes the
// bottom-most field of that name not yet taken, and nothing where there is none
// left (RFC 6376 §5.4.2). Each take is constant in time.
type Picker struct {
	m    *Message
	x    *index
	next []int32 // for each slot 1 + the index of the field that is next
}

// Picker starts a new h=.
func (m *Message) Picker() Picker {
	x := m.index
	if x == nil {
		x = newIndex(m)
	}
	p := Picker{m, x, make([]int32, len(x.slots))}
	for i := range x.slots {
		if s := &x.slots[i]; s.count > 0 {
			p.next[i] = s.bottom + 1
		}
	}
	return p
}

// Take returns the index of the field, -1 where the name has none left. skip is
// a field that does not count as being there, -1 for none.
func (p Picker) Take(name string, skip int) int {
	var small [64]byte
	slot := p.x.slot(p.m, append(small[:0], name...))
	i := p.next[slot]
	if i == int32(skip)+1 && i != 0 {
		i = p.x.above[i-1]
	}
	if i == 0 {
		return -1
	}
	p.next[slot] = p.x.above[i-1]
	return int(i - 1)
}
