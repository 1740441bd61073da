package dns_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	. "github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/dnstest"
)

func BenchmarkParseReplay(b *testing.B) {
	rec := &Recorder{Resolver: mustZone(b, dnstest.World)}
	for _, name := range []string{"example.org", "mx.example.org", "www.example.org", "nope.example.org"} {
		for _, t := range []Type{TypeA, TypeAAAA, TypeMX, TypeTXT} {
			rec.Lookup(context.Background(), name, t)
		}
	}
	var text bytes.Buffer
	rec.WriteTo(&text)
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseReplay("r", text.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCacheHit(b *testing.B) {
	now := time.Unix(0, 0)
	c := NewCache(mustZone(b, dnstest.World), CacheOptions{Now: func() time.Time { return now }})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Lookup(context.Background(), "example.org", TypeTXT); err != nil {
			b.Fatal(err)
		}
	}
}
