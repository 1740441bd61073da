package dns_test

import (
	"context"
	"testing"

	. "github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/dnstest"
)

func FuzzParseReplay(f *testing.F) {
	f.Add([]byte(RecordingHeader + "\n#\nx.y. TXT noerror ttl=5 ad cname=z. from=\"a\"\n\tz. 5 TXT \"a\\\"\\000\" \"\"\nx. A servfail text=\"b\"\n"))
	f.Add([]byte(RecordingHeader + "\n. MX noerror\n\t. 1 MX 0 .\n\t. 1 A 192.0.2.1\n"))
	f.Add([]byte(`{"a.b": {"TXT": [["a"], "b"], "MX": [{"exchange": "c", "priority": 1}], "A": ["192.0.2.1"], "CNAME": ["d"]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseReplay("r", text)
		if (r == nil) == (err == nil) {
			t.Fatalf("replay %v, error %v", r, err)
		}
		if r == nil {
			return
		}
		rec := &Recorder{Resolver: r}
		for _, q := range r.Questions() {
			rec.Lookup(context.Background(), q.Name, q.Type)
		}
		dnstest.RoundTrip(t, rec)
	})
}
