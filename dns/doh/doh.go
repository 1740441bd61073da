// Package doh speaks DNS over HTTPS (RFC 8484) through whatever carries a
// message to a server and back: a browser's fetch, where there is no socket.
// It reads the types that mailtrace asks for.
//
// Not stable yet: it serves the page of mailtrace.
package doh

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailtrace/mailtrace/dns"
)

// MaxMessage is the size of the longest DNS message (RFC 1035 §4.2.2).
const MaxMessage = 65535

// MediaType is that of a question and an answer (RFC 8484 §6).
const MediaType = "application/dns-message"

// Resolver asks one server. It implements dns.Resolver.
type Resolver struct {
	// Server is its name, as it stands in reports.
	Server string
	// Exchange carries a message to the server and the answer back.
	Exchange func(ctx context.Context, query []byte) ([]byte, error)
}

// Lookup implements dns.Resolver.
func (r *Resolver) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	name, bad := dns.CheckName(name, t)
	if bad != nil {
		return dns.Answer{}, bad
	}
	fail := func(f dns.Failure, err error) (dns.Answer, error) {
		return dns.Answer{}, &dns.Error{Name: name, Type: t, Failure: f, Server: r.Server, Err: err}
	}
	query, err := Query(name, t)
	if err != nil {
		return fail(dns.BadName, err)
	}
	raw, err := r.Exchange(ctx, query)
	switch {
	case ctx.Err() != nil:
		return dns.Answer{}, dns.CancelledBy(ctx, name, t)
	case err != nil:
		return fail(dns.Unreachable, err)
	}
	a, failure, err := Read(raw, name, t)
	if failure != "" {
		return fail(failure, err)
	}
	a.Server = r.Server
	return a, nil
}

// Query is the message that asks a question. Its ID is 0, so that caches on
// the way can hold the answer (RFC 8484 §4.1).
func Query(name string, t dns.Type) ([]byte, error) {
	n, err := dnsmessage.NewName(name + ".")
	if err != nil {
		return nil, err
	}
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{RecursionDesired: true})
	if err := b.StartQuestions(); err != nil {
		return nil, err
	}
	if err := b.Question(dnsmessage.Question{Name: n, Type: dnsmessage.Type(t), Class: dnsmessage.ClassINET}); err != nil {
		return nil, err
	}
	return b.Finish()
}

var errNotAsked = errors.New("the answer is to another question")

// Read takes an answer apart. failure is "" where there is one.
func Read(raw []byte, name string, t dns.Type) (_ dns.Answer, failure dns.Failure, _ error) {
	if len(raw) > MaxMessage {
		return dns.Answer{}, dns.Malformed, errors.New("longer than a DNS message")
	}
	var p dnsmessage.Parser
	h, err := p.Start(raw)
	if err != nil {
		return dns.Answer{}, dns.Malformed, err
	}
	switch h.RCode {
	case dnsmessage.RCodeSuccess, dnsmessage.RCodeNameError:
	case dnsmessage.RCodeServerFailure:
		return dns.Answer{}, dns.ServFail, nil
	default:
		return dns.Answer{}, dns.Refused, fmt.Errorf("%s", h.RCode)
	}
	q, err := p.Question()
	if err != nil || !h.Response || canonical(q.Name) != name || q.Type != dnsmessage.Type(t) {
		return dns.Answer{}, dns.Malformed, errors.Join(errNotAsked, err)
	}
	if err := p.SkipAllQuestions(); err != nil {
		return dns.Answer{}, dns.Malformed, err
	}
	a := dns.Answer{Name: name, Type: t, Status: dns.NoData, Authenticated: h.AuthenticData}
	alias := map[string]string{}
	var records []dns.Record
	for {
		rh, err := p.AnswerHeader()
		if err == dnsmessage.ErrSectionDone {
			break
		}
		if err != nil {
			return dns.Answer{}, dns.Malformed, err
		}
		r, err := record(&p, rh)
		if err != nil {
			return dns.Answer{}, dns.Malformed, err
		}
		if r.Type == dns.TypeCNAME && t != dns.TypeCNAME {
			alias[r.Name] = r.Host
			continue
		}
		if r.Type == t {
			records = append(records, r)
		}
	}
	// The records are those at the end of the chain.
	owner := name
	for alias[owner] != "" {
		owner = alias[owner]
		if err := a.Follow(owner); err != nil {
			return dns.Answer{}, err.Failure, err.Err
		}
	}
	for _, r := range records {
		if r.Name == owner {
			if len(a.Records) == 0 || r.TTL < a.TTL {
				a.TTL = r.TTL
			}
			a.Records = append(a.Records, r)
		}
	}
	switch {
	case len(a.Records) > 0:
		a.Status = dns.Success
	case h.RCode == dnsmessage.RCodeNameError:
		a.Status = dns.NXDomain
	}
	return a, "", nil
}

func canonical(n dnsmessage.Name) string {
	return dns.Canonical(n.String())
}

func record(p *dnsmessage.Parser, h dnsmessage.ResourceHeader) (dns.Record, error) {
	r := dns.Record{Name: canonical(h.Name), Type: dns.Type(h.Type), TTL: h.TTL}
	var err error
	switch h.Type {
	case dnsmessage.TypeA:
		var x dnsmessage.AResource
		x, err = p.AResource()
		r.Addr = netip.AddrFrom4(x.A)
	case dnsmessage.TypeAAAA:
		var x dnsmessage.AAAAResource
		x, err = p.AAAAResource()
		r.Addr = netip.AddrFrom16(x.AAAA)
	case dnsmessage.TypeTXT:
		var x dnsmessage.TXTResource
		x, err = p.TXTResource()
		r.Strings, r.Text = x.TXT, strings.Join(x.TXT, "")
	case dnsmessage.TypeMX:
		var x dnsmessage.MXResource
		x, err = p.MXResource()
		r.Host, r.Pref = canonical(x.MX), x.Pref
	case dnsmessage.TypePTR:
		var x dnsmessage.PTRResource
		x, err = p.PTRResource()
		r.Host = canonical(x.PTR)
	case dnsmessage.TypeCNAME:
		var x dnsmessage.CNAMEResource
		x, err = p.CNAMEResource()
		r.Host = canonical(x.CNAME)
	case dnsmessage.TypeNS:
		var x dnsmessage.NSResource
		x, err = p.NSResource()
		r.Host = canonical(x.NS)
	default:
		x, err := p.UnknownResource()
		if r.Type == dns.TypeTLSA && len(x.Data) > 3 {
			r.Data = fmt.Sprintf("%d %d %d %x", x.Data[0], x.Data[1], x.Data[2], x.Data[3:])
		} else {
			r.Data = fmt.Sprintf(`\# %d %x`, len(x.Data), x.Data) // RFC 3597 §5
		}
		return r, err
	}
	if err == nil {
		r.Data, _ = r.Presentation()
	}
	return r, err
}
