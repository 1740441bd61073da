package dns_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	. "github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/dnstest"
)

// answers is a resolver that knows a few questions: "name TYPE".
type answers map[string]any // Answer or *Error

func (m answers) Lookup(_ context.Context, name string, t Type) (Answer, error) {
	switch v := m[Canonical(name)+" "+t.String()].(type) {
	case Answer:
		v.Name, v.Type = Canonical(name), t
		return v, nil
	case *Error:
		return Answer{}, v
	}
	return Answer{Name: Canonical(name), Type: t, Status: NXDomain}, nil
}

func write(t *testing.T, r *Recorder) string {
	t.Helper()
	var b bytes.Buffer
	n, err := r.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("WriteTo: %d of %d bytes, %v", n, b.Len(), err)
	}
	return b.String()
}

// What goes into a recording comes out of the replay, whatever the bytes.
func TestRecordReplay(t *testing.T) {
	every := make([]byte, 255)
	for i := range every {
		every[i] = byte(i)
	}
	zone := mustZone(t, dnstest.World+`
#odd.example. 5 TXT "#"
a\.b\032c.example. A 192.0.2.1
\000\255.example. AAAA ::ffff:192.0.2.1
n. SOA ns. root. 1 2 3 4 7
k.n. DS 1 8 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
u.n. TYPE65280 \# 2 abcd
null.n. MX 0 .
`)
	base := answers{
		"bin.test TXT": Answer{Status: Success, TTL: 77, Authenticated: true, Server: "x \"y\"\n", Records: []Record{
			{Name: "bin.test", Type: TypeTXT, TTL: 77, Text: string(every) + "", Strings: []string{string(every), ""}},
			{Name: "bin.test", Type: TypeTXT, TTL: 78, Text: "\xff", Strings: []string{"\xff"}},
		}},
		"fail.test A":  &Error{Name: "fail.test", Type: TypeA, Failure: ServFail, Server: "192.0.2.53:53", Err: errors.New("odd\n\"text\" \xff")},
		"slow.test MX": &Error{Name: "slow.test", Type: TypeMX, Failure: Timeout},
		"gone.test A":  &Error{Name: "gone.test", Type: TypeA, Failure: Cancelled},
	}
	ctx := context.Background()
	rec := &Recorder{Resolver: Chain(zone, base)}
	type asked struct {
		name string
		typ  Type
	}
	questions := []asked{
		{"example.org", TypeTXT}, {"Example.org.", TypeMX}, {"www.example.org", TypeA}, {"www.example.org", TypeTXT},
		{"ext.example.org", TypeA}, {"foo.wild.example.org", TypeTXT}, {"nope.example.org", TypeA}, {"a.sick.example", TypeTXT},
		{"#odd.example", TypeTXT}, {`a\.b c.example`, TypeA}, {`\000\255.example`, TypeAAAA}, {"k.n", TypeDS}, {"u.n", 65280}, {"n", TypeSOA}, {"null.n", TypeMX},
		{"bin.test", TypeTXT}, {"fail.test", TypeA}, {"slow.test", TypeMX}, {"other.test", TypeA}, {"", TypeNS},
	}
	type got struct {
		a   Answer
		err error
	}
	first := map[asked]got{}
	for _, q := range questions {
		a, err := rec.Lookup(ctx, q.name, q.typ)
		first[q] = got{a, err}
	}
	if _, err := rec.Lookup(ctx, "gone.test", TypeA); err == nil {
		t.Error("gone.test answered")
	}
	if list := rec.Answers(); len(list) != len(questions)+1 || list[1].Name != "example.org" || list[1].Type != TypeMX {
		t.Errorf("%d recorded, second is %+v", len(list), list[1])
	}

	file := write(t, rec)
	replay, err := ParseReplay("f", []byte(file))
	if err != nil {
		t.Fatalf("%v\n%s", err, file)
	}
	if replay.Len() != len(questions) {
		t.Errorf("%d questions in the replay, want %d", replay.Len(), len(questions))
	}
	for _, q := range questions {
		if !replay.Has(q.name, q.typ) {
			t.Errorf("Has(%s %s) is false", q.name, q.typ)
		}
		a, err := replay.Lookup(ctx, q.name, q.typ)
		want := first[q]
		if want.err != nil {
			var e, w *Error
			if !errors.As(err, &e) || !errors.As(want.err, &w) || e.Failure != w.Failure || (w.Err == nil) != (e.Err == nil) || w.Err != nil && e.Err.Error() != w.Err.Error() {
				t.Errorf("%s %s: got %v, want %v", q.name, q.typ, err, want.err)
			}
			continue
		}
		want.a.Server = "replay:f"
		for i := range want.a.Records {
			if want.a.Records[i].Data == "" { // the made-up ones
				want.a.Records[i].Data, _ = want.a.Records[i].Presentation()
			}
		}
		if err != nil || !reflect.DeepEqual(a, want.a) {
			t.Errorf("%s %s:\n got %+v %v\nwant %+v", q.name, q.typ, a, err, want.a)
		}
	}

	// again, the same bytes but for the name of the file in from=
	again := &Recorder{Resolver: replay}
	for i := range questions { // in another order
		q := questions[len(questions)-1-i]
		again.Lookup(ctx, q.name, q.typ)
	}
	drop := func(s string) string {
		var out []string
		for line := range strings.Lines(s) {
			line, _, _ = strings.Cut(line, ` from=`)
			out = append(out, strings.TrimSuffix(line, "\n"))
		}
		return strings.Join(out, "\n")
	}
	if second := write(t, again); drop(second) != drop(file) {
		t.Errorf("not the same:\n%s\n%s", file, second)
	}

	if got := dnstest.Show(replay.Lookup(ctx, "gone.test", TypeA)); got != "not-recorded" {
		t.Errorf("a cancelled question: %s", got)
	}
	if got := dnstest.Show(replay.Lookup(ctx, "example.org", TypeA)); got != "not-recorded" {
		t.Errorf("a question not asked: %s", got)
	}
	if replay.Has("example.org", TypeA) {
		t.Error("Has a question not asked")
	}
	if got := dnstest.Show(replay.Lookup(ctx, "a..b", TypeA)); got != "bad-name" {
		t.Errorf("a bad name: %s", got)
	}
}

// How a recording looks.
func TestRecordingText(t *testing.T) {
	zone := mustZone(t, "$TTL 300\nexample.org. TXT \"v=spf1 \" \"mx -all\"\nexample.org. MX 10 mx.example.org.\nwww.example.org. 60 CNAME web.example.net.\nweb.example.net. A 192.0.2.7\n; TIMEOUT slow.example.\n")
	rec := &Recorder{Resolver: zone}
	ctx := context.Background()
	for _, name := range []string{"www.example.org", "example.org", "other.test", "a.slow.example"} {
		rec.Lookup(ctx, name, TypeA)
	}
	rec.Lookup(ctx, "example.org", TypeTXT)
	rec.Lookup(ctx, "example.org", TypeMX)
	want := RecordingHeader + "\n" + RecordingHelp + `a.slow.example. A timeout from="zone:test.zone"
example.org. A nodata ttl=0 from="zone:test.zone"
example.org. MX noerror ttl=300 from="zone:test.zone"
	example.org. 300 MX 10 mx.example.org.
example.org. TXT noerror ttl=300 from="zone:test.zone"
	example.org. 300 TXT "v=spf1 " "mx -all"
www.example.org. A noerror ttl=60 cname=web.example.net. from="zone:test.zone"
	web.example.net. 300 A 192.0.2.7
other.test. A nxdomain ttl=0 from="zone:test.zone"
`
	if got := write(t, rec); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// An answer takes the place of a failure, nothing else does.
func TestRecorderKeeps(t *testing.T) {
	base := answers{}
	rec := &Recorder{Resolver: base, Max: 2}
	ctx := context.Background()
	test := func(v any, want string) {
		t.Helper()
		base["a.test A"] = v
		rec.Lookup(ctx, "a.test", TypeA)
		list := rec.Answers()
		got := string(list[0].Answer.Status)
		if list[0].Err != nil {
			got = string(list[0].Err.Failure)
		}
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	test(&Error{Failure: Cancelled}, "cancelled")
	test(&Error{Failure: Timeout}, "timeout")
	test(&Error{Failure: ServFail}, "timeout")
	test(Answer{Status: NoData}, "nodata")
	test(Answer{Status: NXDomain}, "nodata")
	test(&Error{Failure: ServFail}, "nodata")

	for _, name := range []string{"b.test", "c.test", "d.test"} {
		rec.Lookup(ctx, name, TypeA)
	}
	if len(rec.Answers()) != 2 || rec.Dropped() != 2 {
		t.Errorf("%d kept, %d dropped", len(rec.Answers()), rec.Dropped())
	}
	if file := write(t, rec); !strings.Contains(file, "\n# Not complete: 2 more questions were not kept.\n") {
		t.Errorf("the file does not say that it is not complete:\n%s", file)
	}

	var wg sync.WaitGroup
	rec = &Recorder{Resolver: mustZone(t, dnstest.World)}
	for range 8 {
		wg.Go(func() {
			for range 50 {
				rec.Lookup(ctx, "example.org", TypeMX)
				rec.Answers()
			}
		})
	}
	wg.Wait()
	if n := len(rec.Answers()); n != 1 {
		t.Errorf("%d recorded", n)
	}
}

func TestReplayErrors(t *testing.T) {
	const head = RecordingHeader + "\n"
	test := func(text string, want ...string) {
		t.Helper()
		_, err := ParseReplay("r", []byte(text))
		got := ""
		if err != nil {
			var e *SyntaxError
			if !errors.As(err, &e) {
				t.Errorf("%q: %v", text, err)
				return
			}
			for _, l := range e.Lines {
				got += fmt.Sprintf("r:%d: %s", l.Line, l.Text) + "\n"
			}
		}
		if got != strings.Join(append(want, ""), "\n") {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
	test(head + "# nothing\n\n")
	test("", "r:1: the file is empty")
	test("example.org. A 192.0.2.1\n", `r:1: not a recording: the first line is not "mailtrace-dns 1"`)
	test("mailtrace-dns 2\n", `r:1: this version of the format is not known: "mailtrace-dns 2"`)
	test(head+"example.org A noerror\nx. WHAT noerror\nx. A maybe\nx. A off\nx. A noerror foo\nx. A noerror ttl=x\nx. A noerror from=\"\n",
		"r:2: the name is not valid, or lacks its final dot", `r:3: unknown type "WHAT"`, `r:4: unknown status "maybe"`, `r:5: unknown status "off"`,
		`r:6: unknown attribute "foo"`, `r:7: bad ttl "x"`, "r:8: a quoted value does not end")
	test(head+"\tx. 1 A 192.0.2.1\n", "r:2: a record without an answer above it")
	test(head+"x. A nodata\n\tx. 1 A 192.0.2.1\n", "r:3: a record without an answer above it")
	test(head+"x. A noerror\n\tx. 1 A 192.0.2.1\nx. A nodata\n", "r:4: this question was answered above")
	test(head+"x. A noerror\n\tx. 1 A ::1\n\tx. 1 TXT \"a\n\tx. 1 TXT a\n\tx. 1 MX 1 a\n\tx. 1\n",
		`r:3: bad data for A: "::1"`, `r:4: bad data for TXT: "\"a"`, `r:5: bad data for TXT: "a"`, `r:6: bad data for MX: "1 a"`, "r:7: a record needs name, TTL, type and data")
	test(`{"a": 1}`, "r:1: json: cannot unmarshal number into Go value of type map[string]json.RawMessage")
	test("{\n\"a\": {},\n}", "r:3: invalid character '}' looking for beginning of object key string")
	test(`{"a": {"A": ["x"], "MX": ["y"]}, "b..c": {}}`, `r:1: a A: not an address of this type: "x"`, `r:1: a MX: want [{"exchange": "...", "priority": 0}]`, `r:1: bad name "b..c": empty label`)
}

// The DNS cache of mailauth.
func TestReplayJSON(t *testing.T) {
	r, err := ParseReplay("cache.json", []byte(`
{
  "Example.com": {"TXT": [["v=spf1 ", "-all"], "one"], "MX": [{"exchange": "Mx.example.com", "priority": 10}], "A": ["192.0.2.1"], "AAAA": [], "SOA": {"serial": 1}},
  "www.example.com": {"CNAME": ["example.com"]},
  "out.example.com": {"CNAME": ["elsewhere.test"]},
  "l1.example.com": {"CNAME": ["l2.example.com"]},
  "l2.example.com": {"CNAME": ["l1.example.com"]},
  "1.2.0.192.in-addr.arpa": {"PTR": ["example.com"]}
}`))
	if err != nil {
		t.Fatal(err)
	}
	test := func(name string, typ Type, want string) {
		t.Helper()
		if got := dnstest.Show(r.Lookup(context.Background(), name, typ)); got != want {
			t.Errorf("%s %s: got %s, want %s", name, typ, got, want)
		}
	}
	test("example.com", TypeTXT, `noerror "v=spf1 " "-all" "one"`)
	test("example.com", TypeMX, "noerror 10 mx.example.com.")
	test("example.com", TypeAAAA, "nodata")
	test("example.com", TypeNS, "nodata")
	test("example.com", TypeSOA, "not-recorded")
	test("www.example.com", TypeA, "noerror ->example.com 192.0.2.1")
	test("www.example.com", TypeCNAME, "noerror example.com.")
	test("out.example.com", TypeA, "not-recorded")
	test("l1.example.com", TypeA, "malformed")
	test("1.2.0.192.in-addr.arpa", TypePTR, "noerror example.com.")
	test("other.example", TypeA, "not-recorded")
	if !r.Has("example.com.", TypeNS) || r.Has("other.example", TypeA) {
		t.Error("Has is wrong")
	}
}
