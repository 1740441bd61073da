// Package memo keeps what pure functions of a text give: the same records, keys
// and host names come again with every message of an archive.
package memo

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// Memo keeps the values of the texts asked for last. Its size is fixed: a text
// takes the place of another. The zero value is ready for use, by several
// goroutines too. A value is handed out many times: nobody may change it.
type Memo[V any] struct {
	slots [slots]atomic.Pointer[entry[V]]
}

const (
	slots = 1024
	// maxText bounds the texts that are kept: longer ones are worked out again.
	maxText = 1 << 10
)

type entry[V any] struct {
	text  string
	value V
}

var seed = maphash.MakeSeed()

// off is set by Disable.
var off bool

// Disable ends all keeping, before anything is kept: for programs that count work.
func Disable() { off = true }

// Get returns the value of a text, which of gives where it is not known.
func (m *Memo[V]) Get(text string, of func(string) V) V {
	if off || len(text) > maxText {
		return of(text)
	}
	slot := &m.slots[maphash.String(seed, text)%slots]
	if e := slot.Load(); e != nil && e.text == text {
		return e.value
	}
	// What is kept must not hold the message that the text stood in.
	own := strings.Clone(text)
	value := of(own)
	slot.Store(&entry[V]{own, value})
	return value
}
