package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/domain"
	"github.com/mailtrace/mailtrace/report"
)

// The policy of MTA-STS is fetched as RFC 8461 §3.3 wants it.
func TestFetch(t *testing.T) {
	zone, err := zonefile.Parse("test", []byte("mta-sts.good.example. A 192.0.2.1\nother.example. A 192.0.2.1\nnone.example. TXT x\n; TIMEOUT dead.example.\n"))
	if err != nil {
		t.Fatal(err)
	}
	followed := false
	env := testEnvironment()
	policyServer(t, &env, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/policy":
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			fmt.Fprint(w, "version: STSv1\n")
		case "/redirect":
			http.Redirect(w, r, "/target", http.StatusMovedPermanently)
		case "/target":
			followed = true
		case "/large":
			w.Write(bytes.Repeat([]byte("x"), 4*domain.MaxPolicy))
		case "/headers":
			w.Header().Set("X-Large", strings.Repeat("x", 4*maxResponseHeader))
		case "/slow":
			<-r.Context().Done()
		default:
			http.NotFound(w, r)
		}
	}, "mta-sts.good.example")
	c := &cli{environment: env}
	get := c.fetch(zone)
	ask := func(url string) (domain.Fetched, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		return get(ctx, url)
	}
	test := func(url string, status, size int, tlsError, failure string) {
		t.Helper()
		got, err := ask(url)
		if (err == nil) != (failure == "") || err != nil && !strings.Contains(err.Error(), failure) {
			t.Errorf("%s: error %v, want %q", url, err, failure)
			return
		}
		if got.Status != status || len(got.Body) != size || (got.TLSError == "") != (tlsError == "") || !strings.Contains(got.TLSError, tlsError) {
			t.Errorf("%s: status %d, %d bytes, TLS %q", url, got.Status, len(got.Body), got.TLSError)
		}
	}
	test("https://mta-sts.good.example/policy", 200, 15, "", "")
	test("https://mta-sts.good.example/redirect", 301, 42, "", "")
	if followed {
		t.Error("a redirect was followed")
	}
	test("https://mta-sts.good.example/nothing", 404, 19, "", "")
	test("https://mta-sts.good.example/large", 200, domain.MaxPolicy+1, "", "")
	test("https://mta-sts.good.example/headers", 0, 0, "", "header")
	test("https://other.example/policy", 0, 0, "it is for mta-sts.good.example, not for other.example", "")
	test("https://none.example/policy", 0, 0, "", "none.example has no address")
	test("https://dead.example/policy", 0, 0, "", "dead.example")
	test("http://mta-sts.good.example/policy", 0, 0, "", "no https address")
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := get(ctx, "https://mta-sts.good.example/slow"); err == nil {
		t.Error("a server that never answers was waited for")
	}
	c.roots = nil
	if got, err := c.fetch(zone)(context.Background(), "https://mta-sts.good.example/policy"); err != nil || got.TLSError == "" {
		t.Errorf("an issuer that nobody knows: %+v, %v", got, err)
	}
}

func TestNamed(t *testing.T) {
	test := func(in, want string) {
		t.Helper()
		got := named(in)
		if got.name != want || (got.err == nil) != (want != "") {
			t.Errorf("named(%q) = %q, %v; want %q", in, got.name, got.err, want)
		}
	}
	test("example.com", "example.com")
	test(" Example.COM. ", "example.com")
	test("ann@example.com", "example.com")
	test("Ann <ann@example.com>", "example.com")
	test("https://www.example.com/contact?a=b", "www.example.com")
	test("https://example.com:8443", "example.com")
	test("bücher.example", "xn--bcher-kva.example")
	test("", "")
	test("192.0.2.1", "")
	test("two..dots", "")
	test("a b.example", "")
	test("\x1b[2Jexample.com", "")
	test(strings.Repeat("a", 64)+".example", "")
}

func TestLines(t *testing.T) {
	test := func(text string, want ...string) {
		t.Helper()
		var got []string
		for d := range lines("list", strings.NewReader(text)) {
			if d.err != nil {
				got = append(got, "error")
			} else {
				got = append(got, d.name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%.60q: got %q, want %q", text, got, want)
		}
	}
	test("")
	test("\n# all\n\n")
	test("a.example\r\nb.example", "a.example", "b.example")
	test("\ufeffdomain,owner\na.example,x\n", "a.example")
	test("a.example # main\n\"b.example\";2\n", "a.example", "b.example")
	test("a.example\nnot_a\x00name\nb.example\n", "a.example", "error", "b.example")
	test("a.example\n"+strings.Repeat("x", maxListLine+1)+"\nb.example", "a.example", "error")
}

func FuzzLines(f *testing.F) {
	f.Add("domain\na.example,1\n# x\nb.example.")
	f.Add("\ufeffhttps://a.example/\r\nann@b.example")
	f.Fuzz(func(t *testing.T, text string) {
		for d := range lines("list", strings.NewReader(text)) {
			if (d.err == nil) != (d.name != "") {
				t.Fatalf("%q and %v", d.name, d.err)
			}
			if d.err != nil {
				continue
			}
			if again, err := domain.Name(d.name); err != nil || again != d.name {
				t.Fatalf("%q is not in the form of domain.Name: %q, %v", d.name, again, err)
			}
		}
	})
}

func TestMeter(t *testing.T) {
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	test := func(total int64, n int, after time.Duration, want string) {
		t.Helper()
		b := meter{start: start, total: total, items: true, unit: "domains"}
		if got := b.text(n, start.Add(after)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	test(100, 0, time.Second, "[........................] 0 of 100 domains, 0 a second")
	test(100, 50, 10*time.Second, "[############............] 50 of 100 domains, 5 a second, 10s left")
	test(100, 100, 10*time.Second, "[########################] 100 of 100 domains, 10 a second, 0s left")
	test(-1, 7, time.Second, "7 domains, 7 a second")
	m := meter{start: start, total: 1000, done: 250, unit: "messages"}
	if got, want := m.text(30, start.Add(10*time.Second)), "[######..................] 30 messages, 25 %, 3 a second, 30s left"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The bar is on standard error alone, on a terminal, or where it is asked for;
// it goes away before anything else is written.
func TestDomainProgress(t *testing.T) {
	env := testEnvironment()
	now := testNow
	env.now = func() time.Time { now = now.Add(time.Second); return now }
	env.engine.domain = func(_ context.Context, name string, o mailtrace.DomainOptions) (*report.Domain, error) {
		return &report.Domain{Domain: name}, nil
	}
	args := []string{"domain", "--dns", "off", "--format", "jsonl", "a.example", "b.example", "c.example"}
	quiet := runWith(t, env, "", args...)
	if strings.Contains(quiet.errout, "\r") {
		t.Errorf("a bar without terminal: %q", quiet.errout)
	}
	env.terminal = func(v any) int { return 80 }
	shown := runWith(t, env, "", args...)
	if !strings.Contains(shown.errout, "] 2 of 3 domains") || shown.out != quiet.out {
		t.Errorf("no bar on a terminal: %q", shown.errout)
	}
	if i := strings.LastIndex(shown.errout, "\r"); !strings.HasPrefix(shown.errout[i:], "\r\x1b[K3  domains") {
		t.Errorf("the bar stays: %q", shown.errout)
	}
	never := runWith(t, env, "", append(args, "--progress", "never")...)
	if never.errout != quiet.errout {
		t.Errorf("--progress never: %q", never.errout)
	}
}

// One domain that takes too long is given up, and the rest is checked.
func TestTimeLimit(t *testing.T) {
	env := testEnvironment()
	env.engine.domain = func(ctx context.Context, name string, o mailtrace.DomainOptions) (*report.Domain, error) {
		d := &report.Domain{Domain: name}
		if name == "slow.example" {
			<-ctx.Done()
			d.Gaps = []report.Gap{{What: name, Why: "cancelled"}}
		}
		return d, nil
	}
	got := runWith(t, env, "", "domain", "-q", "--dns", "off", "--time-limit", "20ms", "a.example", "slow.example", "b.example")
	if got.code != exitUnfinish || strings.Count(got.out, "\n") != 3 || !strings.HasPrefix(strings.Split(got.out, "\n")[2], "✓ b.example") {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.errout)
	}
}

// Reports on domains of all kinds keep to the published schema, down to the
// last key, are the same the second time, and show in every format.
func TestDomainSchema(t *testing.T) {
	schema := strict(t, "../../docs/domain.schema.json")
	zones, err := filepath.Glob("../../domain/testdata/*.zone")
	if err != nil || len(zones) == 0 {
		t.Fatalf("no zones: %v", err)
	}
	checked := 0
	for _, zone := range zones {
		names := zoneDomains(t, zone)
		for _, flags := range [][]string{nil, {"--parked"}, {"--selector", "s1"}} {
			args := append(append([]string{"domain", "--dns", "zone:" + zone, "--fail-on", "never"}, flags...), names...)
			got := runWith(t, testEnvironment(), "", append(args, "--format", "jsonl")...)
			if got.code == exitUsage {
				t.Fatalf("%s: %s", zone, got.errout)
			}
			for line := range strings.Lines(got.out) {
				v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
				if err != nil {
					t.Fatal(err)
				}
				if err := schema.Validate(v); err != nil {
					t.Errorf("%s: %v", zone, err)
				}
				checked++
			}
			if flags != nil {
				continue
			}
			if again := runWith(t, testEnvironment(), "", append(args, "--format", "jsonl")...); again.out != got.out {
				t.Errorf("%s: another report the second time", zone)
			}
			for _, format := range []string{"text", "csv", "sarif"} {
				if got := runWith(t, testEnvironment(), "", append(args, "-v", "--suggest", "--format", format)...); got.code == exitUsage || got.out == "" {
					t.Errorf("%s as %s: %s", zone, format, got.errout)
				}
			}
		}
	}
	t.Logf("%d reports", checked)
}

// zoneDomains are the domains of a zone: what has an SPF, DMARC or MX record.
func zoneDomains(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || !slices.ContainsFunc(fields[1:], func(f string) bool { return f == "MX" || f == "TXT" }) {
			continue
		}
		name, err := domain.Name(strings.TrimPrefix(fields[0], "_dmarc."))
		if err == nil && !strings.Contains(name, "_") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		t.Fatalf("%s: no domain", file)
	}
	return names
}

// waiting is a resolver that counts the questions under way.
type waiting struct {
	now, most atomic.Int64
}

func (w *waiting) Lookup(context.Context, string, dns.Type) (dns.Answer, error) {
	n := w.now.Add(1)
	for most := w.most.Load(); n > most && !w.most.CompareAndSwap(most, n); most = w.most.Load() {
	}
	time.Sleep(time.Millisecond)
	w.now.Add(-1)
	return dns.Answer{}, nil
}

func TestLimit(t *testing.T) {
	var w waiting
	r := limit(&w, 3)
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() { _, _ = r.Lookup(context.Background(), "example.com", dns.TypeA) })
	}
	wg.Wait()
	if most := w.most.Load(); most != 3 {
		t.Errorf("%d questions were under way, want 3", most)
	}
	full := limit(&w, 0)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := full.Lookup(ctx, "example.com", dns.TypeA); !isDNS(err) {
		t.Errorf("a question that waits when the run ends: %v", err)
	}
}
