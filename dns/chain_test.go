package dns_test

import (
	"context"
	"strings"
	"testing"

	. "github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/dnstest"
	"github.com/mailtrace/mailtrace/dns/zonefile"
)

func TestChain(t *testing.T) {
	front, err := zonefile.Parse("front", []byte("; SERVFAIL sick.example.\n_dmarc.example.org. TXT \"new\"\nout.example.org. 5 CNAME real.example.\nbad.example.org. CNAME fail.example.\n"))
	if err != nil {
		t.Fatal(err)
	}
	back, err := zonefile.Parse("back", []byte("$TTL 60\nexample.org. TXT \"old\"\n_dmarc.example.org. TXT \"old\"\nreal.example. A 192.0.2.1\nin.example. CNAME _dmarc.example.org.\n; TIMEOUT fail.example.\n"))
	if err != nil {
		t.Fatal(err)
	}
	test := func(r Resolver, name string, typ Type, want string) {
		t.Helper()
		if got := dnstest.Show(r.Lookup(context.Background(), name, typ)); got != want {
			t.Errorf("%s %s: got %s, want %s", name, typ, got, want)
		}
	}
	both := Chain(front, back)
	test(both, "_dmarc.example.org", TypeTXT, `noerror "new"`)
	test(both, "_dmarc.example.org", TypeMX, "nodata") // the first that holds the name answers
	test(both, "example.org", TypeTXT, `noerror "old"`)
	test(both, "sick.example", TypeTXT, "servfail")
	test(both, "unknown.example", TypeTXT, "nxdomain")
	test(both, "out.example.org", TypeA, "noerror ->real.example 192.0.2.1")
	test(both, "in.example", TypeTXT, `noerror ->_dmarc.example.org "new"`)
	test(both, "bad.example.org", TypeA, "timeout")
	test(both, "a..b", TypeA, "bad-name")

	a, _ := both.Lookup(context.Background(), "out.example.org", TypeA)
	if a.Name != "out.example.org" || a.TTL != 60 || a.Server != "zone:back" {
		t.Errorf("%+v", a)
	}
	_, err = both.Lookup(context.Background(), "bad.example.org", TypeA)
	if e := err.(*Error); e.Name != "bad.example.org" || !strings.Contains(e.Error(), "fail.example") {
		t.Errorf("%v", err)
	}

	replay, err := ParseReplay("r", []byte(RecordingHeader+"\nx.example. A noerror ttl=1\n\tx.example. 1 A 192.0.2.9\n"))
	if err != nil {
		t.Fatal(err)
	}
	mixed := Chain(replay, both)
	test(mixed, "x.example", TypeA, "noerror 192.0.2.9")
	test(mixed, "x.example", TypeMX, "nxdomain")
	test(mixed, "out.example.org", TypeA, "noerror ->real.example 192.0.2.1")
	test(Chain(front, replay), "y.example", TypeA, "not-recorded")
	test(Chain(front), "example.org", TypeTXT, "nodata") // a lone zone is a closed world
	test(Chain(front), "y.example", TypeTXT, "nxdomain")
	test(Chain(front, Disabled{}), "y.example", TypeTXT, "off")
	test(Chain(), "y.example", TypeTXT, "off")
	test(Chain(answers{}, front), "_dmarc.example.org", TypeTXT, "nxdomain") // without Has it holds all

	// Two zones that point at each other.
	p, _ := zonefile.Parse("p", []byte("p.example. CNAME q.example.\n"))
	q, _ := zonefile.Parse("q", []byte("q.example. CNAME p.example.\n"))
	test(Chain(p, q), "p.example", TypeA, "malformed")
}
