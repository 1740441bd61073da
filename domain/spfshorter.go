package domain

import (
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
// Within the limits it takes out only what stands twice and what is never
// reached. What looks idle today is kept: a name without address, or an include
// that another covers, can be needed tomorrow. Above the lookup limit, where
// the record fails for all, terms that name the domain's own hosts become their
// networks, one after the other, until the limit is kept; then includes that
// others cover today go. Networks of other organisations are never written out:
// they change without notice.
func (c *checker) shorter(rec *spf.Record, lint *spf.Linted) *report.SPFShorter {
	if len(rec.Terms) > MaxTrial || len(lint.Gaps) > 0 || c.ctx.Err() != nil || !sound(rec) {
		return nil
	}
	s := &trial{c: c, left: MaxTrials, terms: slices.Clone(rec.Terms)}
	// The addresses that are meant: beyond the limits too.
	base, err := spf.Ranges(c.ctx, c.mem, c.domain, spf.Options{MaxLookups: spf.MaxWalked, MaxVoids: -1})
	if err != nil || len(base.Stops) > 0 || len(base.Gaps) > 0 || len(base.IPv4)+len(base.IPv6) > MaxTrialNetworks || wide(base) {
		return nil
	}
	if len(base.IPv4)+len(base.IPv6)+len(base.Open) == 0 && names(rec) {
		return nil // it names somebody, and nobody passes: nothing to polish
	}
	s.base = base
	s.dropUnused()
	s.dropTwice()
	if lint.Lookups > spf.DefaultMaxLookups {
		s.writeOut()
		s.dropCovered()
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

// sound reports whether a record means what it says: no syntax error, no
// modifier that a mechanism is meant by, no all or redirect without effect.
func sound(rec *spf.Record) bool {
	for i := range rec.Terms {
		t := &rec.Terms[i]
		switch {
		case t.Bad, t.Modifier && t.Kind != "redirect" && t.Kind != "exp", !t.Modifier && t.Kind == "all" && t.Qualifier == '+':
			return false
		case t.Modifier && t.Kind == "redirect" && rec.All() != nil:
			return false
		}
	}
	return true
}

// names reports whether a record names anybody who sends.
func names(rec *spf.Record) bool {
	return slices.ContainsFunc(rec.Terms, func(t spf.Term) bool {
		return t.Modifier && t.Kind != "exp" || !t.Modifier && t.Kind != "all"
	})
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

// tooMany reports whether the record still goes beyond the lookup limit.
func (s *trial) tooMany() bool {
	over := overlay{s.c.mem, s.c.domain, s.text(s.terms)}
	return spf.Lint(s.c.ctx, over, s.c.domain, spf.Options{}).Lookups > spf.DefaultMaxLookups
}

// dropUnused removes mechanisms behind all (RFC 7208 §5.1), where some pass
// before it: else what stands behind it is what was meant.
func (s *trial) dropUnused() {
	all := slices.IndexFunc(s.terms, func(t spf.Term) bool { return t.Kind == "all" && !t.Modifier })
	if all < 1 {
		return
	}
	kept := s.terms[:0:0]
	for i, t := range s.terms {
		if i > all && !t.Modifier {
			s.changes = append(s.changes, t.Text+" is left out: it is never reached")
			continue
		}
		kept = append(kept, t)
	}
	s.terms = kept
}

// dropTwice removes terms that stand in the record already, word for word.
func (s *trial) dropTwice() {
	var kept []spf.Term
	for _, t := range s.terms {
		if !t.Modifier && slices.ContainsFunc(kept, func(k spf.Term) bool { return same(k, t) }) {
			s.changes = append(s.changes, t.Text+" is left out: it stands twice")
			continue
		}
		kept = append(kept, t)
	}
	s.terms = kept
}

func same(a, b spf.Term) bool {
	return !a.Modifier && !b.Modifier && a.Qualifier == b.Qualifier &&
		strings.EqualFold(strings.TrimLeft(a.Text, "+"), strings.TrimLeft(b.Text, "+"))
}

// writeOut puts networks in the place of a and mx of the domain's own names,
// and the terms of its own includes in their place, until the limit is kept.
func (s *trial) writeOut() {
	for i := len(s.terms) - 1; i >= 0 && s.tooMany(); i-- {
		t := &s.terms[i]
		name, ok := targetName(t, s.c.domain, s.c.domain)
		if t.Modifier || t.Qualifier != '+' || !ok || t.Kind != "a" && t.Kind != "mx" || !s.c.own(name) {
			continue
		}
		got, err := spf.Ranges(s.c.ctx, overlay{s.c.mem, s.c.domain, "v=spf1 " + t.Text}, s.c.domain, spf.Options{MaxVoids: -1})
		if err != nil || len(got.Open)+len(got.Stops)+len(got.Gaps) > 0 || len(got.IPv4)+len(got.IPv6) == 0 || t.Kind == "mx" && !s.ownHosts(name) {
			continue
		}
		terms := slices.Concat(s.terms[:i], networkTerms(slices.Concat(got.IPv4, got.IPv6)), s.terms[i+1:])
		if len(terms) <= MaxTrial && s.holds(terms) {
			s.changes = append(s.changes, t.Text+" becomes the addresses of the domain's own hosts; when they change, change them here")
			s.terms = terms
		}
	}
	for i := len(s.terms) - 1; i >= 0 && s.tooMany(); i-- {
		t := &s.terms[i]
		name, ok := targetName(t, s.c.domain, s.c.domain)
		if t.Kind != "include" || t.Qualifier != '+' || !ok || !s.c.own(name) || strings.Contains(t.Spec, "%") {
			continue
		}
		a := s.c.ask(name, dns.TypeTXT)
		var inner *spf.Record
		for _, text := range a.Texts() {
			if spf.IsRecord(text) {
				inner, _ = spf.Parse(text)
			}
		}
		if inner == nil || inner.Redirect() != nil {
			continue
		}
		var body []spf.Term
		for _, t := range inner.Terms {
			if t.Modifier || t.Kind == "all" {
				continue
			}
			if t.Spec == "" && (t.Kind == "a" || t.Kind == "mx") || strings.Contains(t.Spec, "%") || t.Qualifier != '+' {
				body = nil
				break
			}
			body = append(body, t)
		}
		// What its own hosts are is written out with it.
		var flat []spf.Term
		for _, t := range body {
			host, ok := targetName(&t, name, s.c.domain)
			if ok && t.Kind == "a" && s.c.own(host) {
				got, err := spf.Ranges(s.c.ctx, overlay{s.c.mem, s.c.domain, "v=spf1 " + t.Text}, s.c.domain, spf.Options{MaxVoids: -1})
				if err == nil && len(got.Stops)+len(got.Gaps) == 0 && len(got.IPv4)+len(got.IPv6) > 0 {
					flat = append(flat, networkTerms(slices.Concat(got.IPv4, got.IPv6))...)
					continue
				}
			}
			flat = append(flat, t)
		}
		terms := slices.Concat(s.terms[:i], flat, s.terms[i+1:])
		if len(flat) > 0 && len(terms) <= MaxTrial && s.holds(terms) {
			s.changes = append(s.changes, t.Text+" becomes what the domain's own record there says")
			s.terms = terms
		}
	}
}

// ownHosts reports whether all MX hosts of a name are the domain's.
func (s *trial) ownHosts(name string) bool {
	a := s.c.ask(name, dns.TypeMX)
	for _, host := range a.Hosts() {
		if !s.c.own(host) {
			return false
		}
	}
	return len(a.Records) > 0
}

// dropCovered removes includes that others cover today, from the end, until the
// limit is kept.
func (s *trial) dropCovered() {
	for i := len(s.terms) - 1; i >= 0 && s.tooMany(); i-- {
		t := s.terms[i]
		if t.Kind != "include" || t.Qualifier != '+' || strings.Contains(t.Spec, "%") {
			continue
		}
		terms := slices.Concat(s.terms[:i], s.terms[i+1:])
		if s.holds(terms) {
			s.terms = terms
			s.changes = append(s.changes, fmt.Sprintf("%s is left out: what it lets pass, %s covers today. When that changes it is needed again", t.Text, s.cover(&t)))
		}
	}
}

// cover names the other includes that let an include's addresses pass.
func (s *trial) cover(t *spf.Term) string {
	want, err := spf.Ranges(s.c.ctx, overlay{s.c.mem, s.c.domain, "v=spf1 " + t.Text}, s.c.domain, spf.Options{MaxLookups: spf.MaxWalked, MaxVoids: -1})
	if err != nil {
		return "another term"
	}
	for i := range s.terms {
		o := &s.terms[i]
		if o.Modifier || o.Kind != "include" {
			continue
		}
		got, err := spf.Ranges(s.c.ctx, overlay{s.c.mem, s.c.domain, "v=spf1 " + o.Text}, s.c.domain, spf.Options{MaxLookups: spf.MaxWalked, MaxVoids: -1})
		if err != nil {
			continue
		}
		if _, missing := uncovered(want, got); !missing {
			return o.Text
		}
	}
	return "the rest of the record"
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

func sameAddresses(a, b *spf.Authorized) bool {
	return slices.Equal(a.IPv4, b.IPv4) && slices.Equal(a.IPv6, b.IPv6) &&
		slices.EqualFunc(a.Open, b.Open, func(x, y spf.Note) bool { return x.Domain == y.Domain && x.Term == y.Term })
}

// overlay answers as if the domain had another SPF record, and no other.
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
