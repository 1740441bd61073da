package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/domain"
)

const (
	// fetchTime bounds one fetch with all that belongs to it. RFC 8461 §3.3
	// speaks of a minute for senders; a person does not wait that long.
	fetchTime = 15 * time.Second
	// maxResponseHeader is how many bytes of header fields are read.
	maxResponseHeader = 64 << 10
	// maxFetchAddresses is how many addresses of the policy host are tried.
	maxFetchAddresses = 4
)

// fetcher gets MTA-STS policies as RFC 8461 §3.3 wants it: over HTTPS, with a
// certificate that is valid for the host, and without following redirects. The
// host is looked up with the resolver of the run, so that what was asked for
// with --dns holds for it too.
type fetcher struct {
	resolver dns.Resolver
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	roots    *x509.CertPool // nil: those of the system
	most     int64          // bytes of a file that are read, and one more
}

// fetch returns the function that domain.Options.Fetch wants.
func (c *cli) fetch(r dns.Resolver) func(context.Context, string) (domain.Fetched, error) {
	if c.dial == nil {
		return nil
	}
	return fetcher{resolver: r, dial: c.dial, roots: c.roots, most: domain.MaxPolicy}.get
}

func (f fetcher) get(ctx context.Context, url string) (domain.Fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	transport := &http.Transport{
		DialContext:            f.connect,
		TLSClientConfig:        &tls.Config{RootCAs: f.roots, MinVersion: tls.VersionTLS12},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: maxResponseHeader,
	}
	client := http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return domain.Fetched{}, err
	}
	if req.URL.Scheme != "https" {
		return domain.Fetched{}, errors.New("no https address")
	}
	req.Header.Set("User-Agent", "mailtrace")
	resp, err := client.Do(req)
	if err != nil {
		var bad *tls.CertificateVerificationError
		if errors.As(err, &bad) {
			return domain.Fetched{TLSError: domain.Untrusted(bad.Err, req.URL.Hostname())}, nil
		}
		return domain.Fetched{}, cause(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, f.most+1))
	if err != nil {
		return domain.Fetched{}, cause(err)
	}
	return domain.Fetched{Status: resp.StatusCode, ContentType: resp.Header.Get("Content-Type"), Body: body}, nil
}

// cause takes the method and the address off an error of net/http: the report
// gives the address already.
func cause(err error) error {
	if u := errors.Unwrap(err); u != nil {
		return u
	}
	return err
}

// connect dials the addresses that the resolver of the run gives for a host,
// one after the other.
func (f fetcher) connect(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	var addrs []netip.Addr
	for _, t := range []dns.Type{dns.TypeA, dns.TypeAAAA} {
		a, lookupErr := f.resolver.Lookup(ctx, host, t)
		if lookupErr != nil {
			err = lookupErr
			continue
		}
		addrs = append(addrs, a.Addrs()...)
	}
	if len(addrs) == 0 {
		if err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%s has no address", host)
	}
	for _, a := range addrs[:min(len(addrs), maxFetchAddresses)] {
		var conn net.Conn
		if conn, err = f.dial(ctx, network, net.JoinHostPort(a.String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}
