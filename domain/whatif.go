package domain

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
	"github.com/mailtrace/mailtrace/spf"
)

// whatif answers as if some sets of records were others than they are.
type whatif struct {
	res  dns.Resolver
	sets map[dns.Question][]dns.Record
}

// Lookup implements dns.Resolver.
func (w *whatif) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	name = dns.Canonical(name)
	records, changed := w.sets[dns.Question{Name: name, Type: t}]
	if !changed {
		a, err := w.res.Lookup(ctx, name, t)
		if err == nil && a.Status == dns.NXDomain && w.exists(name) {
			a.Status = dns.NoData // there is something now, at the name or below (RFC 8020)
		}
		return a, err
	}
	a := dns.Answer{Name: name, Type: t, Status: dns.Success, Records: records, Server: "what if"}
	if now, err := w.res.Lookup(ctx, name, t); err == nil {
		a.Authenticated, a.TTL = now.Authenticated, now.TTL
	}
	if len(records) == 0 {
		a.Status = dns.NoData
	}
	return a, nil
}

func (w *whatif) exists(name string) bool {
	for q, records := range w.sets {
		if len(records) > 0 && mailname.Within(q.Name, name) {
			return true
		}
	}
	return false
}

// text puts a text in the place of others at a name; "" only takes those away.
func (w *whatif) text(ctx context.Context, name string, remove []string, add string) error {
	q := dns.Question{Name: dns.Canonical(name), Type: dns.TypeTXT}
	records, known := w.sets[q]
	if !known {
		a, err := w.res.Lookup(ctx, q.Name, q.Type)
		if err != nil {
			return err
		}
		if len(a.CNAMEs) == 0 || add == "" { // an alias gives way to a record
			records = a.Records
		}
	}
	records = slices.DeleteFunc(slices.Clone(records), func(r dns.Record) bool { return slices.Contains(remove, r.Text) })
	if add != "" {
		var pieces []string
		for rest := add; rest != ""; rest = rest[min(len(rest), 255):] {
			pieces = append(pieces, rest[:min(len(rest), 255)])
		}
		records = append(records, dns.Record{Name: q.Name, Type: q.Type, Text: add, Strings: pieces, Data: txtData(add)})
	}
	w.sets[q] = records
	return nil
}

// apply makes the changes in the overlay.
func (w *whatif) apply(ctx context.Context, ch *report.DomainChange) error {
	for _, r := range ch.Remove {
		if r.Type == "TXT" && r.Name != ch.Name {
			if err := w.text(ctx, r.Name, []string{r.Value}, ""); err != nil {
				return err
			}
		}
	}
	switch ch.Type {
	case "TXT":
		var here []string
		for _, r := range ch.Remove {
			if r.Name == ch.Name {
				here = append(here, r.Value)
			}
		}
		return w.text(ctx, ch.Name, here, ch.Value)
	case "MX":
		// Only the null MX is ever offered (RFC 7505).
		w.sets[dns.Question{Name: ch.Name, Type: dns.TypeMX}] = []dns.Record{{Name: ch.Name, Type: dns.TypeMX, Data: "0 ."}}
	}
	return nil
}

// judge is how a domain stands, for the comparison with how it would stand.
type judge struct {
	out      *Result
	auth     *spf.Authorized
	problems map[string]int // code and name, those above info: how bad the worst is
	counts   map[string]int
}

var severities = [...]string{report.Info, report.Low, report.Medium, report.High, report.Critical}

func rank(severity string) int { return slices.Index(severities[:], severity) }

func standing(out *Result, auth *spf.Authorized) *judge {
	if auth == nil && out.SPF.State != report.StateUnknown && out.SPF.Parsed == nil {
		auth = &spf.Authorized{} // no record that counts: nobody passes
	}
	j := &judge{out: out, auth: auth, problems: map[string]int{}, counts: map[string]int{}}
	for i := range out.Problems {
		p := &out.Problems[i]
		if r := rank(p.Severity); r > 0 {
			k := p.Code + " " + p.Name
			j.problems[k] = max(j.problems[k], r)
			j.counts[k]++
		}
	}
	return j
}

// would checks the domain as it would be with some changes.
func (c *checker) would(changes []*report.DomainChange) (*judge, error) {
	w := &whatif{res: c.mem, sets: map[dns.Question][]dns.Record{}}
	for _, ch := range changes {
		if err := w.apply(c.ctx, ch); err != nil {
			return nil, err
		}
	}
	o := *c.opt
	o.Resolver, o.Suggest, o.Shorter = w, false, false
	out := &Result{Domain: c.domain, Parked: c.out.Parked}
	next := &checker{ctx: c.ctx, opt: &o, domain: c.domain, mem: newMemory(w), out: out, keys: c.out.DKIM.Keys, rehearsal: true}
	next.run()
	if next.mem.full() {
		return nil, errQuestions
	}
	return standing(out, next.authorized), nil
}

// harm says why a change must not be published, "" where nothing speaks against
// it: what passes today passes then, nothing passes that must not, and nothing
// comes up that is worse than a remark. What a repaired record brings to light
// and was written by the owner is no harm; it comes back in shows.
func (c *checker) harm(now, then *judge, ch *report.DomainChange) (why string, shows []string) {
	for k, r := range then.problems {
		if r <= now.problems[k] && then.counts[k] <= now.counts[k] {
			continue
		}
		p := problemOf(then.out, k)
		if ch.Repairs && p.Check == ch.Check && !p.Invalid && r < rank(report.Critical) && p.Code != "spf-overbroad-pass" && r <= worstOf(now.out, ch.Check) {
			shows = append(shows, p.Message)
			continue
		}
		if ch.Repairs && ch.Check == "mta_sts" && p.Code == "tls-rpt-missing" { // it begins to count, and that nobody asked for reports shows
			shows = append(shows, p.Message)
			continue
		}
		return p.Message, nil
	}
	slices.Sort(shows)
	if ch.Check == "spf" { // whether a client ever gets to the term or not
		for i := range then.out.Problems {
			if p := &then.out.Problems[i]; p.Code == "spf-overbroad-pass" && p.Name == ch.Name {
				return p.Message, nil
			}
		}
	}
	// Addresses.
	switch {
	case now.auth == nil:
		if ch.Check == "spf" || then.auth != nil {
			return "which addresses pass today is not known", nil
		}
	case then.auth == nil || len(then.auth.Gaps) > len(now.auth.Gaps):
		return "which addresses would pass is not known", nil
	default:
		if p, ok := uncovered(now.auth, then.auth); ok && !c.opt.Parked {
			return fmt.Sprintf("%s passes today, and would not", p), nil
		}
		if ch.Check != "spf" {
			if p, ok := uncovered(then.auth, now.auth); ok {
				return fmt.Sprintf("%s does not pass today, and would", p), nil
			}
		}
		if wide(then.auth) && (ch.Check == "spf" || !wide(now.auth)) {
			return "nearly every address would pass", nil
		}
	}
	// Hosts and keys.
	for i := range now.out.MX.Hosts {
		h := &now.out.MX.Hosts[i]
		if j := slices.IndexFunc(then.out.MX.Hosts, func(o report.MXHost) bool { return o.Hostname == h.Hostname }); h.State == report.StatePresent &&
			(j < 0 || then.out.MX.Hosts[j].State != report.StatePresent) && !c.opt.Parked {
			return h.Hostname + " takes mail today, and would not", nil
		}
	}
	for i := range now.out.DKIM.Keys {
		k := &now.out.DKIM.Keys[i]
		if !holds(k.Valid) {
			continue
		}
		if !slices.ContainsFunc(then.out.DKIM.Keys, func(o report.DKIMKey) bool {
			return o.Selector == k.Selector && holds(o.Valid) && samePublic(o.Record, k.Record)
		}) {
			return "the key of selector " + k.Selector + " counts today, and would not", nil
		}
	}
	return "", shows
}

func problemOf(out *Result, key string) *report.DomainProblem {
	worst := -1
	for i := range out.Problems {
		p := &out.Problems[i]
		if p.Code+" "+p.Name == key && (worst < 0 || rank(p.Severity) > rank(out.Problems[worst].Severity)) {
			worst = i
		}
	}
	return &out.Problems[worst]
}

// worstOf is the rank of the worst problem of a check.
func worstOf(out *Result, check string) int {
	worst := -1
	for i := range out.Problems {
		if out.Problems[i].Check == check {
			worst = max(worst, rank(out.Problems[i].Severity))
		}
	}
	return worst
}

// uncovered finds a network, or a term that depends on the message, that the
// one record lets pass and the other does not.
func uncovered(a, b *spf.Authorized) (string, bool) {
	for _, pair := range [...][2][]netip.Prefix{{a.IPv4, b.IPv4}, {a.IPv6, b.IPv6}} {
		for _, p := range pair[0] {
			if !inside(p, pair[1]) {
				return p.String(), true
			}
		}
	}
	for _, o := range a.Open {
		if !slices.ContainsFunc(b.Open, func(x spf.Note) bool { return strings.EqualFold(x.Term, o.Term) }) {
			return o.Term, true
		}
	}
	return "", false
}

// inside reports whether one of the sorted disjoint networks, which are the
// fewest of their kind, holds a whole network.
func inside(p netip.Prefix, nets []netip.Prefix) bool {
	i, found := slices.BinarySearchFunc(nets, p.Addr(), func(n netip.Prefix, a netip.Addr) int { return n.Addr().Compare(a) })
	if found {
		return nets[i].Bits() <= p.Bits()
	}
	return i > 0 && nets[i-1].Contains(p.Addr()) && nets[i-1].Bits() <= p.Bits()
}

// wide reports that so many addresses pass that a pass proves nothing.
func wide(a *spf.Authorized) bool {
	return a.Count4 >= manyAddresses || slices.ContainsFunc(a.IPv6, func(p netip.Prefix) bool { return p.Bits() <= 16 })
}

// samePublic reports whether two key records hold the same key.
func samePublic(a, b string) bool {
	return a == b || keyData(a) != "" && keyData(a) == keyData(b)
}
