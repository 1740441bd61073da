package dns_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	mdns "github.com/miekg/dns"

	. "github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/dnstest"
)

// The resolver of package net, pointed at a server that answers from a zone,
// gives what the zone gives, but for what it cannot know.
func TestFromNet(t *testing.T) {
	z := mustZone(t, dnstest.World+"1.2.0.192.in-addr.arpa. PTR mx.example.org.\n"+
		Reverse(netip.MustParseAddr("2001:db8::1"))+". PTR mx.example.org.\nnull.example. MX 0 .\nexample.org. NS ns.example.org.\n")
	addr := dnstest.Serve(t, func(w mdns.ResponseWriter, q *mdns.Msg) {
		m := new(mdns.Msg).SetReply(q)
		m.RecursionAvailable = true
		a, err := z.Lookup(context.Background(), q.Question[0].Name, Type(q.Question[0].Qtype))
		switch {
		case err != nil:
			m.Rcode = mdns.RcodeServerFailure
		case a.Status == NXDomain:
			m.Rcode = mdns.RcodeNameError
		}
		owner := q.Question[0].Name
		for _, c := range a.CNAMEs {
			rr, _ := mdns.NewRR(owner + " 60 CNAME " + c + ".")
			m.Answer = append(m.Answer, rr)
			owner = c + "."
		}
		for _, r := range a.Records {
			rr, err := mdns.NewRR(owner + " 60 " + r.Type.String() + " " + r.Data)
			if err != nil {
				t.Error(err)
			}
			m.Answer = append(m.Answer, rr)
		}
		w.WriteMsg(m)
	})
	r := FromNet(&net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}})
	test := func(name string, typ Type, want string) {
		t.Helper()
		if got := dnstest.Show(r.Lookup(context.Background(), name, typ)); got != want {
			t.Errorf("%s %s: %q, want %q", name, typ, got, want)
		}
	}
	test("example.org", TypeTXT, `noerror "v=spf1 -all"`)
	test("Example.ORG.", TypeMX, "noerror 10 mx.example.org. 20 mx2.example.org.")
	test("example.org", TypeNS, "noerror ns.example.org.")
	test("mx.example.org", TypeA, "noerror 192.0.2.1")
	test("mx.example.org", TypeAAAA, "noerror 2001:db8::1")
	test("www.example.org", TypeA, "noerror 192.0.2.1")
	test("mx2.example.org", TypeA, "nodata") // does not exist: package net does not say
	test("nowhere.example", TypeTXT, "nodata")
	test(Reverse(netip.MustParseAddr("192.0.2.1")), TypePTR, "noerror mx.example.org.")
	test(Reverse(netip.MustParseAddr("2001:db8::1")), TypePTR, "noerror mx.example.org.")
	test("x.in-addr.arpa", TypePTR, "nodata")
	test("null.example", TypeMX, "noerror 0 .")
	test("a.sick.example", TypeTXT, "servfail")
	test("example.org", TypeTLSA, "refused")
	test("a..b", TypeA, "bad-name")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := r.Lookup(ctx, "example.org", TypeTXT)
	var e *Error
	if !errors.As(err, &e) || e.Failure != Cancelled {
		t.Errorf("a cancelled question: %v", err)
	}
}

func TestFromFunc(t *testing.T) {
	asked := ""
	r := FromFunc(func(_ context.Context, name string, t Type) (Answer, error) {
		asked = name + " " + t.String()
		return Answer{Name: name, Type: t, Status: NoData}, nil
	})
	if got := dnstest.Show(r.Lookup(context.Background(), "Example.ORG.", TypeTXT)); got != "nodata" || asked != "example.org TXT" {
		t.Errorf("%s, asked for %s", got, asked)
	}
	if got := dnstest.Show(r.Lookup(context.Background(), "a..b", TypeTXT)); got != "bad-name" {
		t.Error(got)
	}
	if got := dnstest.Show(OrOff(nil).Lookup(context.Background(), "a.b", TypeTXT)); got != "off" {
		t.Error(got)
	}
}
