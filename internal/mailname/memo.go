package mailname

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// memo keeps what a pure function of a name gives, for the names asked for last.
// Its size is fixed: a name takes the place of another. It is ready for use, by
// several goroutines too.
type memo struct {
	slots [memoSlots]atomic.Pointer[memoEntry]
}

const (
	memoSlots = 1024
	// memoName bounds the names that are kept, as the DNS does.
	memoName = 255
)

type memoEntry struct{ name, value string }

var memoSeed = maphash.MakeSeed()

func (m *memo) get(name string, make func(string) string) string {
	if len(name) > memoName {
		return make(name)
	}
	slot := &m.slots[maphash.String(memoSeed, name)%memoSlots]
	if e := slot.Load(); e != nil && e.name == name {
		return e.value
	}
	// What is kept must not hold the message that the name stood in.
	own := strings.Clone(name)
	value := make(own)
	slot.Store(&memoEntry{own, value})
	return value
}
