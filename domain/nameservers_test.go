package domain

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
)

// Name servers as they are set up, right and wrong: each is a zone, or a failure.
// cmd/mailtrace has the same with servers of two makers.
func TestNameServers(t *testing.T) {
	const hosts = "example. NS ns.example.\nns.example. A 192.0.2.53\nns1.x.example. A 192.0.2.1\nns2.x.example. A 198.51.100.2\n"
	const above = "x.example. NS ns1.x.example.\nx.example. NS ns2.x.example.\n"
	const own = above + "x.example. SOA ns1.x.example. root.x.example. 7 1 1 1 1\nx.example. TXT \"v=spf1 -all\"\nx.example. MX 0 .\n"
	type servers map[string]any // a zone, or a failure
	test := func(name, zone string, s servers, want ...string) *Result {
		t.Helper()
		zones := map[string]*zonefile.Zone{}
		for address, v := range s {
			if text, ok := v.(string); ok {
				z, err := zonefile.Parse(address, []byte(text))
				if err != nil {
					t.Fatal(err)
				}
				zones[address] = z
			}
		}
		whole, err := zonefile.Parse("all", []byte(hosts+above+"x.example. TXT \"v=spf1 -all\"\nx.example. MX 0 .\n"+zone))
		if err != nil {
			t.Fatal(err)
		}
		r := Check(context.Background(), "x.example", Options{Resolver: whole, AskServer: func(ctx context.Context, ip netip.Addr, q string, typ dns.Type) (dns.Direct, error) {
			if f, ok := s[ip.String()].(dns.Failure); ok {
				return dns.Direct{}, &dns.Error{Name: q, Type: typ, Failure: f}
			}
			z := zones[ip.String()]
			if z == nil {
				return dns.Direct{}, &dns.Error{Name: q, Type: typ, Failure: dns.Timeout}
			}
			a, err := z.Lookup(ctx, q, typ)
			return dns.Direct{Authoritative: len(a.Records) > 0 && !strings.Contains(name, "cache"), Status: a.Status, Answer: a.Records}, err
		}})
		var got []string
		for _, p := range r.Problems {
			if p.Check == "ns" {
				got = append(got, p.Severity+" "+p.Code)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
			for _, p := range r.Problems {
				t.Log(p.Message)
			}
		}
		return r
	}
	sound := servers{"192.0.2.53": above, "192.0.2.1": own, "198.51.100.2": own}
	with := func(address string, v any) servers {
		out := servers{}
		for k, o := range sound {
			out[k] = o
		}
		out[address] = v
		return out
	}
	if r := test("sound", "", sound); r.NS == nil || r.NS.Zone != "x.example" || !holds(r.NS.Valid) {
		t.Errorf("%+v", r.NS)
	}
	test("another version", "", with("198.51.100.2", strings.ReplaceAll(own, " 7 ", " 8 ")), "low ns-serials-differ")
	test("refused", "", with("198.51.100.2", dns.Refused), "medium ns-lame")
	test("SERVFAIL", "", with("198.51.100.2", dns.ServFail), "medium ns-lame")
	test("not its zone", "", with("198.51.100.2", "z.example. A 192.0.2.7\n"), "medium ns-lame")
	test("caches only", "", sound, "medium ns-lame", "medium ns-lame")
	if r := test("silent", "", with("198.51.100.2", dns.Timeout)); r.NS.Valid != nil || len(r.Gaps) == 0 {
		t.Errorf("a silent server is no good one: %+v", r.NS)
	}
	if r := test("the zone above is silent", "", with("192.0.2.53", dns.Timeout)); len(r.Gaps) == 0 {
		t.Error("no gap")
	}
	test("delegation", "ns3.x.example. A 203.0.113.3\n", servers{"192.0.2.53": above + "x.example. NS ns3.x.example.\n", "192.0.2.1": own, "198.51.100.2": own, "203.0.113.3": own}, "medium ns-delegation-differs")
	test("a name without address", "x.example. NS gone.x.example.\n", sound, "medium ns-host-broken")
	test("an alias", "x.example. NS web.x.example.\nweb.x.example. CNAME ns1.x.example.\n", sound, "low ns-host-broken")
	one := strings.ReplaceAll(own, "x.example. NS ns2.x.example.\n", "")
	test("one server", "", servers{"192.0.2.53": above, "192.0.2.1": one, "198.51.100.2": one}, "low ns-one-network", "medium ns-delegation-differs")
	test("sound CAA", "x.example. CAA 0 issue \"ca.example\"\nx.example. CAA 0 issuevmc \"mark.example\"\nx.example. CAA 0 iodef \"mailto:s@x.example\"\n", sound)
	test("a tag that nobody knows", "x.example. CAA 0 isue \"ca.example\"\n", sound, "low caa-invalid")
	test("a critical one", "x.example. CAA 128 isue \"ca.example\"\n", sound, "medium caa-invalid")
	test("nobody may issue", "x.example. CAA 0 issue \";\"\n_mta-sts.x.example. TXT \"v=STSv1; id=1\"\nmta-sts.x.example. A 192.0.2.80\n", sound, "medium caa-forbids")
	test("nobody may issue, but for the policy host", "x.example. CAA 0 issue \";\"\nmta-sts.x.example. CAA 0 issue \"ca.example\"\n_mta-sts.x.example. TXT \"v=STSv1; id=1\"\nmta-sts.x.example. A 192.0.2.80\n", sound)
}
