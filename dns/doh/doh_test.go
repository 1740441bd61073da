package doh_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/doh"
)

// answers packs a response to a question.
func answers(t testing.TB, name string, typ dns.Type, code dnsmessage.RCode, records ...dnsmessage.Resource) []byte {
	t.Helper()
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{Response: true, RCode: code, AuthenticData: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name + "."), Type: dnsmessage.Type(typ), Class: dnsmessage.ClassINET}},
		Answers:   records,
	}
	raw, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func resource(name string, body dnsmessage.ResourceBody) dnsmessage.Resource {
	return dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name + "."), Class: dnsmessage.ClassINET, TTL: 60}, Body: body}
}

func TestLookup(t *testing.T) {
	ask := func(raw []byte, err error, name string, typ dns.Type) (dns.Answer, error) {
		r := &doh.Resolver{Server: "dns.example", Exchange: func(_ context.Context, q []byte) ([]byte, error) {
			var m dnsmessage.Message
			if err := m.Unpack(q); err != nil || len(m.Questions) != 1 || m.ID != 0 || !m.RecursionDesired {
				t.Errorf("question %+v, %v", m, err)
			}
			return raw, err
		}}
		return r.Lookup(t.Context(), name, typ)
	}
	a, err := ask(answers(t, "example.com", dns.TypeTXT, 0, resource("Example.COM", &dnsmessage.TXTResource{TXT: []string{"v=spf1 ", "-all\"\x01"}})), nil, "Example.com.", dns.TypeTXT)
	if err != nil || a.Status != dns.Success || a.Texts()[0] != "v=spf1 -all\"\x01" || a.Records[0].Data != `"v=spf1 " "-all\"\001"` || !a.Authenticated || a.TTL != 60 || a.Server != "dns.example" {
		t.Errorf("%+v, %v", a, err)
	}
	a, err = ask(answers(t, "a.example", dns.TypeA, 0, resource("a.example", &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName("b.example.")}),
		resource("b.example", &dnsmessage.AResource{A: [4]byte{192, 0, 2, 1}}), resource("other.example", &dnsmessage.AResource{A: [4]byte{192, 0, 2, 9}})), nil, "a.example", dns.TypeA)
	if err != nil || len(a.Records) != 1 || a.Records[0].Addr != netip.MustParseAddr("192.0.2.1") || len(a.CNAMEs) != 1 || a.CNAMEs[0] != "b.example" {
		t.Errorf("%+v, %v", a, err)
	}
	a, err = ask(answers(t, "example.com", dns.TypeMX, 0, resource("example.com", &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName("MX.example.com.")})), nil, "example.com", dns.TypeMX)
	if err != nil || a.Records[0].Host != "mx.example.com" || a.Records[0].Pref != 10 {
		t.Errorf("%+v, %v", a, err)
	}
	a, err = ask(answers(t, "x.example", dns.TypeTLSA, 0, resource("x.example", &dnsmessage.UnknownResource{Type: 52, Data: []byte{3, 1, 1, 0xab, 0xcd}})), nil, "x.example", dns.TypeTLSA)
	if err != nil || a.Records[0].Data != "3 1 1 abcd" {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err = ask(answers(t, "x.example", dns.TypeTXT, dnsmessage.RCodeNameError), nil, "x.example", dns.TypeTXT); err != nil || a.Status != dns.NXDomain {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err = ask(answers(t, "x.example", dns.TypeTXT, 0), nil, "x.example", dns.TypeTXT); err != nil || a.Status != dns.NoData {
		t.Errorf("%+v, %v", a, err)
	}
	fails := func(name string, raw []byte, cause error, want dns.Failure) {
		t.Helper()
		_, err := ask(raw, cause, "x.example", dns.TypeTXT)
		if e, ok := errors.AsType[*dns.Error](err); !ok || e.Failure != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	fails("servfail", answers(t, "x.example", dns.TypeTXT, dnsmessage.RCodeServerFailure), nil, dns.ServFail)
	fails("refused", answers(t, "x.example", dns.TypeTXT, dnsmessage.RCodeRefused), nil, dns.Refused)
	fails("another question", answers(t, "y.example", dns.TypeTXT, 0), nil, dns.Malformed)
	fails("another type", answers(t, "x.example", dns.TypeA, 0), nil, dns.Malformed)
	fails("rubbish", []byte("<html>"), nil, dns.Malformed)
	fails("too long", make([]byte, doh.MaxMessage+1), nil, dns.Malformed)
	fails("no network", nil, errors.New("offline"), dns.Unreachable)
	fails("a loop", answers(t, "x.example", dns.TypeTXT, 0, resource("x.example", &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName("y.example.")}),
		resource("y.example", &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName("x.example.")})), nil, dns.Malformed)
}

func FuzzRead(f *testing.F) {
	f.Add(answers(f, "example.com", dns.TypeTXT, 0, resource("example.com", &dnsmessage.TXTResource{TXT: []string{"a"}})))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, failure, _ := doh.Read(raw, "example.com", dns.TypeTXT)
		if failure == "" && a.Status == "" {
			t.Error("neither an answer nor a failure")
		}
	})
}
