package dmarc

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// summary writes the fields of a record that a test compares.
func summary(r *Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "p=%s sp=%s np=%s", r.Policy, r.Subdomain, r.NonExistent)
	if r.PSD != "" {
		b.WriteString(" psd=" + r.PSD)
	}
	for _, f := range []struct {
		set  bool
		text string
	}{{r.Testing, " t"}, {r.StrictDKIM, " adkim"}, {r.StrictSPF, " aspf"}, {r.Percent != 100, fmt.Sprint(" pct=", r.Percent)}} {
		if f.set {
			b.WriteString(f.text)
		}
	}
	return b.String()
}

func TestParseRecord(t *testing.T) {
	test := func(record, want string, problems ...string) {
		t.Helper()
		r := ParseRecord(record)
		if got := summary(r); got != want {
			t.Errorf("%q\n got %s\nwant %s", record, got, want)
		}
		var got []string
		for _, p := range r.Problems {
			mark := ""
			if p.Fatal {
				mark = "!"
			}
			got = append(got, fmt.Sprintf("%s%s@%d", mark, p.Tag, p.Offset))
			if p.Offset > len(record) {
				t.Errorf("%q: offset %d", record, p.Offset)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(problems) {
			t.Errorf("%q\n got problems %v\nwant          %v", record, r.Problems, problems)
		}
	}
	test("v=DMARC1; p=reject", "p=reject sp= np=")
	test("v=DMARC1;p=reject;", "p=reject sp= np=")
	test("v=DMARC1; p=REJECT; sp=Quarantine; np=None; psd=N; t=Y; adkim=S; aspf=s",
		"p=reject sp=quarantine np=none psd=n t adkim aspf")
	test("V = DMARC1 ; P = none", "p=none sp= np=")
	test("v=DMARC1; p=none; pct=0", "p=none sp= np= pct=0")
	test("v=DMARC1", "p=none sp= np=", "p@0")
	test("v=DMARC1; rua=mailto:a@example.com", "p=none sp= np=", "p@0")
	// RFC 9989 §4.10.1.
	test("v=DMARC1; p=bad", "p= sp= np=", "p@10", "!p@10")
	test("v=DMARC1; p=bad; rua=mailto:a@example.com", "p=none sp= np=", "p@10")
	test("v=DMARC1; p=reject; sp=bad; rua=mailto:a@example.com", "p=none sp= np=", "sp@20")
	test("v=DMARC1; p=reject; sp=bad; np=none", "p= sp= np=", "sp@20", "!sp@20")
	test("v=DMARC1; p=bad; rua=nonsense", "p= sp= np=", "p@10", "rua@21", "!p@10")
	// What makes a receiver ignore the record.
	test("", "p= sp= np=", "!v@0")
	test("p=none; v=DMARC1", "p= sp= np=", "!v@8")
	test("v=dmarc1; p=none", "p= sp= np=", "!v@0")
	test("v=DMARC1 p=none", "p= sp= np=", "!v@0")
	test("v=DMARC2; p=none", "p= sp= np=", "!v@0")
	test(" v=DMARC1; p=none", "p= sp= np=", "!v@1")
	test("v=spf1 -all", "p= sp= np=", "!v@0")
	// What does not.
	test("v=DMARC1; p=none; p=reject", "p=none sp= np=", "p@18")
	test("v=DMARC1; sp=none; p=reject", "p=reject sp=none np=", "p@19")
	test("v=DMARC1; p=none; junk", "p=none sp= np=", "@18", "junk@18")
	test("v=DMARC1;; p=none", "p=none sp= np=", "@9")
	test("v=DMARC1; p=none; adkim=x; aspf=; t=maybe; psd=1; pct=200; ri=x; rf=iodef",
		"p=none sp= np=", "adkim@18", "aspf@27", "t@34", "psd@43", "pct@50", "ri@59", "rf@65")
	test("v=DMARC1; p=none; fo=0:1; ruf=mailto:a@example.com", "p=none sp= np=", "fo@18")
	test("v=DMARC1; p=none; fo=d", "p=none sp= np=", "fo@18")
	test("v=DMARC1; p=none; x-y=1; foo=2", "p=none sp= np=", "x-y@18", "foo@25")
}

func TestUsable(t *testing.T) {
	test := func(record string, by9989, by7489 bool) {
		t.Helper()
		r := ParseRecord(record)
		if r.Usable(RFC9989) != by9989 || r.Usable(RFC7489) != by7489 {
			t.Errorf("%q: %v, %v", record, r.Usable(RFC9989), r.Usable(RFC7489))
		}
	}
	test("v=DMARC1; p=none", true, true)
	test("v=DMARC1", true, false)
	test("v=DMARC1; rua=mailto:a@example.com", true, true)
	test("v=DMARC1; p=reject; np=bad", false, true)
	test("v=DMARC1; p=reject; sp=bad", false, false)
	test("v=dmarc1; p=reject", false, false)
}

func TestReportURIs(t *testing.T) {
	test := func(rua string, want ...ReportURI) {
		t.Helper()
		if got := ParseRecord("v=DMARC1; p=none; rua=" + rua).Aggregate; !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %+v\nwant %+v", rua, got, want)
		}
	}
	test("mailto:a@example.com", ReportURI{URI: "mailto:a@example.com", Address: "a@example.com", Domain: "example.com"})
	test("MAILTO:a@Example.COM!10M ,\tmailto:b%21c@example.net?x=1",
		ReportURI{URI: "MAILTO:a@Example.COM", Address: "a@Example.COM", Domain: "example.com", Limit: "10m"},
		ReportURI{URI: "mailto:b%21c@example.net?x=1", Address: "b!c@example.net", Domain: "example.net"})
	test("https://example.org/x", ReportURI{URI: "https://example.org/x", Domain: "example.org"})
	test("mailto:a@example.com!10x", ReportURI{URI: "mailto:a@example.com", Address: "a@example.com", Domain: "example.com"})
	test("a@example.com")
	test("mailto://example.com")
	test("mailto:a b@example.com")
	test("mailto:a@")
	test("")
	if n := len(ParseRecord("v=DMARC1; p=none; rua=" + strings.Repeat("mailto:a@example.com,", 100)).Aggregate); n != MaxReportURIs {
		t.Errorf("%d addresses of 100", n)
	}
}

func TestRecordBounds(t *testing.T) {
	r := ParseRecord("v=DMARC1; p=none;" + strings.Repeat("x=y;", 1000))
	if len(r.Tags) != MaxTags || !strings.Contains(r.Problems[0].Text, "more than 128 tags") {
		t.Errorf("%d tags, %+v", len(r.Tags), r.Problems[0])
	}
}

func FuzzParseRecord(f *testing.F) {
	for _, s := range []string{"v=DMARC1; p=reject; sp=none; np=quarantine; psd=y; t=y; rua=mailto:a@example.com!10m,mailto:b@example.net; fo=1:d",
		"V = DMARC1 ; P = none ;; junk; pct=1", "p=none; v=DMARC1", "v=DMARC1;rua=,;ruf=%;fo=::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := ParseRecord(s)
		for _, p := range r.Problems {
			if p.Offset < 0 || p.Offset > len(s) {
				t.Fatalf("offset %d of %q in %q", p.Offset, p.Text, s)
			}
			if p.Fatal && r.Usable(RFC9989) {
				t.Fatalf("usable with %q: %q", p.Text, s)
			}
		}
		for _, tag := range r.Tags {
			if !strings.HasPrefix(strings.ToLower(s[tag.Offset:]), tag.Name) && strings.ToLower(s) == s {
				t.Fatalf("tag %q is not at %d of %q", tag.Name, tag.Offset, s)
			}
		}
		if !r.IsDMARC() && len(r.Problems) == 0 {
			t.Fatalf("no reason why %q is not a DMARC record", s)
		}
	})
}
