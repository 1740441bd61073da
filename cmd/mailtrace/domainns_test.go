package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/live"
	"github.com/mailtrace/mailtrace/report"
)

// startNSD serves one zone with NSD until the test ends.
func startNSD(t *testing.T, name, text string) string {
	t.Helper()
	nsd := program(t, "nsd")
	dir := t.TempDir()
	address := freePort(t)
	host, port, _ := net.SplitHostPort(address)
	file := write(t, dir, "zone", text)
	conf := write(t, dir, "nsd.conf", fmt.Sprintf("server:\n ip-address: %s@%s\n username: \"\"\n chroot: \"\"\n zonesdir: %q\n pidfile: \"\"\n database: \"\"\n xfrdfile: \"\"\n zonelistfile: %q\n server-count: 1\n rrl-ratelimit: 0\nremote-control:\n control-enable: no\nzone:\n name: %q\n zonefile: %q\n",
		host, port, dir, filepath.Join(dir, "zone.list"), name, file))
	var said bytes.Buffer
	cmd := exec.Command(nsd, "-d", "-c", conf)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := live.Ask(context.Background(), new(net.Dialer).DialContext, 200*time.Millisecond, address, strings.TrimSuffix(name, "."), dns.TypeSOA); err == nil {
			return address
		}
		if time.Now().After(deadline) {
			t.Fatalf("nsd does not answer\n%s", said.String())
		}
	}
}

// answering is a name server of the test itself, for what those of others
// refuse to say.
func answering(t *testing.T, answer func(q mdns.Question, m *mdns.Msg)) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mdns.Server{PacketConn: c, Handler: mdns.HandlerFunc(func(w mdns.ResponseWriter, q *mdns.Msg) {
		m := new(mdns.Msg)
		m.SetReply(q)
		answer(q.Question[0], m)
		_ = w.WriteMsg(m)
	})}
	go func() { _ = s.ActivateAndServe() }()
	t.Cleanup(func() { _ = s.Shutdown() })
	return c.LocalAddr().String()
}

// Name servers of two makers are asked one by one: the delegation in the one
// above, another version and missing zones below, and a CNAME record beside
// others, which only a server of the test's own serves.
func TestDomainNameServers(t *testing.T) {
	const records = "@ MX 10 mx\nmx A 192.0.2.25\n@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:d@x.example\"\n@ CAA 0 issue \";\"\n_mta-sts TXT \"v=STSv1; id=1\"\nmta-sts A 192.0.2.80\n"
	above := startKnot(t, []zoneFile{
		{name: ".", text: "example. NS ns.example.\n"},
		{name: "example.", text: "ns A 192.0.2.53\nx NS ns1.x.example.\nx NS ns3.x.example.\nx NS ns5.x.example.\nns1.x A 192.0.2.1\nns3.x A 192.0.2.3\n"},
	})
	first := startKnot(t, []zoneFile{{name: "x.example.", text: "@ NS ns1\n@ NS ns2\nns1 A 192.0.2.1\nns2 A 192.0.2.2\n" + records}})
	second := startNSD(t, "x.example.", "$ORIGIN x.example.\n$TTL 300\n@ SOA ns1 root 2 3600 600 86400 60\n@ NS ns.example.\n@ NS ns1\n@ NS ns2\nns1 A 192.0.2.1\nns2 A 192.0.2.2\n"+records)
	odd := answering(t, func(q mdns.Question, m *mdns.Msg) {
		m.Authoritative = true
		text := ""
		switch {
		case q.Qtype == mdns.TypeSOA:
			text = "y.example. 60 IN SOA ns1.y.example. root.y.example. 7 1 1 1 1"
		case q.Qtype == mdns.TypeNS:
			text = "y.example. 60 IN NS ns1.y.example."
		case q.Qtype == mdns.TypeCNAME && strings.HasPrefix(q.Name, "_dmarc."):
			text = "_dmarc.y.example. 60 IN CNAME y.dmarc.service.example."
		case q.Qtype == mdns.TypeTXT && strings.HasPrefix(q.Name, "_dmarc."):
			text = "_dmarc.y.example. 60 IN TXT \"v=DMARC1; p=reject\""
		default:
			return
		}
		rr, err := mdns.NewRR(text)
		if err != nil {
			panic(err)
		}
		m.Answer = append(m.Answer, rr)
	})
	// Who asks a resolver sees a sound domain.
	zone := write(t, t.TempDir(), "all.zone", "example. NS ns.example.\nns.example. A 192.0.2.53\n"+
		"x.example. NS ns.example.\nx.example. NS ns1.x.example.\nx.example. NS ns2.x.example.\nns1.x.example. A 192.0.2.1\nns2.x.example. A 192.0.2.2\nns3.x.example. A 192.0.2.3\n"+
		"y.example. NS ns1.y.example.\nns1.y.example. A 192.0.2.9\n_dmarc.y.example. CNAME y.dmarc.service.example.\ny.dmarc.service.example. TXT \"v=DMARC1; p=none\"\n"+
		"x.example. CAA 0 issue \";\"\n"+
		"x.example. MX 10 mx.x.example.\nmx.x.example. A 192.0.2.25\nx.example. TXT \"v=spf1 mx -all\"\n_mta-sts.x.example. TXT \"v=STSv1; id=1\"\nmta-sts.x.example. A 192.0.2.80\n")
	to := map[string]string{"192.0.2.53:53": above.address, "192.0.2.1:53": first.address, "192.0.2.2:53": second, "192.0.2.3:53": above.address, "192.0.2.9:53": odd}
	check := func(name string, args ...string) (*report.Domain, []string) {
		t.Helper()
		env := testEnvironment()
		env.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if to[address] == "" {
				return nil, fmt.Errorf("a connection to %s", address)
			}
			return new(net.Dialer).DialContext(ctx, network, to[address])
		}
		var out, errout bytes.Buffer
		code := run(context.Background(), append([]string{"domain", "--json", "--dns", "zone:" + zone, "--fail-on", "never", name}, args...), nil, &out, &errout, env)
		var r report.Domain
		if err := json.Unmarshal(out.Bytes(), &r); err != nil {
			t.Fatalf("exit %d, %v: %s", code, err, errout.String())
		}
		var codes []string
		for _, f := range r.Findings {
			if slices.Contains([]string{"cname-and-data"}, f.Code) || strings.HasPrefix(f.Code, "ns-") || strings.HasPrefix(f.Code, "caa-") {
				codes = append(codes, f.Severity+" "+f.Code)
				t.Logf("%s: %s", f.Code, f.Message)
			}
		}
		slices.Sort(codes)
		return &r, codes
	}
	r, codes := check("x.example", "--ns")
	want := []string{"low ns-one-network", "low ns-serials-differ", "medium caa-forbids", "medium ns-delegation-differs", "medium ns-host-broken", "medium ns-lame", "medium ns-lame"}
	if !slices.Equal(codes, want) {
		t.Errorf("%v, want %v", codes, want)
	}
	if n := r.NS; n == nil || n.Zone != "x.example" || strings.Join(n.Delegation, " ") != "ns1.x.example ns3.x.example ns5.x.example" ||
		strings.Join(n.Own, " ") != "ns.example ns1.x.example ns2.x.example" || len(n.Servers) != 4 {
		t.Errorf("%+v", n)
	}
	if _, codes := check("y.example", "--ns"); !slices.Contains(codes, "high cname-and-data") {
		t.Errorf("%v", codes)
	}
	if r, codes := check("x.example"); r.NS != nil || len(codes) > 0 {
		t.Errorf("asked without --ns: %v", codes)
	}
}
