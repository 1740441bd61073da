package spf

import (
	"context"
	"fmt"
	"math/big"
	"net/netip"
	"slices"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// Authorized are the addresses that get a pass from the record of a domain.
type Authorized struct {
	Domain string
	// IPv4 and IPv6 are sorted and disjoint, the fewest networks that say it.
	// Order and qualifiers count: "-ip4:192.0.2.1 ip4:192.0.2.0/24" leaves the
	// one address out.
	IPv4, IPv6 []netip.Prefix
	Count4     uint64   // addresses in IPv4
	Count6     *big.Int // addresses in IPv6, never nil
	// Open are the terms that cannot be listed because they depend on the
	// client or the message: exists, ptr, macros. They may add addresses, or
	// with another qualifier than "+" take some away.
	Open []Note
	// Stops are the places where clients that nothing before them matches run
	// into permerror or temperror: they do not pass, whatever follows.
	Stops []Note
	// Gaps are the questions without an answer, "name TYPE: why".
	Gaps []string
}

// Ranges lists the addresses that get a pass from the record of a domain, with
// all that it includes. It counts lookups as for a client that nothing
// matches. The error is as in [Check]: a question could not be put; the list
// is then a part of it.
func Ranges(ctx context.Context, res dns.Resolver, domain string, o Options) (*Authorized, error) {
	domain, _ = mailname.ASCII(domain)
	r := &ranger{walker: newWalker(ctx, res), out: &Authorized{Domain: canonical(domain)}, opt: o}
	r.opt.MaxLookups, r.opt.MaxVoids = o.limits()
	pass4, _ := r.family(true)
	pass6, _ := r.family(false)
	r.out.IPv4, r.out.IPv6 = pass4.prefixes(), pass6.prefixes()
	r.out.Count4, r.out.Count6 = pass4.count().Uint64(), pass6.count()
	r.out.Gaps = r.gaps
	if r.err != nil {
		return r.out, fmt.Errorf("spf: the addresses of %s cannot all be listed: %w", r.out.Domain, r.err)
	}
	return r.out, nil
}

type ranger struct {
	*walker
	out            *Authorized
	opt            Options
	is4            bool
	lookups, voids int
	err            error
}

func (r *ranger) family(is4 bool) (pass, failed ipset) {
	r.is4, r.lookups, r.voids = is4, 0, 0
	p := r.fetch(r.out.Domain)
	r.unasked(r.out.Domain, dns.TypeTXT)
	if p.record == nil {
		if p.code == ReasonMultiple || p.code == ReasonRecordTooLong {
			r.stop(Note{Domain: p.domain, Text: p.problem, Error: true})
		}
		return nil, nil
	}
	return r.record(p, 0)
}

// stop and open note a place once, though both families come by.
func (r *ranger) stop(n Note) {
	if len(r.out.Stops) < MaxNotes && !slices.Contains(r.out.Stops, n) {
		r.out.Stops = append(r.out.Stops, n)
	}
}

func (r *ranger) open(domain string, t *Term) {
	n := Note{Domain: domain, Position: t.Position, Term: t.Text, Text: "depends on the client or the message"}
	if len(r.out.Open) < MaxNotes && !slices.Contains(r.out.Open, n) {
		r.out.Open = append(r.out.Open, n)
	}
}

// unasked keeps the error of a question that could not be put.
func (r *ranger) unasked(name string, t dns.Type) {
	if a := r.answers[question{name, t}]; a != nil && a.err != nil && r.err == nil {
		if _, asked := failure(a.err); !asked {
			r.err = a.err
		}
	}
}

// record gives the addresses that pass, and those that end in an error.
func (r *ranger) record(p *published, depth int) (pass, failed ipset) {
	rest := everything(r.is4) // not decided yet
	if len(p.errs) > 0 {
		n := p.errs[0]
		n.Domain = p.domain
		r.stop(n)
		return nil, rest
	}
	rec, domain := p.record, p.domain

	var pending []claim // of the terms since the last include
	flush := func() {
		yes, no := settle(pending)
		pass = pass.union(yes.intersect(rest))
		rest = rest.subtract(yes).subtract(no)
		pending = pending[:0]
	}
	fail := func(t *Term, text string) (ipset, ipset) {
		flush()
		r.stop(Note{Domain: domain, Position: t.Position, Term: t.Text, Text: text, Error: true})
		return pass, failed.union(rest)
	}
	// inner takes the outcome of an include or redirect over.
	inner := func(t *Term, name string) string {
		p, problem := r.target(name, depth)
		if problem != "" {
			return problem
		}
		flush()
		yes, bad := r.record(p, depth+1)
		if t.Modifier || t.Qualifier == '+' {
			pass = pass.union(yes.intersect(rest))
		}
		failed = failed.union(bad.intersect(rest))
		rest = rest.subtract(yes).subtract(bad)
		return ""
	}

	for i := range rec.Terms {
		t := &rec.Terms[i]
		if t.Modifier {
			continue
		}
		own := claim{rank: i, pass: t.Qualifier == '+'}
		switch t.Kind {
		case "all":
			own.span = everything(r.is4)[0]
			pending = append(pending, own)
			flush()
			return pass, failed
		case "ip4", "ip6":
			if t.Prefix.Addr().Is4() == r.is4 && !t.Prefix.Addr().Is4In6() {
				own.span = spanOf(t.Prefix)
				pending = append(pending, own)
			}
			continue
		}
		if problem := r.count(); problem != "" {
			return fail(t, problem)
		}
		name, ok := staticName(t, domain, r.out.Domain)
		if !ok || t.Kind == "exists" || t.Kind == "ptr" {
			r.open(domain, t)
			continue
		}
		problem := ""
		switch t.Kind {
		case "include":
			problem = inner(t, name)
		case "a":
			pending, problem = r.hosts(pending, own, t, name, true)
		case "mx":
			pending, problem = r.mx(pending, own, t, name)
		}
		if problem != "" {
			return fail(t, problem)
		}
	}
	flush()

	if t := rec.Redirect(); t != nil {
		if problem := r.count(); problem != "" {
			return fail(t, problem)
		}
		name, ok := staticName(t, domain, r.out.Domain)
		if !ok {
			r.open(domain, t)
		} else if problem := inner(t, name); problem != "" {
			return fail(t, problem)
		}
	}
	return pass, failed
}

func (r *ranger) count() string {
	r.lookups++
	if r.lookups > r.opt.MaxLookups { // §4.6.4
		return fmt.Sprintf("lookup %d; the limit is %d", r.lookups, r.opt.MaxLookups)
	}
	return ""
}

func (r *ranger) void(name string, t dns.Type) string {
	r.voids++
	if r.opt.MaxVoids >= 0 && r.voids > r.opt.MaxVoids { // §4.6.4
		return fmt.Sprintf("%s %s is void lookup %d; the limit is %d", name, t, r.voids, r.opt.MaxVoids)
	}
	return ""
}

// target is the record of an include or redirect.
func (r *ranger) target(name string, depth int) (*published, string) {
	if depth >= MaxDepth {
		return nil, fmt.Sprintf("nested deeper than %d", MaxDepth)
	}
	p := r.fetch(name)
	r.unasked(name, dns.TypeTXT)
	switch {
	case p.gap:
		return nil, name + " TXT was not answered"
	case p.record == nil:
		return nil, p.problem
	}
	return p, ""
}

// hosts appends the networks around the addresses of a host. own is the claim
// of its term without a network.
func (r *ranger) hosts(claims []claim, own claim, t *Term, name string, term bool) ([]claim, string) {
	typ := dns.TypeAAAA
	if r.is4 {
		typ = dns.TypeA
	}
	a := r.ask(name, typ)
	r.unasked(name, typ)
	switch {
	case a.gap:
		return claims, name + " " + typ.String() + " was not answered"
	case a.void() && term:
		return claims, r.void(name, typ)
	}
	bits := t.Bits6
	if r.is4 {
		bits = t.Bits4
	}
	for i := range a.Records {
		if addr := a.Records[i].Addr; addr.Is4() == r.is4 && addr.IsValid() && !addr.Is4In6() {
			own.span = spanOf(netip.PrefixFrom(addr, bits))
			claims = append(claims, own)
		}
	}
	return claims, ""
}

func (r *ranger) mx(claims []claim, own claim, t *Term, name string) ([]claim, string) {
	a := r.ask(name, dns.TypeMX)
	r.unasked(name, dns.TypeMX)
	switch {
	case a.gap:
		return claims, name + " MX was not answered"
	case a.void():
		return claims, r.void(name, dns.TypeMX)
	case len(a.Records) > MaxMX: // §4.6.4
		return claims, fmt.Sprintf("%s has %d MX records; mx may use %d", name, len(a.Records), MaxMX)
	}
	problem := ""
	for i := range a.Records {
		if host := a.Records[i].Host; host != "" && problem == "" {
			claims, problem = r.hosts(claims, own, t, host, false)
		}
	}
	return claims, problem
}
