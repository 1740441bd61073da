package findings

import (
	"context"
	"os"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/headers"
	"github.com/mailtrace/mailtrace/message"
)

// benchCases are messages with their zones: one in order, one broken on the
// way, one forged.
var benchCases = []struct{ name, file, example string }{
	{"clean", "testdata/dkim_body_length_limited.txt", "near-no-l"},
	{"footer", "testdata/dkim_broken_footer.txt", ""},
	{"wrong-place", "testdata/spf_rechecked_behind_border.txt", ""},
	{"spoof", "testdata/direct_spoof.txt", ""},
}

// BenchmarkExamine and BenchmarkJudge tell together what judging costs beside
// examining: a tenth at most.
func BenchmarkExamine(b *testing.B) { benchmark(b, true) }

func BenchmarkJudge(b *testing.B) { benchmark(b, false) }

func benchmark(b *testing.B, examine bool) {
	for _, c := range benchCases {
		if _, err := os.Stat(c.file); err != nil {
			b.Fatal(err)
		}
		for _, e := range examples(b, c.file) {
			if c.example != "" && e.name != c.example {
				continue
			}
			var o headers.Options
			if e.zone != "" {
				z, err := zonefile.Parse(e.name, []byte(e.zone))
				if err != nil {
					b.Fatal(err)
				}
				o.Resolver = dns.Resolver(z)
			}
			b.Run(c.name, func(b *testing.B) {
				m := message.Parse([]byte(e.eml))
				f := headers.Examine(context.Background(), m, o)
				b.ReportAllocs()
				for b.Loop() {
					if examine {
						headers.Examine(context.Background(), m, o)
					} else {
						Judge(f)
					}
				}
			})
			break
		}
	}
}
