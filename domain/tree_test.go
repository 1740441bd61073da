package domain

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/spf"
)

// one is a world in which x.example has the record under test.
type one struct{ record string }

func (o one) Lookup(_ context.Context, name string, t dns.Type) (dns.Answer, error) {
	name = dns.Canonical(name)
	a := dns.Answer{Name: name, Type: t, Status: dns.NXDomain}
	add := func(r dns.Record) {
		r.Name, r.Type = name, t
		a.Status, a.Records = dns.Success, append(a.Records, r)
	}
	texts := map[string]string{
		"x.example": o.record, "a.example": "v=spf1 a:h.example mx -all", "b.example": "v=spf1 include:a.example include:a.example ~all",
		"c.example": "v=spf1 redirect=b.example", "loop.example": "v=spf1 include:x.example -all", "bad.example": "v=spf1 foo include:a.example",
	}
	switch text, known := texts[name]; {
	case t == dns.TypeTXT && known:
		add(dns.Record{Text: text})
	case t == dns.TypeMX && name == "a.example":
		add(dns.Record{Host: "h.example", Data: "0 h.example."})
	case t == dns.TypeA && name == "h.example":
		add(dns.Record{Addr: netip.MustParseAddr("203.0.113.1"), Data: "203.0.113.1"})
	case t == dns.TypeAAAA && name == "six.example":
		add(dns.Record{Addr: netip.MustParseAddr("2001:db8::1"), Data: "2001:db8::1"})
	case name == "slow.example":
		return a, &dns.Error{Name: name, Type: t, Failure: dns.Timeout}
	case known, name == "h.example", name == "six.example":
		a.Status = dns.NoData
	}
	return a, nil
}

func tree(record string) (lookups, voids int, lint *spf.Linted) {
	c := &checker{ctx: context.Background(), opt: &Options{}, domain: "x.example", mem: newMemory(one{record}), out: &Result{}}
	rec, _ := spf.Parse(record)
	t := &treeWalk{c: c}
	n := t.record(c.domain, rec, 0)
	return n.DNSLookups, n.Voids, spf.Lint(c.ctx, c.mem, c.domain, spf.Options{})
}

// The tree counts what spf.Lint counts, whatever the record.
func FuzzTree(f *testing.F) {
	for _, s := range []string{
		"v=spf1 a mx ptr include:a.example include:b.example redirect=c.example",
		"v=spf1 a:six.example exists:%{d}.h.example a:gone.example -all a:h.example redirect=c.example",
		"v=spf1 include:loop.example include:bad.example ?include:a.example",
		"v=spf1 a:%{d2}.h.example a:%{o1r}.%{d}.h.example include:%{i}.a.example include:%{d1r-}.example",
		"v=spf1 a:%%.h.example a:%_.h.example a:%-.example exists:%{D}.example include:slow.example",
		"v=spf1 redirect=a.example redirect=b.example foo",
		"v=spf1 include:a. include:example include:a..example a:h.example./24",
		"v=spf1 all redirect=a.example include:a.example",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, record string) {
		if !spf.IsRecord(record) || len(record) > 2000 {
			return
		}
		lookups, voids, lint := tree(record)
		if lint.Record == "" {
			return
		}
		if lookups != lint.Lookups || voids != lint.Voids {
			t.Errorf("%q: %d lookups and %d void ones in the tree, %d and %d by spf.Lint", record, lookups, voids, lint.Lookups, lint.Voids)
		}
		for _, n := range lint.Notes {
			if code, _ := classify(n); code == "" && !strings.Contains(n.Text, "left out") {
				t.Errorf("%q: no code for %q", record, n.Text)
			}
		}
	})
}

// Whatever is suggested for a record lets the same addresses pass.
func FuzzShorter(f *testing.F) {
	f.Add("v=spf1 ip4:192.0.2.0/25 ip4:192.0.2.128/25 -ip4:192.0.2.7 a:h.example include:a.example -all")
	f.Add("v=spf1 ip4:203.0.113.1 include:b.example a:h.example include:a.example -all")
	f.Add("v=spf1 -ip4:203.0.113.1 ip4:203.0.113.0/31 ip4:203.0.113.2/31 ip6:2001:db8::/33 ip6:2001:db8:8000::/33 ?all")
	f.Add("v=spf1 a:h.example mx:a.example include:a.example include:b.example include:a.example include:b.example include:c.example all")
	f.Fuzz(func(t *testing.T, record string) {
		if !spf.IsRecord(record) || len(record) > 500 {
			return
		}
		c := &checker{ctx: context.Background(), opt: &Options{}, domain: "x.example", mem: newMemory(one{record}), out: &Result{}}
		rec, errs := spf.Parse(record)
		sh := c.shorter(rec, spf.Lint(c.ctx, c.mem, c.domain, spf.Options{}))
		if sh == nil {
			return
		}
		if len(errs) > 0 {
			t.Fatalf("%q has errors, and yet %q is suggested", record, sh.Record)
		}
		for _, ip := range []string{"192.0.2.7", "192.0.2.8", "203.0.113.0", "203.0.113.1", "203.0.113.2", "198.51.100.1", "2001:db8::1", "2001:db9::1"} {
			q := spf.Query{IP: netip.MustParseAddr(ip), MailFrom: "a@x.example"}
			wide := spf.Options{MaxLookups: spf.MaxWalked, MaxVoids: -1}
			before, err1 := spf.Check(c.ctx, c.mem, q, wide)
			after, err2 := spf.Check(c.ctx, overlay{c.mem, c.domain, sh.Record}, q, spf.Options{})
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if (before.Result == spf.Pass) != (after.Result == spf.Pass) {
				t.Errorf("%s: %s by %q, %s by %q", ip, before.Result, record, after.Result, sh.Record)
			}
		}
	})
}

func TestScope(t *testing.T) {
	for ip, want := range map[string]string{
		"192.0.2.1": "documentation", "8.8.8.8": "public", "10.1.2.3": "private", "172.31.0.1": "private", "172.32.0.1": "public",
		"127.0.0.1": "loopback", "169.254.1.1": "link-local", "100.64.0.1": "shared", "0.0.0.0": "unspecified", "224.0.0.1": "multicast",
		"255.255.255.255": "reserved", "::1": "loopback", "fd00::1": "private", "fe80::1": "link-local", "2606:4700::1": "public",
		"2001:db8::1": "documentation", "::ffff:10.0.0.1": "private",
	} {
		if got := scope(netip.MustParseAddr(ip)); got != want {
			t.Errorf("%s: %s, want %s", ip, got, want)
		}
	}
}
