package spf

import (
	"math/big"
	"math/bits"
	"net/netip"
	"slices"
)

// span is a range of addresses of one family, both ends included.
type span struct{ from, to netip.Addr }

// ipset is a set of addresses of one family: sorted spans that neither overlap
// nor touch.
type ipset []span

// everything is the set of all addresses of a family.
func everything(is4 bool) ipset {
	if is4 {
		return ipset{spanOf(netip.MustParsePrefix("0.0.0.0/0"))}
	}
	return ipset{spanOf(netip.MustParsePrefix("::/0"))}
}

func spanOf(p netip.Prefix) span {
	p = p.Masked()
	return span{p.Addr(), lastOf(p.Addr(), p.Bits())}
}

// lastOf sets the bits of a that stand behind the first n.
func lastOf(a netip.Addr, n int) netip.Addr {
	if a.Is4() {
		b := a.As4()
		setBits(b[:], n)
		return netip.AddrFrom4(b)
	}
	b := a.As16()
	setBits(b[:], n)
	return netip.AddrFrom16(b)
}

func setBits(b []byte, n int) {
	if n%8 != 0 {
		b[n/8] |= 0xff >> (n % 8)
		n += 8 - n%8
	}
	for i := n / 8; i < len(b); i++ {
		b[i] = 0xff
	}
}

// zeros counts the zero bits at the end of a.
func zeros(a netip.Addr) int {
	b := a.As16()
	n := 0
	for i := 15; i >= 0 && n < a.BitLen(); i-- {
		if b[i] != 0 {
			return n + bits.TrailingZeros8(b[i])
		}
		n += 8
	}
	return n
}

// setOf sorts and merges spans. It reuses the slice.
func setOf(spans []span) ipset {
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	out := spans[:0]
	for _, s := range spans {
		if n := len(out); n > 0 {
			last := &out[n-1]
			// next is invalid behind the last address of all, and then less
			// than any other.
			if next := last.to.Next(); !next.IsValid() || s.from.Compare(next) <= 0 {
				if last.to.Less(s.to) {
					last.to = s.to
				}
				continue
			}
		}
		out = append(out, s)
	}
	return out
}

// claim is a network that a term matches. Of several claims to an address the
// first in the record decides.
type claim struct {
	span
	rank int // position of its term among the terms
	pass bool
}

// settle splits what is claimed into the addresses whose first claim passes
// and the others. The networks lie in each other or apart, as prefixes do, so
// one pass over them in order is enough.
func settle(claims []claim) (pass, others ipset) {
	slices.SortFunc(claims, func(a, b claim) int {
		if c := a.from.Compare(b.from); c != 0 {
			return c
		}
		return b.to.Compare(a.to) // the wider first
	})
	var yes, no []span
	var open []claim // around the current address, with the claim that wins
	var at netip.Addr
	emit := func(to netip.Addr) {
		if !at.IsValid() || to.Less(at) {
			return
		}
		if open[len(open)-1].pass {
			yes = append(yes, span{at, to})
		} else {
			no = append(no, span{at, to})
		}
	}
	// end closes the innermost network. Behind the last address of all at
	// becomes invalid, and nothing is left to emit.
	end := func() {
		to := open[len(open)-1].to
		emit(to)
		at = to.Next()
		open = open[:len(open)-1]
	}
	for _, c := range claims {
		for len(open) > 0 && open[len(open)-1].to.Less(c.from) {
			end()
		}
		if n := len(open); n > 0 {
			if at.IsValid() && at.Less(c.from) {
				emit(c.from.Prev())
			}
			if outer := open[n-1]; outer.rank < c.rank {
				c.rank, c.pass = outer.rank, outer.pass
			}
		}
		at = c.from
		open = append(open, c)
	}
	for len(open) > 0 {
		end()
	}
	return setOf(yes), setOf(no)
}

func (a ipset) union(b ipset) ipset {
	if len(b) == 0 {
		return a
	}
	return setOf(append(slices.Clone(a), b...))
}

func (a ipset) intersect(b ipset) ipset {
	var out ipset
	for i, j := 0, 0; i < len(a) && j < len(b); {
		from, to := a[i].from, a[i].to
		if from.Less(b[j].from) {
			from = b[j].from
		}
		if b[j].to.Less(to) {
			to = b[j].to
		}
		if !to.Less(from) {
			out = append(out, span{from, to})
		}
		if a[i].to.Less(b[j].to) {
			i++
		} else {
			j++
		}
	}
	return out
}

// subtract is a without b.
func (a ipset) subtract(b ipset) ipset {
	if len(b) == 0 {
		return a
	}
	var out ipset
	j := 0
	for _, s := range a {
		for j < len(b) && b[j].to.Less(s.from) {
			j++
		}
		done := false
		for k := j; k < len(b) && !s.to.Less(b[k].from); k++ {
			if s.from.Less(b[k].from) {
				out = append(out, span{s.from, b[k].from.Prev()})
			}
			if !b[k].to.Less(s.to) {
				done = true
				break
			}
			s.from = b[k].to.Next()
		}
		if !done {
			out = append(out, s)
		}
	}
	return out
}

// prefixes is the set as the fewest networks.
func (a ipset) prefixes() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range a {
		for {
			// The largest network that begins at from and ends within.
			n := s.from.BitLen() - zeros(s.from)
			for s.to.Less(lastOf(s.from, n)) {
				n++
			}
			out = append(out, netip.PrefixFrom(s.from, n))
			last := lastOf(s.from, n)
			if last == s.to {
				break
			}
			s.from = last.Next()
		}
	}
	return out
}

// count is the number of addresses.
func (a ipset) count() *big.Int {
	n := new(big.Int)
	for _, s := range a {
		size := new(big.Int).SetBytes(s.to.AsSlice())
		size.Sub(size, new(big.Int).SetBytes(s.from.AsSlice()))
		n.Add(n, size.Add(size, big.NewInt(1)))
	}
	return n
}
