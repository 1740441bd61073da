package spf

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/internal/mailname"
)

// zone is a resolver over a literal: "name TYPE" to values. A value "!servfail"
// makes the question fail so. A name with any entry at it or below it exists;
// all others do not.
type zone map[string][]string

var zoneTypes = map[string]dns.Type{"A": dns.TypeA, "AAAA": dns.TypeAAAA, "MX": dns.TypeMX,
	"TXT": dns.TypeTXT, "PTR": dns.TypePTR, "CNAME": dns.TypeCNAME}

// asked counts the questions, to hold them against the bounds.
type asked struct {
	dns.Resolver
	mu        sync.Mutex
	questions []string
}

func (a *asked) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	a.mu.Lock()
	a.questions = append(a.questions, name+" "+t.String())
	a.mu.Unlock()
	return a.Resolver.Lookup(ctx, name, t)
}

func (z zone) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	name = canonical(name)
	fail := func(f dns.Failure) (dns.Answer, error) {
		return dns.Answer{}, &dns.Error{Name: name, Type: t, Failure: f}
	}
	if ctx.Err() != nil {
		return fail(dns.Cancelled)
	}
	ans := dns.Answer{Name: name, Type: t, Status: dns.Success, Server: "zone:test"}
	owner := name
	for hops := 0; ; hops++ {
		if len(owner) > 255 || !askable(owner) {
			return fail(dns.BadName)
		}
		if v := z[owner+" FAIL"]; v != nil {
			return fail(dns.Failure(v[0]))
		}
		cname := z[owner+" CNAME"]
		if cname == nil {
			break
		}
		if hops == 8 {
			return fail(dns.Malformed)
		}
		owner = canonical(cname[0])
		ans.CNAMEs = append(ans.CNAMEs, owner)
		if owner == "" {
			break
		}
	}
	for _, v := range z[owner+" "+t.String()] {
		if f, ok := strings.CutPrefix(v, "!"); ok {
			return fail(dns.Failure(f))
		}
		r := dns.Record{Name: owner, Type: t, TTL: 300, Data: v}
		switch t {
		case dns.TypeTXT:
			r.Text, r.Strings = v, []string{v}
		case dns.TypeA, dns.TypeAAAA:
			r.Addr = netip.MustParseAddr(v)
		case dns.TypeMX:
			fmt.Sscanf(v, "%d %s", &r.Pref, &r.Host)
			r.Host = canonical(r.Host)
		default:
			r.Host = canonical(v)
		}
		ans.Records = append(ans.Records, r)
	}
	if len(ans.Records) == 0 {
		ans.Status = dns.NXDomain
		for key := range z {
			n, _, _ := cutLast(key, " ")
			if mailname.Within(n, owner) {
				ans.Status = dns.NoData
				break
			}
		}
	}
	return ans, nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// check evaluates foo@domain for a client.
func check(t *testing.T, z dns.Resolver, ip, from string, o Options) *Evaluation {
	t.Helper()
	ev, err := Check(context.Background(), z, Query{IP: netip.MustParseAddr(ip), Helo: "mail.example.org", MailFrom: from}, o)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}
