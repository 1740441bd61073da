package domain

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// shorter looks for a record with fewer lookups or bytes that lets the same
// addresses pass. What it returns is proved: the addresses of both records are
// computed and compared. It is nil where there is none, and where the present
// addresses cannot be listed.
//
// It removes terms that add nothing, joins networks, and only where the record
// goes beyond the lookup limit puts networks in the place of terms that ask:
// those need care when a provider moves.
func (c *checker) shorter(rec *spf.Record, lint *spf.Linted) *report.SPFShorter {
	if len(rec.Terms) > MaxTrial || len(lint.Gaps) > 0 || c.ctx.Err() != nil {
		return nil
	}
	for i := range rec.Terms {
		if rec.Terms[i].Bad {
			return nil
		}
	}
	s := &trial{c: c, left: MaxTrials, terms: slices.Clone(rec.Terms)}
	// The addresses that are meant: beyond the limits too.
	base, err := spf.Ranges(c.ctx, c.mem, c.domain, spf.Options{MaxLookups: spf.MaxWalked, MaxVoids: -1})
	if err != nil || len(base.Stops) > 0 || len(base.Gaps) > 0 || len(base.IPv4)+len(base.IPv6) > MaxTrialNetworks {
		return nil
	}
	s.base = base
	s.dropUnused()
	s.dropIdle()
	s.join()
	if lint.Lookups > spf.DefaultMaxLookups {
		s.flatten()
	}
	record := s.text(s.terms)
	over := overlay{c.mem, c.domain, record}
	after := spf.Lint(c.ctx, over, c.domain, spf.Options{})
	if len(s.changes) == 0 || after.Lookups > spf.DefaultMaxLookups ||
		after.Lookups > lint.Lookups || after.Lookups == lint.Lookups && len(record) >= len(rec.Text) {
		return nil
	}
	got, err := spf.Ranges(c.ctx, over, c.domain, spf.Options{})
	// Stops are no reason against it: these addresses pass before them.
	if err != nil || !sameAddresses(base, got) {
		return nil
	}
	return &report.SPFShorter{Record: record, DNSLookups: after.Lookups, Changes: s.changes, Proved: true}
}

// trial is a record being made shorter.
type trial struct {
	c       *checker
	base    *spf.Authorized
	left    int // records that may still be tried
	terms   []spf.Term
	changes []string
}

func (s *trial) text(terms []spf.Term) string {
	var b strings.Builder
	b.WriteString("v=spf1")
	for i := range terms {
		b.WriteByte(' ')
		b.WriteString(terms[i].Text)
	}
	return b.String()
}

// holds reports whether a record with these terms lets the same addresses pass
// as the present one means to. It does not where no more may be tried.
func (s *trial) holds(terms []spf.Term) bool {
	if s.left--; s.left < 0 {
		return false
	}
	got, err := spf.Ranges(s.c.ctx, overlay{s.c.mem, s.c.domain, s.text(terms)}, s.c.domain,
		spf.Options{MaxLookups: spf.MaxWalked, MaxVoids: -1})
	return err == nil && len(got.Stops) == 0 && sameAddresses(s.base, got)
}

// dropUnused removes what is never reached: mechanisms behind all, and a
// redirect beside it (RFC 7208 §5.1, §6.1).
func (s *trial) dropUnused() {
	all := slices.IndexFunc(s.terms, func(t spf.Term) bool { return t.Kind == "all" && !t.Modifier })
	if all < 0 {
		return
	}
	kept := s.terms[:0:0]
	for i, t := range s.terms {
		if i > all && !t.Modifier || t.Modifier && t.Kind == "redirect" {
			s.changes = append(s.changes, t.Text+" is left out: it is never reached")
			continue
		}
		kept = append(kept, t)
	}
	s.terms = kept
}

// dropIdle removes terms that let nobody pass whom the others do not. Those
// that ask most go first; terms that depend on the message stay.
func (s *trial) dropIdle() {
	order := make([]int, 0, len(s.terms))
	for i := range s.terms {
		order = append(order, i)
	}
	rank := func(i int) int { // includes, then hosts, then networks
		switch t := &s.terms[i]; {
		case t.Kind == "include":
			return 0
		case t.Looks():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return b - a // from the end: of two that cover each other the first stays
	})
	gone := map[int]bool{}
	without := func(skip int) []spf.Term {
		var terms []spf.Term
		for i := range s.terms {
			if i != skip && !gone[i] {
				terms = append(terms, s.terms[i])
			}
		}
		return terms
	}
	for _, i := range order {
		t := &s.terms[i]
		if t.Modifier || t.Kind == "all" || t.Qualifier != '+' || t.Kind == "ptr" || t.Kind == "exists" || strings.Contains(t.Spec, "%") {
			continue
		}
		if s.holds(without(i)) {
			gone[i] = true
			why := "it adds no address"
			if t.Looks() {
				why += " as its names stand today"
			}
			s.changes = append(s.changes, t.Text+" is left out: "+why)
		}
	}
	s.terms = without(-1)
}

// join puts the fewest networks in the place of runs of ip4 and ip6 terms.
func (s *trial) join() {
	var out []spf.Term
	changed := false
	for i := 0; i < len(s.terms); {
		j := i
		for j < len(s.terms) && s.terms[j].Prefix.IsValid() && s.terms[j].Qualifier == '+' && !s.terms[j].Modifier {
			j++
		}
		if i == j {
			out = append(out, s.terms[i])
			i++
			continue
		}
		var nets []netip.Prefix
		for _, t := range s.terms[i:j] {
			nets = append(nets, t.Prefix.Masked())
		}
		joined := merged(nets)
		if len(joined) < j-i {
			changed = true
			s.changes = append(s.changes, fmt.Sprintf("%d networks become %d that cover the same", j-i, len(joined)))
			out = append(out, networkTerms(joined)...)
		} else {
			out = append(out, s.terms[i:j]...)
		}
		i = j
	}
	if !changed {
		return
	}
	if s.holds(out) {
		s.terms = out
	} else {
		s.changes = s.changes[:len(s.changes)-1]
	}
}

// flatten puts networks in the place of terms with lookups, from those that
// stand for the fewest networks per lookup on, until the record keeps the limit.
func (s *trial) flatten() {
	type candidate struct {
		text string
		nets []spf.Term
		cost float64 // networks per lookup
	}
	var candidates []candidate
	for i := range s.terms {
		t := &s.terms[i]
		if t.Modifier || !t.Looks() || t.Qualifier != '+' {
			continue
		}
		alone := overlay{s.c.mem, s.c.domain, "v=spf1 " + t.Text}
		saved := spf.Lint(s.c.ctx, alone, s.c.domain, spf.Options{}).Lookups
		got, err := spf.Ranges(s.c.ctx, alone, s.c.domain, spf.Options{MaxLookups: spf.MaxWalked, MaxVoids: -1})
		if err != nil || len(got.Open)+len(got.Stops)+len(got.Gaps) > 0 || saved == 0 {
			continue
		}
		nets := networkTerms(slices.Concat(got.IPv4, got.IPv6))
		candidates = append(candidates, candidate{t.Text, nets, float64(len(nets)) / float64(saved)})
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.cost, b.cost) })
	for _, c := range candidates {
		over := overlay{s.c.mem, s.c.domain, s.text(s.terms)}
		if spf.Lint(s.c.ctx, over, s.c.domain, spf.Options{}).Lookups <= spf.DefaultMaxLookups {
			return
		}
		i := slices.IndexFunc(s.terms, func(t spf.Term) bool { return t.Text == c.text })
		terms := slices.Concat(s.terms[:i], c.nets, s.terms[i+1:])
		if len(terms) <= MaxTrial && s.holds(terms) {
			s.terms = terms
			s.changes = append(s.changes, c.text+" becomes its networks as they are today; they must be kept up by hand")
		}
	}
}

func networkTerms(nets []netip.Prefix) []spf.Term {
	var out []spf.Term
	for _, p := range nets {
		text := "ip6:"
		if p.Addr().Is4() {
			text = "ip4:"
		}
		if p.IsSingleIP() {
			text += p.Addr().String()
		} else {
			text += p.String()
		}
		out = append(out, spf.Term{Text: text, Kind: text[:3], Qualifier: '+', Prefix: p})
	}
	return out
}

// merged is the fewest networks that cover what some networks do, IPv4 first.
func merged(nets []netip.Prefix) []netip.Prefix {
	nets = slices.Clone(nets)
	order := func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	}
	slices.SortFunc(nets, order)
	var out []netip.Prefix
	for _, p := range nets {
		if n := len(out); n > 0 && out[n-1].Contains(p.Addr()) && out[n-1].Bits() <= p.Bits() {
			continue
		}
		out = append(out, p)
		for len(out) > 1 { // two halves make a whole
			a, b := out[len(out)-2], out[len(out)-1]
			if a.Bits() != b.Bits() || a.Bits() == 0 || a.Addr().Is4() != b.Addr().Is4() {
				break
			}
			wide := netip.PrefixFrom(a.Addr(), a.Bits()-1).Masked()
			if wide.Addr() != a.Addr() || !wide.Contains(b.Addr()) {
				break
			}
			out = append(out[:len(out)-2], wide)
		}
	}
	return out
}

func sameAddresses(a, b *spf.Authorized) bool {
	return slices.Equal(a.IPv4, b.IPv4) && slices.Equal(a.IPv6, b.IPv6) &&
		slices.EqualFunc(a.Open, b.Open, func(x, y spf.Note) bool { return x.Domain == y.Domain && x.Term == y.Term })
}

// overlay answers as if the domain had another SPF record.
type overlay struct {
	res    dns.Resolver
	domain string
	record string
}

// Lookup implements dns.Resolver.
func (o overlay) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	if t != dns.TypeTXT || dns.Canonical(name) != o.domain {
		return o.res.Lookup(ctx, name, t)
	}
	return dns.Answer{Name: o.domain, Type: t, Status: dns.Success,
		Records: []dns.Record{{Name: o.domain, Type: t, Text: o.record, Strings: []string{o.record}}}}, nil
}
