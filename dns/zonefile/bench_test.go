package zonefile

import (
	"context"
	"os"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/dnstest"
	"github.com/mailtrace/mailtrace/internal/corpus"
)

func BenchmarkParse(b *testing.B) {
	text, err := os.ReadFile(corpus.Path(b, "cases/084-dkim-temperror-rspamd/zone.txt"))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("zone.txt", text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkZoneLookup(b *testing.B) {
	z := mustZone(b, dnstest.World)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := z.Lookup(context.Background(), "www.example.org", dns.TypeA); err != nil {
			b.Fatal(err)
		}
	}
}
