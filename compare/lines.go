package compare

import (
	"bytes"
	"slices"
	"sort"
)

// diff compares lines in relaxed form. What is equal at the start and at the
// end is taken off; in between, lines that each side has once are anchors, the
// longest run of them in the same order holds, and equal lines around each
// anchor belong to it ("patience diff"). Time is n log n in the lines.
type diff struct {
	a, b    [][]byte
	hunks   []hunk
	blanks  int  // lines that are equal in relaxed form only
	bounded bool // more than MaxLines in between: taken as replaced

	idA, idB []int // the same number is the same line in relaxed form
}

// hunk is lines [a0,a1) of A that stand where [b0,b1) of B do.
type hunk struct{ a0, a1, b0, b1 int }

func (d *diff) run() {
	d.number()
	n, m := len(d.a), len(d.b)
	start := 0
	for start < n && start < m && d.idA[start] == d.idB[start] {
		d.match(start, start)
		start++
	}
	end := 0
	for end < n-start && end < m-start && d.idA[n-1-end] == d.idB[m-1-end] {
		d.match(n-1-end, m-1-end)
		end++
	}
	h := hunk{start, n - end, start, m - end}
	if h.a0 == h.a1 || h.b0 == h.b1 {
		d.add(h)
		return
	}
	if h.a1-h.a0+h.b1-h.b0 > MaxLines {
		d.bounded = true
		d.add(h)
		return
	}
	for _, x := range d.anchors(h) {
		i, j := x[0], x[1]
		if i < h.a0 || j < h.b0 {
			continue // taken by the anchor before
		}
		up := 0
		for i-up > h.a0 && j-up > h.b0 && d.idA[i-up-1] == d.idB[j-up-1] {
			up++
			d.match(i-up, j-up)
		}
		d.add(hunk{h.a0, i - up, h.b0, j - up})
		for i < h.a1 && j < h.b1 && d.idA[i] == d.idB[j] {
			d.match(i, j)
			i, j = i+1, j+1
		}
		h.a0, h.b0 = i, j
	}
	d.add(h)
}

func (d *diff) add(h hunk) {
	if h.a0 < h.a1 || h.b0 < h.b1 {
		d.hunks = append(d.hunks, h)
	}
}

// match counts a pair of lines that are equal in relaxed form.
func (d *diff) match(i, j int) {
	if !bytes.Equal(d.a[i], d.b[j]) {
		d.blanks++
	}
}

// number gives equal lines equal numbers. Lines of blanks at the end of the
// body do not count in relaxed form and are taken off.
func (d *diff) number() {
	ids := make(map[string]int)
	var buf []byte
	of := func(lines *[][]byte) []int {
		for n := len(*lines); n > 0 && len(bytes.TrimRight((*lines)[n-1], " \t")) == 0; n-- {
			*lines = (*lines)[:n-1]
		}
		out := make([]int, len(*lines))
		for i, l := range *lines {
			buf = relaxedLine(buf[:0], l)
			id, ok := ids[string(buf)]
			if !ok {
				id = len(ids)
				ids[string(buf)] = id
			}
			out[i] = id
		}
		return out
	}
	before := len(d.a) + len(d.b)
	d.idA, d.idB = of(&d.a), of(&d.b)
	d.blanks += before - len(d.a) - len(d.b)
}

// anchors are pairs of lines that stand once on each side, in the longest
// order that both sides agree on.
func (d *diff) anchors(h hunk) [][2]int {
	const many = -2
	type place struct{ a, b int }
	places := make(map[int]place)
	for i := h.a0; i < h.a1; i++ {
		if _, ok := places[d.idA[i]]; ok {
			places[d.idA[i]] = place{many, none}
		} else {
			places[d.idA[i]] = place{i, none}
		}
	}
	for j := h.b0; j < h.b1; j++ {
		p, ok := places[d.idB[j]]
		switch {
		case !ok || p.a == many:
		case p.b != none:
			places[d.idB[j]] = place{many, none}
		default:
			places[d.idB[j]] = place{p.a, j}
		}
	}
	var pairs [][2]int
	for i := h.a0; i < h.a1; i++ {
		if p := places[d.idA[i]]; p.a == i && p.b != none {
			pairs = append(pairs, [2]int{i, p.b})
		}
	}
	return rising(pairs)
}

// rising is the longest run of pairs whose second numbers rise.
func rising(pairs [][2]int) [][2]int {
	var tails []int // index of the pair that ends the best run of each length
	before := make([]int, len(pairs))
	for i, p := range pairs {
		n := sort.Search(len(tails), func(k int) bool { return pairs[tails[k]][1] >= p[1] })
		before[i] = none
		if n > 0 {
			before[i] = tails[n-1]
		}
		if n == len(tails) {
			tails = append(tails, i)
		} else {
			tails[n] = i
		}
	}
	var out [][2]int
	if len(tails) > 0 {
		for i := tails[len(tails)-1]; i != none; i = before[i] {
			out = append(out, pairs[i])
		}
	}
	slices.Reverse(out)
	return out
}
