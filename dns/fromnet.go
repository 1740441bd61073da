package dns

import (
	"context"
	"errors"
	"net"
	"strings"
)

// FromFunc makes a resolver of a function with the contract of
// [Resolver.Lookup].
func FromFunc(f func(ctx context.Context, name string, t Type) (Answer, error)) Resolver {
	return resolverFunc(f)
}

type resolverFunc func(context.Context, string, Type) (Answer, error)

func (f resolverFunc) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	name, bad := CheckName(name, t)
	if bad != nil {
		return Answer{}, bad
	}
	return f(ctx, name, t)
}

// OrOff is res, or for nil the resolver of a run without DNS: every question
// fails with the Failure [Off]. All packages of this module take nil so.
func OrOff(res Resolver) Resolver {
	if res == nil {
		return Disabled{}
	}
	return res
}

// FromNet makes a resolver of one of package net, nil being the zero
// net.Resolver. It serves SPF, DKIM, DMARC and ARC; package net keeps to itself
// what else a [Resolver] can tell:
//
//   - whether a name that gives nothing exists: it is always NoData, never
//     NXDomain, so np= of DMARC (RFC 9989 §4.7) never applies;
//   - TTLs, CNAME chains, strings of a TXT record, the AD bit: they stay zero;
//   - other types than A, AAAA, MX, NS, PTR, TXT and CNAME, which fail with
//     [Refused].
//
// dns/live asks servers without these limits.
func FromNet(r *net.Resolver) Resolver {
	if r == nil {
		r = &net.Resolver{}
	}
	return fromNet{r}
}

type fromNet struct{ r *net.Resolver }

func (n fromNet) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	name, bad := CheckName(name, t)
	if bad != nil {
		return Answer{}, bad
	}
	a := Answer{Name: name, Type: t, Server: "net.Resolver"}
	add := func(r Record) {
		r.Name, r.Type = name, t
		r.Data, _ = r.Presentation()
		a.Records = append(a.Records, r)
	}
	// The final dot keeps search lists out (resolv.conf(5)).
	fqdn := name + "."
	var err error
	switch t {
	case TypeTXT:
		var texts []string
		texts, err = n.r.LookupTXT(ctx, fqdn)
		for _, s := range texts {
			add(Record{Text: s, Strings: []string{s}})
		}
	case TypeA, TypeAAAA:
		network := "ip4"
		if t == TypeAAAA {
			network = "ip6"
		}
		addrs, lookupErr := n.r.LookupNetIP(ctx, network, fqdn)
		err = lookupErr
		for _, ip := range addrs {
			if ip = ip.Unmap().WithZone(""); ip.Is4() == (t == TypeA) {
				add(Record{Addr: ip})
			}
		}
	case TypeMX:
		hosts, lookupErr := n.r.LookupMX(ctx, fqdn)
		err = lookupErr
		for _, mx := range hosts {
			add(Record{Pref: mx.Pref, Host: Canonical(mx.Host)})
		}
	case TypeNS:
		hosts, lookupErr := n.r.LookupNS(ctx, fqdn)
		err = lookupErr
		for _, ns := range hosts {
			add(Record{Host: Canonical(ns.Host)})
		}
	case TypePTR:
		addr, ok := reversed(name)
		if !ok {
			a.Status = NoData
			return a, nil
		}
		hosts, lookupErr := n.r.LookupAddr(ctx, addr)
		err = lookupErr
		for _, h := range hosts {
			add(Record{Host: Canonical(h)})
		}
	case TypeCNAME:
		host, lookupErr := n.r.LookupCNAME(ctx, fqdn)
		err = lookupErr
		if host = Canonical(host); err == nil && host != name {
			add(Record{Host: host})
		}
	default:
		return Answer{}, &Error{Name: name, Type: t, Failure: Refused, Err: errors.New("package net cannot ask for this type")}
	}
	var de *net.DNSError
	switch {
	case len(a.Records) > 0:
		// Package net gives what could be read beside an error about the rest.
		a.Status = Success
	case err == nil, errors.As(err, &de) && de.IsNotFound:
		a.Status = NoData
	case ctx.Err() != nil:
		return Answer{}, CancelledBy(ctx, name, t)
	case errors.As(err, &de) && de.IsTimeout, errors.Is(err, context.DeadlineExceeded):
		return Answer{}, &Error{Name: name, Type: t, Failure: Timeout, Err: err}
	default:
		return Answer{}, &Error{Name: name, Type: t, Failure: ServFail, Err: err}
	}
	return a, nil
}

// reversed is the inverse of [Reverse], as text.
func reversed(name string) (string, bool) {
	if rest, ok := strings.CutSuffix(name, ".in-addr.arpa"); ok {
		p := strings.Split(rest, ".")
		if len(p) != 4 {
			return "", false
		}
		return p[3] + "." + p[2] + "." + p[1] + "." + p[0], true
	}
	rest, ok := strings.CutSuffix(name, ".ip6.arpa")
	if p := strings.Split(rest, "."); ok && len(p) == 32 {
		var b strings.Builder
		for i := 31; i >= 0; i-- {
			b.WriteString(p[i])
			if i%4 == 0 && i > 0 {
				b.WriteByte(':')
			}
		}
		return b.String(), true
	}
	return "", false
}
