//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/live"
	"github.com/mailtrace/mailtrace/report"
)

const benchDomains = 5000

// benchServer serves domains that publish what a well kept one does.
func benchServer(b *testing.B) *knot {
	var zone, reverse strings.Builder
	zone.WriteString("ns A 127.0.0.1\n_spf.host TXT \"v=spf1 ip4:198.51.100.0/24 include:_spf2.host.example -all\"\n_spf2.host TXT \"v=spf1 ip4:203.0.113.0/24 -all\"\n")
	key := strings.Repeat("A", 200)
	for i := range benchDomains {
		fmt.Fprintf(&zone, "d%d MX 10 mx.d%d\nd%d TXT \"v=spf1 mx include:_spf.host.example -all\"\nmx.d%d A 10.%d.%d.1\n", i, i, i, i, i/256, i%256)
		fmt.Fprintf(&zone, "_dmarc.d%d TXT \"v=DMARC1; p=reject; rua=mailto:d@d%d.example\"\ns1._domainkey.d%d TXT \"v=DKIM1; k=rsa; p=%s\"\n", i, i, i, key)
		fmt.Fprintf(&reverse, "1.%d.%d PTR mx.d%d.example.\n", i%256, i/256, i)
	}
	return startKnot(b, []zoneFile{{name: ".", text: "example. NS ns.example.\narpa. NS ns.example.\n"}, {name: "example.", text: zone.String()}, {name: "10.in-addr.arpa.", text: reverse.String()}})
}

// BenchmarkDomains checks 5,000 domains with the program as it is called, on a
// name server of another maker on the loopback. Run it with -benchtime 1x.
func BenchmarkDomains(b *testing.B) {
	server := benchServer(b)
	var list strings.Builder
	for i := range benchDomains {
		fmt.Fprintf(&list, "d%d.example\n", i)
	}
	file := write(b, b.TempDir(), "domains.txt", list.String())
	for _, jobs := range []int{1, 4, 16, 64} {
		b.Run(fmt.Sprintf("jobs=%d", jobs), func(b *testing.B) {
			env := liveEnvironment()
			var questions atomic.Int64
			env.engine.domain = func(ctx context.Context, name string, o mailtrace.DomainOptions) (*report.Domain, error) {
				r, err := mailtrace.CheckDomain(ctx, name, o)
				if err == nil {
					questions.Add(int64(len(r.DNS)))
					if len(r.Gaps) > 0 {
						b.Errorf("%s: %v", name, r.Gaps[0])
					}
				}
				return r, err
			}
			before := cpuTime(b)
			for b.Loop() {
				var errout bytes.Buffer
				code := run(context.Background(), []string{"domain", "--format", "jsonl", "--fail-on", "never", "--dns", server.address, "--jobs", fmt.Sprint(jobs), file}, nil, io.Discard, &errout, env)
				if code != exitDone {
					b.Fatalf("exit %d: %s", code, errout.String())
				}
			}
			perSecond := float64(b.N*benchDomains) / b.Elapsed().Seconds()
			each := float64(questions.Load()) / float64(b.N*benchDomains)
			b.ReportMetric(perSecond, "domains/s")
			b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/1000/float64(b.N*benchDomains), "cpu-ms/domain")
			b.ReportMetric(each, "questions/domain")
			b.ReportMetric(perSecond*each, "questions/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// cpuTime is what this process has used of the processors, which does not depend
// on what else the machine does.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkServer asks the same server as fast as plain sockets can, without
// reading the answers: what the server and the loopback give at most.
func BenchmarkServer(b *testing.B) {
	server := benchServer(b)
	for _, sockets := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("sockets=%d", sockets), func(b *testing.B) {
			const perRun = 200_000
			var packets [][]byte
			for i := range 1000 {
				for _, q := range []struct {
					name string
					t    uint16
				}{{"d%d.example.", mdns.TypeMX}, {"d%d.example.", mdns.TypeTXT}, {"_dmarc.d%d.example.", mdns.TypeTXT}, {"google._domainkey.d%d.example.", mdns.TypeTXT}} {
					m := new(mdns.Msg)
					m.SetQuestion(fmt.Sprintf(q.name, i), q.t)
					m.SetEdns0(1232, false)
					packet, err := m.Pack()
					if err != nil {
						b.Fatal(err)
					}
					packets = append(packets, packet)
				}
			}
			for b.Loop() {
				var next atomic.Int64
				var wg sync.WaitGroup
				for range sockets {
					wg.Go(func() {
						c, err := net.Dial("udp", server.address)
						if err != nil {
							b.Error(err)
							return
						}
						defer c.Close()
						buf := make([]byte, 4096)
						for n := next.Add(1); n <= perRun; n = next.Add(1) {
							_ = c.SetDeadline(time.Now().Add(5 * time.Second))
							if _, err := c.Write(packets[n%int64(len(packets))]); err != nil {
								b.Error(err)
								return
							}
							if _, err := c.Read(buf); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
			}
			b.ReportMetric(float64(b.N)*perRun/b.Elapsed().Seconds(), "questions/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkLoop asks the questions of BenchmarkDomains and does nothing else: a
// loop over the common library, a socket each, answers unpacked. It is what the
// checks of the domains are held against.
func BenchmarkLoop(b *testing.B) {
	const aDomain = 39 // questions that the program asks for one
	server := benchServer(b)
	for _, sockets := range []int{1, 4, 16} {
		b.Run(fmt.Sprintf("sockets=%d", sockets), func(b *testing.B) {
			forms := []struct {
				name string
				t    uint16
			}{{"d%d.example.", mdns.TypeMX}, {"d%d.example.", mdns.TypeTXT}, {"_dmarc.d%d.example.", mdns.TypeTXT}, {"google._domainkey.d%d.example.", mdns.TypeTXT}}
			start := cpuTime(b)
			for b.Loop() {
				var next atomic.Int64
				var wg sync.WaitGroup
				for range sockets {
					wg.Go(func() {
						c, err := mdns.DialTimeout("udp", server.address, 5*time.Second)
						if err != nil {
							b.Error(err)
							return
						}
						defer c.Close()
						c.UDPSize = 1232
						for n := next.Add(1); n <= benchDomains*aDomain; n = next.Add(1) {
							q := forms[n%int64(len(forms))]
							m := new(mdns.Msg)
							m.SetQuestion(fmt.Sprintf(q.name, n/aDomain), q.t)
							m.SetEdns0(1232, false)
							_ = c.SetDeadline(time.Now().Add(5 * time.Second))
							if err := c.WriteMsg(m); err != nil {
								b.Error(err)
								return
							}
							if _, err := c.ReadMsg(); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
			}
			n := float64(b.N) * benchDomains
			b.ReportMetric(float64((cpuTime(b)-start).Microseconds())/1000/n, "cpu-ms/domain")
			b.ReportMetric(n/b.Elapsed().Seconds(), "domains/s")
			b.ReportMetric(aDomain*n/b.Elapsed().Seconds(), "questions/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkResolver asks the same server through the resolver that the program
// uses.
func BenchmarkResolver(b *testing.B) {
	server := benchServer(b)
	live := live.New(live.Options{Servers: []string{server.address}})
	defer live.Close()
	const perRun = 100_000
	for b.Loop() {
		var next atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for n := next.Add(1); n <= perRun; n = next.Add(1) {
					if _, err := live.Lookup(context.Background(), fmt.Sprintf("google._domainkey.d%d.example", n%benchDomains), dns.TypeTXT); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	b.ReportMetric(float64(b.N)*perRun/b.Elapsed().Seconds(), "questions/s")
	b.ReportMetric(0, "ns/op")
}
