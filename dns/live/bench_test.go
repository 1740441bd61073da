package live

import (
	"context"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
)

// BenchmarkLive asks a name server on loopback that costs next to nothing: it
// turns each query around with a ready answer. BenchmarkEcho sends and reads
// datagrams of the same sizes without any DNS in them: the most that is to be had.
func BenchmarkLive(b *testing.B) {
	for _, workers := range []int{1, 16} {
		b.Run(strconv.Itoa(workers), func(b *testing.B) {
			l := New(Options{Servers: []string{turnaround(b)}})
			defer l.Close()
			b.ReportAllocs()
			work(b, workers, func() func() error {
				return func() error {
					_, err := l.Lookup(context.Background(), "example.org", dns.TypeTXT)
					return err
				}
			})
		})
	}
}

func BenchmarkEcho(b *testing.B) {
	l := New(Options{})
	q, err := l.query("example.org", dns.TypeTXT, true)
	if err != nil {
		b.Fatal(err)
	}
	for _, workers := range []int{1, 16} {
		b.Run(strconv.Itoa(workers), func(b *testing.B) {
			addr := turnaround(b)
			work(b, workers, func() func() error {
				conn, err := net.Dial("udp", addr)
				if err != nil {
					b.Error(err)
				}
				b.Cleanup(func() { conn.Close() })
				buf := make([]byte, 4096)
				return func() error {
					if _, err := conn.Write(q.packet); err != nil {
						return err
					}
					_, err := conn.Read(buf)
					return err
				}
			})
		})
	}
}

// work shares b.N calls among workers.
func work(b *testing.B, workers int, each func() func() error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	calls := make([]func() error, workers)
	for i := range calls {
		calls[i] = each()
	}
	b.ResetTimer()
	var wg sync.WaitGroup
	for _, call := range calls {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "q/s")
}

// turnaround answers every datagram with its own ID and question and one TXT
// record.
func turnaround(b *testing.B) string {
	pc, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	const text = "v=spf1 ip4:192.0.2.0/24 -all"
	question := len("\x07example\x03org\x00") + 4
	record := append([]byte{0xc0, headerSize, 0, 16, 0, 1, 0, 0, 1, 44, 0, byte(len(text) + 1), byte(len(text))}, text...)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			buf := make([]byte, 4096)
			for {
				_, from, err := pc.ReadFromUDPAddrPort(buf)
				if err != nil {
					return
				}
				buf[2], buf[3] = 0x81, 0x80 // a response, recursion available
				buf[7], buf[11] = 1, 0      // one answer, no OPT record
				out := append(buf[:headerSize+question], record...)
				pc.WriteToUDPAddrPort(out, from)
			}
		})
	}
	b.Cleanup(func() { pc.Close(); wg.Wait() })
	return pc.LocalAddr().String()
}
