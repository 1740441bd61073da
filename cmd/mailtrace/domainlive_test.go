package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/live"
	"github.com/mailtrace/mailtrace/report"
)

// liveEnvironment is the machine's own network and clock.
func liveEnvironment() environment {
	env := testEnvironment()
	env.now = time.Now
	env.live = func(o live.Options) dns.Resolver { return live.New(o) }
	return env
}

// policyServer serves MTA-STS policies over HTTPS with a certificate for hosts,
// and puts itself into env in the place of all web servers.
func policyServer(t testing.TB, env *environment, handler http.HandlerFunc, hosts ...string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "policy"}, DNSNames: hosts,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(handler)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that refuse the certificate
	s.StartTLS()
	t.Cleanup(s.Close)
	env.roots = x509.NewCertPool()
	env.roots.AddCert(cert)
	env.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
	}
}

const liveRoot = `ns.example. A 127.0.0.1
example. NS ns.example.
{{DS example.}}
arpa. NS ns.example.
`

const liveExample = `ns A 127.0.0.1
bogus NS ns.example.
bogus DS 12345 13 2 0000000000000000000000000000000000000000000000000000000000000000
plain NS ns.example.
broken NS ns.example.

good MX 10 mx.good
good TXT "v=spf1 mx include:_spf.good.example -all"
_spf.good TXT "v=spf1 ip4:192.0.2.128/25 -all"
mx.good A 192.0.2.10
mx.good TXT "v=spf1 a -all"
_25._tcp.mx.good TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
_dmarc.good TXT "v=DMARC1; p=reject; rua=mailto:d@good.example"
_mta-sts.good TXT "v=STSv1; id=1"
mta-sts.good A 127.0.0.1
_smtp._tls.good TXT "v=TLSRPTv1; rua=mailto:t@good.example"

big MX 0 .
big TXT ( "v=spf1" %s " -all" )
_dmarc.big TXT "v=DMARC1; p=reject"
`

// The whole way over the network: a name server of another maker that signs its
// zones, UDP and TCP, validation from the root down, and each way to fail.
func TestDomainLive(t *testing.T) {
	var long strings.Builder
	for i := range 80 {
		fmt.Fprintf(&long, ` " ip4:198.51.%d.%d/31"`, 100+i/80, 2*i)
	}
	server := startKnot(t, []zoneFile{
		{name: ".", text: liveRoot, signed: true},
		{name: "example.", text: fmt.Sprintf(liveExample, long.String()), signed: true},
		{name: "bogus.example.", text: "@ MX 10 mx\nmx A 192.0.2.30\n@ TXT \"v=spf1 mx -all\"\n", signed: true},
		{name: "plain.example.", text: "@ MX 10 mx\nmx A 192.0.2.40\n@ TXT \"v=spf1 mx -all\"\n_25._tcp.mx TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"},
		{name: "broken.example."}, // no file: SERVFAIL
		{name: "2.0.192.in-addr.arpa.", text: "10 PTR mx.good.example.\n"},
	})
	env := liveEnvironment()
	env.anchors = server.anchors
	policyServer(t, &env, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, "version: STSv1\r\nmode: enforce\r\nmx: mx.good.example\r\nmax_age: 1209600\r\n")
	}, "mta-sts.good.example")

	check := func(name string, want int, flags ...string) *report.Domain {
		t.Helper()
		args := append([]string{"domain", "--json", "--fail-on", "high", "--dns", server.address, "--timeout", "500ms", "--retries", "1", name}, flags...)
		got := runWith(t, env, "", args...)
		var d report.Domain
		if err := json.Unmarshal([]byte(got.out), &d); err != nil {
			t.Fatalf("%s: %v in %s%s", name, err, got.out, got.errout)
		}
		if got.code != want {
			t.Errorf("%s: exit %d, want %d; findings %+v, gaps %v", name, got.code, want, d.Findings, d.Gaps)
		}
		return &d
	}
	equal := func(what string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}

	good := check("good.example", exitDone)
	equal("dnssec of good.example", good.DNSSEC.Status+" "+good.DNSSEC.Basis, "secure validated")
	equal("lookups", good.SPF.DNSLookups, 2)
	equal("IPv4 addresses", good.SPF.Authorized.IPv4.Count, "129")
	if h := good.DANE.Hosts; len(h) != 1 || h[0].Secure == nil || !*h[0].Secure || h[0].Usable == nil || !*h[0].Usable {
		t.Errorf("DANE of good.example: %+v", h)
	}
	if p := good.MTASTS.Policy; p == nil || p.Valid == nil || !*p.Valid || p.Mode != "enforce" {
		t.Errorf("policy of good.example: %+v, gaps %v", p, good.Gaps)
	}
	if a := good.MX.Hosts[0].Addresses[0]; a.Confirmed == nil || !*a.Confirmed {
		t.Errorf("the MX host of good.example: %+v", a)
	}

	// What does not fit a packet comes over TCP, and whole.
	q := new(mdns.Msg)
	q.SetQuestion("big.example.", mdns.TypeTXT)
	q.SetEdns0(1232, false)
	if m, _, err := new(mdns.Client).Exchange(q, server.address); err != nil || !m.Truncated {
		t.Fatalf("the record is to be too long for UDP: truncated %v, %v", m != nil && m.Truncated, err)
	}
	big := check("big.example", exitDone)
	equal("addresses of a long record", big.SPF.Authorized.IPv4.Count, "160")

	bogus := check("bogus.example", exitFound)
	equal("dnssec of bogus.example", bogus.DNSSEC.Status, "bogus")
	if !hasFinding(bogus, "dnssec-bogus") {
		t.Errorf("bogus.example: %+v", bogus.Findings)
	}

	plain := check("plain.example", exitDone)
	equal("dnssec of plain.example", plain.DNSSEC.Status+" "+plain.DNSSEC.Basis, "insecure validated")
	if !hasFinding(plain, "dane-not-secure") {
		t.Errorf("plain.example: %+v", plain.Findings)
	}

	// With the anchors of another root nothing can be validated here: the word of
	// the server stands.
	own := env.anchors
	env.anchors = nil
	equal("basis with foreign anchors", check("good.example", exitDone).DNSSEC.Basis, "ad")
	env.anchors = own

	// SERVFAIL: no verdict about what is published.
	broken := check("broken.example", exitUnfinish)
	equal("spf of broken.example", broken.SPF.State, report.StateUnknown)
	equal("dmarc of broken.example", broken.DMARC.State, report.StateUnknown)

	// A domain that does not exist.
	missing := check("nosuch.example", exitFound)
	if missing.Exists == nil || *missing.Exists || !hasFinding(missing, "domain-nonexistent") {
		t.Errorf("nosuch.example: %+v", missing.Findings)
	}

	// A dead server, and one that never answers: neither stops the others.
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, address := range map[string]string{"dead": freePort(t), "silent": silent.LocalAddr().String()} {
		got := runWith(t, env, "", "domain", "-q", "--dns", address, "--timeout", "50ms", "--retries", "0", "--time-limit", "2s", "good.example", "big.example")
		if got.code != exitUnfinish || strings.Count(got.out, "\n") != 2 || strings.Contains(got.out, "spf none") {
			t.Errorf("%s server: exit %d, %s%s", name, got.code, got.out, got.errout)
		}
	}
	got := runWith(t, env, "", "domain", "-q", "--dns", server.address, "--timeout", "500ms", "--retries", "1", "broken.example", "good.example", "nosuch.example", "big.example")
	if got.code != exitFound || strings.Count(got.out, "\n") != 4 {
		t.Errorf("exit %d, %s%s", got.code, got.out, got.errout)
	}
}

func hasFinding(d *report.Domain, code string) bool {
	for i := range d.Findings {
		if d.Findings[i].Code == code {
			return true
		}
	}
	return false
}
