package spf

import (
	"context"
	"errors"
	"net"
	"net/netip"

	blitiri "blitiri.com.ar/go/spf"

	"github.com/mailtrace/mailtrace/dns"
)

// CrossCheck asks blitiri.com.ar/go/spf for a second opinion over the same
// resolver. note is what the library gives as its reason. The error is as in
// Check: a question that could not be put.
//
// The library keeps the limits of the standard, whatever Options say. Where it
// differs, see [KnownDifference].
func CrossCheck(ctx context.Context, res dns.Resolver, q Query) (result Result, note string, err error) {
	if !q.IP.IsValid() {
		return "", "", errors.New("spf: the query has no client address")
	}
	a := &adapter{res: res}
	ip := q.IP.Unmap().WithZone("")
	sender := q.MailFrom
	if q.Identity == Helo {
		sender = ""
	}
	r, reason := blitiri.CheckHostWithSender(net.IP(ip.AsSlice()), q.Helo, sender,
		blitiri.WithContext(ctx), blitiri.WithResolver(a))
	if reason != nil {
		note = reason.Error()
	}
	if a.err != nil {
		return "", note, a.err
	}
	return Result(r), note, nil
}

// adapter is the resolver of the library. It understands only a bare
// *net.DNSError: IsNotFound for both negative answers, IsTemporary for a
// server's failure.
type adapter struct {
	res dns.Resolver
	err error // the first question that could not be put
}

func (a *adapter) lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	ans, err := a.res.Lookup(ctx, name, t)
	if err == nil {
		if len(ans.Records) == 0 {
			return ans, &net.DNSError{Err: string(ans.Status), Name: name, IsNotFound: true}
		}
		return ans, nil
	}
	bad, asked := failure(err)
	if !bad && !asked && a.err == nil {
		a.err = err
	}
	// A name that cannot be asked for has no records: that is what the
	// resolver of the Go library says.
	return ans, &net.DNSError{Err: why(err), Name: name, IsNotFound: bad, IsTemporary: !bad}
}

func (a *adapter) LookupTXT(ctx context.Context, name string) ([]string, error) {
	ans, err := a.lookup(ctx, name, dns.TypeTXT)
	return ans.Texts(), err
}

func (a *adapter) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	ans, err := a.lookup(ctx, name, dns.TypeMX)
	var mx []*net.MX
	for i := range ans.Records {
		mx = append(mx, &net.MX{Host: ans.Records[i].Host + ".", Pref: ans.Records[i].Pref})
	}
	return mx, err
}

func (a *adapter) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	var addrs []net.IPAddr
	var failed error
	for _, t := range []dns.Type{dns.TypeA, dns.TypeAAAA} {
		ans, err := a.lookup(ctx, host, t)
		var de *net.DNSError
		if failed == nil || errors.As(err, &de) && !de.IsNotFound {
			failed = err
		}
		for _, ip := range ans.Addrs() {
			addrs = append(addrs, net.IPAddr{IP: ip.AsSlice()})
		}
	}
	if len(addrs) > 0 {
		return addrs, nil
	}
	return nil, failed
}

func (a *adapter) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return nil, &net.DNSError{Err: err.Error(), Name: addr, IsNotFound: true}
	}
	ans, err := a.lookup(ctx, dns.Reverse(ip), dns.TypePTR)
	var names []string
	for _, h := range ans.Hosts() {
		names = append(names, h+".")
	}
	return names, err
}
