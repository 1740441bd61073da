package mailtrace_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/findings"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/message"
)

// benchCase is a message with its zone.
type benchCase struct {
	raw  []byte
	zone dns.Resolver
	text string // of the zone, of generated messages
}

// benchCases are the lab messages: one operation goes over all of them.
func benchCases(b *testing.B) []benchCase {
	b.Helper()
	dirs, err := filepath.Glob("testdata/cases/*/message.eml")
	if err != nil || len(dirs) == 0 {
		b.Fatalf("no cases: %v", err)
	}
	var out []benchCase
	for _, path := range dirs {
		raw, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		z, err := os.ReadFile(filepath.Join(filepath.Dir(path), "zone.txt"))
		if err != nil {
			b.Fatal(err)
		}
		zone, err := zonefile.Parse(path, z)
		if err != nil {
			b.Fatal(err)
		}
		out = append(out, benchCase{raw: raw, zone: zone})
	}
	return out
}

func BenchmarkAnalyze(b *testing.B) {
	all := benchCases(b)
	for b.Loop() {
		for _, c := range all {
			if _, err := mailtrace.AnalyzeBytes(context.Background(), c.raw, mailtrace.Options{Resolver: c.zone}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(all)), "µs/message")
}

func BenchmarkExamine(b *testing.B) {
	all := benchCases(b)
	for b.Loop() {
		for _, c := range all {
			headers.Examine(context.Background(), message.Parse(c.raw), headers.Options{Resolver: c.zone})
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(all)), "µs/message")
}

// BenchmarkJudge judges what was examined before.
func BenchmarkJudge(b *testing.B) {
	all := benchCases(b)
	var facts []*headers.Facts
	for _, c := range all {
		facts = append(facts, headers.Examine(context.Background(), message.Parse(c.raw), headers.Options{Resolver: c.zone}))
	}
	for b.Loop() {
		for _, f := range facts {
			findings.Judge(f)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(all)), "µs/message")
}
