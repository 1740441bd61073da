package dns

import (
	"context"
	"os"
	"testing"
)

func BenchmarkParseZone(b *testing.B) {
	text, err := os.ReadFile(shared(b, "cases/084-dkim-temperror-rspamd/zone.txt"))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseZone("zone.txt", text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkZoneLookup(b *testing.B) {
	z := mustZone(b, worldZone)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := z.Lookup(context.Background(), "www.example.org", TypeA); err != nil {
			b.Fatal(err)
		}
	}
}
