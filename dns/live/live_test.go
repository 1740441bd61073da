package live

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/dnstest"

	mdns "github.com/miekg/dns"
)

// silent is a server that never answers.
func silent(t testing.TB) string {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	return pc.LocalAddr().String()
}

// answer replies with records in master file form, from a recursive server.
func answer(rcode int, change func(*mdns.Msg), records ...string) mdns.HandlerFunc {
	return func(w mdns.ResponseWriter, q *mdns.Msg) {
		m := new(mdns.Msg).SetRcode(q, rcode)
		m.RecursionAvailable = true
		m.Compress = true
		for _, s := range records {
			authority := strings.HasPrefix(s, "@")
			rr, err := mdns.NewRR(strings.TrimPrefix(s, "@"))
			if err != nil {
				panic(err)
			}
			if authority {
				m.Ns = append(m.Ns, rr)
			} else {
				m.Answer = append(m.Answer, rr)
			}
		}
		if change != nil {
			change(m)
		}
		w.WriteMsg(m)
	}
}

func live(t testing.TB, o Options) *Resolver {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = 200 * time.Millisecond
	}
	l := New(o)
	t.Cleanup(func() { l.Close() })
	return l
}

// noLeak fails if goroutines are left over when the test and its servers end.
func noLeak(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for range 200 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		buf := make([]byte, 1<<16)
		t.Errorf("%d goroutines before, %d after\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
	})
}

func TestLive(t *testing.T) {
	noLeak(t)
	test := func(what string, h mdns.HandlerFunc, typ dns.Type, want string) {
		t.Helper()
		l := live(t, Options{Servers: []string{dnstest.Serve(t, h)}, Retries: -1})
		if got := dnstest.Show(l.Lookup(context.Background(), "Example.ORG.", typ)); got != want {
			t.Errorf("%s: got %s, want %s", what, got, want)
		}
	}
	const (
		soa  = "@example.org. 900 SOA ns.example.org. root.example.org. 1 2 3 4 60"
		from = "example.org. 300 "
	)
	flags := func(aa, ra bool) func(*mdns.Msg) {
		return func(m *mdns.Msg) { m.Authoritative, m.RecursionAvailable = aa, ra }
	}
	test("A", answer(0, nil, from+"A 192.0.2.1", from+"A 192.0.2.2", "other.org. 5 A 192.0.2.3"), dns.TypeA, "noerror 192.0.2.1 192.0.2.2")
	test("AAAA", answer(0, nil, from+"AAAA 2001:db8::1"), dns.TypeAAAA, "noerror 2001:db8::1")
	test("MX", answer(0, nil, from+"MX 10 MX.Example.org.", from+"MX 0 ."), dns.TypeMX, "noerror 10 mx.example.org. 0 .")
	test("TXT", answer(0, nil, from+`TXT "q\"uo\\te; \195\169 \000" ""`), dns.TypeTXT, `noerror "q\"uo\\te; \195\169 \000" ""`)
	test("SPF type", answer(0, nil, from+`SPF "v=spf1 -all"`), dns.TypeSPF, `noerror "v=spf1 -all"`)
	test("unknown type", answer(0, nil, from+`TYPE65280 \# 2 abcd`), 65280, `noerror \# 2 abcd`)
	test("TLSA", answer(0, nil, from+`TLSA 3 1 1 abcdef`), dns.TypeTLSA, `noerror 3 1 1 abcdef`)

	test("NXDOMAIN", answer(mdns.RcodeNameError, nil, soa), dns.TypeA, "nxdomain")
	test("NODATA", answer(0, nil, soa), dns.TypeA, "nodata")
	test("NODATA without SOA", answer(0, nil), dns.TypeA, "nodata")
	test("authoritative NODATA with NS", answer(0, flags(true, false), "@example.org. NS ns."), dns.TypeA, "nodata")

	test("SERVFAIL", answer(mdns.RcodeServerFailure, nil), dns.TypeA, "servfail")
	test("REFUSED", answer(mdns.RcodeRefused, nil), dns.TypeA, "refused")
	test("NOTIMP", answer(mdns.RcodeNotImplemented, nil), dns.TypeA, "refused")
	test("NOTAUTH", answer(mdns.RcodeNotAuth, nil), dns.TypeA, "refused")
	test("FORMERR", answer(mdns.RcodeFormatError, nil), dns.TypeA, "malformed")
	test("YXDOMAIN", answer(mdns.RcodeYXDomain, nil), dns.TypeA, "malformed")
	test("lame", answer(0, flags(false, false)), dns.TypeA, "malformed")
	test("lame NXDOMAIN", answer(mdns.RcodeNameError, flags(false, false)), dns.TypeA, "malformed")
	test("referral", answer(0, flags(false, false), "@org. NS ns."), dns.TypeA, "malformed")
	test("records with NXDOMAIN", answer(mdns.RcodeNameError, nil, from+"A 192.0.2.1"), dns.TypeA, "malformed")
	test("refused without question", answer(mdns.RcodeRefused, func(m *mdns.Msg) { m.Question = nil }), dns.TypeA, "refused")

	test("CNAME", answer(0, nil, from+"CNAME www.example.net.", "www.example.net. 5 CNAME host.example.net.", "host.example.net. 5 A 192.0.2.1"), dns.TypeA,
		"noerror ->www.example.net ->host.example.net 192.0.2.1")
	test("CNAME in disorder", answer(0, nil, "host.example.net. 5 A 192.0.2.1", from+"CNAME host.example.net."), dns.TypeA, "noerror ->host.example.net 192.0.2.1")
	test("CNAME asked for", answer(0, nil, from+"CNAME www.example.net."), dns.TypeCNAME, "noerror www.example.net.")
	test("CNAME to nothing", answer(mdns.RcodeNameError, nil, from+"CNAME www.example.net.", "@example.net. SOA a. b. 1 2 3 4 5"), dns.TypeA, "nxdomain ->www.example.net")
	test("CNAME without type", answer(0, nil, from+"CNAME www.example.net.", "@example.net. SOA a. b. 1 2 3 4 5"), dns.TypeA, "nodata ->www.example.net")
	test("CNAME loop", answer(0, nil, from+"CNAME a.example.net.", "a.example.net. CNAME b.example.net.", "b.example.net. CNAME a.example.net."), dns.TypeA, "malformed")
	test("CNAME to itself", answer(0, nil, from+"CNAME example.org."), dns.TypeA, "malformed")

	test("another question", answer(0, func(m *mdns.Msg) { m.Question[0].Name = "example.com." }, from+"A 192.0.2.1"), dns.TypeA, "malformed")
	test("another type", answer(0, func(m *mdns.Msg) { m.Question[0].Qtype = mdns.TypeMX }, from+"A 192.0.2.1"), dns.TypeA, "malformed")
	test("another ID", answer(0, func(m *mdns.Msg) { m.Id++ }, from+"A 192.0.2.1"), dns.TypeA, "malformed")
	test("a query back", answer(0, func(m *mdns.Msg) { m.Response = false }, from+"A 192.0.2.1"), dns.TypeA, "malformed")
	test("silence", func(mdns.ResponseWriter, *mdns.Msg) {}, dns.TypeA, "timeout")
	test("rubbish", func(w mdns.ResponseWriter, q *mdns.Msg) {
		b, _ := new(mdns.Msg).SetReply(q).Pack()
		w.Write(append(b[:len(b)-4], 0xff, 0xff, 0xff))
	}, dns.TypeA, "malformed")
	test("MX without data", func(w mdns.ResponseWriter, q *mdns.Msg) {
		b, _ := new(mdns.Msg).SetReply(q).Pack()
		b[7] = 1 // ANCOUNT
		w.Write(append(b, 0xc0, headerSize, 0, 15, 0, 1, 0, 0, 0, 5, 0, 0))
	}, dns.TypeMX, "malformed")
	test("broken record", func(w mdns.ResponseWriter, q *mdns.Msg) {
		m := new(mdns.Msg).SetReply(q)
		m.Answer = []mdns.RR{&mdns.TXT{Hdr: mdns.RR_Header{Name: "example.org.", Rrtype: mdns.TypeTXT, Class: 1}, Txt: []string{"abc"}}}
		b, _ := m.Pack()
		b[len(b)-4] = 200 // the length of the string
		w.Write(b)
	}, dns.TypeTXT, "malformed")
}

// A stray message does not hide the true answer behind it.
func TestLiveStray(t *testing.T) {
	addr := dnstest.Serve(t, func(w mdns.ResponseWriter, q *mdns.Msg) {
		wrong := new(mdns.Msg).SetReply(q)
		wrong.Question[0].Name = "forged.example."
		w.WriteMsg(wrong)
		wrong = new(mdns.Msg).SetReply(q)
		wrong.Id ^= 1
		w.WriteMsg(wrong)
		w.Write([]byte("x"))
		answer(0, nil, "example.org. A 192.0.2.1")(w, q)
	})
	l := live(t, Options{Servers: []string{addr}})
	if got := dnstest.Show(l.Lookup(context.Background(), "example.org", dns.TypeA)); got != "noerror 192.0.2.1" {
		t.Error(got)
	}
}

// TXT values arrive as the bytes that were sent, in the same strings.
func TestLiveTXTBytes(t *testing.T) {
	every := make([]byte, 255)
	for i := range every {
		every[i] = byte(i)
	}
	want := []string{string(every), "\xff\"quoted\"\\", "", "é", "-all"}
	addr := dnstest.Serve(t, func(w mdns.ResponseWriter, q *mdns.Msg) {
		m := new(mdns.Msg).SetReply(q)
		m.RecursionAvailable = true
		head, err := m.Pack()
		if err != nil {
			t.Error(err)
		}
		var rdata []byte
		for _, s := range want {
			rdata = append(append(rdata, byte(len(s))), s...)
		}
		b := append(head, 0xc0, headerSize, 0, 16, 0, 1, 0, 0, 1, 44)
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(rdata))), rdata...)
		b[7] = 1 // ANCOUNT
		w.Write(b)
	})
	l := live(t, Options{Servers: []string{addr}})
	a, err := l.Lookup(context.Background(), "example.org", dns.TypeTXT)
	if err != nil {
		t.Fatal(err)
	}
	if r := a.Records[0]; !slices.Equal(r.Strings, want) || r.Text != strings.Join(want, "") || r.TTL != 300 {
		t.Errorf("got %+v", r)
	}
}

func TestLiveTruncation(t *testing.T) {
	noLeak(t)
	var records []string
	for i := range 300 {
		records = append(records, fmt.Sprintf(`example.org. 300 TXT "record %d %s"`, i, strings.Repeat("x", 150)))
	}
	full := answer(0, nil, records...)
	var udp, tcp atomic.Int32
	addr := dnstest.Serve(t, func(w mdns.ResponseWriter, q *mdns.Msg) {
		if w.LocalAddr().Network() == "tcp" {
			tcp.Add(1)
			full(w, q)
			return
		}
		udp.Add(1)
		if size := q.IsEdns0().UDPSize(); size != ednsSize {
			t.Errorf("EDNS size %d", size)
		}
		answer(0, func(m *mdns.Msg) { m.Truncate(ednsSize) }, records...)(w, q)
	})
	l := live(t, Options{Servers: []string{addr}, Timeout: 5 * time.Second})
	a, err := l.Lookup(context.Background(), "example.org", dns.TypeTXT)
	if err != nil || len(a.Records) != 300 || !strings.HasPrefix(a.Records[299].Text, "record 299 ") {
		t.Errorf("got %d records, %v", len(a.Records), err)
	}
	if udp.Load() != 1 || tcp.Load() != 1 {
		t.Errorf("asked %d times over UDP and %d times over TCP", udp.Load(), tcp.Load())
	}

	// cut off in the middle of a record, as servers without EDNS do
	addr = dnstest.Serve(t, func(w mdns.ResponseWriter, q *mdns.Msg) {
		if w.LocalAddr().Network() == "tcp" {
			full(w, q)
			return
		}
		m := new(mdns.Msg).SetReply(q)
		m.Truncated = true
		rr, _ := mdns.NewRR(records[0])
		m.Answer = []mdns.RR{rr}
		b, _ := m.Pack()
		w.Write(b[:len(b)-20])
	})
	l = live(t, Options{Servers: []string{addr}, Timeout: 5 * time.Second})
	if a, err := l.Lookup(context.Background(), "example.org", dns.TypeTXT); err != nil || len(a.Records) != 300 {
		t.Errorf("got %d records, %v", len(a.Records), err)
	}

	// no TCP
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mdns.Server{PacketConn: pc, Handler: answer(0, func(m *mdns.Msg) { m.Truncated = true })}
	done := make(chan struct{})
	go func() { defer close(done); s.ActivateAndServe() }()
	t.Cleanup(func() { pc.Close(); <-done })
	l = live(t, Options{Servers: []string{pc.LocalAddr().String()}, Retries: -1})
	_, err = l.Lookup(context.Background(), "example.org", dns.TypeTXT)
	if got := dnstest.Show(dns.Answer{}, err); got != "unreachable" || !strings.Contains(err.Error(), "too big for UDP") {
		t.Errorf("without TCP: %v", err)
	}
}

// A server that does not know EDNS is asked without it, from then on at once.
func TestLiveWithoutEDNS(t *testing.T) {
	var queries atomic.Int32
	addr := dnstest.Serve(t, func(w mdns.ResponseWriter, q *mdns.Msg) {
		queries.Add(1)
		if q.IsEdns0() != nil {
			w.WriteMsg(new(mdns.Msg).SetRcode(q, mdns.RcodeFormatError))
			return
		}
		answer(0, nil, "example.org. A 192.0.2.1")(w, q)
	})
	l := live(t, Options{Servers: []string{addr}})
	for _, want := range []int32{2, 3} {
		if got := dnstest.Show(l.Lookup(context.Background(), "example.org", dns.TypeA)); got != "noerror 192.0.2.1" {
			t.Error(got)
		}
		if n := queries.Load(); n != want {
			t.Errorf("%d queries, want %d", n, want)
		}
	}
}

// What is asked: recursion, AD, DO on request, IDs and ports that change.
func TestLiveQuery(t *testing.T) {
	var mu sync.Mutex
	ids, ports := map[uint16]bool{}, map[string]bool{}
	var last *mdns.Msg
	addr := dnstest.Serve(t, func(w mdns.ResponseWriter, q *mdns.Msg) {
		mu.Lock()
		ids[q.Id], ports[w.RemoteAddr().String()], last = true, true, q.Copy()
		mu.Unlock()
		answer(0, func(m *mdns.Msg) { m.AuthenticatedData = true }, "example.org. A 192.0.2.1")(w, q)
	})
	// To a server on this machine the ports do not change: see maxUsesHere.
	const questions, far = 4 * maxUses, "192.0.2.53:53"
	for _, dnssec := range []bool{false, true} {
		l := live(t, Options{Servers: []string{far}, DNSSEC: dnssec, Timeout: 5 * time.Second, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, addr)
		}})
		for range questions / 2 {
			a, err := l.Lookup(context.Background(), "example.org", dns.TypeA)
			if err != nil || !a.Authenticated || a.Server != far {
				t.Fatalf("%+v %v", a, err)
			}
		}
		mu.Lock()
		if !last.RecursionDesired || !last.AuthenticatedData || last.CheckingDisabled || last.IsEdns0() == nil || last.IsEdns0().Do() != dnssec {
			t.Errorf("query %v", last)
		}
		mu.Unlock()
	}
	mu.Lock()
	defer mu.Unlock()
	if len(ids) < questions*9/10 {
		t.Errorf("%d IDs in %d queries", len(ids), questions)
	}
	if len(ports) != questions/maxUses {
		t.Errorf("%d ports in %d queries, want %d", len(ports), questions, questions/maxUses)
	}
	before := len(ports)
	mu.Unlock()
	l := live(t, Options{Servers: []string{addr}, Timeout: 5 * time.Second})
	for range questions {
		if _, err := l.Lookup(context.Background(), "example.org", dns.TypeA); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	if n := len(ports) - before; n != 1 {
		t.Errorf("%d ports to a server on this machine, want 1", n)
	}
}

// The chain of CNAMEs is pursued where a server leaves off.
func TestLiveChase(t *testing.T) {
	records := map[string]string{
		"a.example.": "a.example. 50 CNAME b.example.",
		"b.example.": "b.example. 40 CNAME c.example.",
		"c.example.": "c.example. 60 A 192.0.2.1",
		"x.example.": "x.example. CNAME y.example.",
		"y.example.": "y.example. CNAME x.example.",
	}
	for i := range 20 {
		records[fmt.Sprintf("n%d.example.", i)] = fmt.Sprintf("n%d.example. CNAME n%d.example.", i, i+1)
	}
	addr := dnstest.Serve(t, func(w mdns.ResponseWriter, q *mdns.Msg) {
		name := q.Question[0].Name
		if name == "sick.example." {
			answer(mdns.RcodeServerFailure, nil)(w, q)
			return
		}
		answer(0, func(m *mdns.Msg) {
			m.Authoritative, m.RecursionAvailable = true, false
			m.AuthenticatedData = name != "b.example."
		}, records[name])(w, q)
	})
	l := live(t, Options{Servers: []string{addr}})
	a, err := l.Lookup(context.Background(), "a.example", dns.TypeA)
	if got := dnstest.Show(a, err); got != "noerror ->b.example ->c.example 192.0.2.1" || a.TTL != 40 || a.Authenticated {
		t.Errorf("got %s, %+v", got, a)
	}
	for _, name := range []string{"x.example", "n0.example"} {
		if got := dnstest.Show(l.Lookup(context.Background(), name, dns.TypeA)); got != "malformed" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestLiveServers(t *testing.T) {
	noLeak(t)
	var goodAsked, badAsked atomic.Int32
	good := dnstest.Serve(t, func(w mdns.ResponseWriter, q *mdns.Msg) {
		goodAsked.Add(1)
		answer(0, nil, "example.org. A 192.0.2.1")(w, q)
	})
	refuse := dnstest.Serve(t, func(w mdns.ResponseWriter, q *mdns.Msg) {
		badAsked.Add(1)
		answer(mdns.RcodeRefused, nil)(w, q)
	})
	sick := dnstest.Serve(t, answer(mdns.RcodeServerFailure, nil))
	dead := silent(t)
	test := func(want string, retries int, servers ...string) *Resolver {
		t.Helper()
		l := live(t, Options{Servers: servers, Retries: retries, Timeout: 50 * time.Millisecond})
		if got := dnstest.Show(l.Lookup(context.Background(), "example.org", dns.TypeA)); got != want {
			t.Errorf("%s: got %s, want %s", servers, got, want)
		}
		return l
	}
	test("noerror 192.0.2.1", -1, dead, good)
	test("noerror 192.0.2.1", -1, sick, refuse, good)
	test("noerror 192.0.2.1", -1, "not an address", good)
	test("unreachable", 0, "not an address")
	test("unreachable", 0)
	test("servfail", -1, sick, dead)
	test("servfail", -1, dead, sick)
	test("timeout", 1, dead)

	badAsked.Store(0)
	test("refused", 5, refuse)
	if n := badAsked.Load(); n != 1 {
		t.Errorf("a server that refuses was asked %d times", n)
	}

	// The server that answered is the first to be asked from then on.
	goodAsked.Store(0)
	badAsked.Store(0)
	l := test("noerror 192.0.2.1", -1, refuse, good)
	for range 5 {
		l.Lookup(context.Background(), "example.org", dns.TypeA)
	}
	if goodAsked.Load() != 6 || badAsked.Load() != 1 {
		t.Errorf("good asked %d times, bad %d times", goodAsked.Load(), badAsked.Load())
	}

	// A lost datagram: the second round is answered.
	var n atomic.Int32
	lossy := dnstest.Serve(t, func(w mdns.ResponseWriter, q *mdns.Msg) {
		if n.Add(1) > 1 {
			answer(0, nil, "example.org. A 192.0.2.1")(w, q)
		}
	})
	test("noerror 192.0.2.1", 1, lossy)
	// A passing SERVFAIL is asked about again.
	n.Store(0)
	moody := dnstest.Serve(t, func(w mdns.ResponseWriter, q *mdns.Msg) {
		if n.Add(1) > 1 {
			answer(0, nil, "example.org. A 192.0.2.1")(w, q)
		} else {
			answer(mdns.RcodeServerFailure, nil)(w, q)
		}
	})
	test("noerror 192.0.2.1", 0, moody)
}

func TestLiveCancel(t *testing.T) {
	noLeak(t)
	l := live(t, Options{Servers: []string{silent(t)}, Timeout: time.Minute})
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	if got := dnstest.Show(l.Lookup(ctx, "example.org", dns.TypeA)); got != "cancelled" {
		t.Errorf("cancelled: %s", got)
	}
	ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if got := dnstest.Show(l.Lookup(ctx, "example.org", dns.TypeA)); got != "cancelled" {
		t.Errorf("deadline: %s", got)
	}
	if got := dnstest.Show(l.Lookup(ctx, strings.Repeat("a", 64), dns.TypeA)); got != "bad-name" {
		t.Errorf("bad name: %s", got)
	}
}

// A server that is closed is unreachable, and the sockets kept for it do no harm
// when it is back.
func TestLiveUnreachable(t *testing.T) {
	noLeak(t)
	start := func(addr string) (string, func()) {
		pc, err := net.ListenPacket("udp", addr)
		if err != nil {
			t.Skipf("the port was taken meanwhile: %v", err)
		}
		started, done := make(chan struct{}), make(chan struct{})
		s := &mdns.Server{PacketConn: pc, Handler: answer(0, nil, "example.org. A 192.0.2.1"), NotifyStartedFunc: func() { close(started) }}
		go func() { defer close(done); s.ActivateAndServe() }()
		<-started
		return pc.LocalAddr().String(), func() { s.Shutdown(); <-done }
	}
	addr, stop := start("127.0.0.1:0")
	l := live(t, Options{Servers: []string{addr}, Retries: -1, Timeout: 5 * time.Second})
	test := func(want string) {
		t.Helper()
		if got := dnstest.Show(l.Lookup(context.Background(), "example.org", dns.TypeA)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	test("noerror 192.0.2.1")
	stop()
	test("unreachable")
	_, stop = start(addr)
	test("noerror 192.0.2.1")
	stop()
}

// The words of the server on why it failed are passed on, cleaned.
func TestLiveExtendedError(t *testing.T) {
	addr := dnstest.Serve(t, answer(mdns.RcodeServerFailure, func(m *mdns.Msg) {
		m.SetEdns0(1232, false)
		m.IsEdns0().Option = []mdns.EDNS0{&mdns.EDNS0_EDE{InfoCode: 6, ExtraText: "bad\x1b[31m signature"}}
	}))
	l := live(t, Options{Servers: []string{addr}})
	_, err := l.Lookup(context.Background(), "example.org", dns.TypeA)
	want := "dns: example.org A: servfail from " + addr + `: extended error 6 (DNSSEC Bogus): "bad\x1b[31m signature"`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestLiveConcurrent(t *testing.T) {
	noLeak(t)
	addr := dnstest.Serve(t, func(w mdns.ResponseWriter, q *mdns.Msg) {
		answer(0, nil, q.Question[0].Name+" TXT "+q.Question[0].Name)(w, q)
	})
	l := live(t, Options{Servers: []string{addr}, Timeout: 5 * time.Second})
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 100 {
				name := fmt.Sprintf("n%d.w%d.example", i, w)
				a, err := l.Lookup(context.Background(), name, dns.TypeTXT)
				if err != nil || a.Records[0].Text != name+"." {
					t.Errorf("%s: %+v %v", name, a, err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(l.servers[0].idle); n == 0 || n > maxIdle {
		t.Errorf("%d idle sockets", n)
	}
}

// What the settings of this machine name can be asked.
func TestSystemServers(t *testing.T) {
	servers, err := SystemServers()
	if err != nil {
		t.Skipf("this machine has no settings: %v", err)
	}
	if len(servers) == 0 {
		t.Error("neither servers nor an error")
	}
	for _, s := range servers {
		if again, err := ParseServer(s); err != nil || again != s {
			t.Errorf("%q reads as %q, %v", s, again, err)
		}
	}
}

func TestParseResolvConf(t *testing.T) {
	test := func(conf string, want ...string) {
		t.Helper()
		if got := ParseResolvConf([]byte(conf)); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", conf, got, want)
		}
	}
	test("# comment\nsearch example.org\nnameserver 192.0.2.1\nnameserver\t2001:db8::1 # x\n", "192.0.2.1:53", "[2001:db8::1]:53")
	test("nameserver fe80::1%eth0", "[fe80::1%eth0]:53")
	test("nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\nnameserver 1.1.1.4\n", "1.1.1.1:53", "1.1.1.2:53", "1.1.1.3:53")
	test(";nameserver 192.0.2.1\nnameserver host.example\n", "127.0.0.1:53", "[::1]:53")
	test("", "127.0.0.1:53", "[::1]:53")
}

func TestParseServer(t *testing.T) {
	test := func(s, want string) {
		t.Helper()
		got, err := ParseServer(s)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q %v, want %q", s, got, err, want)
		}
	}
	test("192.0.2.53", "192.0.2.53:53")
	test("192.0.2.53:5353", "192.0.2.53:5353")
	test("2001:db8::53", "[2001:db8::53]:53")
	test("[2001:db8::53]", "[2001:db8::53]:53")
	test("[2001:db8::53]:5353", "[2001:db8::53]:5353")
	test("192.0.2.53:0", "")
	test("192.0.2.53:99999", "")
	test("ns.example", "")
	test("", "")
}
