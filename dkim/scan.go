package dkim

import (
	"bytes"
	"encoding/binary"
)

// scanner finds where a body is not in relaxed form. The zero value is ready.
type scanner struct {
	tab, pair int // the next ones before end; end where there is none
	end       int
}

// dirty reports whether the form must be looked at closely at i: a tab; a SP
// that SP or CR follows; anything but CR before LF.
func dirty(b []byte, i int) bool {
	c, next := b[i], byte(0)
	if i+1 < len(b) {
		next = b[i+1]
	}
	return c == '\t' || c == ' ' && (next == ' ' || next == '\r') || next == '\n' && c != '\r'
}

// slow returns the first dirty place in b[pos:end], end where there is none.
func slow(b []byte, pos, end int) int {
	for pos < end && !dirty(b, pos) {
		pos++
	}
	return pos
}

// generic does the same with the means of pure Go: one search by bytes.IndexByte
// for tabs, one for line ends, and one by words for pairs of blanks. It may
// leave out a SP before a CR that no LF follows, which is clean.
func (c *scanner) generic(b []byte, pos, end int) int {
	if c.end != end {
		*c = scanner{tab: -1, pair: -1, end: end}
	}
	if c.tab < pos {
		c.tab = index(b, pos, end, '\t')
	}
	if c.pair < pos {
		c.pair = pairOfBlanks(b, pos, end)
	}
	stop := min(c.tab, c.pair)
	// The line ends up to there, and the one whose blank or missing CR would be
	// the last place before.
	for lf, to := pos, min(stop+2, len(b)); ; {
		nl := bytes.IndexByte(b[lf+1:max(to, lf+1)], '\n')
		if nl < 0 {
			return stop
		}
		lf += 1 + nl
		at := lf - 1
		if b[at] == '\r' {
			at--
			if at < pos || b[at] != ' ' {
				continue
			}
		}
		return min(at, stop)
	}
}

// index is bytes.IndexByte in b[from:to], to where there is none.
func index(b []byte, from, to int, c byte) int {
	if i := bytes.IndexByte(b[from:to], c); i >= 0 {
		return from + i
	}
	return to
}

// pairOfBlanks returns the offset in b[from:to] of the first SP that another SP
// follows, to where there is none. The second may lie at to.
func pairOfBlanks(b []byte, from, to int) int {
	const (
		spaces = 0x2020202020202020
		ones   = 0x0101010101010101
		highs  = 0x8080808080808080
	)
	i := from
	for {
		// Eight bytes and the eight that begin one later, joined by OR, hold a
		// SP only where both have SP (or one has SP and the other NUL). A zero
		// byte after XOR with SP shows it: Hacker's Delight, 6-1.
		for ; i+33 <= len(b) && i < to; i += 32 {
			p := b[i : i+33 : i+33]
			x0 := (binary.LittleEndian.Uint64(p[0:]) | binary.LittleEndian.Uint64(p[1:])) ^ spaces
			x1 := (binary.LittleEndian.Uint64(p[8:]) | binary.LittleEndian.Uint64(p[9:])) ^ spaces
			x2 := (binary.LittleEndian.Uint64(p[16:]) | binary.LittleEndian.Uint64(p[17:])) ^ spaces
			x3 := (binary.LittleEndian.Uint64(p[24:]) | binary.LittleEndian.Uint64(p[25:])) ^ spaces
			y0, y1, y2, y3 := x0-ones, x1-ones, x2-ones, x3-ones
			// Bytes over 127 look like zero here; the second test knows them.
			if (y0|y1|y2|y3)&highs != 0 && (y0&^x0|y1&^x1|y2&^x2|y3&^x3)&highs != 0 {
				break
			}
		}
		for stop := min(i+32, to); i < stop; i++ {
			if b[i] == ' ' && i+1 < len(b) && b[i+1] == ' ' {
				return i
			}
		}
		if i >= to {
			return to
		}
	}
}
