package zonefile

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/dnstest"
	"github.com/mailtrace/mailtrace/dns/internal/names"
)

func FuzzParse(f *testing.F) {
	f.Add([]byte(dnstest.World))
	f.Add([]byte("$ORIGIN a.\n@ SOA ns root ( 1\n2 3 4 5 ) ; c\n TXT ( \"a\\\"\" \\195 )\n* CNAME @\n"))
	f.Add([]byte("; TIMEOUT .\na. TXT \"open\nb. TYPE1 \\# 4 c0000201\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		z, err := Parse("z", text)
		if (z == nil) == (err == nil) {
			t.Fatalf("zone %v, error %v", z, err)
		}
		if z == nil {
			if err.Error() == "" {
				t.Fatal("an error without text")
			}
			return
		}
		rec := &dns.Recorder{Resolver: z}
		for _, name := range slices.Sorted(maps.Keys(z.nodes)) {
			n := z.nodes[name]
			if dns.Canonical(name) != name || names.Bad(name) != "" {
				t.Fatalf("bad node %q", name)
			}
			for _, s := range n.sets {
				rec.Lookup(context.Background(), name, s.typ)
			}
			rec.Lookup(context.Background(), "x."+name, dns.TypeTXT)
		}
		dnstest.RoundTrip(t, rec)
	})
}
