package main

import (
	"encoding/json"
	"net"
	"slices"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/report"
)

// A resolver that cannot be believed is the reader's own trouble: it is named, and
// nobody is accused on its answers. An honest one is not suspected.
func TestCanaries(t *testing.T) {
	env := testEnvironment()
	env.live, env.dial = systemEnvironment().live, new(net.Dialer).DialContext
	const message = "../../examples/bt.eml"
	address := func(q mdns.Question, m *mdns.Msg) {
		m.RecursionAvailable = true
		if q.Qtype == mdns.TypeA {
			rr, err := mdns.NewRR(q.Name + " 60 IN A 203.0.113.66")
			if err != nil {
				panic(err)
			}
			m.Answer = append(m.Answer, rr)
		}
	}
	denies := func(_ mdns.Question, m *mdns.Msg) { m.RecursionAvailable, m.Rcode = true, mdns.RcodeNameError }
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()

	test := func(name, server, says string) {
		t.Helper()
		got := runWith(t, env, "", "analyze", "--json", "--timeout", "200ms", "--retries", "0", "--dns", server, message)
		var r report.Report
		if err := json.Unmarshal([]byte(got.out), &r); err != nil {
			t.Fatalf("%s: %v: %s", name, err, got.errout)
		}
		if got.code != exitUnfinish && got.code != exitFound {
			t.Errorf("%s: exit %d", name, got.code)
		}
		if !slices.ContainsFunc(r.Gaps, func(g report.Gap) bool { return strings.Contains(g.Why, says) }) {
			t.Errorf("%s: no gap says %q: %v", name, says, r.Gaps)
		}
		if r.Verdict.Status == report.SpoofSuspected {
			t.Errorf("%s: a spoof on the word of a name server that is not to be believed", name)
		}
		for _, x := range r.Findings {
			if x.Confidence == report.Proved && slices.ContainsFunc(x.Evidence, func(e report.Evidence) bool { return e.Kind == "dns" }) {
				t.Errorf("%s: %s is proved by its answers", name, x.Code)
			}
		}
		got = runWith(t, env, "", "domain", "--timeout", "200ms", "--retries", "0", "--dns", server, "kelp.example")
		if got.code != exitUnfinish || !strings.Contains(got.out+got.errout, "nothing was checked") {
			t.Errorf("%s: domain: exit %d: %s%s", name, got.code, got.out, got.errout)
		}
	}
	test("NXDOMAIN for every name", answering(t, denies), "says of every name that it does not exist")
	test("an address for every name", answering(t, address), "gives an address for a name that does not exist")
	test("a server that never answers", silent.LocalAddr().String(), "")
}
