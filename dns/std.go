package dns

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// NetError is a failure of this package as libraries written for package net
// know it: a bare *net.DNSError, which some of them look for without
// unwrapping. Any failure is temporary to them, except a name that cannot be
// asked for, which does not exist. nil stays nil, and an error that is not an
// *[Error] is returned as it is.
func NetError(err error) error {
	var e *Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	out := &net.DNSError{Err: string(e.Failure), Name: e.Name, Server: e.Server, UnwrapErr: err}
	if e.Err != nil {
		out.Err += ": " + e.Err.Error()
	}
	if e.Failure == BadName {
		out.IsNotFound = true
		return out
	}
	out.IsTemporary = true
	out.IsTimeout = e.Failure == Timeout
	return out
}

// Std asks a [Resolver] by the methods of a net.Resolver, for libraries that
// want one. Their errors are bare *net.DNSError; that there is no such record
// is one of them, with IsNotFound. Names in answers have their final dot.
type Std struct{ Resolver Resolver }

func (s Std) lookup(ctx context.Context, name string, t Type) (Answer, error) {
	a, err := OrOff(s.Resolver).Lookup(ctx, name, t)
	if err != nil {
		return a, NetError(err)
	}
	if len(a.Records) == 0 {
		return a, &net.DNSError{Err: "no such host", Name: a.Name, Server: a.Server, IsNotFound: true}
	}
	return a, nil
}

// LookupTXT returns the values of the TXT records of a name.
func (s Std) LookupTXT(ctx context.Context, name string) ([]string, error) {
	a, err := s.lookup(ctx, name, TypeTXT)
	return a.Texts(), err
}

// LookupMX returns the MX records of a name in the order of the answer.
func (s Std) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	a, err := s.lookup(ctx, name, TypeMX)
	if err != nil {
		return nil, err
	}
	out := make([]*net.MX, len(a.Records))
	for i, r := range a.Records {
		out[i] = &net.MX{Host: r.Host + ".", Pref: r.Pref}
	}
	return out, nil
}

// LookupIPAddr returns the IPv4 and IPv6 addresses of a host. A failure counts
// only if neither question gave any.
func (s Std) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []net.IPAddr{{IP: ip.AsSlice(), Zone: ip.Zone()}}, nil
	}
	var out []net.IPAddr
	var fail error
	for _, t := range []Type{TypeA, TypeAAAA} {
		a, err := s.lookup(ctx, host, t)
		var de *net.DNSError
		if err != nil && (fail == nil || !errors.As(err, &de) || !de.IsNotFound) {
			fail = err
		}
		for _, ip := range a.Addrs() {
			out = append(out, net.IPAddr{IP: ip.AsSlice()})
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	return nil, fail
}

// LookupAddr returns the names of an address in text form.
func (s Std) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return nil, &net.DNSError{Err: "unrecognized address", Name: addr}
	}
	a, err := s.lookup(ctx, Reverse(ip), TypePTR)
	if err != nil {
		return nil, err
	}
	out := a.Hosts()
	for i := range out {
		out[i] += "."
	}
	return out, nil
}
