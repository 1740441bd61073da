package main

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/live"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/report"
)

// faulty is a name server of a zone on the loopback that drops questions, fails,
// refuses, cuts answers off and answers what was not asked.
type faulty struct {
	zone *zonefile.Zone
	mu   sync.Mutex
	seed uint64
	made map[string]int // faults by kind
}

// ServeDNS implements mdns.Handler.
func (f *faulty) ServeDNS(w mdns.ResponseWriter, q *mdns.Msg) {
	question := q.Question[0]
	h := fnv.New64a()
	f.mu.Lock()
	f.seed++
	fmt.Fprint(h, question.Name, question.Qtype, f.seed)
	f.mu.Unlock()
	note := func(kind string) {
		f.mu.Lock()
		f.made[kind]++
		f.mu.Unlock()
	}
	m := new(mdns.Msg).SetReply(q)
	m.Authoritative = true
	_, overTCP := w.RemoteAddr().(*net.TCPAddr)
	switch h.Sum64() >> 40 % 16 {
	case 0, 1:
		note("dropped")
		return
	case 2:
		note("servfail")
		m.Rcode = mdns.RcodeServerFailure
		_ = w.WriteMsg(m)
		return
	case 3:
		note("refused")
		m.Rcode = mdns.RcodeRefused
		_ = w.WriteMsg(m)
		return
	case 4:
		note("another question")
		m.Question[0].Name = "elsewhere.example."
		_ = w.WriteMsg(m)
		return
	case 5:
		if !overTCP {
			note("cut off")
			m.Truncated = true
			_ = w.WriteMsg(m)
			return
		}
	}
	a, err := f.zone.Lookup(context.Background(), strings.TrimSuffix(strings.ToLower(question.Name), "."), dns.Type(question.Qtype))
	if err != nil {
		m.Rcode = mdns.RcodeServerFailure
	}
	if a.Status == dns.NXDomain {
		m.Rcode = mdns.RcodeNameError
	}
	for _, r := range a.Records {
		if rr, err := mdns.NewRR(fmt.Sprintf("%s 300 IN %s %s", question.Name, r.Type, r.Data)); err == nil && rr != nil {
			m.Answer = append(m.Answer, rr)
		}
	}
	_ = w.WriteMsg(m)
}

// serve answers on the loopback, by UDP and TCP, until the test ends.
func (f *faulty) serve(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip("no loopback: ", err)
	}
	c, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		t.Skip("no UDP at the same port: ", err)
	}
	for _, s := range []*mdns.Server{{PacketConn: c, Handler: f}, {Listener: l, Handler: f}} {
		go func() { _ = s.ActivateAndServe() }()
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	return l.Addr().String()
}

// A name server that drops questions, fails, refuses, cuts off and answers
// something else loses no message, and makes no verdict: what it did not answer
// is a temporary error and a gap, and every other verdict is that of a server
// which answers all.
func TestFaultyNameServer(t *testing.T) {
	dir := t.TempDir()
	var zone []byte
	var box strings.Builder
	const copies = 12
	for _, name := range []string{"clean", "bt", "raynet"} {
		z, err := os.ReadFile("../../examples/" + name + ".zone")
		if err != nil {
			t.Fatal(err)
		}
		zone = append(append(zone, z...), '\n')
		m, err := os.ReadFile("../../examples/" + name + ".eml")
		if err != nil {
			t.Fatal(err)
		}
		for range copies {
			box.WriteString("From a@example.com Mon Nov 23 01:38:52 2026\n" + strings.ReplaceAll(string(m), "\r\n", "\n") + "\n")
		}
	}
	z, err := zonefile.Parse("zone", zone)
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, dir, "box", box.String())
	run := func(args ...string) []report.Report {
		t.Helper()
		env := testEnvironment()
		env.live = func(o live.Options) dns.Resolver { return live.New(o) }
		got := runWith(t, env, "", append([]string{"analyze", "--jobs", "4", "--fail-on", "never", "--format", "jsonl", "-q", path}, args...)...)
		var all []report.Report
		for line := range strings.Lines(got.out) {
			var r report.Report
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
		if len(all) != 3*copies {
			t.Fatalf("%d reports for %d messages\n%s", len(all), 3*copies, got.errout)
		}
		return all
	}
	truth := run("--dns", "zone:"+write(t, dir, "zone", string(zone)))
	missing := 0
	made := map[string]int{}
	for seed := range uint64(4) {
		f := &faulty{zone: z, seed: seed << 32, made: made}
		for i, r := range run("--dns", f.serve(t), "--timeout", "40ms", "--retries", "0") {
			was := &truth[i]
			if len(r.Gaps) > 0 {
				missing++
			}
			same := func(what, got, want string) {
				t.Helper()
				if got == want || len(r.Gaps) > 0 && slices.Contains([]string{"", "temperror", "neutral", "unchecked"}, got) {
					return
				}
				if len(r.Forks) > 0 {
					return // another client, and the report asks whether it is the border's
				}
				t.Errorf("message %d: %s is %q, %q with all answers; gaps %v", i, what, got, want, r.Gaps)
			}
			same("SPF", spfResult(&r), spfResult(was))
			same("DMARC", dmarcResult(&r), dmarcResult(was))
			for k := range r.DKIM {
				same("DKIM", r.DKIM[k].Result, was.DKIM[k].Result)
			}
			for _, x := range r.Findings {
				if (x.Severity == report.High || x.Severity == report.Critical) && !slices.ContainsFunc(was.Findings, func(o report.Finding) bool { return o.Code == x.Code }) {
					t.Errorf("message %d: %s (%s), which is not found with all answers; gaps %v", i, x.Code, x.Severity, r.Gaps)
				}
			}
		}
	}
	if missing == 0 || len(made) < 5 {
		t.Errorf("%d reports with gaps, faults %v: nothing was tried", missing, made)
	}
	t.Logf("%d reports of %d with gaps; faults: %v", missing, 4*3*copies, made)
}

func spfResult(r *report.Report) string {
	if r.SPF == nil {
		return ""
	}
	return r.SPF.Result
}

func dmarcResult(r *report.Report) string {
	if r.DMARC == nil {
		return ""
	}
	return r.DMARC.Result
}
