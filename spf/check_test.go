package spf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/internal/corpus"
)

// house is the zone of most tests here.
var house = zone{
	"example.com TXT":                     {"v=spf1 ip4:192.0.2.0/24 include:_spf.esp.example a:out.example.com/28//64 mx ~all", "other text"},
	"_spf.esp.example TXT":                {"v=spf1 include:_a.esp.example ?ip4:198.51.100.7 -all"},
	"_a.esp.example TXT":                  {"v=spf1 ip4:198.51.100.0/25 ip6:2001:db8:e::/48 ~all"},
	"out.example.com A":                   {"203.0.113.20"},
	"out.example.com AAAA":                {"2001:db8:1::20"},
	"example.com MX":                      {"20 mx2.example.com", "10 mx1.example.com"},
	"mx1.example.com A":                   {"203.0.113.101"},
	"mx2.example.com A":                   {"203.0.113.102"},
	"moved.example TXT":                   {"v=spf1 exp=never.example redirect=example.com"},
	"strict.example TXT":                  {"v=spf1 -ip4:203.0.113.9 +all exp=why.strict.example"},
	"why.strict.example TXT":              {"%{i} may not send for %{d}, says %{r} at %{t}"},
	"twice.example TXT":                   {"v=spf1 -all", "v=spf1 +all"},
	"broken.example TXT":                  {"v=spf1 ip4:192.0.2.1 ipv4:192.0.2.2 -all"},
	"sick.example TXT":                    {"!servfail"},
	"slow.example TXT":                    {"v=spf1 a:host.slow.example -all"},
	"host.slow.example A":                 {"!timeout"},
	"viasick.example TXT":                 {"v=spf1 ip4:192.0.2.1 include:sick.example -all"},
	"vianone.example TXT":                 {"v=spf1 include:norecord.example -all"},
	"norecord.example A":                  {"192.0.2.1"},
	"tonone.example TXT":                  {"v=spf1 redirect=norecord.example"},
	"voids.example TXT":                   {"v=spf1 a:n1.voids.example a:n2.voids.example a:n3.voids.example ip4:192.0.2.1 -all"},
	"manymx.example TXT":                  {"v=spf1 mx -all"},
	"manymx.example MX":                   {"1 a", "2 a", "3 a", "4 a", "5 a", "6 a", "7 a", "8 a", "9 a", "10 a", "11 a"},
	"xn--bcher-kva.example TXT":           {"v=spf1 ip4:192.0.2.1 -all"},
	"helo.example TXT":                    {"v=spf1 exists:%{l}.%{h}.x.example -all"},
	"postmaster.helo.example.x.example A": {"127.0.0.2"},
	"loop.example TXT":                    {"v=spf1 include:loop.example -all"},
	"empty.example TXT":                   {"v=spf1"},
}

func TestResults(t *testing.T) {
	test := func(ip, from string, want Result, code Reason, matched string) *Evaluation {
		t.Helper()
		ev := check(t, house, ip, from, Options{Tree: true})
		if ev.Result != want || ev.Code != code || ev.Matched != matched {
			t.Errorf("%s %s: %s %s %q, want %s %s %q (%s)", ip, from, ev.Result, ev.Code, ev.Matched, want, code, matched, ev.Reason)
		}
		bare := check(t, house, ip, from, Options{})
		if bare.Result != want || bare.Tree != nil || bare.Lookups != ev.Lookups {
			t.Errorf("%s %s: differs without a tree", ip, from)
		}
		return ev
	}
	test("192.0.2.10", "a@example.com", Pass, ReasonMatch, "ip4:192.0.2.0/24")
	test("::ffff:192.0.2.10", "a@EXAMPLE.com.", Pass, ReasonMatch, "ip4:192.0.2.0/24")
	test("198.51.100.1", "a@example.com", Pass, ReasonMatch, "include:_spf.esp.example > include:_a.esp.example > ip4:198.51.100.0/25")
	test("198.51.100.200", "a@example.com", SoftFail, ReasonMatch, "~all")
	test("203.0.113.17", "a@example.com", Pass, ReasonMatch, "a:out.example.com/28//64")
	test("2001:db8:1::beef", "a@example.com", Pass, ReasonMatch, "a:out.example.com/28//64")
	test("203.0.113.102", "a@example.com", Pass, ReasonMatch, "mx")
	test("203.0.113.102", "a@moved.example", Pass, ReasonMatch, "redirect=example.com > mx")
	test("203.0.113.9", "a@strict.example", Fail, ReasonMatch, "-ip4:203.0.113.9")
	test("192.0.2.1", "a@empty.example", Neutral, ReasonDefault, "")
	test("192.0.2.1", "a@norecord.example", None, ReasonNoRecord, "")
	test("192.0.2.1", "a@nowhere.example", None, ReasonNXDomain, "")
	test("192.0.2.1", "root", None, ReasonNoDomain, "")
	test("192.0.2.1", "a@[192.0.2.1]", None, ReasonNoDomain, "")
	test("192.0.2.1", "a@b..example", None, ReasonNoDomain, "")
	test("192.0.2.1", "a@twice.example", PermError, ReasonMultiple, "")
	test("192.0.2.1", "a@broken.example", PermError, ReasonSyntax, "")
	test("192.0.2.1", "a@vianone.example", PermError, ReasonIncludeNone, "")
	test("192.0.2.1", "a@tonone.example", PermError, ReasonRedirectNone, "")
	test("192.0.2.1", "a@voids.example", PermError, ReasonVoidLimit, "")
	test("192.0.2.1", "a@manymx.example", PermError, ReasonMXLimit, "")
	test("192.0.2.1", "a@sick.example", TempError, ReasonDNS, "")
	test("192.0.2.1", "a@slow.example", TempError, ReasonDNS, "")
	test("192.0.2.1", "a@viasick.example", Pass, ReasonMatch, "ip4:192.0.2.1")
	test("192.0.2.2", "a@viasick.example", TempError, ReasonDNS, "")
	test("192.0.2.1", "a@b@xn--bcher-kva.example", Pass, ReasonMatch, "ip4:192.0.2.1")
	test("192.0.2.1", "a@Bücher.example", Pass, ReasonMatch, "ip4:192.0.2.1")
	test("192.0.2.1", "@relay.example:a@xn--bcher-kva.example", Pass, ReasonMatch, "ip4:192.0.2.1")
	ev := test("192.0.2.1", "a@loop.example", PermError, ReasonLookupLimit, "")
	if ev.Lookups != 11 || ev.Problem != "loop.example" {
		t.Errorf("loop: %d lookups, problem %q", ev.Lookups, ev.Problem)
	}
}

func TestFields(t *testing.T) {
	test := func(got, want any) {
		t.Helper()
		if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
			t.Errorf("%s, want %s", g, w)
		}
	}
	ev := check(t, house, "::ffff:203.0.113.102", "A@Example.COM", Options{})
	test(ev.IP, "203.0.113.102")
	test(ev.Domain, "example.com")
	test(ev.Sender, "A@Example.COM")
	test(ev.Record, house["example.com TXT"][0])
	test(ev.Lookups, 4)
	test(ev.Reason, "203.0.113.102 matches mx: mx2.example.com is 203.0.113.102")

	ev = check(t, house, "192.0.2.1", "a@twice.example", Options{})
	test(ev.Record, "")
	test(ev.Records, house["twice.example TXT"])
	test(ev.Problem, "twice.example")

	ev = check(t, house, "192.0.2.2", "a@viasick.example", Options{})
	test(ev.Problem, "sick.example")
	test(ev.Reason, "sick.example TXT: servfail")
	test(check(t, house, "192.0.2.2", "a@slow.example", Options{}).Problem, "host.slow.example")

	ev = check(t, house, "192.0.2.1", "a@broken.example", Options{})
	test(ev.Reason, `syntax error in the record of broken.example at byte 21, "ipv4:192.0.2.2": unknown mechanism "ipv4"; ip4 is meant?`)
	test(ev.Problem, "broken.example")

	// Options.MaxVoids: negative is not a bound.
	test(check(t, house, "192.0.2.1", "a@voids.example", Options{MaxVoids: -1}).Result, Pass)
	test(check(t, house, "192.0.2.1", "a@voids.example", Options{MaxVoids: 3}).VoidLookups, 3)
	test(check(t, house, "203.0.113.102", "a@example.com", Options{MaxLookups: 3}).Code, ReasonLookupLimit)
	test(check(t, house, "192.0.2.1", "a@loop.example", Options{MaxLookups: 1000}).Code, ReasonDepth)
}

func TestIdentity(t *testing.T) {
	test := func(q Query, identity Identity, sender string, want Result) {
		t.Helper()
		q.IP = netip.MustParseAddr("192.0.2.1")
		ev, err := Check(context.Background(), house, q, Options{})
		if err != nil || ev.Identity != identity || ev.Sender != sender || ev.Result != want {
			t.Errorf("%+v: %s %s %s %v, want %s %s %s", q, ev.Identity, ev.Sender, ev.Result, err, identity, sender, want)
		}
	}
	test(Query{Helo: "helo.example"}, Helo, "postmaster@helo.example", Pass)
	test(Query{Helo: "helo.example", MailFrom: "a@example.com", Identity: Helo}, Helo, "postmaster@helo.example", Pass)
	test(Query{Helo: "helo.example", MailFrom: "@helo.example"}, MailFrom, "postmaster@helo.example", Pass)
	test(Query{Helo: "helo.example", MailFrom: "helo.example"}, MailFrom, "postmaster@helo.example", Pass)
	test(Query{}, Helo, "postmaster@", None)
}

func TestExplanation(t *testing.T) {
	o := Options{Explain: true, Receiver: "mx.example.net", Time: 1700000000}
	ev := check(t, house, "203.0.113.9", "a@strict.example", o)
	if want := "203.0.113.9 may not send for strict.example, says mx.example.net at 1700000000"; ev.Explanation != want {
		t.Errorf("%q, want %q", ev.Explanation, want)
	}
	test := func(text []string, want string) {
		t.Helper()
		z := zone{"x.example TXT": {"v=spf1 -all exp=y.example"}, "y.example TXT": text}
		ev := check(t, z, "192.0.2.1", "a@x.example", o)
		if ev.Result != Fail || ev.Explanation != "" || ev.NoExplanation != want {
			t.Errorf("%q: %s %q %q, want %q", text, ev.Result, ev.Explanation, ev.NoExplanation, want)
		}
	}
	test([]string{"%{x}"}, `the text at y.example is wrong at byte 0: unknown macro letter "x"`)
	test([]string{"a", "b"}, "y.example has 2 TXT records, not one")
	test(nil, "y.example has 0 TXT records, not one")
	test([]string{"!servfail"}, "y.example TXT: servfail")
	test([]string{"!not-recorded"}, "y.example TXT: not-recorded")
	test([]string{strings.Repeat("x", MaxExpansion+1)}, "the text at y.example has 8193 bytes; the bound is 8192")
}

// TestNoVerdict: where nobody could be asked there is an error, no result, and
// the tree so far.
func TestNoVerdict(t *testing.T) {
	for _, f := range []dns.Failure{dns.Cancelled, dns.NotRecorded, dns.Off} {
		for question, records := range map[string]string{
			"x.example TXT":               "",
			"inc.example TXT":             "v=spf1 include:inc.example -all",
			"host.example A":              "v=spf1 a:host.example -all",
			"mx.example MX":               "v=spf1 mx:mx.example -all",
			"1.2.0.192.in-addr.arpa PTR":  "v=spf1 ptr -all",
			"1.2.0.192.in-addr.arpa  PTR": "v=spf1 -all",
		} {
			z := zone{"x.example TXT": {records}}
			z[strings.ReplaceAll(question, "  ", " ")] = []string{"!" + string(f)}
			ev, err := Check(context.Background(), z, Query{IP: netip.MustParseAddr("192.0.2.1"), MailFrom: "a@x.example"}, Options{Tree: true})
			if strings.Contains(question, "  ") { // the near miss: the question is not needed
				if err != nil || ev.Result != Fail {
					t.Errorf("%s: %s %v", question, ev.Result, err)
				}
				continue
			}
			var de *dns.Error
			if !errors.As(err, &de) || de.Failure != f || ev == nil || ev.Result != "" || ev.Code != "" || ev.Tree == nil {
				t.Errorf("%s %s: %+v %v", question, f, ev, err)
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if ev, err := Check(ctx, house, Query{IP: netip.MustParseAddr("192.0.2.1"), MailFrom: "a@example.com"}, Options{}); err == nil || ev.Result != "" {
		t.Errorf("cancelled: %v %v", ev, err)
	}
	if ev, err := Check(context.Background(), house, Query{MailFrom: "a@example.com"}, Options{}); err == nil || ev != nil {
		t.Errorf("no address: %v %v", ev, err)
	}
}

// TestBadName: a resolver that cannot ask for a name gives no result of its own.
func TestBadName(t *testing.T) {
	z := zone{
		"x.example TXT": {"v=spf1 a:bad.example ?all"}, "bad.example A": {"!bad-name"},
		"y.example TXT": {"v=spf1 include:bad.example ?all"}, "bad.example TXT": {"!bad-name"},
	}
	for domain, want := range map[string]Result{"x.example": Neutral, "y.example": PermError, "bad.example": None} {
		if ev := check(t, z, "192.0.2.1", "a@"+domain, Options{}); ev.Result != want || ev.VoidLookups != 0 {
			t.Errorf("%s: %s, want %s", domain, ev.Result, want)
		}
	}
}

// TestBackslash: in a record and in a macro a backslash is itself, for a
// resolver it escapes.
func TestBackslash(t *testing.T) {
	r := &asked{Resolver: zone{"x.example TXT": {`v=spf1 exists:%{l}.x.example a:a\.b.x.example ?all`}}}
	check(t, r, "192.0.2.1", `a\046b@x.example`, Options{})
	if got, want := strings.Join(r.questions[1:], " "), `a\\046b.x.example A a\\.b.x.example A`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if ev := check(t, r, "192.0.2.1", `a@x\.example.org`, Options{}); ev.Code != ReasonNoDomain {
		t.Errorf("%s", ev.Code)
	}
}

// TestQuestions holds the number of questions of the worst records against the
// limits.
func TestQuestions(t *testing.T) {
	z := zone{"x.example TXT": {"v=spf1 mx mx mx mx mx mx mx mx mx ptr a a a -all"}}
	for i := range MaxMX {
		z["x.example MX"] = append(z["x.example MX"], fmt.Sprintf("%d h%d.x.example", i, i))
		z[fmt.Sprintf("h%d.x.example A", i)] = []string{"192.0.2.200"}
	}
	for i := range 50 {
		z["1.2.0.192.in-addr.arpa PTR"] = append(z["1.2.0.192.in-addr.arpa PTR"], fmt.Sprintf("p%d.y.example", i))
	}
	r := &asked{Resolver: z}
	ev := check(t, r, "192.0.2.1", "a@x.example", Options{Tree: true})
	if want := 1 + 9*(1+MaxMX) + 1 + MaxPTR; len(r.questions) != want || ev.Code != ReasonLookupLimit {
		t.Errorf("%d questions, want %d; %s", len(r.questions), want, ev.Code)
	}
}

func TestNodesBound(t *testing.T) {
	z := zone{"x.example TXT": {"v=spf1 " + strings.Repeat("all ", MaxRecord/4-2)}}
	ev := check(t, z, "192.0.2.1", "a@x.example", Options{Tree: true, MaxLookups: 100})
	if n := strings.Count(ev.Tree.String(), "\n"); ev.Result != Pass || n > MaxNodes {
		t.Errorf("%s with %d nodes", ev.Result, n)
	}
	z = zone{"x.example TXT": {"v=spf1 " + strings.Repeat("include:y.example ", 4) + "-all"},
		"y.example TXT": {"v=spf1 " + strings.Repeat("ip4:192.0.2.2 ", MaxRecord/14-1)}}
	ev = check(t, z, "192.0.2.1", "a@x.example", Options{Tree: true})
	if n := strings.Count(ev.Tree.String(), "\n"); ev.Result != Fail || n != MaxNodes || !strings.Contains(ev.Tree.Note, "4096 nodes") {
		t.Errorf("%s with %d nodes, note %q", ev.Result, n, ev.Tree.Note)
	}
	z = zone{"x.example TXT": {"v=spf1 " + strings.Repeat("a ", MaxRecord/2)}}
	if ev = check(t, z, "192.0.2.1", "a@x.example", Options{}); ev.Code != ReasonRecordTooLong {
		t.Errorf("%s", ev.Code)
	}
}

// TestCases evaluates real traffic: what policyd-spf, Exim and others wrote
// about a client, on the zone of the day.
func TestCases(t *testing.T) {
	dirs, _ := filepath.Glob(filepath.Join(corpus.Path(t, "cases"), "*"))
	field := regexp.MustCompile(`(?m)^Received-SPF: (\w+)(?:[^\n]|\n[ \t])*`)
	key := regexp.MustCompile(`(client-ip|helo|envelope-from)="?<?([^;>"\s]*)`)
	domainOf := regexp.MustCompile(`domain of\s+(\S+)`)
	compared := 0
	for _, dir := range dirs {
		text, err := os.ReadFile(filepath.Join(dir, "zone.txt"))
		if err != nil {
			continue
		}
		z, err := zonefile.Parse("zone.txt", text)
		if err != nil {
			t.Fatal(dir, err)
		}
		message, _ := os.ReadFile(filepath.Join(dir, "message.eml"))
		data, _ := os.ReadFile(filepath.Join(dir, "expect.json"))
		var expect struct {
			ClientIP string `json:"border_client_ip"`
			Border   struct{ SPF string }
		}
		if err := json.Unmarshal(data, &expect); err != nil {
			t.Fatal(dir, err)
		}
		for _, m := range field.FindAllStringSubmatch(string(message), -1) {
			keys := map[string]string{}
			for _, k := range key.FindAllStringSubmatch(m[0], -1) {
				keys[k[1]] = k[2]
			}
			if keys["client-ip"] != expect.ClientIP || expect.ClientIP == "" {
				continue
			}
			from, ok := keys["envelope-from"]
			if d := domainOf.FindStringSubmatch(m[0]); !ok && d != nil {
				from = d[1] // Exchange Online has no envelope-from
			}
			ev := check(t, z, expect.ClientIP, from, Options{})
			if from == "" {
				ev, err = Check(context.Background(), z, Query{IP: netip.MustParseAddr(expect.ClientIP), Helo: keys["helo"]}, Options{})
				if err != nil {
					t.Fatal(err)
				}
			}
			compared++
			if string(ev.Result) != expect.Border.SPF {
				t.Errorf("%s: %s, want %s; the header says %s (%s)", filepath.Base(dir), ev.Result, expect.Border.SPF, m[1], ev.Reason)
			}
		}
	}
	if compared == 0 {
		t.Skip("no cases beside the repository")
	}
	t.Logf("%d verdicts of %d cases compared", compared, len(dirs))
}
