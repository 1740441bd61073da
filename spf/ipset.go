package spf

import (
	"math/big"
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
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	to, _ := netip.AddrFromSlice(b)
	return span{p.Addr(), to}
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
			bits := s.from.BitLen()
			for bits > 0 {
				p := netip.PrefixFrom(s.from, bits-1)
				if p.Masked().Addr() != s.from || s.to.Less(spanOf(p).to) {
					break
				}
				bits--
			}
			p := netip.PrefixFrom(s.from, bits)
			out = append(out, p)
			last := spanOf(p).to
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
