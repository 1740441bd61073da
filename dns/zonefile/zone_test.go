package zonefile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/internal/dnstest"
	"github.com/mailtrace/mailtrace/internal/corpus"
)

func TestZone(t *testing.T) {
	z := mustZone(t, dnstest.World+`host.wild.example.org.	A	192.0.2.3
loop1.example.org.	CNAME	loop2.example.org.
loop2.example.org.	CNAME	loop1.example.org.
*.cn.example.org.	CNAME	mx.example.org.
null.example.org.	MX	0 .
c1.example.org. CNAME c2.example.org.
c2.example.org. CNAME c3.example.org.
c3.example.org. CNAME c4.example.org.
c4.example.org. CNAME c5.example.org.
c5.example.org. CNAME c6.example.org.
c6.example.org. CNAME c7.example.org.
c7.example.org. CNAME c8.example.org.
c8.example.org. CNAME c9.example.org.
c9.example.org. CNAME c10.example.org.
c10.example.org. A 192.0.2.9
ns.example. SOA ns.ns.example. root.ns.example. 1 2 3 4 5
1.2.0.192.in-addr.arpa. PTR mx.example.org.
tlsa.example.org. TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
`)
	test := func(name string, typ dns.Type, want string) {
		t.Helper()
		if got := dnstest.Show(z.Lookup(context.Background(), name, typ)); got != want {
			t.Errorf("%s %s: got %s, want %s", name, typ, got, want)
		}
	}
	test("example.org", dns.TypeTXT, `noerror "v=spf1 " "-all"`)
	test("EXAMPLE.org.", dns.TypeTXT, `noerror "v=spf1 " "-all"`)
	test("example.org", dns.TypeMX, "noerror 10 mx.example.org. 20 mx2.example.org.")
	test("example.org", dns.TypeA, "nodata")
	test("mx.example.org", dns.TypeAAAA, "noerror 2001:db8::1")
	test("nope.example.org", dns.TypeA, "nxdomain")
	test("other.test", dns.TypeA, "nxdomain")
	test("org", dns.TypeA, "nodata") // empty non-terminals
	test("", dns.TypeNS, "nodata")
	test("b.deep.example.org", dns.TypeA, "nodata")
	test("x.b.deep.example.org", dns.TypeA, "nxdomain")
	test("null.example.org", dns.TypeMX, "noerror 0 .")
	test("1.2.0.192.in-addr.arpa", dns.TypePTR, "noerror mx.example.org.")
	test("tlsa.example.org", dns.TypeTLSA, "noerror 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
	test("ns.example", dns.TypeSOA, "noerror ns.ns.example. root.ns.example. 1 2 3 4 5")

	// CNAME
	test("www.example.org", dns.TypeA, "noerror ->mx.example.org 192.0.2.1")
	test("www.example.org", dns.TypeCNAME, "noerror mx.example.org.")
	test("www.example.org", dns.TypeTXT, "nodata ->mx.example.org")
	test("ext.example.org", dns.TypeA, "nxdomain ->nowhere.example")
	test("loop1.example.org", dns.TypeA, "malformed")
	test("c1.example.org", dns.TypeA, "malformed")
	test("c2.example.org", dns.TypeA, "noerror ->c3.example.org ->c4.example.org ->c5.example.org ->c6.example.org ->c7.example.org ->c8.example.org ->c9.example.org ->c10.example.org 192.0.2.9")

	// RFC 4592: a wildcard covers what has no closer encloser.
	test("foo.wild.example.org", dns.TypeTXT, `noerror "wild"`)
	test("a.foo.wild.example.org", dns.TypeTXT, `noerror "wild"`)
	test("foo.wild.example.org", dns.TypeA, "nodata")
	test("host.wild.example.org", dns.TypeTXT, "nodata")
	test("x.host.wild.example.org", dns.TypeTXT, "nxdomain")
	test("wild.example.org", dns.TypeTXT, "nodata")
	test("*.wild.example.org", dns.TypeTXT, `noerror "wild"`)
	test("y.cn.example.org", dns.TypeA, "noerror ->mx.example.org 192.0.2.1")

	// faults
	test("sick.example", dns.TypeTXT, "servfail")
	test("a.b.sick.example", dns.TypeA, "servfail")
	test("notsick.example", dns.TypeA, "nxdomain")
	test("_dmarc.slow.example", dns.TypeTXT, "timeout")
	test("sickly.example.org", dns.TypeTXT, "servfail")

	// names that cannot be asked for
	test("a..b", dns.TypeA, "bad-name")
	test(".a", dns.TypeA, "bad-name")
	test(strings.Repeat("a", 64)+".example", dns.TypeA, "bad-name")
	test(strings.Repeat("a", 63)+".example", dns.TypeA, "nxdomain")
	test(strings.Repeat("abcdefg.", 31)+"abcde", dns.TypeA, "nxdomain") // 255 octets on the wire
	test(strings.Repeat("abcdefg.", 31)+"abcdef", dns.TypeA, "bad-name")

	a, err := z.Lookup(context.Background(), "Foo.Wild.example.org.", dns.TypeTXT)
	if err != nil || a.Name != "foo.wild.example.org" || a.Records[0].Name != a.Name || a.Records[0].Text != "wild" || a.TTL != 300 {
		t.Errorf("wildcard: %+v %v", a, err)
	}
	a, _ = z.Lookup(context.Background(), "www.example.org", dns.TypeA)
	if a.TTL != 60 || a.Server != "zone:test.zone" || a.Records[0].Name != "mx.example.org" {
		t.Errorf("cname: %+v", a)
	}
	a, _ = z.Lookup(context.Background(), "x.ns.example", dns.TypeA)
	if a.TTL != 5 {
		t.Errorf("negative TTL: got %d, want 5", a.TTL)
	}
	if _, err := z.Lookup(context.Background(), "sickly.example.org", dns.TypeA); err == nil || !strings.Contains(err.Error(), "a.sick.example") {
		t.Errorf("the error does not name the target: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if got := dnstest.Show(z.Lookup(ctx, "example.org", dns.TypeA)); got != "cancelled" {
		t.Errorf("cancelled: got %s", got)
	}
}

func TestZoneHas(t *testing.T) {
	z := mustZone(t, "; SERVFAIL sick.example.\n_dmarc.example.org. TXT \"v=DMARC1; p=none\"\n*.w.example.org. A 192.0.2.1\n")
	test := func(name string, want bool) {
		t.Helper()
		if got := z.Has(name); got != want {
			t.Errorf("Has(%s) = %v, want %v", name, got, want)
		}
	}
	test("_dmarc.Example.org.", true)
	test("example.org", false)
	test("a.w.example.org", true)
	test("w.example.org", false)
	test("sick.example", true)
	test("x.sick.example", true)
	test("other.example", false)
}

// Bad lines are listed, all of them, each with its own number.
func TestZoneErrors(t *testing.T) {
	test := func(text string, want ...string) {
		t.Helper()
		_, err := Parse("z", []byte(text))
		var e *dns.SyntaxError
		if !errors.As(err, &e) {
			t.Errorf("%q: got error %v, want %q", text, err, want)
			return
		}
		var got []string
		for _, l := range e.Lines {
			got = append(got, fmt.Sprintf("%d %s", l.Line, l.Text))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
	test("a.example. A 192.0.2.300\nb.example. A 192.0.2.1\nc.example. AAAA 192.0.2.1\n\nd.example. WHAT x\n",
		`1 not an IPv4 address: "192.0.2.300"`, `3 not an IPv6 address: "192.0.2.1"`, `5 no TTL, class or known record type: "WHAT"`)
	test("a.example. TXT \"open\nb.example. A x\n", "1 a quoted string does not end on its line", `2 not an IPv4 address: "x"`)
	test("a.example. TXT ( \"a\"\n \"b\"\nb.example. A 192.0.2.1\n", "1 a parenthesis is not closed; the rest of the file was not read")
	test("a.example. TXT \"a\" )\nb.example. A x", "1 a closing parenthesis without its opening one", `2 not an IPv4 address: "x"`)
	test("a.example. SOA ns. root. (\n 1\n 2\n x\n 4 5 )\nb.example. A x", `4 bad SOA zone parameter: "x"`, `6 not an IPv4 address: "x"`)
	test("$INCLUDE /etc/passwd\n$TTL x\n$ORIGIN\n$WHAT\n$GENERATE 1-3 a$ A 192.0.2.$\n", "1 $INCLUDE is not supported", "2 $TTL takes one time", "3 $ORIGIN takes one name", `4 unknown directive "$WHAT"`, "5 $GENERATE is not supported")
	test("\tA 192.0.2.1\n\tA x\n", "1 the first record has no name", `2 not an IPv4 address: "x"`)
	test("a..example. A 192.0.2.1\n MX 10 x.\n A x\n", `1 bad owner name: "a..example."`, `3 not an IPv4 address: "x"`)
	test("a.example. MX mail.example.\n", `1 an MX record begins with its preference: "mail.example."`)
	test("a.example. CH TXT \"x\"\n", `1 class CH is not IN`)
	test("a.example. A", `1 the data of the A record is missing`)
	test("a.example. TXT\n", `1 the TXT record has no text`)
	test("a.example.\n", `1 no TTL, class or known record type: "a.example."`)
	test("a.example. CNAME b.\na.example. CNAME c.\n", "2 a second CNAME record for a.example")
	test("; SERVFAIL a..b.\n", `1 bad name "a..b.": empty label`)
	test(strings.Repeat("a", 64)+".example. A 192.0.2.1\n", `1 bad owner name: "`+strings.Repeat("a", 60)+`"...`)

	var types strings.Builder
	for i := range maxTypes + 1 {
		fmt.Fprintf(&types, "a. TYPE%d \\# 1 00\n", 65000+i)
	}
	test(types.String(), `129 more than 128 types of records for "a"`)

	_, err := Parse("z", []byte(strings.Repeat("a.example. A x\n", 60)))
	if !strings.HasSuffix(err.Error(), "\nz: and 10 more") || !strings.HasPrefix(err.Error(), "z:1: not an IPv4 address: \"x\"\n  hint: such as 192.0.2.1\n") {
		t.Errorf("got %s", err)
	}
}

func TestZoneWarnings(t *testing.T) {
	test := func(text string, want ...string) {
		t.Helper()
		z, err := Parse("z", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			return
		}
		got := z.Warnings()
		ok := len(got) == len(want)
		for i := range want {
			ok = ok && strings.HasPrefix(got[i], want[i])
		}
		if !ok {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
	test("\na.example. TXT v=spf1 -all\n", `z:2: text without quotes is one string a word, joined without blanks: "v=spf1-all"`)
	test("a.example. TXT v=DMARC1; p=none\n", `z:1: all after the semicolon is a comment, the text is "v=DMARC1"`)
	test("a.example. TXT \"v=DMARC1; p=none\" ; fine\n")
	test("a.example. TXT oneword\n")
	test("a.example. TXT x\na.example. TXT \"x\"\n", "z:2: this record stands above already")
	test("a.example. TXT \"v=spf1 \" \"-all\"\n")
	test("a.example. TXT ( \"v=spf1 \" ; first\n \"-all\" )\n")
	test("a.example. TXT \"" + strings.Repeat("x", 255) + "\"\n")
	test("a.example. TXT \"" + strings.Repeat(`\120`, 255) + "\"\n")
	test("a.example. TXT \""+strings.Repeat("x", 256)+"\"\n", "z:1: a quoted string of 256 octets was cut")
	test("; SERVFAIL a.example\n", "z:1: this is a comment and no fault")
	test("; SERVFAILs happen\n; TIMEOUT\n; about TIMEOUT a.\n")
	test("$ORIGIN example.org.\na MX 10 mx.example.org\n", "z:2: the name became mx.example.org.example.org")
	test("$ORIGIN example.org.\na.example.org A 192.0.2.1\n", "z:2: the name became a.example.org.example.org")
	test("a.example. CNAME b.\na.example. A 192.0.2.1\n", "z:1: a.example has a CNAME and other records")
}

// What the master file format allows besides the plain line.
func TestZoneSyntax(t *testing.T) {
	test := func(text, name string, typ dns.Type, want string) {
		t.Helper()
		z, err := Parse("z", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			return
		}
		a, err := z.Lookup(context.Background(), name, typ)
		if got := dnstest.Show(a, err) + fmt.Sprint(" ", a.TTL); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	test("", "a", dns.TypeA, "nxdomain 0")
	test("\ufeffa. A 192.0.2.1", "a", dns.TypeA, "noerror 192.0.2.1 3600")
	test("a. 1h30m IN A 192.0.2.1\r\nb. A 192.0.2.2\r\n", "b", dns.TypeA, "noerror 192.0.2.2 5400")
	test("$TTL 1w2d\na. 5 A 192.0.2.1\nb. A 192.0.2.2", "b", dns.TypeA, "noerror 192.0.2.2 777600")
	test("$ORIGIN org.\n$ORIGIN example\n@ A 192.0.2.1\n", "example.org", dns.TypeA, "noerror 192.0.2.1 3600")
	test("$origin example.org.\n@ 5 MX 1 @\n", "example.org", dns.TypeMX, "noerror 1 example.org. 5")
	test("a. SOA ns. root. (\n1\n2\n3\n4\n5)\n", "a", dns.TypeSOA, "noerror ns. root. 1 2 3 4 5 3600")
	test("a. TXT ( \"one\" ; comment ) \"\n\t \"two\"\n )\nb. A 192.0.2.2", "a", dns.TypeTXT, `noerror "one" "two" 3600`)
	test(`a. TXT "q\"uo\\te; \195\169 \000" ""`, "a", dns.TypeTXT, `noerror "q\"uo\\te; \195\169 \000" "" 3600`)
	test("a. TXT \"é\"", "a", dns.TypeTXT, `noerror "\195\169" 3600`)
	test("a. TYPE65280 \\# 2 abcd", "a", 65280, `noerror \# 2 abcd 3600`)
	test(`a\.b.example. A 192.0.2.1`, `A\.b.example.`, dns.TypeA, "noerror 192.0.2.1 3600")
	test(`a\.b.example. A 192.0.2.1`, `a\046b.example`, dns.TypeA, "noerror 192.0.2.1 3600")
	test(`a\.b.example. A 192.0.2.1`, `a.b.example`, dns.TypeA, "nxdomain 0")
	test("a. A 192.0.2.1\na. A 192.0.2.1\n", "a", dns.TypeA, "noerror 192.0.2.1 3600")
	test("; TIMEOUT .\na. A 192.0.2.1\n", "a", dns.TypeA, "timeout 0")
}

// A set holds a record once, however big it is, and keeps the order.
func TestZoneBigSet(t *testing.T) {
	var text strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&text, "a. TXT %d\na. TXT %d\n", i, i/2)
	}
	z := mustZone(t, text.String())
	a, err := z.Lookup(context.Background(), "a", dns.TypeTXT)
	if err != nil || len(a.Records) != 20_000 {
		t.Fatalf("%d records, %v", len(a.Records), err)
	}
	for i, s := range a.Texts() {
		if s != fmt.Sprint(i) {
			t.Fatalf("record %d is %q", i, s)
		}
	}
}

// Every zone of the shared cases reads without errors or warnings.
func TestZoneCases(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(corpus.Path(t, "cases"), "*", "zone.txt"))
	if len(files) == 0 {
		t.Fatal("no zone files")
	}
	records := 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		z, err := Parse(f, text)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, w := range z.Warnings() {
			t.Error(w)
		}
		for _, n := range z.nodes {
			for _, s := range n.sets {
				records += len(s.records)
			}
		}
	}
	t.Logf("%d files, %d records", len(files), records)
}

func mustZone(t testing.TB, text string) *Zone {
	t.Helper()
	z, err := Parse("test.zone", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return z
}
