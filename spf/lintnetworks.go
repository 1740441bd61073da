package spf

import (
	"fmt"
	"slices"
)

// network is an ip4 or ip6 term.
type network struct {
	*Term
	domain string
	own    bool // of a record that decides, not of an include
}

// overlaps notes networks that lie in another of the same record, and keeps
// them for covered.
func (l *linter) overlaps(rec *Record, domain string, decides bool) {
	var nets []network
	for i := range rec.Terms {
		t := &rec.Terms[i]
		if t.Kind == "all" && !t.Modifier {
			break
		}
		if t.Bad || !t.Prefix.IsValid() {
			continue
		}
		nets = append(nets, network{t, domain, decides})
		switch {
		case t.Qualifier != '+' || l.barred > 0:
		case len(l.nets) < MaxNetworks:
			l.nets = append(l.nets, network{t, domain, decides})
		case !l.netsFull:
			l.netsFull = true
			l.gaps = append(l.gaps, fmt.Sprintf("%s: more than %d networks; the rest is not held against each other", domain, MaxNetworks))
		}
	}
	nested(nets, func(t network, outer []network) {
		o := outer[len(outer)-1]
		switch {
		case o.Prefix.Masked() == t.Prefix.Masked():
			l.at(domain, t.Term, NoteRedundant, "the same network as %s at byte %d", o.Text, o.Position)
		case o.Qualifier == t.Qualifier:
			l.at(domain, t.Term, NoteRedundant, "lies in %s at byte %d", o.Text, o.Position)
		case o.Position < t.Position:
			l.at(domain, t.Term, NoteUnreachable, "never reached: %s at byte %d covers it", o.Text, o.Position)
		}
	})
}

// covered notes networks of the domain's own record that an include lets pass
// already.
func (l *linter) covered() {
	nested(l.nets, func(t network, outer []network) {
		for i := len(outer) - 1; i >= 0 && t.own; i-- {
			if o := outer[i]; !o.own {
				l.at(t.domain, t.Term, NoteRedundant, "lies in %s of %s, which is included", o.Text, o.domain)
				return
			}
		}
	})
}

// nested calls f for each network that lies in others, with these, the widest
// first. Of equal networks the later in the slice lies in the earlier, but own
// ones in those of includes.
func nested(nets []network, f func(t network, outer []network)) {
	slices.SortStableFunc(nets, func(a, b network) int {
		if c := a.Prefix.Masked().Addr().Compare(b.Prefix.Masked().Addr()); c != 0 {
			return c
		}
		if c := a.Prefix.Bits() - b.Prefix.Bits(); c != 0 || a.own == b.own {
			return c
		}
		if a.own {
			return 1
		}
		return -1
	})
	var open []network
	for _, t := range nets {
		for len(open) > 0 && !open[len(open)-1].Prefix.Contains(t.Prefix.Addr()) {
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			f(t, open)
		}
		open = append(open, t)
	}
}
