package live

import (
	"context"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/dnstest"
	"github.com/mailtrace/mailtrace/dns/internal/wire"
)

// FuzzReply feeds messages of a hostile server.
func FuzzReply(f *testing.F) {
	l := New(Options{})
	seed := func(t dns.Type, rcode int, records ...string) {
		q, err := l.query("example.org", t, true)
		if err != nil {
			f.Fatal(err)
		}
		ask := new(mdns.Msg)
		if err := ask.Unpack(q.packet); err != nil {
			f.Fatal(err)
		}
		m := new(mdns.Msg).SetRcode(ask, rcode)
		for _, s := range records {
			rr, err := mdns.NewRR(s)
			if err != nil {
				f.Fatal(err)
			}
			m.Answer = append(m.Answer, rr)
		}
		b, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[2:], uint16(t))
	}
	seed(dns.TypeTXT, 0, `example.org. 5 TXT "a\"\000" "" "\195"`, "example.org. 5 A 192.0.2.1")
	seed(dns.TypeMX, 0, "example.org. 5 CNAME a\\.b.example.", "a\\.b.example. 5 MX 1 .")
	seed(dns.TypeA, 3)
	seed(dns.TypeA, 2)
	f.Fuzz(func(t *testing.T, tail []byte, typ uint16) {
		q, err := l.query("example.org", dns.Type(typ), false)
		if err != nil {
			t.Skip()
		}
		packet := append(append([]byte(nil), q.packet[:2]...), tail...)
		m, cut, err := readMessage(packet, q)
		if m == nil {
			if err == nil && !cut {
				t.Fatal("neither message nor error")
			}
			return
		}
		r, p := wire.ReadReply(m, q.name, q.typ)
		if p != nil {
			if (&dns.Error{Failure: p.Failure}).Asked() == false {
				t.Fatalf("failure %q", p.Failure)
			}
			return
		}
		if len(r.CNAMEs) > dns.MaxCNAMEs {
			t.Fatalf("%d CNAMEs", len(r.CNAMEs))
		}
		at := q.name
		if len(r.CNAMEs) > 0 {
			at = r.CNAMEs[len(r.CNAMEs)-1]
		}
		for _, rec := range r.Records {
			if rec.Name != at || rec.Type != q.typ || (rec.Type == dns.TypeTXT && len(rec.Text) > 65535) {
				t.Fatalf("%+v is not about %s %s", rec, at, q.typ)
			}
		}
		if r.Next != "" {
			return
		}
		recorder := &dns.Recorder{Resolver: dns.Chain(fixed{dns.Answer{Name: q.name, Type: q.typ, Status: r.Status, Records: r.Records, CNAMEs: r.CNAMEs, TTL: r.TTL}})}
		recorder.Lookup(context.Background(), q.name, q.typ)
		dnstest.RoundTrip(t, recorder)
	})
}

type fixed struct{ a dns.Answer }

func (f fixed) Lookup(context.Context, string, dns.Type) (dns.Answer, error) { return f.a, nil }
