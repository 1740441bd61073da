package bulk

import (
	"errors"
	"fmt"
	"io"
	"iter"
)

// UnitSize is about how many bytes of a mailbox make one unit of work.
const UnitSize = 8 << 20

// Unit is a piece of work that needs no other: a byte range of a file that
// begins and ends with a message, and which messages of the file these are. A
// file with one message is one unit.
//
// Whoever has the file can work on a unit: another process, another machine.
// What comes out is lines of reports, to be put together in the order of Index
// and First, and a [Summary], to be added in any order ([Summary.Merge]). Units
// are plain data; nothing else passes between those that work on them.
type Unit struct {
	Path   string `json:"path"`
	Box    Box    `json:"box"`
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	First  int    `json:"first"` // place of the first message in the file, from 0
	Count  int    `json:"count"`
}

// Units cuts a mailbox into units of size bytes, or of one message where that
// is longer. A read error ends the sequence with that error.
func (b Box) Units(path string, r io.Reader, size int64) iter.Seq2[Unit, error] {
	return func(yield func(Unit, error) bool) {
		all := counter{r: r}
		u := Unit{Path: path, Box: b}
		for e, err := range b.Split(&all) {
			if err != nil {
				if u.Count > 0 && !yield(u, nil) {
					return
				}
				yield(Unit{Path: path, First: u.First + u.Count}, err)
				return
			}
			if u.Count > 0 && !e.inner && e.Offset+e.Length-u.Offset > size {
				// With the blank line that the mailbox puts after a message.
				u.Length = e.Offset - u.Offset
				if !yield(u, nil) {
					return
				}
				u = Unit{Path: path, Box: b, First: u.First + u.Count}
			}
			if u.Count == 0 {
				u.Offset = e.Offset
			}
			u.Count, u.Length = u.Count+1, e.Offset+e.Length-u.Offset
		}
		if u.Count > 0 {
			u.Length = all.n - u.Offset
			yield(u, nil)
		}
	}
}

// counter counts what is read.
type counter struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// ErrChanged is the error of a file that changed under a run.
var ErrChanged = errors.New("the file changed meanwhile")

// Messages finds the messages of the unit in its file.
func (u Unit) Messages(file io.ReaderAt) iter.Seq2[Extent, error] {
	return func(yield func(Extent, error) bool) {
		n := 0
		for e, err := range u.Box.Split(io.NewSectionReader(file, u.Offset, u.Length)) {
			if err != nil {
				yield(Extent{}, err)
				return
			}
			if n++; n > u.Count {
				break
			}
			if !yield(Extent{Offset: u.Offset + e.Offset, Length: e.Length}, nil) {
				return
			}
		}
		if n != u.Count {
			yield(Extent{}, fmt.Errorf("%w: %d messages at byte %d where there were %d", ErrChanged, n, u.Offset, u.Count))
		}
	}
}
