//go:build amd64 && !purego

package dkim

import "golang.org/x/sys/cpu"

// scanAVX2 returns the first dirty place in the n bytes at p, n where there is
// none. n is a multiple of 32, and n+1 bytes can be read.
//
//go:noescape
func scanAVX2(p *byte, n int) int

// next returns the first dirty place in b[pos:end], end where there is none.
func (c *scanner) next(b []byte, pos, end int) int {
	if !cpu.X86.HasAVX2 {
		return c.generic(b, pos, end)
	}
	n := (min(end, len(b)-1) - pos) &^ 31
	if n > 0 {
		i := scanAVX2(&b[pos], n)
		if pos += i; i < n {
			return pos
		}
	}
	return slow(b, pos, end)
}
