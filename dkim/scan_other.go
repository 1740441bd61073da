//go:build !amd64 || purego

package dkim

// next returns the first dirty place in b[pos:end], end where there is none.
func (c *scanner) next(b []byte, pos, end int) int { return c.generic(b, pos, end) }
