//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace/dkim"
	"github.com/mailtrace/mailtrace/message"
)

const benchMessages = 3000

// slowServer answers for every domain d0.example, d1.example, … after a time,
// whatever is asked beside.
type slowServer struct {
	delay time.Duration
	key   string
}

// ServeDNS implements mdns.Handler, which calls it once a question.
func (s slowServer) ServeDNS(w mdns.ResponseWriter, q *mdns.Msg) {
	time.Sleep(s.delay)
	name := q.Question[0].Name
	m := new(mdns.Msg).SetReply(q)
	data := ""
	switch t := q.Question[0].Qtype; {
	case strings.Contains(name, "._domainkey.") && t == mdns.TypeTXT:
		data = `TXT "v=DKIM1; p=` + s.key[:200] + `" "` + s.key[200:] + `"`
	case strings.HasPrefix(name, "_dmarc.d") && t == mdns.TypeTXT:
		data = `TXT "v=DMARC1; p=reject"`
	case strings.HasPrefix(name, "_"):
		m.Rcode = mdns.RcodeNameError
	case strings.HasSuffix(name, ".arpa.") && t == mdns.TypePTR:
		p := strings.Split(name, ".")
		data = fmt.Sprintf("PTR mail.d%s%s.example.", p[1], p[0])
	case t == mdns.TypeMX:
		data = "MX 10 mx." + name
	case t == mdns.TypeTXT:
		data = `TXT "v=spf1 a:mail.` + strings.TrimSuffix(name, ".") + ` -all"`
	case t == mdns.TypeA && strings.HasPrefix(name, "mail.d"):
		n := 0
		_, _ = fmt.Sscanf(name, "mail.d%d.", &n)
		data = fmt.Sprintf("A 198.51.%d.%d", n/256, n%256)
	case t == mdns.TypeA && strings.HasPrefix(name, "mx."):
		data = "A 192.0.2.1"
	}
	if data != "" {
		rr, err := mdns.NewRR(name + " 300 IN " + data)
		if err != nil {
			panic(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	_ = w.WriteMsg(m)
}

// BenchmarkMessages analyses a mailbox with the program as it is called: by how
// many messages a second one and two processors do, with name servers that answer
// at once and after 20 ms, and how busy that keeps the processors. Every message is
// of another domain, so that little of what is asked was asked before; the name
// server is in this process and its work counts. Run it with -benchtime 1x.
func BenchmarkMessages(b *testing.B) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		b.Fatal(err)
	}
	key := base64.StdEncoding.EncodeToString(der)
	var box bytes.Buffer
	for i := range benchMessages {
		text := fmt.Sprintf("From: Ann <ann@d%d.example>\nTo: Bob <bob@reader.example>\nSubject: Message %d\nDate: Mon, 2 Nov 2026 08:00:00 +0000\nMessage-ID: <%d@d%d.example>\n\n%s", i, i, i, i, strings.Repeat("The body of a letter, line after line.\n", 100))
		signature, err := dkim.Sign(message.Parse([]byte(text)), dkim.SignOptions{Domain: fmt.Sprintf("d%d.example", i), Selector: "s", Key: private, Time: time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)})
		if err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(&box, "From ann@d%d.example Mon Nov  2 08:00:00 2026\nReturn-Path: <ann@d%d.example>\nReceived: from mail.d%d.example (mail.d%d.example [198.51.%d.%d])\n\tby mx.reader.example (Postfix) with ESMTPS id 4F2c2Z3k3Pz9sQ\n\tfor <bob@reader.example>; Mon, 2 Nov 2026 08:00:02 +0000\n%s%s\n",
			i, i, i, i, i/256, i%256, strings.ReplaceAll(string(signature), "\r\n", "\n"), text)
	}
	file := write(b, b.TempDir(), "box", box.String())
	for _, delay := range []time.Duration{0, 20 * time.Millisecond} {
		l, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			b.Skip("no loopback: ", err)
		}
		server := &mdns.Server{PacketConn: l, Handler: slowServer{delay, key}}
		go func() { _ = server.ActivateAndServe() }()
		defer func() { _ = server.Shutdown() }()
		for _, processors := range []int{1, 2} {
			b.Run(fmt.Sprintf("delay=%v/processors=%d", delay, processors), func(b *testing.B) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
				before := cpuTime(b)
				for b.Loop() {
					var out, errout bytes.Buffer
					code := run(context.Background(), []string{"analyze", "--lean", "--format", "jsonl", "--fail-on", "never", "-q", "--dns", l.LocalAddr().String(), file}, nil, &out, &errout, liveEnvironment())
					if code != exitDone && code != exitUnfinish || bytes.Count(out.Bytes(), []byte("\n")) != benchMessages {
						b.Fatalf("exit %d, %d reports: %s", code, bytes.Count(out.Bytes(), []byte("\n")), errout.String())
					}
					if n := bytes.Count(out.Bytes(), []byte(`"status":"authenticated"`)); n < benchMessages*99/100 {
						b.Errorf("%d of %d are authenticated", n, benchMessages)
					}
				}
				used := cpuTime(b) - before
				b.ReportMetric(float64(b.N*benchMessages)/b.Elapsed().Seconds(), "messages/s")
				b.ReportMetric(float64(used.Microseconds())/float64(b.N*benchMessages), "cpu-µs/message")
				b.ReportMetric(100*used.Seconds()/b.Elapsed().Seconds()/float64(processors), "%busy")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
